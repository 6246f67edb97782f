"""What the last decision moved up, as the queue's page asks for it a moment later."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_list, make_paper, make_suggestion
from tests.kbsite.api.conftest import add_head

pytestmark = pytest.mark.django_db


@pytest.fixture
def small():
    paper_list = make_list()
    for number in range(4):
        make_suggestion(paper_list, make_paper(f"Paper {number}"), 0.9 - number / 10)
    return paper_list


def papers(paper_list):
    return [each.paper_id for each in paper_list.suggestions.order_by("-relevance")]


def learned(paper_list, version, moved, **meta):
    head = add_head(paper_list, version)
    head.meta |= {"moved": moved} | meta
    head.save()


@pytest.fixture
def ask(client, curator, small):
    client.force_login(curator)

    def get(since=0, paper=None, **query):
        asked = {"since": since, "paper": paper or papers(small)[0]} | query
        return client.get(reverse("moved", args=[small.slug], query=asked))

    return get


def test_how_many_moved_up_is_said_and_they_are_marked_around_the_card(small, ask):
    learned(small, 2, papers(small)[1:3])
    page = ask(since=1).content.decode()
    assert "2 papers moved up" in page and 'data-version="2"' in page
    marked = re.findall(r'<li data-paper="(\d+)">(?:(?!</li>).)*class="rose"', page, re.DOTALL)
    assert [int(each) for each in marked] == papers(small)[1:3]
    assert 'aria-live="off"' in page and "role=" not in page, "it is seen, and not said aloud after each decision"


def test_one_paper_is_one_paper(small, ask):
    learned(small, 2, papers(small)[:1])
    assert "1 paper moved up" in ask().content.decode()


def test_nothing_is_said_where_nothing_moved_or_nothing_is_new(small, ask):
    assert ask().status_code == 204  # no head
    learned(small, 2, [])
    assert ask().status_code == 204
    learned(small, 3, papers(small))
    assert ask(since=3).status_code == 204
    assert ask(since="9" * 18).status_code == 204
    assert ask(since="x").status_code == 200
    assert ask(order="newest").status_code == 204  # where no paper stands by its relevance
    assert ask(paper=10**9).status_code == 204  # gone
    learned(small, 4, papers(small), again=2)
    assert ask().status_code == 204  # an older version speaks again: nothing was learned
    add_head(small, 5)
    assert ask(since=4).status_code == 204  # a training of everything has compared nothing


def test_it_costs_the_same_queries_however_many_wait(small, ask):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert ask().status_code == 200
        return len(captured)

    learned(small, 2, papers(small))
    queries()
    few = queries()
    for number in range(30):
        make_suggestion(small, relevance=number / 100)
    assert queries() == few
