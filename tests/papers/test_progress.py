"""How a list's review goes: paces, agreement, reasons, the recall curve, and the queue's length day by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import acts, progress, review
from papers.models import Act, Decision, Paper
from papers.models.lists import Origin
from papers.readme.row import RowFields
from tests.factories import make_entry, make_list, make_paper, make_suggestion, make_user

pytestmark = pytest.mark.django_db
NOON = timezone.make_aware(datetime.combine(timezone.localdate(), datetime.min.time())) + timedelta(seconds=1)


@pytest.fixture
def small():
    return make_list()


def at(decision: Decision, moment: datetime, **fields: Any) -> Decision:
    """Make a decision as if it had been made then."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # decisions are append-only
        Decision.objects.filter(pk=decision.pk).update(at=moment, **fields)
        cursor.execute("SET LOCAL session_replication_role = origin")
    return decision


def rejected(small, user, moment=None, relevance=0.2, reason="off-topic") -> Decision:
    decision = review.reject(small, make_suggestion(small, relevance=relevance).paper, user, reason)
    return at(decision, moment) if moment else decision


def accepted(small, user, key="alpha", suggested="alpha", relevance=0.9) -> Decision:
    categories = {each.key: each for each in small.categories.all()}
    said = make_suggestion(small, relevance=relevance, category=categories[suggested])
    return review.accept(categories[key], said.paper, {"en": RowFields(title="A paper")}, user)


def came(paper: Paper, moment: datetime) -> None:
    Paper.objects.filter(pk=paper.pk).update(added_at=moment)


# --- pace ---------------------------------------------------------------------------------------------------------


def test_pauses_and_papers_decided_at_once_are_no_time_at_work(small, curator):
    start = timezone.now() - timedelta(days=3)
    for minutes in (0, 2, 4, 4, 4, 19.1, 20.1, 21.1):  # two at once with a third, then a pause of 15.1 minutes
        rejected(small, curator, start + timedelta(minutes=minutes))
    pace = progress.progress(small).everybody
    assert pace.in_all == 8 and pace.today == 0
    assert pace.hours == pytest.approx(6 / 60)  # 2 + 2 + 1 + 1
    assert pace.per_hour == pytest.approx(40)


def test_people_at_work_side_by_side_are_counted_one_by_one(small):
    start = timezone.now() - timedelta(days=3)
    ada, lin = make_user("ada", curator=True), make_user("lin", curator=True)
    for minutes in range(0, 10, 2):
        rejected(small, ada, start + timedelta(minutes=minutes))
        rejected(small, lin, start + timedelta(minutes=minutes, seconds=30))
    found = progress.progress(small)
    assert [(each.user, each.in_all, each.per_hour) for each in found.people] == [
        ("ada", 5, pytest.approx(30)), ("lin", 5, pytest.approx(30)),
    ]  # fmt: skip
    assert found.everybody.hours == pytest.approx(16 / 60)


def test_today_begins_at_midnight_and_what_was_taken_back_does_not_count(small, curator):
    rejected(small, curator)
    review.undo(rejected(small, curator), curator)
    rejected(small, curator, NOON - timedelta(seconds=2))
    assert progress.decided_today(small) == 1
    assert progress.progress(small).everybody.today == 1
    assert progress.progress(small).everybody.in_all == 2


def test_what_was_taken_back_and_done_again_counts_like_any_other(small, curator):
    decision = rejected(small, curator)
    for taken_back in (True, False, True, False):
        acts.undo(Act.objects.latest("pk"), curator)
        assert progress.decided_today(small) == len(progress.decided(small)) == (0 if taken_back else 1)
    review.undo(decision, curator)
    assert progress.decided_today(small) == len(progress.readings(small, 10)) == 0


def test_what_a_readme_says_is_no_reading(small, curator):
    paper = make_suggestion(small).paper
    review.told_by_readme(small, [(paper, None)], "", curator)
    assert Decision.objects.get().origin == Origin.README
    assert progress.decided(small) == [] and progress.readings(small, 10) == [] and progress.decided_today(small) == 0


def test_before_any_decision(small):
    found = progress.progress(small)
    assert found.everybody.per_hour is None and found.everybody.agreement.share is None
    assert (found.people, found.reasons, found.waiting, found.is_whole) == ((), (), 0, True)
    assert found.curve == (progress.Read(0, 0),)


# --- agreement and reasons ----------------------------------------------------------------------------------------


def test_agreement_means_likely_and_this_very_category_or_unlikely(small, curator):
    accepted(small, curator)
    accepted(small, curator, key="beta", suggested="alpha")
    accepted(small, curator, relevance=0.4)  # found unlikely
    rejected(small, curator, relevance=0.2)
    rejected(small, curator, relevance=0.7)
    review.reject(small, make_paper(), curator)  # the classifier had not spoken
    found = progress.progress(small)
    shares = {each.category and each.category.key: each.agreement for each in found.categories}
    assert shares == {
        "alpha": progress.Agreement(1, 2), "beta": progress.Agreement(0, 1), None: progress.Agreement(1, 2),
    }  # fmt: skip
    assert found.everybody.agreement == progress.Agreement(2, 5)


def test_deferred_papers_and_duplicates_say_nothing_of_relevance(small, curator):
    review.defer(small, make_suggestion(small).paper, curator, timezone.localdate() + timedelta(days=3))
    review.duplicate(small, make_suggestion(small).paper, make_paper(), curator)
    accepted(small, curator)
    found = progress.progress(small)
    assert found.everybody.in_all == 3 and found.everybody.agreement.of == 1
    assert found.curve == (progress.Read(0, 0), progress.Read(1, 1))


def test_reasons_stand_by_how_often_they_were_given(small, curator):
    for reason in ("weak", "off-topic", "off-topic", ""):
        rejected(small, curator, reason=reason)
    told = [(each.reason, each.papers) for each in progress.progress(small).reasons]
    assert told == [("off-topic", 2), ("weak", 1), ("", 1)]


def test_the_curve_follows_the_order_of_the_decisions(small, curator):
    accepted(small, curator)
    rejected(small, curator)
    accepted(small, curator)
    assert [(each.read, each.found) for each in progress.progress(small).curve] == [(0, 0), (1, 1), (2, 1), (3, 2)]
    assert [each.accepted for each in progress.readings(small, 2)] == [False, True]


# --- the queue's length -------------------------------------------------------------------------------------------


def waited(small, back: int) -> int:
    days = {each.day: each.waiting for each in progress.progress(small).days}
    return days[timezone.localdate() - timedelta(days=back)]


def test_the_length_is_reckoned_back_by_what_came_and_went(small, curator):
    now = NOON
    for days in (30, 20, 10, 10):
        came(make_suggestion(small).paper, now - timedelta(days=days))
    gone = make_suggestion(small)
    came(gone.paper, now - timedelta(days=20))
    at(review.reject(small, gone.paper, curator), now - timedelta(days=5))
    assert [waited(small, back) for back in (31, 30, 21, 20, 11, 10, 6, 5, 0)] == [0, 1, 1, 3, 3, 5, 5, 4, 4]


def test_a_paper_that_came_back_waits_again(small, curator):
    now = NOON
    paper = make_suggestion(small).paper
    came(paper, now - timedelta(days=9))
    decision = at(review.reject(small, paper, curator), now - timedelta(days=7))
    at(review.undo(decision, curator), now - timedelta(days=5))
    assert [waited(small, back) for back in (10, 9, 8, 7, 6, 5, 0)] == [0, 1, 1, 0, 0, 1, 1]


def test_a_paper_whose_decision_was_undone_and_done_again_waited_in_between(small, curator):
    now = NOON
    paper = make_suggestion(small).paper
    came(paper, now - timedelta(days=9))
    at(review.reject(small, paper, curator), now - timedelta(days=7))
    for back in (5, 3):
        acts.undo(Act.objects.latest("pk"), curator)
        at(Decision.objects.latest("pk"), now - timedelta(days=back))
    assert [waited(small, back) for back in (10, 9, 8, 7, 6, 5, 4, 3, 0)] == [0, 1, 1, 0, 0, 1, 1, 0, 0]


def test_a_paper_that_was_put_off_comes_back_on_its_day(small, curator):
    now = NOON
    paper = make_suggestion(small).paper
    came(paper, now - timedelta(days=9))
    until = timezone.localdate() - timedelta(days=2)
    put_off = review.defer(small, paper, curator, timezone.localdate() + timedelta(days=1))
    at(put_off, now - timedelta(days=7), until=until)
    review.Review.objects.update(until=until)
    assert [waited(small, back) for back in (8, 7, 3, 2, 0)] == [1, 0, 0, 1, 1]


def test_a_paper_that_came_back_on_its_day_and_was_decided_then_waited_in_between(small, curator):
    now = NOON
    paper = make_suggestion(small).paper
    came(paper, now - timedelta(days=9))
    put_off = review.defer(small, paper, curator, timezone.localdate() + timedelta(days=1))
    at(put_off, now - timedelta(days=7), until=timezone.localdate() - timedelta(days=4))
    review.Review.objects.update(until=timezone.localdate() - timedelta(days=4))
    at(review.reject(small, paper, curator), now - timedelta(days=2))
    assert [waited(small, back) for back in (10, 9, 7, 5, 4, 3, 2, 0)] == [0, 1, 0, 0, 1, 1, 0, 0]


def test_a_paper_that_came_back_with_news_waits_again(small, curator):
    now = NOON
    paper = make_suggestion(small).paper
    came(paper, now - timedelta(days=9))
    at(review.defer(small, paper, curator, None), now - timedelta(days=7))
    Paper.objects.filter(pk=paper.pk).update(text_hash="of another text")
    assert len(review.reconsider([paper.pk])) == 1
    review.Review.objects.update(returned_at=now - timedelta(days=3))
    assert [waited(small, back) for back in (10, 9, 7, 4, 3, 0)] == [0, 1, 0, 0, 1, 1]


def test_what_the_readme_listed_was_never_in_the_queue(small):
    entry = make_entry(small.categories.first())
    make_suggestion(small, entry.paper)
    came(entry.paper, NOON - timedelta(days=9))
    assert {each.waiting for each in progress.progress(small).days} == {0}


# --- queries ------------------------------------------------------------------------------------------------------


def test_more_of_everything_asks_no_more_queries(small, curator):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            progress.progress(type(small).objects.get(pk=small.pk))
        return len(captured)

    accepted(small, curator)
    rejected(small, curator)
    before = queries()
    for number in range(8):
        person = make_user(curator=True)
        accepted(small, person, key="beta")
        rejected(small, person, reason="weak")
        came(make_suggestion(small).paper, NOON - timedelta(days=number))
    assert queries() == before
    assert len(progress.progress(small).people) == 9
