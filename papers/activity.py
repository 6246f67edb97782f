"""How much curators decide, week by week. One query; undoings are not counted, nor is what a README said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Max
from django.db.models.functions import TruncWeek
from django.utils import timezone

from papers.models import Decision, PaperList
from papers.models.lists import Origin

WEEKS = 26
MOST = 20_000  # decisions that are looked at, the newest
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """What was decided in the week that begins on this Monday."""

    monday: date
    accepted: int = 0
    rejected: int = 0
    deferred: int = 0
    duplicates: int = 0
    last_act: int | None = None  # the last act of it, for the history to begin at

    @property
    def set_aside(self) -> int:
        """How many were not accepted."""
        return self.rejected + self.deferred + self.duplicates

    @property
    def decided(self) -> int:
        """How many decisions there were."""
        return self.accepted + self.set_aside


_FIELDS = {
    Decision.Kind.ACCEPT: "accepted",
    Decision.Kind.REJECT: "rejected",
    Decision.Kind.DEFER: "deferred",
    Decision.Kind.DUPLICATE: "duplicates",
}


def weeks(paper_list: PaperList) -> tuple[Week, ...]:
    """Return the last weeks in their order, this one the last; weeks without a decision are among them."""
    today = timezone.localdate()
    this = today - timedelta(days=today.weekday())
    first = this - (WEEKS - 1) * WEEK
    newest = Decision.objects.filter(list=paper_list).order_by("-pk").values("pk")[:MOST]
    said = Decision.objects.filter(pk__in=newest, origin=Origin.CURATOR, at__date__gte=first, kind__in=_FIELDS)
    rows = said.order_by().annotate(week=TruncWeek("at")).values_list("week", "kind")
    counts: dict[date, dict[str, int]] = {}
    acts: dict[date, int] = {}
    for week, kind, n, act in rows.annotate(n=Count("pk"), last=Max("act")):
        monday = timezone.localdate(week)
        counts.setdefault(monday, {})[_FIELDS[Decision.Kind(kind)]] = n
        acts[monday] = max(acts.get(monday, 0), act or 0)
    mondays = [first + number * WEEK for number in range(WEEKS)]
    return tuple(Week(day, **counts.get(day, {}), last_act=acts.get(day) or None) for day in mondays)
