"""Counts over time: what is kept when a source tells another number, and what was gained."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from papers import catalog, momentum, trending
from papers.models import EarlierCount, Fact, Paper
from papers.records import FactRecord, Identifier, PaperRecord
from tests.factories import make_entry, make_list

pytestmark = pytest.mark.django_db


def told(number: str = "2611.00001", **facts) -> Paper:
    """What Hugging Face tells of a paper now."""
    identifier = Identifier("arxiv", number)
    record = PaperRecord(
        source="huggingface",
        identifiers=(identifier,),
        title=f"A paper called {number}",
        published=timezone.localdate() - timedelta(days=40),
        facts=tuple(FactRecord(kind, value) for kind, value in facts.items()),
    )
    return catalog.upsert([record]).papers[identifier]


def earlier() -> list[tuple[str, int]]:
    return list(EarlierCount.objects.order_by("pk").values_list("fact__kind", "value"))


def test_a_count_that_is_told_anew_leaves_what_it_was():
    told(upvotes=10, tldr="One.")
    assert earlier() == []
    told(upvotes=10, tldr="One.")
    assert earlier() == []
    told(upvotes=25, tldr="Two.")
    assert earlier() == [("upvotes", 10)]
    told(upvotes=31, tldr="Two.")
    assert earlier() == [("upvotes", 10)]  # what was before the day
    assert momentum.gains(Fact.objects.all()) == {
        Fact.objects.get(kind="upvotes").pk: momentum.Gain(21, timezone.localdate())
    }


def test_only_the_last_month_counts():
    told(stars=10)
    told(stars=30)
    fact = Fact.objects.get()
    EarlierCount.objects.update(day=timezone.localdate() - timedelta(days=31))
    assert momentum.gains([fact]) == {}
    EarlierCount.objects.create(fact=fact, day=timezone.localdate() - timedelta(days=20), value=12)
    EarlierCount.objects.create(fact=fact, day=timezone.localdate() - timedelta(days=2), value=28)
    assert momentum.gains([fact])[fact.pk].by == 18


def test_of_a_fact_nothing_older_than_a_month_is_kept():
    for stars in (10, 20, 30):
        told(stars=stars)
        EarlierCount.objects.update(day=F("day") - timedelta(days=20))
    assert earlier() == [("stars", 10), ("stars", 20)]
    told(stars=40)
    assert earlier() == [("stars", 20), ("stars", 30)]


@pytest.mark.parametrize("value", [True, "12", [3], 2**60, 1.5, -1, 10**400])
def test_what_counts_nothing_is_not_kept_and_never_trends(value):
    make_entry(make_list().categories.first(), told(upvotes=value))
    told(upvotes=5)
    told(upvotes=value)
    assert ("upvotes", 5) in earlier() and len(earlier()) == 1
    trends = trending.trends(Paper.objects.get().entries.get().category.list)
    assert [each.papers for each in trends] == [(), (), ()]


def test_what_gained_goes_before_what_is_large():
    alpha = make_list().categories.first()
    large, risen, fallen = (told(f"2611.0000{number}", upvotes=n) for number, n in ((1, 900), (2, 10), (3, 50)))
    for paper in (large, risen, fallen):
        make_entry(alpha, paper)
    told("2611.00002", upvotes=40)
    told("2611.00003", upvotes=45)
    upvotes = trending.trends(alpha.list)[0]
    assert [(each.paper, each.count, each.gain and each.gain.by) for each in upvotes.papers] == [
        (risen, 40, 30),
        (fallen, 45, -5),
        (large, 900, None),
    ]


def test_of_several_sources_a_paper_stands_once():
    alpha = make_list().categories.first()
    paper = told(stars=7)
    Fact.objects.create(paper=paper, kind="stars", source="github", value=9, observed_at=timezone.now())
    make_entry(alpha, paper)
    (stars,) = [each for each in trending.trends(alpha.list) if each.kind == "stars"]
    assert [(each.count, each.source) for each in stars.papers] == [(9, "github")]
