"""What of a list is talked about: its recent papers by upvotes, stars and citations, each by one source's word.

Where a count was seen to change in the last month, what it gained goes first; elsewhere the count itself speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import BigIntegerField, F, FloatField, OuterRef, Subquery, Window
from django.db.models.functions import Cast, RowNumber
from django.utils import timezone

from papers import momentum
from papers.models import EarlierCount, Entry, Fact, Paper, PaperList
from papers.momentum import COUNTS, Gain
from papers.querysets import LARGEST, LIKELY, waiting_suggestions

RECENT = timedelta(days=365)  # older papers have counts that nobody added to lately
SHOWN = 4  # of each kind
SOURCES = 3  # hardly more of them count one thing


@dataclass(frozen=True, slots=True)
class Trend:
    """A paper, what a source counted of it and when, and what the count gained lately; None where it is not known."""

    paper: Paper
    kind: str
    count: int
    source: str
    day: date
    gain: Gain | None


@dataclass(frozen=True, slots=True)
class Trends:
    """The papers published since a day of which one kind of count says most."""

    kind: str
    since: date
    papers: tuple[Trend, ...]


def trends(paper_list: PaperList) -> tuple[Trends, ...]:
    """Return what is talked about of a list: papers that stand in it or likely belong there, a paper once a kind.

    One query for the facts, and one each for gains and identifiers. Only facts of the list's own papers are read.
    """
    since = timezone.localdate() - RECENT
    found = _most(paper_list, since)
    gained = momentum.gains([fact for each in found.values() for fact in each])
    return tuple(
        Trends(kind, since, tuple(_trend(fact, gained.get(fact.pk)) for fact in found[kind])) for kind in COUNTS
    )


def _trend(fact: Fact, gain: Gain | None) -> Trend:
    return Trend(fact.paper, fact.kind, int(fact.value), fact.source, timezone.localdate(fact.observed_at), gain)


def _most(paper_list: PaperList, since: date) -> dict[str, list[Fact]]:
    """Return by kind the facts that count most, one for each paper: of several sources' words the one ranked first."""
    listed = Entry.objects.filter(category__list=paper_list).order_by().values("paper")
    likely = waiting_suggestions(LIKELY).filter(list=paper_list).order_by().values("paper")
    before = EarlierCount.objects.filter(fact=OuterRef("pk"), day__gte=momentum.beginning()).order_by("day")
    most = (F("gained").desc(nulls_last=True), F("count").desc(), F("paper").desc(), F("source").asc())
    rows = (
        # By one set of keys: of two, each in its own condition, PostgreSQL reads every fact there is.
        Fact.objects.filter(paper__in=listed.union(likely), kind__in=COUNTS, paper__published__gte=since)
        .filter(value__gte=0, value__lte=LARGEST)  # of what JSON can say, numbers only
        .alias(count=Cast("value", FloatField()), before=Subquery(before.values("value")[:1], BigIntegerField()))
        .alias(gained=F("count") - Cast("before", FloatField()))
        .alias(rank=Window(RowNumber(), partition_by="kind", order_by=most))
        .filter(rank__lte=SHOWN * SOURCES)
        .select_related("paper")
        .defer("paper__search", "paper__abstract")
        .prefetch_related("paper__identifiers")
        .order_by("kind", "rank")
    )
    found: dict[str, dict[int, Fact]] = {kind: {} for kind in COUNTS}
    for fact in rows:
        if momentum.is_count(fact.value):
            found[fact.kind].setdefault(fact.paper_id, fact)
    return {kind: list(facts.values())[:SHOWN] for kind, facts in found.items()}
