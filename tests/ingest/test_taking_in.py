"""What people put before curators: sources are asked about it at once, and the classifier speaks soon."""

from __future__ import annotations

import pytest
from django.utils import timezone

from ingest import enrich, pipeline, tasks
from ingest.models import Run
from ingest.sources import Page
from papers import adding, proposals, review
from papers.adding import Choice
from papers.models import Paper, Proposal
from papers.pasting import read
from papers.records import Identifier, PaperRecord
from tests.factories import make_list, make_paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """What is asked of workers, by name."""
    found = []
    monkeypatch.setattr(tasks.embed, "apply_async", lambda *args, **more: found.append("embed"))
    return found


@pytest.fixture
def arxiv(monkeypatch):
    """An arXiv that knows every number, and remembers what it was asked for."""
    asked = []

    def lookup(ids):
        asked.append(sorted(ids))
        yield Page(
            tuple(PaperRecord("arxiv", (Identifier("arxiv", each),), f"T {each}", "About caches.") for each in ids)
        )

    monkeypatch.setattr(pipeline.arxiv_api, "lookup", lookup)
    return asked


def add(paper_list, text, user):
    items = read(text)
    adding.add(paper_list, items, {place: Choice() for place in range(len(items))}, user)


def test_what_was_added_is_looked_up_and_sent_on(curator, sent, arxiv):
    small = make_list()
    make_paper(identifiers=[("arxiv", "2611.00009")])
    add(small, "2611.00001\n2611.00009\nA title https://doi.org/10.1000/x", curator)
    tasks.take_in("small")
    assert arxiv == [["2611.00001"]]
    assert set(Paper.objects.filter(proposals__list=small).values_list("title", flat=True)) >= {
        "T 2611.00001",
        "A title",
    }
    assert sent == ["embed"]


def test_what_is_added_soon_after_a_look_up_is_not_left_for_hours(curator, sent, arxiv):
    small = make_list()
    add(small, "2611.00001", curator)
    tasks.take_in("small")
    assert not pipeline.is_look_up_due(small)
    add(small, "2611.00002", curator)
    assert pipeline.is_look_up_due(small)
    tasks.take_in("small")
    tasks.take_in("small")
    assert arxiv == [["2611.00001"], ["2611.00002"]]


def test_what_nobody_has_confirmed_is_asked_about_nowhere(sent, arxiv):
    small = make_list()
    made = proposals.propose(small, proposals.named("2611.00001"), "ada@example.org")
    tasks.take_in("small")
    assert arxiv == []
    proposals.confirm(made.key)
    tasks.take_in("small")
    assert arxiv == [["2611.00001"]]


def test_what_was_declined_is_asked_about_no_more(curator):
    small = make_list()
    add(small, "2611.00001", curator)
    assert pipeline.lists_to_look_up() == [small]
    review.reject(small, Paper.objects.get(), curator, "off-topic")
    assert pipeline.lists_to_look_up() == []


def test_a_source_that_is_away_keeps_nothing_from_the_classifier(curator, sent, monkeypatch):
    small = make_list()
    add(small, "2611.00001", curator)
    tasks.take_in("small")  # arXiv is an address where nobody answers
    assert Run.objects.get(kind="pull").state == Run.State.LATE
    assert sent == ["embed"]
    assert pipeline.lists_to_look_up() == [small]


def test_semantic_scholar_is_asked_about_proposed_papers_first(curator, settings):
    settings.S2_API_KEY = "a key"
    small = make_list()
    make_paper(published=timezone.now().date())
    add(small, "An older title of 1999 https://doi.org/10.1000/x", curator)
    assert enrich.missing().first() == Proposal.objects.get().paper
    settings.S2_API_KEY = ""
    enrich.enrich_proposed()
    assert not Run.objects.exists()


def test_a_list_that_is_gone_is_no_trouble(sent):
    tasks.take_in("gone")
    tasks.purge_proposals()
    assert sent == []
