"""Two stored papers turn out to be one: nothing that was known or decided of either is lost."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone

from papers import catalog, merging, review, vectors
from papers.models import (
    Decision,
    Document,
    Embedding,
    Entry,
    EntryChange,
    EntryText,
    Fact,
    Finding,
    Merge,
    Paper,
    Review,
    SourceRecord,
    Suggestion,
)
from papers.readme.row import RowFields
from papers.records import FactRecord, Identifier, PaperRecord
from papers.shelves import changes
from tests.factories import make_entry, make_list, make_paper, make_suggestion

pytestmark = pytest.mark.django_db

ARXIV, DOI, ACL = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a"), Identifier("acl", "2025.acl-long.1")
TITLE = "Small Caches for Long Contexts"


def tell(source, *identifiers, title=TITLE, **fields):
    return catalog.upsert([PaperRecord(source, identifiers, title, **fields)])


def paper_of(identifier):
    return Paper.objects.with_identifier(*identifier).get()


@pytest.fixture
def two():
    """A paper from arXiv and, later, what turns out to be the same one from a file under its DOI."""
    tell("arxiv", ARXIV, abstract="We make caches small.")
    tell("file", DOI, title="Small caches for long contexts", comment="A comment")
    return paper_of(ARXIV), paper_of(DOI)


def learn():
    """What arXiv says once it has learnt the DOI."""
    return tell("arxiv", ARXIV, DOI, abstract="We make caches small.")


# --- when it is believed ----------------------------------------------------------------------------------------


def test_a_doi_learnt_later_makes_two_papers_one(two):
    kept, gone = two
    result = learn()
    assert (result.new, result.changed, result.same, result.merged, result.rejected) == (0, 1, 0, 1, [])
    paper = Paper.objects.get()
    assert (paper.pk, paper.title, paper.comment, paper.source) == (kept.pk, TITLE, "A comment", "arxiv")
    assert {row.value for row in paper.identifiers.all()} == {ARXIV.value, DOI.value}
    merge = Merge.objects.get()
    assert (merge.old_id, merge.paper, merge.source) == (gone.pk, paper, "arxiv")
    assert merge.why == "arxiv 2407.00001 and doi 10.1/a"
    assert merge.was["title"] == "Small caches for long contexts"
    assert merge.was["identifiers"] == [["doi", "10.1/a"]]
    again = learn()
    assert (again.same, again.merged) == (1, 0)


@pytest.mark.parametrize(
    ("first", "second", "source", "merged"),
    [
        (("arxiv", TITLE), ("file", "SMALL caches, for long contexts!"), "semanticscholar", 1),
        (("arxiv", TITLE), ("file", "CacheShrink: Small Caches for Long Contexts"), "arxiv", 1),
        (("arxiv", TITLE), ("file", "An Entirely Different Thing"), "arxiv", 0),
        (("arxiv", TITLE), ("file", "Small Talk for Long Evenings"), "semanticscholar", 0),
        (("arxiv", TITLE), ("readme", "CacheShrink"), "arxiv", 1),  # a row says no more than its link
        (("arxiv", TITLE), ("peer:owner/list", "CacheShrink"), "semanticscholar", 1),
        (("readme", "CacheShrink"), ("arxiv", TITLE), "arxiv", 1),
        (("arxiv", TITLE), ("file", TITLE), "readme", 0),
        (("arxiv", TITLE), ("readme", TITLE), "peer:owner/list", 0),
    ],
)
def test_only_what_may_well_be_one_paper_is_merged(first, second, source, merged):
    tell(first[0], ARXIV, title=first[1])
    tell(second[0], DOI, title=second[1])
    result = tell(source, ARXIV, DOI)
    assert result.merged == merged
    assert Paper.objects.count() == 2 - merged
    assert len(result.rejected) == 1 - merged


def test_two_numbers_of_arxiv_are_two_papers_whatever_anybody_says():
    other = Identifier("arxiv", "2407.00002")
    tell("arxiv", ARXIV, DOI)
    tell("arxiv", other)
    assert tell("arxiv", other, DOI).merged == 0
    assert tell("semanticscholar", ARXIV, other).merged == 0
    assert Paper.objects.count() == 2


def test_three_papers_become_one_and_old_addresses_lead_to_it():
    tell("file", DOI)
    tell("file", ACL)
    tell("arxiv", ARXIV)
    doi, acl, arxiv = paper_of(DOI).pk, paper_of(ACL).pk, paper_of(ARXIV).pk
    assert tell("semanticscholar", ACL, ARXIV).merged == 1
    assert merging.current(arxiv) == acl
    assert tell("semanticscholar", ARXIV, DOI).merged == 1
    assert [merging.current(pk) for pk in (doi, acl, arxiv)] == [None, doi, doi]
    assert Paper.objects.get().pk == doi


def test_one_record_may_join_three():
    for identifier in (DOI, ACL, ARXIV):
        tell("file", identifier)
    assert tell("arxiv", ARXIV, DOI, ACL).merged == 2
    assert Paper.objects.get().identifiers.count() == 3


# --- what hangs on it -------------------------------------------------------------------------------------------


def test_the_newer_fact_of_a_source_stays_and_others_are_kept(two):
    kept, gone = two
    now = timezone.now()
    for paper, kind, source, value, age in [
        (kept, "upvotes", "huggingface", 3, 1),
        (gone, "upvotes", "huggingface", 9, 0),
        (kept, "stars", "huggingface", 50, 0),
        (gone, "stars", "huggingface", 40, 1),
        (gone, "code", "file", "https://github.com/a/b", 5),
    ]:
        Fact.objects.create(paper=paper, kind=kind, source=source, value=value, observed_at=now - timedelta(days=age))
    learn()
    facts = Fact.objects.values_list("paper", "kind", "value")
    assert set(facts) == {(kept.pk, "upvotes", 9), (kept.pk, "stars", 50), (kept.pk, "code", "https://github.com/a/b")}


def test_sources_are_kept_once_with_their_newer_record(two):
    kept, gone = two
    SourceRecord.objects.create(paper=gone, source="arxiv", content_hash="old", version=None)
    tell("arxiv", ARXIV, version=3)
    learn()
    rows = SourceRecord.objects.values_list("paper", "source", "version")
    assert set(rows) == {(kept.pk, "arxiv", 3), (kept.pk, "file", None)}


def test_what_the_classifier_computed_is_kept_where_it_is_of_the_text_as_it_is_now(two):
    kept, gone = two
    paper_list = make_list()
    neighbour = make_suggestion(paper_list, nearest=[[gone.pk, 0.9], [7, 0.5]])
    Suggestion.objects.create(list=paper_list, paper=gone, head="v1", text_hash="old", relevance=0.5, probabilities={})
    vectors.store("e", [gone], np.ones((1, 384), dtype=np.float32))
    vectors.store("f", [kept, gone], np.ones((2, 384), dtype=np.float32))
    learn()
    assert Suggestion.objects.get(head="v1", relevance=0.5).paper == kept
    neighbour.refresh_from_db()
    assert neighbour.nearest == [[kept.pk, 0.9], [7, 0.5]]
    hashes = Embedding.objects.values_list("paper", "encoder", "text_hash")
    assert set(hashes) == {(kept.pk, "e", gone.text_hash), (kept.pk, "f", kept.text_hash)}
    assert not Paper.objects.filter(pk=kept.pk).without_embedding("f").exists()
    assert Paper.objects.filter(pk=kept.pk).without_embedding("e").exists()


def test_whatever_points_to_a_paper_is_looked_after():
    """A table that is new must be thought of here: what is not, goes with the paper that is gone."""
    pointing = {
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for relation in Paper._meta.get_fields(include_hidden=True)
        if relation.auto_created and relation.is_relation
    }
    moved = {
        *("papers.IdentifierRow.paper", "papers.SourceRecord.paper", "papers.Fact.paper", "papers.Embedding.paper"),
        *("papers.Entry.paper", "papers.EntryChange.paper", "papers.Decision.paper", "papers.Decision.duplicate_of"),
        *("papers.Review.paper", "papers.Suggestion.paper", "papers.Finding.paper", "papers.Merge.paper"),
        *("papers.Proposal.paper", "papers.Opinion.paper", "papers.Opinion.duplicate_of"),
        *("papers.Reading.paper", "papers.Seen.paper"),
    }
    # Work in hand and questions asked of it begin anew, and the one that stays has a place of its own on the map.
    dropped = {
        "papers.Place.paper",
        "ingest.Claim.paper",
        "ingest.Enquiry.paper",
        "papers.Hold.paper",
        "papers.Skip.paper",
        "papers.SearchText.paper",  # written anew for the one that stays, by triggers
    }
    assert pointing == moved | dropped


# --- entries ----------------------------------------------------------------------------------------------------


def test_an_entry_follows_its_paper_into_another_category(two):
    kept, gone = two
    alpha, beta = make_list().categories.order_by("position")
    make_entry(alpha, kept)
    make_entry(beta, gone)
    learn()
    assert {(entry.category, entry.paper) for entry in Entry.objects.all()} == {(alpha, kept), (beta, kept)}
    assert Merge.objects.get().note == ""


def test_of_two_entries_in_one_category_one_stays_and_no_word_is_lost(two):
    kept, gone = two
    paper_list = make_list()
    alpha = paper_list.categories.get(key="alpha")
    first = make_entry(alpha, kept, tldr="First words.")
    chinese = Document.objects.create(list=paper_list, language="zh", path="README_CN.md", source=b"# L\n")
    second = make_entry(alpha, gone, tldr="Second words.")
    finding = Finding.objects.create(
        list=paper_list, paper=gone, entry=second, rule="conflict", message="?", document=chinese
    )
    learn()
    entry = Entry.objects.get()
    assert (entry.pk, entry.paper) == (first.pk, kept)
    texts = {text.document.language: text.tldr for text in entry.texts.all()}
    assert texts == {"en": "First words.", "zh": "Second words."}  # Chinese had no row of the first
    (change,) = changes(paper_list, kept)
    assert (change.verb, change.before["category"]) == ("remove", "alpha")
    assert {change.before[language]["tldr"] for language in ("en", "zh")} == {"Second words."}
    assert "stood twice under “Alpha”" in Merge.objects.get().note
    finding.refresh_from_db()
    assert (finding.paper, finding.entry) == (kept, entry)


def test_of_two_open_findings_about_one_thing_one_is_let_go(two):
    paper_list = make_list()
    document = paper_list.documents.get()
    for paper in two:
        for field in ("title", "tldr") if paper is two[0] else ("title", "venue"):
            Finding.objects.create(
                list=paper_list, document=document, paper=paper, rule="conflict", field=field, message="?"
            )
    learn()
    findings = Finding.objects.filter(paper=two[0]).order_by("pk").values_list("field", "state")
    assert list(findings) == [("title", "open"), ("tldr", "open"), ("title", "dismissed"), ("venue", "open")]


# --- decisions --------------------------------------------------------------------------------------------------


def state(paper_list, paper):
    found = Review.objects.filter(list=paper_list, paper=paper).first()
    return (found.state, found.decision) if found else ("open", None)


@pytest.mark.parametrize("which", [0, 1])
def test_the_one_decision_there_is_stays_in_force(two, which, curator):
    paper_list = make_list()
    decision = review.reject(paper_list, two[which], curator, "weak")
    learn()
    assert state(paper_list, two[0]) == ("rejected", decision)
    decision.refresh_from_db()
    assert decision.paper == two[0]
    assert Merge.objects.get().note == ""
    assert not Paper.objects.awaiting_review(paper_list).exists()


@pytest.mark.parametrize("newer", [0, 1])
def test_of_two_decisions_the_newer_is_in_force_and_the_merge_says_so(two, newer, curator):
    paper_list = make_list()
    older = review.reject(paper_list, two[1 - newer], curator, "weak")
    decision = review.defer(paper_list, two[newer], curator, timezone.localdate() + timedelta(days=9))
    learn()
    assert state(paper_list, two[0]) == ("deferred", decision)
    assert Review.objects.get().until == decision.until
    assert Merge.objects.get().note == (
        "In “The small list” it was deferred and rejected, under two records: it is deferred now."
    )
    assert set(Decision.objects.filter(paper=two[0])) == {older, decision}


@pytest.mark.parametrize("listed", [0, 1])
def test_what_is_listed_stays_listed_though_the_other_record_was_rejected_later(two, listed, curator):
    paper_list = make_list()
    category = paper_list.categories.get(key="alpha")
    from papers.prefill import prefill

    rows = {"en": prefill(two[listed], paper_list.documents.get())}
    accepted = review.accept(category, two[listed], rows, curator)
    review.reject(paper_list, two[1 - listed], curator)
    learn()
    assert state(paper_list, two[0]) == ("accepted", accepted)
    assert Entry.objects.get().paper == two[0]
    assert Merge.objects.get().note == (
        "In “The small list” it was rejected and accepted, under two records: it is listed now."
    )


def test_an_imported_entry_stays_though_the_other_record_was_rejected(two, curator):
    paper_list = make_list()
    make_entry(paper_list.categories.get(key="alpha"), two[1])
    review.reject(paper_list, two[0], curator)
    learn()
    assert state(paper_list, two[0]) == ("open", None)
    assert Entry.objects.get().paper == two[0]
    assert "it was rejected, under two records: it is listed now" in Merge.objects.get().note


def test_that_one_is_a_duplicate_of_the_other_is_settled_by_the_merge(two, curator):
    paper_list = make_list()
    duplicate = review.duplicate(paper_list, two[1], two[0], curator)
    learn()
    assert state(paper_list, two[0]) == ("open", None)
    duplicate.refresh_from_db()
    assert (duplicate.paper, duplicate.duplicate_of) == (two[0], two[0])
    assert Paper.objects.awaiting_review(paper_list).get() == two[0]


def test_a_duplicate_of_a_third_follows(two, curator):
    paper_list, third = make_list(), make_paper()
    of_gone = review.duplicate(paper_list, third, two[1], curator)
    learn()
    of_gone.refresh_from_db()
    assert of_gone.duplicate_of == two[0]


def test_each_list_has_its_own_standing(two, curator):
    one, other = make_list("one"), make_list("other")
    rejected = review.reject(one, two[0], curator)
    deferred = review.defer(other, two[1], curator, timezone.localdate() + timedelta(days=9))
    learn()
    assert state(one, two[0]) == ("rejected", rejected)
    assert state(other, two[0]) == ("deferred", deferred)


def test_undoing_works_after_a_merge(two, curator):
    paper_list = make_list()
    decision = review.reject(paper_list, two[1], curator)
    learn()
    decision.refresh_from_db()
    undone = review.undo(decision, curator)
    assert undone.paper == two[0]
    assert state(paper_list, two[0]) == ("open", None)


# --- history is append-only all the same ------------------------------------------------------------------------


def test_history_follows_its_paper_only_where_a_merge_says_so(two, curator):
    paper_list = make_list()
    decision = review.reject(paper_list, two[1], curator)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(paper=two[0])
    Merge.objects.create(old_id=two[1].pk, paper=two[0], source="arxiv", why="", was={})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(paper=two[0], note="Something else")
    Decision.objects.filter(pk=decision.pk).update(paper=two[0])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(paper=two[1])
    change = EntryChange.objects.create(list=paper_list, paper=two[1], verb="edit")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EntryChange.objects.filter(pk=change.pk).update(paper=two[0], verb="move")
    EntryChange.objects.filter(pk=change.pk).update(paper=two[0])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EntryChange.objects.filter(pk=change.pk).delete()


# --- meanwhile --------------------------------------------------------------------------------------------------


def test_a_vector_of_a_paper_that_is_gone_is_no_harm_to_the_others(two):
    learn()
    vectors.store("e", [two[1], two[0]], np.ones((2, 384), dtype=np.float32))
    assert Embedding.objects.get().paper == two[0]


def test_who_decides_on_a_paper_that_is_gone_decides_on_what_it_is_now(two, curator):
    paper_list = make_list()
    learn()
    decision = review.reject(paper_list, two[1], curator)
    assert decision.paper == two[0]


def test_who_accepts_a_paper_that_is_gone_lists_what_it_is_now(two, curator):
    category = make_list().categories.get(key="alpha")
    learn()
    decision = review.accept(category, two[1], {"en": RowFields(title=TITLE)}, curator)
    assert decision.paper == two[0] == Entry.objects.get().paper


@pytest.mark.django_db(transaction=True)
def test_a_decision_made_while_its_paper_is_merged_is_kept(curator):
    """The merge waits for a decision that is being written, and takes it along."""
    tell("arxiv", ARXIV)
    tell("file", DOI)
    kept, gone = paper_of(ARXIV), paper_of(DOI)
    paper_list = make_list()
    merging_now = threading.Thread(target=lambda: (learn(), connections.close_all()))
    with transaction.atomic():
        decision = review.reject(paper_list, gone, curator)
        merging_now.start()
        merging_now.join(timeout=0.5)
        assert merging_now.is_alive(), "it must wait"
    merging_now.join(timeout=30)
    decision.refresh_from_db()
    assert decision.paper == kept
    assert state(paper_list, kept) == ("rejected", decision)
    assert Paper.objects.get() == kept


def test_no_key_of_a_merged_paper_is_given_again(two):
    learn()
    assert make_paper().pk > two[1].pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Merge.objects.create(old_id=two[1].pk, paper=two[0], source="arxiv", why="", was={})


def test_withdrawn_and_dates_are_those_of_the_better_source():
    tell("file", DOI, withdrawn=True, published=date(2024, 1, 1), facts=(FactRecord("code", "x"),))
    tell("arxiv", ARXIV, withdrawn=False, published=date(2024, 1, 5))
    tell("arxiv", ARXIV, DOI, withdrawn=False, published=date(2024, 1, 5))
    paper = Paper.objects.get()
    assert (paper.withdrawn, paper.published) == (False, date(2024, 1, 5))
    assert EntryText.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM papers_fact WHERE paper_id = %s", [paper.pk])
        assert cursor.fetchone() == (1,)
