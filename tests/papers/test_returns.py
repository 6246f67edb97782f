"""A rejected paper does not come back, by whatever source or name, but once: published, or with code."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from papers import catalog, review
from papers.models import Decision, Paper, Review
from papers.records import FactRecord, Identifier, PaperRecord
from tests.factories import make_entry, make_list, make_suggestion

pytestmark = pytest.mark.django_db

ARXIV, DOI = Identifier("arxiv", "2407.00001"), Identifier("doi", "10.1/a")
TITLE = "Small Caches for Long Contexts"
CODE = FactRecord("code", "https://github.com/a/b")


def tell(source="arxiv", *names, title=TITLE, **fields):
    return catalog.upsert([PaperRecord(source, names or (ARXIV,), title, **fields)])


@pytest.fixture
def paper_list():
    return make_list()


@pytest.fixture
def rejected(paper_list, curator):
    """A paper that was rejected when it had neither venue nor code."""
    tell()
    make_suggestion(paper_list, Paper.objects.get())
    return review.reject(paper_list, Paper.objects.get(), curator, "weak")


def waiting(paper_list):
    return [suggestion.paper.title for suggestion in review.queue(paper_list)]


def standing():
    found = Review.objects.get()
    return found.state, found.returned_for, found.returned_with


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("arxiv", ARXIV),
        ("arxiv-feed", ARXIV),
        ("huggingface", ARXIV),
        ("semanticscholar", ARXIV),
        ("file", ARXIV),
        ("peer:owner/list", ARXIV),
        ("readme", ARXIV),
        ("file", DOI),
        ("peer:owner/list", DOI),
    ],
)
def test_a_rejected_paper_stays_rejected_whoever_tells_of_it(paper_list, rejected, source, name):
    tell("semanticscholar", ARXIV, DOI)
    tell(source, name, title="Small caches", abstract="Another abstract.", version=2, comment="12 pages")
    assert Paper.objects.count() == 1
    assert standing() == ("rejected", "", "")
    assert waiting(paper_list) == []


def test_one_put_off_until_a_new_version_comes_back_with_it_and_not_before(paper_list, curator):
    tell(abstract="On caches.", version=1)
    make_suggestion(paper_list, Paper.objects.get())
    decision = review.defer(paper_list, Paper.objects.get(), curator, None)
    tell("huggingface", facts=(CODE,))
    assert standing() == ("deferred", "", "") and waiting(paper_list) == []
    tell(abstract="On caches.", version=2)
    assert standing() == ("open", "version", "v2") and waiting(paper_list) == [TITLE]
    again = review.reject(paper_list, Paper.objects.get(), curator)
    assert [each.pk for each in Decision.objects.all()] == [again.pk, decision.pk]
    tell(abstract="On caches.", version=2, journal_ref="NeurIPS 2026")
    assert standing() == ("open", "venue", "NeurIPS 2026"), "a rejected one still returns once with what it gained"


def test_of_a_source_that_counts_no_versions_another_text_is_one(paper_list, curator):
    tell("file", DOI, abstract="On caches.")
    make_suggestion(paper_list, Paper.objects.get())
    review.defer(paper_list, Paper.objects.get(), curator, None)
    tell("file", DOI, abstract="On caches, anew.")
    assert standing() == ("open", "version", "")


def test_nor_does_it_by_a_second_record_that_turns_out_to_be_it(paper_list, rejected):
    tell("file", DOI)
    make_suggestion(paper_list, Paper.objects.get(source="file"))
    assert waiting(paper_list) == [TITLE]  # nobody knows yet
    tell("semanticscholar", ARXIV, DOI)
    assert waiting(paper_list) == []
    assert standing() == ("rejected", "", "")


@pytest.mark.parametrize(
    ("news", "returned"),
    [
        ({"comment": "Accepted at NeurIPS 2026"}, ("venue", "NeurIPS 2026")),
        ({"journal_ref": "Findings of EMNLP 2025"}, ("venue", "EMNLP Findings 2025")),
        ({"facts": (FactRecord("venue", "ACL 2025"),)}, ("venue", "ACL 2025")),
        ({"facts": (CODE,)}, ("code", "https://github.com/a/b")),
        ({"comment": "ICML 2025", "facts": (CODE,)}, ("venue", "ICML 2025")),
    ],
)
def test_it_returns_when_it_is_published_or_has_code(paper_list, rejected, news, returned):
    tell(**news)
    assert standing() == ("open", *returned)
    assert Review.objects.get().returned_at is not None
    assert waiting(paper_list) == [TITLE]
    assert Decision.objects.get() == rejected  # it stays in the history


@pytest.mark.parametrize(
    "news",
    [
        {"comment": "Submitted to NeurIPS 2026"},
        {"journal_ref": "arXiv preprint arXiv:2407.00001"},
        {"facts": (FactRecord("venue", "arXiv.org"), FactRecord("citations", 900))},
        {"facts": (FactRecord("code", ""),)},
        {"comment": "Accepted at NeurIPS 2026", "withdrawn": True},
    ],
)
def test_it_does_not_for_less(paper_list, rejected, news):
    tell(**news)
    assert standing() == ("rejected", "", "")
    assert waiting(paper_list) == []


def test_what_it_had_when_it_was_rejected_is_no_news(paper_list, curator):
    tell(comment="Accepted at ICML 2025")
    review.reject(paper_list, Paper.objects.get(), curator)
    assert Review.objects.get().rejected_with == ["venue"]
    tell(comment="Accepted at ICML 2025 as an oral", journal_ref="ICML 2025")
    assert standing() == ("rejected", "", "")
    tell("huggingface", facts=(CODE,))
    assert standing() == ("open", "code", "https://github.com/a/b")


def test_rejected_again_it_is_for_good(paper_list, rejected, curator):
    tell("huggingface", facts=(CODE,))
    again = review.reject(paper_list, Paper.objects.get(), curator)
    tell(comment="Accepted at NeurIPS 2026")
    found = Review.objects.get()
    assert (found.state, found.decision, found.returned_for) == ("rejected", again, "code")
    assert waiting(paper_list) == []
    assert Decision.objects.count() == 2


def test_it_returns_in_each_list_by_itself(paper_list, rejected, curator):
    other = make_list("other")
    tell("huggingface", facts=(CODE,))
    review.reject(other, Paper.objects.get(), curator)
    tell(comment="Accepted at NeurIPS 2026")
    found = {each.list: (each.state, each.returned_for) for each in Review.objects.all()}
    assert found == {paper_list: ("open", "code"), other: ("open", "venue")}


def test_what_readers_of_the_readme_took_out_returns_too(paper_list):
    tell()
    review.told_by_readme(paper_list, [(Paper.objects.get(), None)], "As README.md has it", None)
    tell("huggingface", facts=(CODE,))
    assert standing() == ("open", "code", "https://github.com/a/b")


def test_the_decision_that_was_overtaken_can_no_longer_be_undone(rejected, curator):
    tell("huggingface", facts=(CODE,))
    with pytest.raises(review.NotInForce):
        review.undo(rejected, curator)


def test_a_paper_that_gains_its_venue_by_a_merge_returns(paper_list, rejected):
    tell("file", DOI, comment="Accepted at NeurIPS 2026")
    tell("semanticscholar", ARXIV, DOI)
    assert Paper.objects.count() == 1
    assert standing() == ("open", "venue", "NeurIPS 2026")


def test_a_paper_that_came_back_once_does_not_again_after_a_merge(paper_list, rejected, curator):
    tell("huggingface", facts=(CODE,))
    review.reject(paper_list, Paper.objects.get(), curator)
    tell("file", DOI, comment="Accepted at NeurIPS 2026")
    tell("semanticscholar", ARXIV, DOI)
    assert standing() == ("rejected", "code", "https://github.com/a/b")


def test_the_database_holds_that_a_return_has_its_day(rejected):
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.update(returned_for="code")


# --- withdrawn papers -------------------------------------------------------------------------------------------


def test_a_withdrawn_paper_leaves_the_queue_and_returns_when_that_is_taken_back(paper_list):
    tell()
    make_suggestion(paper_list, Paper.objects.get())
    tell(withdrawn=True, version=2)
    assert waiting(paper_list) == []
    assert not Paper.objects.of_status("awaiting", paper_list).exists()
    tell(withdrawn=False, version=3)
    assert waiting(paper_list) == [TITLE]


def test_a_listed_paper_that_is_withdrawn_stays_listed(paper_list):
    tell()
    entry = make_entry(paper_list.categories.get(key="alpha"), Paper.objects.get())
    tell(withdrawn=True, version=2)
    entry.refresh_from_db()
    assert entry.paper.withdrawn
    assert Paper.objects.listed_in(paper_list).get() == entry.paper


def test_a_rejected_paper_that_was_withdrawn_returns_when_it_is_back_and_published(paper_list, rejected):
    tell(withdrawn=True, version=2, comment="This paper has been withdrawn")
    tell(withdrawn=False, version=3, comment="Accepted at NeurIPS 2026")
    assert standing() == ("open", "venue", "NeurIPS 2026")
