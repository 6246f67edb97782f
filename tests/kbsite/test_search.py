"""The search box: what it shows, suggests, marks and says, and that more papers cost it no more queries."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers.models import Paper
from papers.search import spelling
from tests.factories import make_entry, make_list, make_paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def library():
    small = make_list()
    snap = make_paper(
        "SnapKV: what you look for", abstract="It evicts <i>entries</i> of a cache.", authors=("Yuhong Li",)
    )
    make_entry(small.categories.get(key="alpha"), snap, tags=["Eviction"])
    make_paper("Gist tokens", abstract="A prompt becomes a few tokens.", published=date(2023, 4, 17))
    return snap


def shown(client, **asked):
    return client.get("/papers/", asked).content.decode()


def test_what_was_found_is_marked_and_all_else_is_text(library, client):
    page = shown(client, q="snapkv caches entries")
    assert "<mark>SnapKV</mark>: what you look for" in page
    assert "It evicts &lt;i&gt;<mark>entries</mark>&lt;/i&gt; of a <mark>cache</mark>." in page


def test_it_says_how_it_searched(library, client):
    spelling.learn()
    page = shown(client, q="snapkw cache")
    assert "Shown is what <strong>snapkv cache</strong> finds" in page and "“snapkw” is taken for “snapkv”." in page
    facets = {facet.name: facet for facet in client.get("/papers/?q=snapkw+cache").context["facets"]}
    assert {each.value: each.count for each in facets["status"].values}["listed"] == 1
    assert "Searched by words only" in page
    assert "Searched by words only" not in shown(client, q="title:gist")


def test_an_empty_answer_says_what_was_searched_and_offers_the_nearest(library, client):
    page = shown(client, q='"no such phrase" cache', year="2026")
    assert "No paper is like that" in page
    assert "<strong>&quot;no such phrase&quot; cache</strong>" in page and "The filters hold, too." in page
    assert "without &quot;no such phrase&quot;" in page and 'href="?q=cache&amp;year=2026"' in page
    assert "How to search" in page


def test_near_papers_are_told_from_those_that_have_the_words(library, client):
    make_paper("Another cache", abstract="It evicts entries of a cache by chance.")
    page = shown(client, q="snapkv evicts entries cache chance")
    assert "No paper has all of" in page and '<span class="badge badge-quiet">near</span>' in page


@pytest.mark.parametrize("text", ["sna", "what you lo", "SNAPKV:", "snapkv look"])
def test_titles_are_suggested(library, client, text):
    found = client.get(reverse("complete"), {"q": text}).json()["results"]
    if ":" in text:
        assert found == []  # somebody who asks for a field knows what to type
    else:
        assert {"kind": "paper", "text": library.title, "address": f"/papers/{library.pk}/"} in found


def test_authors_and_tags_are_suggested(library, client):
    (author,) = client.get(reverse("complete"), {"q": "yuh"}).json()["results"]
    assert author == {"kind": "author", "text": "Yuhong Li", "address": "/papers/?q=author%3A%22Yuhong+Li%22"}
    assert "SnapKV" in shown(client, q='author:"Yuhong Li"')
    found = client.get(reverse("complete"), {"q": "evic"}).json()["results"]
    assert found == [{"kind": "tag", "text": "Eviction", "address": "/papers/?q=tag%3A%22Eviction%22"}]
    assert "1 paper" in shown(client, q='tag:"Eviction"')


@pytest.mark.parametrize("text", ["", " ", "s", "-", '"', "\\", "'", "%", "a" * 500, "缓", "year:2", "OR"])
def test_nothing_is_suggested_for_nothing(library, client, text):
    assert client.get(reverse("complete"), {"q": text}).json() == {"results": []}


@pytest.mark.parametrize(
    "address", ["/papers/?q=cache", "/papers/?q=cache+-chance+year:2026", "/papers/complete/?q=pap"]
)
def test_more_papers_cost_no_more_queries(library, client, address):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    for number in range(3):
        make_paper(f"Paper of caches {number}", published=date(2026, 1, 1))
    few = queries()
    for number in range(30):
        make_paper(f"Paper of caches, too {number}", published=date(2026, 1, 1))
    assert queries() <= few <= 25


def test_the_api_finds_the_same_and_suggests_the_same(library, client):
    for text in ("cache", "gist -prompt", "tag:Eviction", "author:li"):
        on_page = [paper.pk for paper in client.get("/papers/", {"q": text}).context["page"]]
        assert [paper["id"] for paper in client.get("/api/v1/papers/", {"q": text}).json()["results"]] == on_page
    asked = {"q": "snap"}
    assert (
        client.get("/api/v1/papers/complete/", asked).json() == client.get(reverse("complete"), asked).json()["results"]
    )


def test_pages_of_a_search_follow_one_another(library, client):
    for number in range(60):
        make_paper(f"Paper of caches {number}")
    seen, address = [], "/api/v1/papers/?q=caches&page_size=20"
    while address:
        answer = client.get(address).json()
        seen += [paper["id"] for paper in answer["results"]]
        address = answer["next"]
    assert seen == [paper.pk for paper in Paper.objects.found_by("caches")]
