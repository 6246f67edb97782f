"""Reads for the pages that look at everything at once: the navigation and the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from papers.models import PaperList
from papers.querysets import waiting_suggestions


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
    """Return how many papers wait for a decision, by list."""
    found = waiting_suggestions(at_least).order_by()
    return dict(found.values_list("list").annotate(n=Count("pk")))


def _names() -> list[tuple[int, str, str]]:
    return list(PaperList.objects.order_by("name").values_list("pk", "slug", "name"))
