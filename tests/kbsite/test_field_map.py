"""The map of the field: its page without a script, what the script fetches, and the API's answer."""

from __future__ import annotations

import struct
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers import fieldmap, places, review
from papers.models import Layout, Paper, Review
from tests.factories import make_entry, make_list, make_paper, make_suggestion

pytestmark = pytest.mark.django_db
PAGE = "/lists/small/map/"


def put(paper: Paper, x: float, y: float, region: int = 1) -> Paper:
    places.store(Layout.objects.get(), [paper], np.array([[x, y]]), [region])
    return paper


@pytest.fixture
def small():
    """A list of two categories on a map of two regions: two listed papers, a likely and an unlikely candidate."""
    regions = [{"x": 0, "y": 0, "terms": ["kv cache", "eviction"]}, {"x": 1, "y": 1, "terms": ["prompts"]}]
    Layout.objects.create(encoder="made-up", arrays=b"", regions=regions, papers=4, is_ready=True)
    found = make_list()
    alpha, beta = found.categories.all()
    make_entry(alpha, put(make_paper("Evicting entries", published=date(2024, 5, 1)), 0.0, 0.0))
    make_entry(beta, put(make_paper("Shorter prompts", published=date(2025, 5, 1)), 1.0, 1.0, 2))
    make_suggestion(found, put(make_paper("Likely prompts"), 0.9, 1.0, 2), 0.9, beta)
    make_suggestion(found, put(make_paper("Hardly related"), -0.5, 0.2), 0.1, alpha)
    return found


def unpack(content: bytes) -> list[tuple[float, ...]]:
    size = (len(content) - 16) // 13
    kinds, at, columns = ("I", "H", "H", "h", "B", "B", "B"), 16, []
    for kind in kinds:
        columns.append(struct.unpack_from(f"<{size}{kind}", content, at))
        at += size * struct.calcsize(kind)
    assert at == len(content)
    return list(zip(*columns, strict=True))


def test_without_a_layout_the_page_says_so(client):
    make_list()
    assert "There is no map yet" in client.get(PAGE).text
    assert client.get(PAGE + "points/").status_code == 404
    assert client.get("/api/v1/lists/small/map/").json()["layout"] is None


def test_the_page_links_the_listed_papers_and_tells_the_regions(client, small):
    page = client.get(PAGE)
    shown = page.text
    first = Paper.objects.get(title="Evicting entries")
    assert f'<a href="/papers/{first.pk}/"><title>Evicting entries</title>' in shown
    assert "Likely prompts" not in shown, "candidates are the script's"
    assert "kv cache, eviction" in shown
    assert "/papers/?list=small&amp;region=2&amp;status=likely" in shown
    assert [(each.number, each.listed, each.likely, each.others) for each in page.context["map"].regions] == [
        (2, 1, 1, 0),
        (1, 1, 0, 1),
    ]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Evicting entries", "Shorter prompts"]),
        ("category=beta", ["Shorter prompts"]),
        ("year=2024", ["Evicting entries"]),
        ("q=prompts", ["Shorter prompts"]),
        ("status=likely", []),
        ("status=listed&category=alpha&year=2024&q=evicting", ["Evicting entries"]),
        ("category=nonsense&year=x&status=%00".replace("%00", "other"), ["Evicting entries", "Shorter prompts"]),
    ],
)
def test_it_is_filtered_by_its_address(client, small, query, titles):
    plot = client.get(f"{PAGE}?{query}").context["plot"]
    assert sorted(mark.title for mark in plot.marks) == titles


def test_the_points_are_packed_in_the_order_in_which_they_are_drawn(client, small):
    answer = client.get(PAGE + "points/")
    by_title = dict(Paper.objects.values_list("title", "pk"))
    left, right, bottom, top = struct.unpack_from("<4f", answer.content)
    assert (left, right, bottom, top) == pytest.approx((-0.5, 1, 0, 1))
    rows = unpack(answer.content)
    order = ["Hardly related", "Likely prompts", "Shorter prompts", "Evicting entries"]
    assert [row[0] for row in rows] == [by_title[title] for title in order]
    assert [row[3:] for row in rows] == [(2026, 0, 2, 1), (2026, 1, 1, 2), (2025, 1, 0, 2), (2024, 0, 0, 1)]
    assert rows[0][1] == 0 and rows[2][1] == 65535
    assert client.get(PAGE + "titles/").text.split("\n") == order


def test_a_version_is_kept_for_good_and_another_one_is_asked_for(client, small):
    version = client.get(PAGE).context["map"].version
    kept = client.get(f"{PAGE}points/?v={version}")
    assert "immutable" in kept["Cache-Control"] and kept["ETag"] == f'"{version}"'
    assert "Vary" not in kept, "one for all readers, whatever language or cookies they have"
    assert client.get(PAGE + "points/", headers={"If-None-Match": kept["ETag"]}).status_code == 304
    put(make_paper("New"), 0.3, 0.3)
    now = client.get(f"{PAGE}points/?v={version}", headers={"If-None-Match": kept["ETag"]})
    assert now.status_code == 200 and now["Cache-Control"] == "no-cache" and now["ETag"] != kept["ETag"]


def test_the_version_changes_with_all_that_is_drawn(small, curator):
    seen = {fieldmap.field_map(small).version}

    def is_new() -> bool:
        version = fieldmap.field_map(small).version
        return version not in seen and not seen.add(version)

    make_suggestion(small, put(make_paper("Another"), 0, 0.5))
    assert is_new()
    likely = Paper.objects.get(title="Likely prompts")
    review.reject(small, likely, curator, "off-topic")
    assert is_new()
    assert not is_new(), "nothing happened"


def test_where_a_candidate_stands_is_told(small, curator):
    likely = Paper.objects.get(title="Likely prompts")
    where = lambda: dict(zip(*[each.tolist() for each in (points().papers, points().standing)], strict=True))  # noqa: E731
    points = lambda: fieldmap.field_map(small).points  # noqa: E731
    assert where()[likely.pk] == fieldmap.STANDINGS.index("likely")
    review.defer(small, likely, curator, timezone.localdate() + timedelta(days=9))
    assert where()[likely.pk] == fieldmap.STANDINGS.index("deferred")
    Review.objects.update(until=timezone.localdate())
    fieldmap._points.cache_clear()  # as the next day would
    assert where()[likely.pk] == fieldmap.STANDINGS.index("likely")


def test_a_paper_in_two_categories_is_two_points_and_one_paper(client, small):
    beta = small.categories.last()
    make_entry(beta, Paper.objects.get(title="Evicting entries"))
    found = fieldmap.field_map(small)
    assert len(found.points) == 5 and sum(each.listed for each in found.regions) == 2
    assert len(client.get(PAGE + "?category=beta").context["plot"].marks) == 2


def test_words_find_the_papers_of_the_map_only(client, small):
    make_paper("Prompts nobody placed")
    titles = {"Shorter prompts", "Likely prompts"}
    wanted = sorted(Paper.objects.filter(title__in=titles).values_list("pk", flat=True))
    assert client.get(PAGE + "found/?q=prompts").json() == {"papers": wanted}
    assert client.get(PAGE + "found/").json() == {"papers": []}


def test_papers_are_browsed_by_region(client, small):
    shown = client.get("/papers/?list=small&region=2&status=listed")
    assert [paper.title for paper in shown.context["page"]] == ["Shorter prompts"]
    assert "region 2 of the map" in shown.text
    got = client.get("/api/v1/papers/?region=1").json()["results"]
    assert {each["title"] for each in got} == {"Evicting entries", "Hardly related"}


def test_the_api_tells_the_same(client, small):
    answer = client.get("/api/v1/lists/small/map/")
    told = answer.json()
    assert told["points"]["statuses"] == ["awaiting", "likely", "listed", "listed"]
    assert told["points"]["categories"] == ["alpha", "beta", "beta", "alpha"]
    assert told["regions"][0]["terms"] == ["prompts"]
    assert client.get("/api/v1/lists/small/map/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.get("/api/v1/lists/none/map/").status_code == 404


@pytest.mark.parametrize("path", [PAGE, PAGE + "points/", PAGE + "titles/", PAGE + "found/?q=prompts"])
def test_more_papers_cost_no_more_queries(client, small, path):
    def cost() -> int:
        fieldmap._points.cache_clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    cost()  # what is read once for a process
    before = cost()
    alpha = small.categories.first()
    for number in range(8):
        make_entry(alpha, put(make_paper(f"More prompts {number}"), 0.1, 0.1))
        make_suggestion(small, put(make_paper(f"Other prompts {number}"), 0.2, 0.1))
    assert cost() == before


def test_a_title_is_no_markup(client, small):
    make_entry(small.categories.first(), put(make_paper('<script>alert("x")</script>'), 0, 0))
    assert "<script>alert" not in client.get(PAGE).text
