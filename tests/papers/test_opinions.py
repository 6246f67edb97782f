"""Second opinions: two curators say the same of a paper, each blind first, or a third word settles it."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import acts, interrater, merging, opinions, review
from papers.models import Act, Decision, Entry, Opinion, PaperList, Review
from papers.opinions import CannotSpeak, Verdict
from papers.queue import Queue
from papers.readme.exporter import export
from papers.readme.row import RowFields
from papers.records import Identifier, PaperRecord
from tests.factories import make_list, make_paper, make_suggestion, make_user

pytestmark = pytest.mark.django_db
REJECT, WEAK = Verdict(Decision.Kind.REJECT), Verdict(Decision.Kind.REJECT, reason="weak", note="Thin.")


@pytest.fixture
def careful():
    """A list that wants two opinions, with a paper that waits."""
    return make_list("careful", second_opinion=True)


@pytest.fixture
def paper(careful):
    return make_suggestion(careful).paper


@pytest.fixture
def ada():
    return make_user("ada", curator=True)


@pytest.fixture
def alan():
    return make_user("alan", curator=True)


@pytest.fixture
def grace():
    return make_user("grace", curator=True)


def accepting(paper_list, key="alpha", **fields):
    rows = {"en": RowFields(**({"title": "A title", "link": "https://example.org/"} | fields))}
    return Verdict(Decision.Kind.ACCEPT, paper_list.categories.get(key=key), rows)


def turn(paper_list, user):
    suggestion = Queue(paper_list, user).take_next()
    return suggestion.paper if suggestion else None


# --- two say the same -------------------------------------------------------------------------------------------


def test_a_list_that_wants_one_opinion_has_it_decided_at_once(ada):
    small = make_list()
    said = opinions.say(small, make_paper(), ada, REJECT)
    assert isinstance(said, Decision) and not Opinion.objects.exists()


def test_the_first_opinion_decides_nothing_and_the_paper_waits_for_others_only(careful, paper, ada, alan):
    said = opinions.say(careful, paper, ada, accepting(careful))
    assert isinstance(said, Opinion)
    assert not Decision.objects.exists() and not Entry.objects.exists()
    assert turn(careful, ada) is None
    assert turn(careful, alan) == paper


def test_who_says_the_same_second_decides_and_both_are_noted(careful, paper, ada, alan):
    first = opinions.say(careful, paper, ada, WEAK)
    decision = opinions.say(careful, paper, alan, REJECT)
    assert (decision.user, decision.reason, decision.note) == (alan, "weak", "Thin.")
    assert [each.user for each in decision.opinions.all()] == [ada, alan]
    assert decision.opinions.first() == first
    assert Review.objects.get(paper=paper).state == "rejected"


def test_what_the_first_one_wrote_into_the_row_stays_where_the_second_left_it_as_it_was(careful, paper, ada, alan):
    opinions.say(careful, paper, ada, accepting(careful, tldr="In a word.", venue="ACL 2026"))
    decision = opinions.say(careful, paper, alan, accepting(careful, venue="EMNLP 2026", title=paper.title))
    (text,) = decision.entries.get().texts.all()
    assert (text.tldr, text.venue, text.title) == ("In a word.", "EMNLP 2026", "A title")


@pytest.mark.parametrize(
    "other",
    [
        lambda careful: REJECT,
        lambda careful: accepting(careful, "beta"),
        lambda careful: Verdict(Decision.Kind.DEFER, until=timezone.localdate() + timedelta(days=7)),
    ],
)
def test_where_two_differ_a_paper_waits_in_nobodys_queue_until_somebody_settles_it(
    careful, paper, ada, alan, grace, other
):
    opinions.say(careful, paper, ada, accepting(careful))
    said = opinions.say(careful, paper, alan, other(careful))
    assert isinstance(said, Opinion)
    assert [turn(careful, user) for user in (ada, alan, grace)] == [None] * 3
    (found,) = opinions.side_by_side(careful, opinions.disagreements(careful))
    assert (found.paper, [each.user for each in found.opinions]) == (paper, [ada, alan])
    with pytest.raises(CannotSpeak, match="differ"):
        opinions.say(careful, paper, grace, REJECT)
    decision = opinions.say(careful, paper, grace, accepting(careful, "beta"), settles=True)
    assert (decision.user, decision.category.key, decision.opinions.count()) == (grace, "beta", 2)
    assert not opinions.disagreements(careful).exists()


def test_one_of_two_is_taken_as_it_was_given(careful, paper, ada, alan, grace):
    first = opinions.say(careful, paper, ada, accepting(careful, tldr="Hers."))
    second = opinions.say(careful, paper, alan, REJECT)
    decision = opinions.settle(first, grace)
    assert (decision.kind, decision.user) == ("accept", grace)
    assert decision.entries.get().texts.get().tldr == "Hers."
    with pytest.raises(CannotSpeak):
        opinions.settle(second, grace)


def test_nobody_settles_for_a_day_that_has_come(careful, paper, ada, alan, grace):
    ahead = timezone.localdate() + timedelta(days=1)
    put_off = opinions.say(careful, paper, ada, Verdict(Decision.Kind.DEFER, until=ahead))
    opinions.say(careful, paper, alan, REJECT)
    Opinion.objects.filter(pk=put_off.pk).update(until=timezone.localdate())
    put_off.refresh_from_db()
    with pytest.raises(CannotSpeak, match="the day has come"):
        opinions.settle(put_off, grace)


def test_those_who_wait_longest_to_be_settled_come_first(careful, ada, alan):
    later, sooner = (make_suggestion(careful).paper for _ in range(2))
    for each in (sooner, later):
        opinions.say(careful, each, ada, REJECT)
        opinions.say(careful, each, alan, accepting(careful))
    assert list(opinions.disagreements(careful)) == [sooner, later]


def test_duplicates_of_two_papers_are_two_opinions(careful, paper, ada, alan):
    one, other = make_paper(), make_paper()
    opinions.say(careful, paper, ada, Verdict(Decision.Kind.DUPLICATE, duplicate_of=one))
    opinions.say(careful, paper, alan, Verdict(Decision.Kind.DUPLICATE, duplicate_of=other))
    assert opinions.disagreements(careful).get() == paper


# --- what is refused --------------------------------------------------------------------------------------------


def test_nobody_speaks_twice_nor_on_what_is_decided(careful, paper, ada, alan, grace):
    opinions.say(careful, paper, ada, REJECT)
    with pytest.raises(CannotSpeak, match="another"):
        opinions.say(careful, paper, ada, REJECT, settles=True)
    opinions.say(careful, paper, alan, REJECT)
    with pytest.raises(review.AlreadyDecided):
        opinions.say(careful, paper, grace, REJECT)


def test_what_no_decision_could_say_is_no_opinion(careful, paper, ada):
    for verdict in (
        Verdict(Decision.Kind.DEFER, until=date(2020, 1, 1)),
        Verdict(Decision.Kind.DUPLICATE, duplicate_of=paper),
    ):
        with pytest.raises(ValueError):
            opinions.say(careful, paper, ada, verdict)
    assert not Opinion.objects.exists()


def test_sent_twice_it_is_kept_once(careful, paper, ada, alan):
    key, other = uuid4(), uuid4()
    first = opinions.say(careful, paper, ada, REJECT, key)
    assert opinions.say(careful, paper, ada, REJECT, key) == first
    decision = opinions.say(careful, paper, alan, REJECT, other)
    assert opinions.say(careful, paper, alan, REJECT, other) == decision
    assert (Opinion.objects.count(), Decision.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_speak_in_the_same_moment_make_one_decision():
    careful = make_list("careful", second_opinion=True)
    papers = [make_suggestion(careful).paper for _ in range(8)]
    people = [make_user(f"curator{n}", curator=True) for n in range(2)]
    start = threading.Barrier(2)

    def speak(user):
        try:
            start.wait()
            for each in papers:
                opinions.say(careful, each, user, REJECT)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=speak, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Decision.objects.count(), Opinion.objects.exclude(decision=None).count()) == (8, 16)


# --- undoing ----------------------------------------------------------------------------------------------------


def test_an_opinion_is_taken_back_while_nothing_is_decided(careful, paper, ada, alan):
    first = opinions.say(careful, paper, ada, REJECT)
    opinions.take_back(first)
    assert turn(careful, ada) == paper
    again = opinions.say(careful, paper, ada, accepting(careful))
    opinions.say(careful, paper, alan, accepting(careful))
    with pytest.raises(review.NotInForce):
        opinions.take_back(again)


def test_a_decision_of_two_is_undone_to_the_first_ones_opinion(careful, paper, ada, alan):
    before = export(careful.documents.get())
    opinions.say(careful, paper, ada, accepting(careful))
    decision = opinions.say(careful, paper, alan, accepting(careful))
    acts.undo(Act.objects.get(decisions=decision), alan)
    assert export(careful.documents.get()) == before
    assert [(each.user, each.decision) for each in Opinion.objects.all()] == [(ada, None)]
    assert (turn(careful, ada), turn(careful, alan)) == (None, paper)


def test_settling_is_undone_to_the_disagreement(careful, paper, ada, alan, grace):
    first = opinions.say(careful, paper, ada, REJECT)
    opinions.say(careful, paper, alan, accepting(careful))
    acts.undo(Act.objects.get(decisions=opinions.settle(first, grace)), grace)
    assert opinions.disagreements(careful).get() == paper


def test_taking_back_is_undone_together_with_what_was_said_since(careful, paper, ada):
    opinions.take_back(opinions.say(careful, paper, ada, REJECT))
    opinions.say(careful, paper, ada, accepting(careful))
    with pytest.raises(acts.Followed):
        acts.undo(Act.objects.get(kind="take-back"), ada)
    acts.undo(Act.objects.get(kind="take-back"), ada, cascade=True)
    assert Opinion.objects.get().kind == "reject"


# --- what else there is -----------------------------------------------------------------------------------------


def test_opinions_follow_a_paper_that_turns_out_to_be_another(careful, paper, ada, alan):
    twin = make_suggestion(careful).paper
    for user, each in ((ada, paper), (ada, twin), (alan, twin)):
        opinions.say(careful, each, user, REJECT)
    assert Decision.objects.count() == 1
    record = PaperRecord("hand", (Identifier("arxiv", "2611.99999"),), title="Both")
    merging.merge(paper, twin, record)
    assert {(each.user.username, each.paper) for each in Opinion.objects.all()} == {("ada", paper), ("alan", paper)}


def test_that_a_paper_is_a_duplicate_of_what_it_turns_out_to_be_is_no_opinion_any_more(careful, paper, ada, alan):
    other = make_paper()
    opinions.say(careful, other, ada, Verdict(Decision.Kind.DUPLICATE, duplicate_of=paper))
    with transaction.atomic():
        merging.merge(paper, other, PaperRecord("test", (Identifier("doi", "10.1/a"),), "A title"))
    assert not Opinion.objects.exists()
    assert turn(careful, ada) == paper


def test_an_opinion_is_undone_though_what_it_named_turned_out_to_be_another_paper(careful, paper, ada):
    kept, gone = make_paper(), make_paper()
    opinions.say(careful, paper, ada, Verdict(Decision.Kind.DUPLICATE, duplicate_of=gone))
    given = Act.objects.latest("pk")
    with transaction.atomic():
        merging.merge(kept, gone, PaperRecord("test", (Identifier("doi", "10.1/a"),), "A title"))
    undoing = acts.undo(given, ada)
    assert not Opinion.objects.exists()
    acts.undo(undoing, ada)
    assert Opinion.objects.get().duplicate_of == kept


def test_a_card_costs_the_same_queries_however_many_opinions_there_are(careful, ada, alan):
    def queries():
        paper_list = PaperList.objects.get()
        with CaptureQueriesContext(connection) as captured:
            Queue(paper_list, ada).take_next()
            opinions.side_by_side(paper_list, opinions.disagreements(paper_list))
        return len(captured)

    def differ(times):
        for _ in range(times):
            each = make_suggestion(careful).paper
            opinions.say(careful, each, ada, REJECT)
            opinions.say(careful, each, alan, accepting(careful))

    make_suggestion(careful)
    differ(1)
    few = queries()
    differ(10)
    assert queries() == few


def test_agreement_is_told_by_share_and_by_cohens_kappa(careful, ada, alan, grace):
    """Twenty and fifteen of fifty alike: 0.7 of all, 0.4 beyond chance, the textbook example of kappa."""
    yes = accepting(careful)
    pairs = [(yes, yes)] * 4 + [(yes, REJECT)] + [(REJECT, yes)] * 2 + [(REJECT, REJECT)] * 3
    for first, second in pairs:
        each = make_suggestion(careful).paper
        opinions.say(careful, each, ada, first)
        opinions.say(careful, each, alan, second)
    lone = make_suggestion(careful).paper
    opinions.say(careful, lone, grace, yes)
    found = interrater.between(careful)
    assert (found.everybody.agreed, found.everybody.of, found.everybody.share) == (7, 10, 0.7)
    assert found.everybody.kappa == pytest.approx(0.4)
    assert [(each.one, each.other, each.of) for each in found.pairs] == [("ada", "alan", 10)]


def test_agreement_on_one_thing_only_has_no_kappa_and_what_was_undone_does_not_count(careful, ada, alan):
    papers = [make_suggestion(careful).paper for _ in range(2)]
    for each in papers:
        opinions.say(careful, each, ada, REJECT)
        decision = opinions.say(careful, each, alan, REJECT)
    assert (interrater.between(careful).everybody.of, interrater.between(careful).everybody.kappa) == (2, None)
    review.undo(decision, alan)
    assert interrater.between(careful).everybody.of == 1
    acts.undo(Act.objects.latest("pk"), alan)
    assert interrater.between(careful).everybody.of == 2, "done again, it counts"
