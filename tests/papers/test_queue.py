"""The queue as curators work through it: orders, whose turn it is, holds and skips."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection, connections
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import queue as queues
from papers import review, vectors
from papers.models import Hold, Skip
from papers.queue import ORDERS, Narrowing, Queue
from tests.factories import make_list, make_paper, make_suggestion, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def small():
    return make_list()


@pytest.fixture
def ada():
    return make_user("ada", curator=True)


@pytest.fixture
def alan():
    return make_user("alan", curator=True)


def papers_of(queue):
    return [suggestion.paper for suggestion in queue.waiting]


def taken(queue, but=()):
    suggestion = queue.take_next(but)
    return suggestion.paper if suggestion else None


# --- orders -----------------------------------------------------------------------------------------------------


def test_each_order_is_what_its_name_says(small, ada):
    alpha, beta = small.categories.all()
    sure = make_paper("Sure", published=date(2026, 1, 1), source="openreview")
    unsure = make_paper("Unsure", published=date(2026, 3, 1), source="arxiv")
    unlikely = make_paper("Unlikely", published=None, source="arxiv")
    make_suggestion(small, sure, 0.95, beta)
    make_suggestion(small, unsure, 0.52, alpha)
    make_suggestion(small, unlikely, 0.1, alpha)
    wanted = {
        "relevance": [sure, unsure, unlikely],
        "unsure": [unsure, unlikely, sure],
        "newest": [unsure, sure, unlikely],
        "category": [unsure, unlikely, sure],
        "source": [unsure, unlikely, sure],
        "diverse": [sure, unsure, unlikely],
    }
    assert wanted.keys() == set(ORDERS)
    for order, papers in wanted.items():
        assert papers_of(Queue(small, ada, order=order)) == papers, order


def test_a_queue_can_be_narrowed_to_a_category(small, ada):
    alpha, beta = small.categories.all()
    make_suggestion(small, category=alpha)
    of_beta = make_suggestion(small, category=beta)
    assert papers_of(Queue(small, ada, category="beta")) == [of_beta.paper]


def test_near_copies_of_more_relevant_papers_come_later(small, ada):
    first, copy, other, beyond = (make_suggestion(small, relevance=value).paper for value in (0.9, 0.8, 0.7, 0.6))
    vectors.store("an encoder", [first, copy, other], np.array([[1, 0, 0], [0.99, 0.14, 0], [0, 1, 0]], np.float32))
    assert papers_of(Queue(small, ada, order="diverse")) == [first, other, beyond, copy]
    assert queues.near_copies([first.pk, copy.pk, other.pk, beyond.pk]) == [copy.pk]
    assert queues.near_copies([]) == []


@pytest.mark.parametrize("order", ORDERS)
def test_around_a_paper_are_those_before_and_after_it_in_every_order(small, ada, order):
    alpha, beta = small.categories.all()
    for place, relevance in enumerate((0.9, 0.5, 0.5, 0.3, 0.5, 0.1)):
        paper = make_paper(published=date(2026, 1, 1 + place % 3), source=("arxiv", "openreview")[place % 2])
        make_suggestion(small, paper, relevance, (alpha, beta)[place % 2])
    queue = Queue(small, ada, order=order)
    in_order = papers_of(queue)
    for place, paper in enumerate(in_order):
        around = queue.around(paper, ahead=2, behind=3)
        assert [each.paper for each in around.ahead] == in_order[max(place - 2, 0) : place]
        assert around.here.paper == paper and around.place == place + 1
        assert [each.paper for each in around.behind] == in_order[place + 1 : place + 4]
    gone = [paper.pk for paper in in_order[:2]]
    around = queue.around(in_order[2], gone, behind=3)
    assert ([each.paper for each in around.ahead], around.place) == (in_order[:2], 1)
    elsewhere = queue.around(make_paper(), behind=3)
    assert (elsewhere.here, elsewhere.place) == (None, 0)
    assert [each.paper for each in elsewhere.behind] == in_order[:3]


# --- whose turn it is -------------------------------------------------------------------------------------------


def test_what_one_reads_is_given_to_nobody_else_until_they_let_go(small, ada, alan):
    first, second = (make_suggestion(small, relevance=value).paper for value in (0.9, 0.8))
    assert taken(Queue(small, ada)) == first
    assert taken(Queue(small, ada)) == first, "a reload shows the same"
    assert taken(Queue(small, alan)) == second
    assert taken(Queue(small, make_user(curator=True))) is None
    assert Queue(small, alan).held_by_another(first.pk).user == ada
    assert Queue(small, ada).held_by_another(first.pk) is None
    Hold.objects.filter(paper=first).update(until=timezone.now() - timedelta(seconds=1))
    assert taken(Queue(small, alan)) == first
    assert not Queue(small, ada).hold(first.pk)


def test_a_decision_lets_go_and_so_does_skipping(small, ada, alan):
    first, second = (make_suggestion(small, relevance=value).paper for value in (0.9, 0.8))
    queue = Queue(small, ada)
    assert taken(queue) == first
    queue.skip(first)
    assert taken(queue) == second
    assert taken(Queue(small, alan)) == first
    review.reject(small, first, alan)
    assert not Hold.objects.filter(paper=first).exists()


def test_what_was_skipped_comes_again_when_nothing_else_is_left(small, ada):
    first, second, third = (make_suggestion(small, relevance=value).paper for value in (0.9, 0.8, 0.7))
    queue = Queue(small, ada)
    for paper in (second, first):
        queue.skip(paper)
    assert taken(queue) == third
    review.reject(small, third, ada)
    assert taken(queue) == second, "the longest ago first"
    Skip.objects.update(at=timezone.now() - timedelta(days=1))
    assert taken(queue) == first, "the next day it is a day like any other"


def test_cards_that_a_page_has_already_do_not_come_again_and_are_held_on(small, ada, alan):
    first, second, third = (make_suggestion(small, relevance=value).paper for value in (0.9, 0.8, 0.7))
    queue = Queue(small, ada)
    assert taken(queue) == first
    assert taken(queue, [first.pk]) == second
    soon = timezone.now() + timedelta(minutes=1)
    Hold.objects.update(until=soon)
    assert taken(queue, [first.pk, second.pk]) == third
    assert Hold.objects.get(paper=first).until > soon
    assert taken(queue, [first.pk, second.pk, third.pk]) is None


@pytest.mark.django_db(transaction=True)
def test_many_curators_at_once_are_given_different_papers():
    small = make_list()
    curators = [make_user(curator=True) for _ in range(8)]
    for _ in range(8):
        make_suggestion(small)
    found, start = [], threading.Barrier(len(curators))

    def work(curator):
        try:
            start.wait()
            found.append(taken(Queue(small, curator)).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[curator]) for curator in curators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == len(curators)


@pytest.mark.parametrize("order", ORDERS)
def test_the_next_card_costs_the_same_queries_however_many_wait(small, ada, order):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            queue = Queue(small, ada, order=order)
            queue.around(queue.take_next().paper)
        return len(queries)

    for _ in range(3):
        make_suggestion(small)
    few = cost()
    for _ in range(30):
        make_suggestion(small)
    assert cost() == few


def test_a_queue_is_narrowed_by_a_condition_in_every_order(small, ada):
    likely, unlikely = make_suggestion(small, relevance=0.9).paper, make_suggestion(small, relevance=0.2).paper
    low = Narrowing(Q(relevance__lt=0.5), {"relevance_max": "0.5"})
    for order in ORDERS:
        queue = Queue(small, ada, order=order, narrowed=low)
        assert papers_of(queue) == [unlikely], order
        assert queue.around(likely).here is None and queue.around(unlikely).place == 1
    assert taken(Queue(small, ada, narrowed=low)) == unlikely
