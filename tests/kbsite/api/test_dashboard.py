"""The API gives what the first page shows."""

from __future__ import annotations

import pytest

from papers import overview
from tests.kbsite.api.conftest import world  # noqa: F401

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/lists/small/dashboard/"


def test_a_list_at_a_glance(world, client):  # noqa: F811
    found = client.get(ADDRESS).json()
    shown = overview.overview(world.list)
    assert (found["list"], found["name"], found["listed"], found["likely"]) == (
        "small", "A small list", shown.listed, shown.likely,
    )  # fmt: skip
    assert found["languages"] == ["en", "zh"]
    assert [each["category"] for each in found["categories"]] == [line.category.key for line in shown.lines]
    assert {each["paper"]["id"] for each in found["new"]["likely"]} == {paper.pk for paper in world.waiting}
    assert [each["span"] for each in found["new"]["counts"]] == ["day", "week", "month"]
    assert [each["kind"] for each in found["trending"]] == ["upvotes", "stars", "citations"]
    assert len(found["weeks"]) == 26 and found["weeks"][-1]["rejected"] == 1


def test_the_span_is_asked_for(world, client):  # noqa: F811
    assert client.get(ADDRESS, {"new": "month"}).json()["new"]["span"] == "month"
    answer = client.get(ADDRESS, {"new": "decade"})
    assert answer.status_code == 400 and "new" in answer.json()["errors"]
    assert client.get("/api/v1/lists/none/dashboard/").status_code == 404
