"""Saved views of the queue: kept, shown with what waits in each, shared, renamed and deleted."""

from __future__ import annotations

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kbsite.narrowing import waiting_in
from papers import savedviews
from papers.models import SavedView
from tests.factories import make_list, make_user
from tests.kbsite.bilingual import make_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return make_user("ada", curator=True)


def save(desk, paper_list, name, follow=False, is_shared="", **words):
    data = {"name": name} | ({"is_shared": "on"} if is_shared else {})
    return desk.post(reverse("views", args=[paper_list.slug], query=words or None), data, follow=follow)


def shown(desk, paper_list, **headers):
    return unescape(desk.get(reverse("views", args=[paper_list.slug]), headers=headers).content.decode())


def test_the_present_queue_is_saved_and_listed_with_what_waits_in_it(desk, caches, curator):
    make_waiting(caches, "Old sinks", 0.9, subjects=["cs.LG"])
    make_waiting(caches, "New sinks", 0.4, subjects=["cs.LG"])
    make_waiting(caches, "Others", 0.9)
    answer = save(desk, caches, "Sinks", q="sinks", relevance_min="0.3", order="newest", page="7")
    assert answer.url == reverse("queue", args=[caches.slug]) + "?order=newest&q=sinks&relevance_min=0.3"
    view = SavedView.objects.get()
    assert view.words == {"order": "newest", "q": "sinks", "relevance_min": "0.3"}
    save(desk, caches, "Surely sinks", q="sinks", relevance_min="0.5", category="eviction")
    save(desk, caches, "All")
    counts = {view.name: waiting for view, waiting in _counted()}
    assert counts == {"Sinks": 2, "Surely sinks": counts["Surely sinks"], "All": 3}
    page = shown(desk, caches)
    assert f'href="{answer.url}">Sinks</a> <span class="num">2</span>' in " ".join(page.split())
    part = shown(desk, caches, Part="1")
    assert "Sinks" in part and "<html" not in part


def _counted():
    views = list(SavedView.objects.all())
    waiting = waiting_in(views)
    return [(view, waiting[view.pk]) for view in views]


def test_a_view_is_counted_in_its_own_list_and_category(desk, caches, ada):
    other = make_list("other")
    _, second = other.categories.all()
    make_waiting(caches)
    make_waiting(other)
    suggested = make_waiting(other)
    suggested.category = second
    suggested.save()
    for paper_list, words in ((caches, {}), (other, {}), (other, {"category": second.key})):
        savedviews.save(paper_list, ada, f"{paper_list.slug} {words}", words)
    assert [waiting for _, waiting in sorted(_counted(), key=lambda pair: pair[0].pk)] == [1, 2, 1]


def test_one_sees_ones_own_and_what_others_share(desk, caches, curator, ada):
    savedviews.save(caches, ada, "Hers alone", {})
    shared = savedviews.save(caches, ada, "Hers for all", {}, is_shared=True)
    save(desk, caches, "Mine")
    page = shown(desk, caches)
    assert "Mine" in page and "Hers for all" in page and "shared by ada" in page and "Hers alone" not in page
    hidden = reverse("view", args=[caches.slug, SavedView.objects.get(name="Hers alone").pk])
    assert desk.post(hidden, {"delete": "1"}).status_code == 404
    desk.post(reverse("view", args=[caches.slug, shared.pk]), {"save": "1", "name": "Ours", "is_shared": "on"})
    shared.refresh_from_db()
    assert (shared.name, shared.is_shared, shared.user) == ("Ours", True, ada)
    desk.post(reverse("view", args=[caches.slug, shared.pk]), {"delete": "1"})
    assert not SavedView.objects.filter(pk=shared.pk).exists()


def test_a_name_is_taken_once_by_a_person_and_a_view_needs_one(desk, caches, ada):
    savedviews.save(caches, ada, "Mine", {})  # hers
    save(desk, caches, "Mine")
    again = save(desk, caches, "Mine")
    assert again.status_code == 422 and "You have a view “Mine”" in again.content.decode()
    assert save(desk, caches, " ").status_code == 422
    save(desk, caches, "Other")
    other = SavedView.objects.get(name="Other")
    page = desk.post(reverse("view", args=[caches.slug, other.pk]), {"save": "1", "name": "Mine"}, follow=True)
    assert "You have a view" in page.content.decode()
    assert SavedView.objects.filter(name="Mine").count() == 2
    assert desk.post(reverse("view", args=[caches.slug, other.pk]), {"name": "x"}).status_code == 400


def test_nobody_keeps_more_than_can_be_counted_at_once(desk, caches, curator):
    for place in range(savedviews.MOST):
        savedviews.save(caches, curator, f"View {place}", {})
    assert "delete one first" in save(desk, caches, "One more").content.decode()


def test_all_views_are_counted_in_one_query(desk, caches, curator):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            shown(desk, caches)
        return len(captured)

    for place in range(2):
        savedviews.save(caches, curator, f"View {place}", {"q": "sinks", "subject": "cs.CL"})
    shown(desk, caches)
    before = queries()
    for place in range(10):
        savedviews.save(caches, curator, f"More {place}", {"q": "sinks", "code": "true", "order": "newest"})
        make_waiting(caches)
    assert queries() == before


def test_the_api_keeps_views_too(desk, caches, curator, ada):
    savedviews.save(caches, ada, "Hers alone", {})
    make_waiting(caches, subjects=["cs.LG"])
    words = {"subject": "cs.LG", "code": False, "category": "eviction", "order": "newest"}
    asked = {"list": caches.slug, "name": "Mine", "words": words}
    made = desk.post(reverse("api:view-list"), asked, content_type="application/json")
    assert made.status_code == 201 and made.json()["words"] == words | {"code": "false"}
    assert desk.get(made["Location"]).json() == made.json()
    assert desk.post(reverse("api:view-list"), asked, content_type="application/json").status_code == 409
    changed = desk.patch(made["Location"], {"is_shared": True}, content_type="application/json").json()
    assert (changed["name"], changed["is_shared"]) == ("Mine", True)
    assert [each["name"] for each in desk.get(reverse("api:view-list")).json()["results"]] == ["Mine"]
    assert desk.delete(made["Location"]).status_code == 204
    wrong = asked | {"words": {"order": "sideways"}}
    assert desk.post(reverse("api:view-list"), wrong, content_type="application/json").status_code == 400
