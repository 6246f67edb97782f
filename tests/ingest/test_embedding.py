"""When papers are embedded again, and when they are not."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from ingest import embedding, pipeline
from ingest.classifier import encoder as encoders
from ingest.models import Run, Topic
from ingest.sources import Page
from papers.models import Embedding
from papers.records import Identifier, PaperRecord
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


class Counting:
    """An encoder of three numbers that keeps what it was asked."""

    dimensions, chunk = 3, 4

    def __init__(self):
        self.encoded = []

    @property
    def name(self):
        return f"{encoders.wanted()}@1"

    def encode(self, texts):
        self.encoded += texts
        return np.tile(np.eye(1, 3, dtype=np.float32), (len(texts), 1))


@pytest.fixture
def encoder(monkeypatch):
    found = Counting()
    monkeypatch.setattr(encoders, "load", lambda: found)
    return found


class Source:
    """Whatever it is asked for, the same papers."""

    OVERLAP_DAYS = 2

    def fetch(self, topic, window):
        papers = [PaperRecord("arxiv", (Identifier("arxiv", f"2601.{n:05}"),), f"Paper {n}") for n in range(9)]
        yield Page(tuple(papers), total=len(papers))


def test_a_second_pull_of_an_unchanged_window_encodes_nothing(encoder, monkeypatch):
    monkeypatch.setattr(pipeline, "source", lambda name: Source())
    topic = Topic.objects.create(slug="caches", source="arxiv", query="cache")
    window = timezone.now().date(), timezone.now().date()
    pipeline.pull(topic, *window)
    assert embedding.embed().new == len(encoder.encoded) == 9
    encoder.encoded.clear()
    assert pipeline.pull(topic, *window).same == 9
    assert not embedding.is_due()
    assert embedding.embed().fetched == 0
    assert encoder.encoded == []


def test_another_precision_asks_for_vectors_of_its_own_once(encoder, settings):
    make_paper("Small caches")
    embedding.embed()
    assert not embedding.is_due()
    settings.ENCODER_PRECISION = "int8"
    assert embedding.is_due()
    embedding.embed()
    assert not embedding.is_due()
    assert set(Embedding.objects.values_list("encoder", flat=True)) == {"all-MiniLM-L6-v2@1", "all-MiniLM-L6-v2 int8@1"}
    assert list(Run.objects.values_list("subject", flat=True)) == ["all-MiniLM-L6-v2 int8", "all-MiniLM-L6-v2"]


def test_back_at_the_first_precision_only_what_came_meanwhile_is_encoded(encoder, settings):
    make_paper("Small caches")
    embedding.embed()
    settings.ENCODER_PRECISION = "int8"
    new = make_paper("Smaller caches")
    embedding.embed()
    settings.ENCODER_PRECISION = "auto"
    encoder.encoded.clear()
    assert embedding.is_due()
    embedding.embed()
    assert encoder.encoded == [new.text]
    assert not embedding.is_due()
