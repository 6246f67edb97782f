"""What is new in a list: candidates by their publication, entries by their coming in, over a day, a week or a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Prefetch, Q
from django.db.models.functions import TruncDay
from django.utils import timezone

from papers.models import CategoryText, Entry, PaperList, Suggestion
from papers.querysets import LIKELY, waiting_suggestions

SPANS = {"day": 1, "week": 7, "month": 30}  # days looked back: what was published today or yesterday is of a day
WEEK = "week"
SHOWN = 6  # how many of what is new, of each kind


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a list: how much in each span, and of the chosen span, or before it, the newest.

    Candidates are as new as their publication, entries as their coming into the list.
    """

    span: str  # of SPANS
    since: date
    likely: dict[str, int]  # papers by span
    listed: dict[str, int]
    suggestions: tuple[Suggestion, ...]  # of the span, if it has any; else the newest before it
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How much is new by span."""
        return [(span, self.likely[span] + self.listed[span]) for span in SPANS]

    @property
    def new_likely(self) -> int:
        """How many candidates are new in the span."""
        return self.likely[self.span]

    @property
    def new_listed(self) -> int:
        """How many papers came into the list in the span."""
        return self.listed[self.span]


def news(paper_list: PaperList, span: str) -> News:
    """Return what is new, in four queries and those of its rows' categories."""
    likely = waiting_suggestions(LIKELY).filter(list=paper_list)
    entries = Entry.objects.filter(category__list=paper_list)
    days = {name: _first_day(length) for name, length in SPANS.items()}
    of_likely = likely.aggregate(**{name: Count("pk", filter=Q(paper__published__gte=days[name])) for name in SPANS})
    of_entries = entries.aggregate(
        **{
            name: Count("paper", distinct=True, filter=Q(added_at__gte=midnight(length)))
            for name, length in SPANS.items()
        }
    )
    newest = _shown(likely).order_by(F("paper__published").desc(nulls_last=True), "-relevance", "-paper")
    # What came in on one day, as a whole README does, is told by the papers' own dates.
    latest = _shown(entries).order_by(TruncDay("added_at").desc(), F("paper__published").desc(nulls_last=True), "-pk")
    return News(
        span=span,
        since=days[span],
        likely=of_likely,
        listed=of_entries,
        suggestions=tuple(newest[: min(SHOWN, of_likely[span] or SHOWN)]),
        entries=tuple(latest[: min(SHOWN, of_entries[span] or SHOWN)]),
    )


def _first_day(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def midnight(days: int) -> datetime:
    """Return the beginning of the day that was so many days ago."""
    return timezone.make_aware(datetime.combine(_first_day(days), datetime.min.time()))


def _shown(rows: Any) -> Any:
    """Return rows of papers in categories with what a line of news shows, in a fixed number of queries."""
    texts = Prefetch("category__texts", CategoryText.objects.select_related("document").defer("document__source"))
    found = rows.select_related("paper", "category").defer("paper__search", "paper__abstract")
    return found.prefetch_related("paper__identifiers", texts)
