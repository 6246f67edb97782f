"""The review queue narrowed: by the words of an address, from card to card, on the page and by the API."""

from __future__ import annotations

from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kbsite.narrowing import narrowing_of
from papers import review
from papers.models import Decision, Fact, SourceRecord
from tests.kbsite.bilingual import make_waiting

pytestmark = pytest.mark.django_db


def page(desk, name, paper_list, **query):
    return unescape(desk.get(reverse(name, args=[paper_list.slug], query=query or None)).content.decode())


@pytest.fixture
def three(caches):
    """Waiting papers that differ in everything that a queue can be narrowed by."""
    keep = make_waiting(
        caches, "Keep the sinks", 0.9, published=date(2026, 1, 5), subjects=["cs.CL"], authors=["Grace Hopper"]
    )
    drop = make_waiting(caches, "Drop the rest", 0.6, published=date(2025, 3, 1), subjects=["cs.LG"])
    other = make_waiting(caches, "Another sink", 0.3, published=date(2024, 7, 1), subjects=["cs.LG"])
    Fact.objects.create(paper=keep.paper, kind="code", source="hf", value="https://x.org", observed_at=timezone.now())
    SourceRecord.objects.create(paper=drop.paper, source="openreview", content_hash="0")
    return [keep, drop, other]


@pytest.mark.parametrize(
    ("words", "which"),
    [
        ({"q": "sinks"}, [0, 2]),
        ({"q": '"keep the sinks"'}, [0]),
        ({"subject": "cs.LG"}, [1, 2]),
        ({"author": "Grace Hopper"}, [0]),
        ({"year": "2025"}, [1]),
        ({"since": "2025-01-01"}, [0, 1]),
        ({"since": "2025-01-01", "until": "2025-12-31"}, [1]),
        ({"source": "openreview"}, [1]),
        ({"code": "true"}, [0]),
        ({"code": "false"}, [1, 2]),
        ({"relevance_min": "0.5", "relevance_max": "0.7"}, [1]),
        ({"subject": "cs.LG", "relevance_max": "0.5"}, [2]),
        ({"since": "yesterday", "relevance_min": "7", "q": ""}, [0, 1, 2]),  # makes no sense, so it narrows nothing
    ],
)
def test_each_word_narrows_as_it_says(caches, three, words, which):
    narrowing = narrowing_of(words)
    found = review.queue(caches).filter(narrowing.condition)
    assert [each.paper for each in found] == [three[place].paper for place in which]
    assert narrowing.words == ({} if "yesterday" in words.values() else words)


def test_the_narrowing_goes_from_card_to_card_and_has_a_way_out(desk, caches, three):
    shown = page(desk, "queue", caches, subject="cs.LG", order="newest")
    assert "1 of 2" in shown and "Drop the rest</h2>" in shown and "Keep the sinks" not in shown
    assert "order=newest&subject=cs.LG" in shown
    answer = desk.post(
        reverse("decide", args=[caches.slug, three[1].paper_id], query={"subject": "cs.LG", "order": "newest"}),
        {"reject": ""},
    )
    assert answer.url == reverse(
        "queue",
        args=[caches.slug],
        query={"paper": three[2].paper_id, "order": "newest", "subject": "cs.LG"},
    )
    shown = unescape(desk.get(answer.url).content.decode())
    undo = reverse("undo", args=[Decision.objects.get(kind="reject").pk], query={"order": "newest", "subject": "cs.LG"})
    assert undo in shown and f'href="{reverse("queue", args=[caches.slug])}?order=newest"' in shown
    assert "subject=cs.LG" in desk.post(undo).url


def test_a_day_until_which_a_paper_is_put_off_is_not_one_of_the_queue(desk, caches, three):
    where = reverse("decide", args=[caches.slug, three[1].paper_id], query={"until": "2025-12-31"})
    desk.post(where, {"defer": "", "until": "2999-01-01"})
    assert Decision.objects.get().until == date(2999, 1, 1)


def test_a_narrowing_that_leaves_nothing_says_so(desk, caches, three):
    assert "Nothing that waits is like this" in page(desk, "queue", caches, q="zebra")


def test_a_narrowed_card_costs_the_same_whatever_waits(desk, caches, three):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page(desk, "queue", caches, subject="cs.LG", relevance_max="0.95")
        return len(captured)

    queries()
    before = queries()
    for _ in range(10):
        make_waiting(caches, subjects=["cs.LG"])
    assert queries() == before


def test_the_api_narrows_as_the_page_does(desk, caches, three):
    asked = {"list": caches.slug, "subject": "cs.LG", "code": False, "since": "2024-01-01", "order": "newest"}
    said = desk.post(reverse("api:suggestion-next"), asked, content_type="application/json")
    assert said.json()["paper"]["id"] == three[1].paper_id
    wrong = desk.post(reverse("api:suggestion-next"), asked | {"year": 1}, content_type="application/json")
    assert wrong.status_code == 400 and "year" in wrong.json()["errors"]
    nothing = desk.post(reverse("api:suggestion-next"), asked | {"q": "zebra"}, content_type="application/json")
    assert nothing.status_code == 204

    def listed(**query):
        answer = desk.get(reverse("api:suggestion-list", query={"list": caches.slug, "awaiting": "true", **query}))
        return [each["paper"]["id"] for each in answer.json()["results"]]

    assert listed(q="sinks", relevance_max="0.5") == [three[2].paper_id]
    assert listed(author="Grace Hopper") == [three[0].paper_id]
    assert listed(relevance_min="0.5", subject="cs.LG") == [three[1].paper_id]
