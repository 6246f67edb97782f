"""What is left in a list's queue, read from the tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import remaining
from ingest.classifier.stopping import Advice
from papers import review
from papers.models import Paper
from papers.readme.row import RowFields
from tests.factories import make_list, make_suggestion, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def small():
    return make_list()


def read(small, user, found: int, in_vain: int) -> None:
    for _ in range(found):
        review.accept(small.categories.first(), make_suggestion(small).paper, {"en": RowFields(title="A paper")}, user)
    for _ in range(in_vain):
        review.reject(small, make_suggestion(small, relevance=0.2).paper, user)


def test_before_anything_was_read(small):
    said = remaining.outlook(small)
    assert (said.waiting, said.expected, said.left, said.advice) == (0, 0, None, Advice.EMPTY)
    make_suggestion(small, relevance=0.25)
    said = remaining.outlook(small)
    assert (said.waiting, said.expected, said.left, said.recall, said.advice) == (1, 0.25, None, None, Advice.EARLY)


def test_a_flat_curve_ends_in_the_advice_to_stop(small, curator):
    waiting = [make_suggestion(small, relevance=0.01) for _ in range(10)]
    Paper.objects.filter(pk__in=[each.paper_id for each in waiting]).update(added_at=timezone.now() - timedelta(days=9))
    read(small, curator, found=20, in_vain=2)
    assert remaining.outlook(small).advice == Advice.EARLY
    read(small, curator, found=0, in_vain=40)
    said = remaining.outlook(small)
    assert (said.read, said.found, said.recent, said.recently) == (62, 20, 20, 0)
    assert said.left.high <= 1 and said.recall >= 0.95 and said.advice == Advice.STOP


def test_what_came_after_the_reading_is_worth_going_on(small, curator):
    read(small, curator, found=10, in_vain=30)
    for _ in range(40):
        later = make_suggestion(small)
        Paper.objects.filter(pk=later.paper_id).update(added_at=timezone.now() + timedelta(hours=2))
    said = remaining.outlook(small)
    assert said.advice == Advice.GO_ON
    Paper.objects.update(added_at=timezone.now() - timedelta(days=9))
    assert remaining.outlook(small).left.high < said.left.high  # had they waited all the time, they were passed over


def test_one_line_costs_three_queries_however_much_there_is(small, curator):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            remaining.summary(small)
        return len(captured)

    read(small, curator, 1, 1)
    assert queries() == 3
    read(small, make_user(curator=True), 10, 10)
    for _ in range(10):
        make_suggestion(small)
    assert queries() == 3
    assert remaining.summary(small).today == 22
