"""Reads for the pages that look at everything at once: the navigation and the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from papers.models import Entry, PaperList, Review, Suggestion


@dataclass(frozen=True, slots=True)
class ListInSight:
    """A list as the navigation names it."""

    slug: str
    name: str
    awaiting: int  # papers that wait for a decision; 0 when nobody asked


def lists(with_awaiting: bool = False) -> list[ListInSight]:
    """Return every list by name, in two queries at most."""
    waiting = awaiting() if with_awaiting else {}
    return [ListInSight(slug, name, waiting.get(pk, 0)) for pk, slug, name in _names()]


def awaiting(at_least: float = 0.0) -> dict[int, int]:
    """Return how many papers wait for a decision, by list: what `review.queue` holds, counted for all lists at once."""
    reviews = Review.objects.filter(list=OuterRef("list"), paper=OuterRef("paper"))
    closed = reviews.exclude(state=Review.State.OPEN).exclude(
        Q(state=Review.State.DEFERRED, until__lte=timezone.localdate())
    )
    listed = Entry.objects.filter(paper=OuterRef("paper"), category__list=OuterRef("list"))
    found = Suggestion.objects.filter(~Exists(closed), ~Exists(listed), paper__withdrawn=False)
    if at_least > 0:
        found = found.filter(relevance__gte=at_least)
    return dict(found.order_by().values_list("list").annotate(n=Count("pk")))


def _names() -> list[tuple[int, str, str]]:
    return list(PaperList.objects.order_by("name").values_list("pk", "slug", "name"))
