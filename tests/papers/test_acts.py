"""Acts: what is one unit, what undoing it puts back, and what keeps it from being undone."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import connections, transaction
from django.utils import timezone

from papers import acts, catalog, entries, glossary, history, inbulk, listsettings, review
from papers.models import Act, Decision, Entry, EntryChange, EntryText, Finding, Paper, PaperList, Proposal, Review
from papers.prefill import prefill
from papers.readme.exporter import export
from papers.readme.importer import import_readme
from papers.records import Identifier, PaperRecord
from papers.texts import fields_of
from tests.factories import make_user
from tests.kbsite.bilingual import ENGLISH, document, make_bilingual_list, make_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def caches():
    return make_bilingual_list()


def accept(caches, curator, title="A New Cache"):
    category = caches.categories.first()
    paper = make_waiting(caches, title).paper
    return review.accept(category, paper, inbulk.rows(category, paper), curator)


def newest() -> Act:
    return Act.objects.latest("pk")


def exports(caches):
    return [export(each) for each in caches.documents.all()]


def edit(caches, curator, **fields):
    text = EntryText.objects.filter(document=document(caches, "en")).order_by("pk")[0]
    entries.edit(text, replace(fields_of(text), **fields), curator)
    return newest()


def test_an_accepted_paper_leaves_every_readme_byte_for_byte_and_its_decision_stays_in_the_history(caches, curator):
    before = exports(caches)
    decision = accept(caches, curator)
    assert newest().kind == "accept" and exports(caches) != before
    undoing = acts.undo(newest(), curator)
    assert exports(caches) == before
    assert not Review.objects.filter(paper=decision.paper).exists()
    taken_back = Decision.objects.get(act=undoing)
    assert (taken_back.kind, taken_back.undoes, taken_back.user) == ("undo", decision, curator)
    change = EntryChange.objects.get(act=undoing)
    assert change.verb == "remove" and change.after is None and change.before["en"]["title"] == "A New Cache"


def test_undoing_the_undoing_brings_the_very_decision_back(caches, curator):
    decision = accept(caches, curator)
    done, after = newest(), exports(caches)
    undoing = acts.undo(done, curator)
    acts.undo(undoing, curator)
    assert exports(caches) == after
    assert Review.objects.get(paper=decision.paper).decision == decision
    done.refresh_from_db(), undoing.refresh_from_db()
    assert done.undone_by is None and undoing.undone_by == newest()
    acts.undo(done, curator)  # and away again: a decision says so once more
    assert Decision.objects.filter(kind="undo").count() == 3


def test_two_changes_of_one_row_are_undone_apart_where_they_do_not_meet(caches, curator):
    first = edit(caches, curator, tldr="Keeps the few that count.")
    edit(caches, curator, venue="ICML 2025")
    acts.undo(first, curator)
    text = EntryText.objects.filter(document=document(caches, "en")).order_by("pk")[0]
    assert (text.tldr, text.venue) == ("Keeps what is read most.", "ICML 2025")


def test_what_was_changed_again_is_undone_only_with_what_followed(caches, curator):
    before = exports(caches)
    first = edit(caches, curator, tldr="One.")
    second = edit(caches, curator, tldr="Two.")
    other = edit(caches, curator, venue="ICML 2025")
    now = exports(caches)
    with pytest.raises(acts.Followed, match=rf"Edited by {curator}") as clash:
        acts.undo(first, curator)
    assert clash.value.followers == (second,) and exports(caches) == now
    undoing = acts.undo(first, curator, cascade=True)
    assert set(undoing.undoes.all()) == {first, second}
    acts.undo(other, curator)
    assert exports(caches) == before


def test_a_paper_that_was_listed_again_stands_in_the_way_of_its_first_row(caches, curator):
    entry = Entry.objects.order_by("pk")[0]
    review.take_out(entry, curator)
    removed = newest()
    row = prefill(entry.paper, document(caches, "en"), entry.category)
    entries.admit(entry.category, entry.paper, {"en": row}, curator)
    with pytest.raises(acts.Followed) as clash:
        acts.undo(removed, curator)
    assert clash.value.followers == (newest(),)


def test_what_no_act_tells_of_is_never_overwritten(caches, curator):
    done = edit(caches, curator, tldr="One.")
    EntryText.objects.filter(tldr="One.").update(tldr="By another hand.")
    for cascade in (False, True):
        with pytest.raises(acts.Followed) as clash:
            acts.undo(done, curator, cascade=cascade)
        assert clash.value.followers == ()
    assert EntryText.objects.filter(tldr="By another hand.").exists()


def test_an_act_is_undone_once(caches, curator):
    done = edit(caches, curator, tldr="One.")
    acts.undo(done, curator)
    with pytest.raises(acts.CannotUndo, match="already"):
        acts.undo(done, curator)


def test_an_act_of_before_they_were_kept_is_not_undone_but_its_decision_is_taken_back(caches, curator):
    decision = accept(caches, curator)
    done = newest()
    done.rows.all().delete()
    with pytest.raises(acts.CannotUndo, match="before it was kept"):
        acts.undo(done, curator)
    review.undo(decision, curator)
    assert newest().kind == "take-back" and Review.objects.get(paper=decision.paper).state == "open"


def test_an_import_is_undone_with_its_decisions_sections_and_questions(caches, curator):
    edit(caches, curator, tldr="Ours.")
    before, categories = exports(caches), list(caches.categories.values())
    newer = ENGLISH.replace("Keeps what is read most.", "Theirs.").replace(
        "## Quantization",
        "## Newer\n\n| Title |\n| :--- |\n| [It](https://arxiv.org/abs/2501.00001) |\n\n## Quantization",
    )
    import_readme(caches, "en", newer.encode(), "README.md", user=curator)
    assert Finding.objects.filter(state="open").count() == 1 and caches.categories.count() == 3
    acts.undo(newest(), curator)
    assert exports(caches) == before
    assert not Finding.objects.exists() and len(categories) == 2
    assert caches.categories.filter(texts__isnull=False).distinct().count() == 2
    # The next import is compared with what was taken in before, as if nothing had been.
    assert import_readme(caches, "en", before[0], "README.md").is_export


def test_an_import_is_undone_though_somebody_proposed_a_paper_for_one_of_its_sections(curator):
    fresh = PaperList.objects.create(slug="fresh", name="Awesome Fresh Caches")
    import_readme(fresh, "en", ENGLISH.encode(), "README.md", user=curator)
    imported = newest()
    proposal = Proposal.objects.create(
        list=fresh,
        paper=make_waiting(fresh, "A Fresh Cache").paper,
        category=fresh.categories.first(),
        scheme="arxiv",
        value="2611.00009",
        confirmed_at=timezone.now(),
    )
    acts.undo(imported, curator)
    proposal.refresh_from_db()
    assert proposal.category is None and not fresh.categories.exists()


def test_a_row_that_comes_back_into_another_edition_of_its_readme_has_no_line_there(caches, curator):
    entry = Entry.objects.order_by("pk")[0]
    review.take_out(entry, curator)
    removed = newest()
    shorter = export(document(caches, "en"))
    import_readme(caches, "en", b"<!-- Another edition -->\n" + shorter, "README.md")
    acts.undo(removed, curator)
    text = EntryText.objects.get(entry__paper=entry.paper, document=document(caches, "en"))
    assert text.line is None and text.imported is None
    told = export(document(caches, "en")).decode()
    assert told.count("Heavy Hitters") == 1 and told.count("Sink Tokens") == 1
    acts.undo(Act.objects.filter(kind="import").latest("pk"), curator)  # its own edition is back, and so is its line
    text.refresh_from_db()
    assert text.line == 11 and text.imported["title"] == "Heavy Hitters"
    assert export(document(caches, "en")) == ENGLISH.encode()


def test_what_was_done_to_a_paper_is_undone_when_it_turned_out_to_be_another_one(caches, curator):
    before = exports(caches)
    arxiv, doi = Identifier("arxiv", "2611.00001"), Identifier("doi", "10.1000/182")
    title = "Small Caches for Long Contexts"
    catalog.upsert([PaperRecord("arxiv", (arxiv,), title)])
    catalog.upsert([PaperRecord("file", (doi,), title)])
    paper, category = Paper.objects.with_identifier(*doi).get(), caches.categories.first()
    review.accept(category, paper, inbulk.rows(category, paper), curator)
    accepted = newest()
    assert catalog.upsert([PaperRecord("arxiv", (arxiv, doi), title)]).merged == 1
    assert Entry.objects.latest("pk").paper_id != paper.pk
    acts.undo(accepted, curator)
    assert exports(caches) == before and not Review.objects.exists()


def test_verbs_within_one_are_one_and_what_fails_leaves_nothing(caches, curator):
    number = Act.objects.count()
    with pytest.raises(ZeroDivisionError), acts.act(caches, curator, Act.Kind.EDIT):
        edit(caches, curator, tldr="One.")
        raise ZeroDivisionError
    with acts.act(caches, curator, Act.Kind.EDIT) as nothing:
        pass
    assert nothing.is_empty and Act.objects.count() == number
    with acts.act(caches, curator, Act.Kind.EDIT) as done:
        accept(caches, curator)
        with transaction.atomic():
            edit(caches, curator, tldr="Two.")
    assert Act.objects.count() == number + 1 and newest() == done
    assert done.decisions.count() == 1 and done.changes.count() == 2
    EntryText.objects.update(venue="Outside of any act")
    assert not done.rows.filter(columns__contains=["venue"]).exists()


def test_many_decisions_are_one_act_and_say_of_each_paper_what_became_of_it(caches, curator):
    before = exports(caches)
    papers = [make_waiting(caches, f"Paper {n}").paper for n in range(3)]
    review.reject(caches, papers[0], curator)
    done = inbulk.accept(caches.categories.first(), [*(paper.pk for paper in papers), 0], curator, "All of them.")
    assert [bool(each.refused) for each in done.results] == [True, False, False, True] and done.decided == 2
    assert "already decided" in done.results[0].refused
    assert done.act == newest() and newest().kind == "bulk" and exports(caches) != before
    acts.undo(newest(), curator)
    assert exports(caches) == before and Review.objects.count() == 1
    assert inbulk.reject(caches, [papers[0].pk], curator).act is None
    with pytest.raises(ValueError, match="1000"):
        inbulk.reject(caches, range(1, 1002), curator)


def test_one_of_many_decisions_is_taken_back_alone(caches, curator):
    papers = [make_waiting(caches, f"Paper {n}").paper for n in range(2)]
    done = inbulk.reject(caches, [paper.pk for paper in papers], curator, "weak")
    review.undo(Decision.objects.get(paper=papers[0]), curator)
    assert dict(Review.objects.values_list("paper", "state")) == {papers[0].pk: "open", papers[1].pk: "rejected"}
    with pytest.raises(acts.Followed):
        acts.undo(done.act, curator)
    acts.undo(done.act, curator, cascade=True)
    assert not Review.objects.exists()


def test_the_history_tells_each_act_with_what_it_changed_in_the_same_number_of_queries(
    caches, curator, django_assert_max_num_queries
):
    decision = accept(caches, curator)
    edit(caches, curator, tldr="Shorter.")
    for number in range(7):
        edit(caches, curator, venue=f"ICML 20{number}0")
    with django_assert_max_num_queries(10):
        told = history.told(list(history.acts(caches)))
    assert len(told) == 11
    accepted = next(each for each in told if each.act.kind == "accept")
    assert accepted.decisions == [decision] and accepted.about == [(decision.paper_id, "A New Cache")]
    edited = next(each for each in told if each.changes and each.changes[0][1][0].after == "Shorter.")
    assert edited.can_undo and edited.changes[0][1][0].before == "Keeps what is read most."
    assert [each.act.kind for each in history.told(list(history.acts(caches, paper=decision.paper_id)))] == ["accept"]
    assert {each["kind"] for each in history.records(history.acts(caches))} == {"accept", "edit", "import"}


def test_the_history_tells_which_section_and_which_word_was_changed(caches, curator):
    listsettings.say_criterion(caches.categories.first(), "Whatever throws keys away.", curator)
    for translation in ("淘汰", "逐出"):
        glossary.say(caches, "zh", {"Eviction": translation}, curator)
    assert [
        (each.field, each.before, each.after)
        for told in history.told(list(history.acts(caches)[:3]))
        for each in told.others
    ] == [
        ("Eviction", "淘汰", "逐出"),
        ("Eviction", "", "淘汰"),
        ("Eviction, criterion", "", "Whatever throws keys away."),
    ]


@pytest.mark.django_db(transaction=True)
def test_undoing_waits_for_who_edits_the_same_row_and_then_finds_it_changed(curator):
    caches = make_bilingual_list()
    first = edit(caches, curator, tldr="One.")
    met: list[Exception] = []

    def undo():
        try:
            acts.undo(first, curator)
        except Exception as error:
            met.append(error)
        finally:
            connections.close_all()

    undoing = threading.Thread(target=undo)
    with transaction.atomic():
        second = edit(caches, curator, tldr="Two.")
        undoing.start()
        undoing.join(timeout=0.5)
        assert undoing.is_alive(), "it must wait"
    undoing.join(timeout=30)
    (clash,) = met
    assert isinstance(clash, acts.Followed) and clash.followers == (second,)


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_on_the_same_papers_in_bulk_do_not_wait_for_each_other_for_ever(curator):
    caches, other = make_bilingual_list(), make_user("other", curator=True)
    one, two = (make_waiting(caches, f"A New Cache {n}").paper.pk for n in range(2))
    done: list[inbulk.Done] = []

    def decide():
        try:
            done.append(inbulk.reject(caches, [two, one], other))
        finally:
            connections.close_all()

    deciding = threading.Thread(target=decide)
    with transaction.atomic():
        inbulk.reject(caches, [one], curator)
        deciding.start()
        deciding.join(timeout=0.5)
        assert deciding.is_alive(), "it must wait"
        inbulk.reject(caches, [two], curator)
    deciding.join(timeout=30)
    assert [each.decided for each in done] == [0]
    assert [each.user for each in Decision.objects.all()] == [curator, curator]
