"""How a paper's counts move: what upvotes, stars and citations were before, and how much they gained since.

A source tells what a count is now and never what it was, so what a newer word replaces is kept: of each fact and each
day on which it changed, what it was before that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeGuard

from django.utils import timezone

from papers.models import EarlierCount, Fact
from papers.querysets import LARGEST

COUNTS = ("upvotes", "stars", "citations")
SPAN = timedelta(days=30)  # over which a gain is told


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much a count has grown, or shrunk, and since which day."""

    by: int
    since: date


def keep(counts: Iterable[tuple[int, object]]) -> None:
    """Keep these counts, as (fact, value), which are about to be replaced; of a day, what was before its first change.

    What is no count is not kept, and what was kept of the same facts before the SPAN goes: nobody asks for it again.
    """
    today = timezone.localdate()
    kept = [EarlierCount(fact_id=fact, day=today, value=value) for fact, value in counts if is_count(value)]
    if kept:
        EarlierCount.objects.bulk_create(kept, ignore_conflicts=True)
        EarlierCount.objects.filter(fact__in=[each.fact_id for each in kept], day__lt=beginning()).delete()


def is_count(value: object) -> TypeGuard[int]:
    """Say whether a fact's value counts something."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def beginning() -> date:
    """Return the first day of the span over which gains are told."""
    return timezone.localdate() - SPAN


def gains(facts: Collection[Fact]) -> dict[int, Gain]:
    """Return by fact what it gained in the last SPAN, as far as that is known; nothing where it did not change.

    One query, however many facts.
    """
    rows = EarlierCount.objects.filter(fact__in=[fact.pk for fact in facts], day__gte=beginning())
    first = {row.fact_id: row for row in rows.order_by("fact", "-day")}  # the last one wins: the earliest
    return {
        fact.pk: Gain(int(fact.value) - first[fact.pk].value, first[fact.pk].day) for fact in facts if fact.pk in first
    }
