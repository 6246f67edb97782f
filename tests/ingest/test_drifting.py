"""Drift of a list's stream: looked at when new papers are classified, told by page and API until it is learned away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import drifting, learning
from ingest.classifier import drift
from ingest.models import Run
from papers import review
from papers.models import Paper
from tests.factories import make_paper, make_user
from tests.ingest.test_learner import _quick, embed, small  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream(small, monkeypatch):  # noqa: F811
    """The list, whose forty papers came long ago; so few are enough here."""
    monkeypatch.setattr(drift, "LEAST_NEW", 10)
    monkeypatch.setattr(drift, "LEAST_BEFORE", 40)
    Paper.objects.update(added_at=timezone.now() - timedelta(days=30))
    return small


def come(*texts):
    papers = [make_paper(f"{text} {number}", abstract=text) for number, text in enumerate(texts)]
    embed()
    return papers


def classified(paper_list) -> Run:
    learning.classify(paper_list)
    return Run.objects.filter(kind="classify").latest("pk")


def test_more_of_the_same_is_no_news(stream):
    come(*["pending cache prompt token memory"] * 20)
    run = classified(stream)
    assert run.details["drift"]["new"] == 20 and run.details["drift"]["before"] == 40
    found = drifting.newest(stream)
    assert not found.drift.is_alarming and found.looked_at == run.started_at
    assert "changed" not in run.note


def test_papers_of_another_field_are_told_with_the_strangest_until_they_are_learned(stream):
    known = come(*["pending cache prompt token memory"] * 5)
    strange = come(*["tellurium films reflect sound waves in winter"] * 15)
    run = classified(stream)
    found = drifting.newest(stream)
    assert found.drift.is_alarming and found.drift.strange >= 15
    assert "The stream has changed" in run.note
    assert len(found.strangest) == drifting.MOST_SHOWN
    assert set(found.strangest) <= {paper.pk for paper in strange} and known[0].pk not in found.strangest
    for paper in strange[:3]:
        review.reject(stream, paper, make_user())
    learning.train(stream)
    classified(stream)
    assert not drifting.newest(stream).drift.is_alarming, "they are like what it has learned now"


def test_too_few_papers_tell_nothing_and_the_last_finding_stands(stream):
    come(*["pending cache"] * 9)
    assert classified(stream).details == {}
    assert drifting.newest(stream) is None
    come("pending prompt")
    classified(stream)
    before = drifting.newest(stream)
    learning.classify(stream)  # nothing to speak on: not looked at
    assert drifting.newest(stream) == before != None  # noqa: E711


def test_papers_of_the_list_are_no_part_of_the_stream(stream):
    Paper.objects.filter(title__startswith="pending").delete()
    come(*["pending cache"] * 20)
    assert classified(stream).details == {}, "the twelve entries do not count as what came before"


def test_of_many_new_ones_some_are_looked_at_evenly(stream, monkeypatch):
    monkeypatch.setattr(drifting, "MOST_NEW", 20)
    come(*["pending cache"] * 31)
    assert classified(stream).details["drift"]["new"] == 16


def test_a_paper_that_is_gone_is_no_error_and_heads_are_told_in_one_query(stream, client):
    come(*["tellurium films reflect sound waves in winter"] * 20)
    classified(stream)
    Paper.objects.filter(pk=drifting.newest(stream).strangest[0]).delete()
    text = client.get("/lists/small/classifier/").content.decode()
    assert "The stream has changed." in text and text.count("tellurium films") == drifting.MOST_SHOWN - 1
    review.reject(stream, Paper.objects.filter(title__startswith="pending").first(), make_user())
    learning.train(stream)
    with CaptureQueriesContext(connection) as captured:
        newest, first = client.get("/api/v1/heads/?list=small").json()["results"]
    assert sum('"details"' in query["sql"] for query in captured) == 1
    assert first["drift"] is None
    assert newest["drift"]["is_alarming"] and newest["drift"]["papers"] == 20
    alone = client.get(f"/api/v1/heads/{newest['id']}/").json()["drift"]
    assert alone == newest["drift"]


def test_the_page_says_when_nothing_can_be_told_or_nothing_has_changed(stream, client):
    assert "cannot be told yet" in client.get("/lists/small/classifier/").content.decode()
    come(*["pending cache prompt token memory"] * 20)
    classified(stream)
    assert "looks like what came before: of 20 papers" in client.get("/lists/small/classifier/").content.decode()
