"""Administrators keep the topics."""

from __future__ import annotations

import pytest

from ingest.models import Run, Topic
from tests.kbsite.api.test_errors import assert_problem

URL = "/api/v1/topics/"


def test_a_topic_is_added_changed_and_removed(world, as_administrator):
    sent = {"slug": "gist", "list": "small", "source": "arxiv", "query": "abs:gist", "schedule": "weekly"}
    response = as_administrator.post(URL, sent)
    assert response.status_code == 201
    assert response.json() == sent | {"id": Topic.objects.get(slug="gist").pk, "enabled": True, "watermark": None}
    assert as_administrator.patch(f"{URL}gist/", {"enabled": False}).json()["enabled"] is False
    assert as_administrator.delete(f"{URL}gist/").status_code == 204
    assert_problem(as_administrator.get(f"{URL}gist/"), 404)


def test_the_watermark_is_moved_by_pulls_only(world, as_administrator):
    response = as_administrator.patch(f"{URL}kv-cache/", {"watermark": "2020-01-01"})
    assert response.json()["watermark"] is None


def test_runs_stay_when_their_topic_goes(world, as_administrator):
    as_administrator.delete(f"{URL}kv-cache/")
    assert Run.objects.get().topic is None
    assert as_administrator.get(f"/api/v1/runs/{world.run.pk}/").json()["topic"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "kv-cache"}, "slug"),
        ({"slug": "not a slug"}, "slug"),
        ({"slug": 5}, "slug"),
        ({"source": "usenet"}, "source"),
        ({"schedule": "yearly"}, "schedule"),
        ({"list": "absent"}, "list"),
        ({"query": "a\x00"}, "query"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"enabled": 1}, "enabled"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, as_administrator, change, field):
    response = as_administrator.post(URL, {"slug": "new", "source": "arxiv"} | change)
    assert set(assert_problem(response, 400)["errors"]) == {field}
