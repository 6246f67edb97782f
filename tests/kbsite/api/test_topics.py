"""Curators keep the topics."""

from __future__ import annotations

from datetime import date

import pytest

from ingest import runs
from ingest.models import Run, Topic
from tests.kbsite.api.test_errors import assert_problem

URL = "/api/v1/topics/"


def test_a_topic_is_added_changed_and_removed(world, as_maintainer):
    sent = {"slug": "gist", "list": "small", "source": "arxiv", "query": "abs:gist", "schedule": "weekly"}
    response = as_maintainer.post(URL, sent)
    assert response.status_code == 201
    assert response.json() == sent | {"id": Topic.objects.get(slug="gist").pk, "enabled": True, "watermark": None}
    assert as_maintainer.patch(f"{URL}gist/", {"enabled": False}).json()["enabled"] is False
    assert as_maintainer.delete(f"{URL}gist/").status_code == 204
    assert_problem(as_maintainer.get(f"{URL}gist/"), 404)


def test_the_watermark_is_moved_by_pulls_only(world, as_maintainer):
    response = as_maintainer.patch(f"{URL}kv-cache/", {"watermark": "2020-01-01"})
    assert response.json()["watermark"] is None


def test_runs_stay_when_their_topic_goes(world, as_maintainer):
    as_maintainer.delete(f"{URL}kv-cache/")
    assert Run.objects.get().topic is None
    assert as_maintainer.get(f"/api/v1/runs/{world.run.pk}/").json()["topic"] is None


def test_a_topic_without_a_slug_is_named_after_its_query(world, as_maintainer):
    sent = {"source": "arxiv", "query": 'abs:"gist tokens"'}
    assert as_maintainer.post(URL, sent).json()["slug"] == "gist-tokens"
    assert as_maintainer.post(URL, sent).json()["slug"] == "gist-tokens-2"


def test_another_question_begins_anew(world, as_maintainer):
    Topic.objects.update(watermark=date(2026, 11, 1), validator="etag")
    assert as_maintainer.patch(f"{URL}kv-cache/", {"schedule": "weekly"}).json()["watermark"] == "2026-11-01"
    assert as_maintainer.patch(f"{URL}kv-cache/", {"query": "all:gist"}).json()["watermark"] is None
    assert Topic.objects.get().validator == ""
    problem = assert_problem(as_maintainer.patch(f"{URL}kv-cache/", {"source": "hf_daily"}), 400)
    assert set(problem["errors"]) == {"query"}, "the query that it keeps is none to that source"


def test_a_topic_that_is_being_pulled_stays(world, as_maintainer):
    with runs.open("pull", "kv-cache", topic=world.topic):
        assert assert_problem(as_maintainer.delete(f"{URL}kv-cache/"), 409)["type"].endswith("being-pulled")


@pytest.mark.parametrize(("verb", "kind"), [("pull", "pull"), ("try", "try")])
def test_a_worker_is_asked(world, as_maintainer, verb, kind):
    response = as_maintainer.post(f"{URL}kv-cache/{verb}/")
    assert response.status_code == 202
    told = response.json()
    assert (told["kind"], told["topic"]) == (kind, "kv-cache")
    run = Run.objects.create(kind=kind, topic=world.topic)
    assert as_maintainer.get(told["runs"]).json()["results"][0]["id"] == run.pk


def test_without_a_broker_it_says_so(world, as_maintainer, no_broker):
    response = as_maintainer.post(f"{URL}kv-cache/pull/")
    assert "No worker could be asked" in assert_problem(response, 503)["detail"]
    assert int(response["Retry-After"]) > 0


def test_a_run_is_cancelled_and_asked_for_again(world, as_maintainer):
    with runs.open("pull", "kv-cache", topic=world.topic) as run:
        response = as_maintainer.post(f"/api/v1/runs/{run.pk}/cancel/")
        assert (response.status_code, response.json()["cancel_asked"]) == (202, True)
        problem = assert_problem(as_maintainer.post(f"/api/v1/runs/{run.pk}/again/"), 409)
        assert problem["type"].endswith("not-repeatable")
    assert assert_problem(as_maintainer.post(f"/api/v1/runs/{run.pk}/cancel/"), 409)["type"].endswith("not-running")
    assert as_maintainer.post(f"/api/v1/runs/{run.pk}/again/").json()["topic"] == "kv-cache"
    shown = as_maintainer.get(f"/api/v1/runs/{run.pk}/").json()
    assert shown["next_try"] is not None and shown["attempt"] == 1 and shown["details"] == {}


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
        ({"query": ""}, "query"),
        ({"query": 'abs:"open'}, "query"),
        ({"source": "hf_daily"}, "query"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"enabled": 1}, "enabled"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, as_maintainer, change, field):
    response = as_maintainer.post(URL, {"slug": "new", "source": "arxiv", "query": "all:cache"} | change)
    assert set(assert_problem(response, 400)["errors"]) == {field}
