"""Decisions, their entries and their undoing."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from papers import catalog, entries, review
from papers.models import (
    Category,
    Decision,
    Document,
    Entry,
    EntryChange,
    EntryText,
    Paper,
    PaperList,
    Suggestion,
)
from papers.prefill import prefill
from papers.readme.row import RowFields
from papers.records import FactRecord, Identifier, PaperRecord

pytestmark = pytest.mark.django_db


def paper(number: int = 1, **fields) -> Paper:
    identifier = Identifier("arxiv", f"2601.{number:05}")
    base = {"title": f"Paper {number}", "published": date(2026, 1, number % 28 + 1)}
    catalog.upsert([PaperRecord("arxiv", (identifier,), **(base | fields))])
    return Paper.objects.with_identifier(*identifier).get()


@pytest.fixture
def kv():
    """The category "kv" of an empty list in English and Chinese."""
    paper_list = PaperList.objects.create(slug="a-list", name="A list")
    for language, path, primary in (("en", "README.md", True), ("zh", "README_CN.md", False)):
        Document.objects.create(list=paper_list, language=language, path=path, source=b"# A list\n", is_primary=primary)
    return Category.objects.create(list=paper_list, key="kv", position=1)


def row(**fields) -> RowFields:
    base = {"title": "Paper 1", "link": "https://arxiv.org/abs/2601.00001", "venue": "arXiv 2026.01"}
    return RowFields(**(base | fields))


def suggest(kv, about, relevance=0.9) -> Suggestion:
    return Suggestion.objects.create(
        list=kv.list,
        paper=about,
        head="v1",
        text_hash=about.text_hash,
        relevance=relevance,
        category=kv,
        probabilities={"kv": relevance, "out": 1 - relevance},
    )


def test_an_accepted_paper_gets_an_entry_with_a_text_in_every_language(kv, curator):
    decision = review.accept(kv, paper(), {"en": row(tags=("Eviction",), tldr="Keeps what matters.")}, curator)
    entry = Entry.objects.get()
    assert (entry.category, entry.decision) == (kv, decision)
    english, chinese = EntryText.objects.order_by("-document__is_primary")
    assert english.untranslated == []
    assert chinese.untranslated == ["tags", "tldr"]
    assert (chinese.title, chinese.tldr, chinese.tags) == (english.title, "Keeps what matters.", ["Eviction"])


def test_tags_that_the_list_translates_itself_are_translated(kv, curator):
    review.accept(
        kv,
        paper(1),
        {"en": row(tags=("Eviction", "KV"), tldr="A."), "zh": row(tags=("驱逐", "KV"), tldr="甲。")},
        curator,
    )
    review.accept(kv, paper(2), {"en": row(tags=("Eviction",), tldr="B.")}, curator)
    text = EntryText.objects.get(entry__paper__title="Paper 2", document__language="zh")
    assert (text.tags, text.untranslated) == (["驱逐"], ["tldr"])


def test_prefilling_uses_what_is_known_and_leaves_the_rest_blank(kv):
    about = paper(facts=(FactRecord("code", "https://github.com/a/b"), FactRecord("upvotes", 3)))
    fields = prefill(about, kv.list.documents.first())
    assert (fields.title, fields.link, fields.venue) == (
        "Paper 1",
        "https://arxiv.org/abs/2601.00001",
        "arXiv 2026.01",
    )
    assert fields.code == (("", "https://github.com/a/b"),)
    assert (fields.tldr, fields.tags) == ("", ())


def test_the_queue_holds_what_awaits_a_decision_the_most_relevant_first(kv, curator):
    first, second, third = paper(1), paper(2), paper(3)
    for about, relevance in ((first, 0.2), (second, 0.9), (third, 0.5)):
        suggest(kv, about, relevance)
    assert [s.paper for s in review.queue(kv.list)] == [second, third, first]
    review.reject(kv.list, second, curator)
    review.accept(kv, third, {"en": row()}, curator)
    assert [s.paper for s in review.queue(kv.list)] == [first]


def test_a_withdrawn_paper_leaves_the_queue(kv):
    suggest(kv, paper())
    paper(withdrawn=True)
    assert not review.queue(kv.list).exists()


def test_a_decision_remembers_what_the_machine_had_said(kv, curator):
    suggest(kv, paper(), 0.8)
    decision = review.reject(kv.list, paper(), curator, reason="off-topic")
    assert decision.suggestion == {
        "head": "v1",
        "relevance": 0.8,
        "probabilities": {"kv": 0.8, "out": pytest.approx(0.2)},
    }


def test_a_second_decision_is_refused_and_names_the_first(kv, curator, django_user_model):
    review.reject(kv.list, paper(), curator)
    other = django_user_model.objects.create_user("other")
    with pytest.raises(review.AlreadyDecided, match="curator already decided: Reject") as refused:
        review.accept(kv, paper(), {"en": row()}, other)
    assert refused.value.decision.user == curator
    assert not Entry.objects.exists()


def test_undoing_a_rejection_returns_the_paper_to_the_queue(kv, curator):
    suggest(kv, paper())
    decision = review.reject(kv.list, paper(), curator)
    review.undo(decision, curator)
    assert [s.paper for s in review.queue(kv.list)] == [paper()]
    assert list(Decision.objects.values_list("kind", flat=True)) == ["undo", "reject"]


def test_undoing_an_acceptance_takes_its_entry_away_and_keeps_the_history(kv, curator):
    decision = review.accept(kv, paper(), {"en": row()}, curator)
    review.undo(decision, curator)
    assert not Entry.objects.exists()
    assert list(EntryChange.objects.values_list("verb", flat=True)) == ["remove", "admit"]
    again = review.accept(kv, paper(), {"en": row()}, curator)
    assert Entry.objects.get().decision == again


def test_taking_an_accepted_entry_out_undoes_its_decision(kv, curator):
    suggest(kv, paper())
    decision = review.accept(kv, paper(), {"en": row()}, curator)
    review.take_out(decision.entries.get(), curator)
    assert [s.paper for s in review.queue(kv.list)] == [paper()]
    assert Decision.objects.first().undoes == decision


def test_taking_an_imported_entry_out_needs_no_decision(kv, curator):
    entry = entries.admit(kv, paper(), {"en": row()}, None)
    review.take_out(entry, curator)
    assert not Entry.objects.exists()
    assert not Decision.objects.exists()


def test_a_listed_paper_is_not_rejected_while_it_stands_in_the_list(kv, curator):
    entries.admit(kv, paper(), {"en": row()}, None)
    with pytest.raises(entries.AlreadyListed, match="take it out first"):
        review.reject(kv.list, paper(), curator)
    assert not Decision.objects.exists()


def test_of_two_code_links_the_more_authoritative_is_prefilled(kv):
    identifier = Identifier("arxiv", "2601.00001")
    for source, url in (("arxiv", "https://github.com/a/b"), ("huggingface", "https://github.com/c/d")):
        catalog.upsert([PaperRecord(source, (identifier,), "Paper 1", facts=(FactRecord("code", url),))])
    about = Paper.objects.get()
    assert prefill(about, kv.list.documents.first()).code == (("", "https://github.com/a/b"),)


def test_a_decision_is_undone_once(kv, curator):
    decision = review.reject(kv.list, paper(), curator)
    review.undo(decision, curator)
    with pytest.raises(review.NotInForce):
        review.undo(decision, curator)


def test_a_deferred_paper_comes_back_on_its_day(kv, curator):
    suggest(kv, paper())
    tomorrow = timezone.localdate() + timedelta(days=1)
    decision = review.defer(kv.list, paper(), curator, tomorrow)
    assert not review.queue(kv.list).exists()
    kv.list.reviews.update(until=timezone.localdate())
    assert review.queue(kv.list).exists()
    assert review.accept(kv, paper(), {"en": row()}, curator).pk > decision.pk


@pytest.mark.parametrize("days", [0, -1])
def test_a_deferral_must_end_in_the_future(kv, curator, days):
    with pytest.raises(ValueError, match="after today"):
        review.defer(kv.list, paper(), curator, timezone.localdate() + timedelta(days=days))


def test_a_paper_is_no_duplicate_of_itself(kv, curator):
    with pytest.raises(ValueError, match="itself"):
        review.duplicate(kv.list, paper(), paper(), curator)
    assert review.duplicate(kv.list, paper(1), paper(2), curator).duplicate_of == paper(2)


def test_the_database_refuses_to_rewrite_history(kv, curator):
    decision = review.reject(kv.list, paper(), curator)
    for rewrite in (
        lambda: Decision.objects.filter(pk=decision.pk).update(note="never said"),
        lambda: Decision.objects.filter(pk=decision.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rewrite()


def test_an_entry_stands_once_in_a_category(kv, curator):
    entries.admit(kv, paper(), {"en": row()}, curator)
    with pytest.raises(entries.AlreadyListed):
        entries.admit(kv, paper(), {"en": row()}, curator)


def test_editing_clears_the_flag_of_what_was_translated_and_writes_history(kv, curator):
    entry = entries.admit(kv, paper(), {"en": row(tags=("Eviction",), tldr="Keeps.")}, curator)
    text = entry.texts.get(document__language="zh")
    fields = entries.fields_of(text)
    assert entries.edit(text, fields, curator) is False
    assert entries.edit(text, RowFields.from_json(fields.as_json() | {"tldr": "保留。"}), curator) is True
    text.refresh_from_db()
    assert (text.tldr, text.untranslated) == ("保留。", ["tags"])
    change = EntryChange.objects.first()
    assert (change.before["zh"]["tldr"], change.after["zh"]["tldr"]) == ("Keeps.", "保留。")


def test_a_text_written_later_reaches_the_other_language_as_untranslated(kv, curator):
    entry = entries.admit(kv, paper(), {"en": row()}, curator)
    english = entry.texts.get(document__language="en")
    entries.edit(english, row(tags=("Eviction",), tldr="Keeps."), curator)
    chinese = entry.texts.get(document__language="zh")
    assert (chinese.tags, chinese.tldr, chinese.untranslated) == (["Eviction"], "Keeps.", ["tags", "tldr"])
    entries.edit(chinese, row(tags=("驱逐",), tldr="保留。"), curator)
    entries.edit(english, row(tags=("Eviction",), tldr="Keeps more."), curator)
    chinese.refresh_from_db()
    assert (chinese.tags, chinese.tldr, chinese.untranslated) == (["驱逐"], "保留。", []), (
        "a translation is somebody's work"
    )


def test_an_entry_moves_to_another_category(kv, curator):
    explicit = Category.objects.create(list=kv.list, key="explicit", position=2)
    entry = entries.admit(kv, paper(), {"en": row()}, curator)
    entries.move(entry, explicit, curator)
    entry.refresh_from_db()
    assert entry.category == explicit
    assert EntryChange.objects.first().before["category"] == "kv"


@pytest.mark.django_db(transaction=True)
def test_of_many_curators_who_decide_at_once_exactly_one_succeeds(kv, django_user_model):
    about = paper()
    users = [django_user_model.objects.create_user(f"curator-{n}") for n in range(8)]
    outcomes = []

    def decide(user):
        try:
            review.accept(kv, about, {"en": row()}, user)
            outcomes.append("accepted")
        except review.AlreadyDecided:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["accepted", *["refused"] * 7]
    assert Entry.objects.count() == 1
