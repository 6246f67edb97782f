"""The map of the field as one list shows it: its own papers, and those that the classifier looked at for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.utils import timezone
from numpy.typing import NDArray

from papers import places
from papers.models import Act, Category, Entry, Layout, Paper, PaperList, Place, Review, Suggestion
from papers.querysets import LIKELY

MOST_POINTS = 20_000  # of more candidates, the least relevant are left out
STANDINGS = ("listed", "likely", "awaiting", "rejected", "deferred", "duplicate")  # by number, as points hold it
NO_CATEGORY = 255
_CHUNK = 5000

_Row: TypeAlias = tuple[int, float, float, int, int, int, int]  # as Points has its columns


@dataclass(frozen=True)
class Points:
    """Points in the order in which they are drawn: the least relevant first, the list's own last.

    All arrays have the shape (points,). A paper that stands in two categories is two points in one place.
    """

    papers: NDArray[np.uint32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]  # upwards
    year: NDArray[np.int16]  # 0: unknown
    category: NDArray[np.uint8]  # its place among the list's categories, or NO_CATEGORY
    standing: NDArray[np.uint8]  # its place in STANDINGS
    region: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.papers)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The least and greatest x, the least and greatest y; a square around the origin without points."""
        if not len(self):
            return -1.0, 1.0, -1.0, 1.0
        return float(self.x.min()), float(self.x.max()), float(self.y.min()), float(self.y.max())


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the map in words: how many of the list's papers, and of its candidates, are there."""

    number: int
    terms: tuple[str, ...]
    x: float  # the middle of the list's points in it
    y: float
    listed: int
    likely: int
    others: int
    category: int | None  # the place of the category that most of its listed papers stand in


@dataclass(frozen=True)
class FieldMap:
    """What a list's map shows at one time; the same version is the same map, whoever asks."""

    version: str
    layout: Layout
    points: Points
    regions: tuple[Region, ...]  # the fullest of listed papers first


def field_map(paper_list: PaperList) -> FieldMap | None:
    """Return the list's map; None before a layout is ready.

    What the points are is read once for a version; what the version is costs the same for any number of papers.
    """
    layout = places.current()
    if layout is None:
        return None
    version = _version(paper_list, layout)
    points = _points(paper_list.pk, layout.pk, version)
    return FieldMap(version, layout, points, _regions(points, layout))


def titles(points: Points) -> list[str]:
    """Return the title of each point's paper, in one line each."""
    ids = points.papers.tolist()
    known: dict[int, str] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _CHUNK):
        chosen = Paper.objects.filter(pk__in=wanted[start : start + _CHUNK])
        known.update(chosen.order_by().values_list("pk", "title"))
    return [" ".join(known.get(pk, "").split()) for pk in ids]


def found_by(words: str) -> set[int]:
    """Return the papers that a search for these words finds, of the whole catalogue."""
    return set(Paper.objects.found_by(words).order_by().values_list("pk", flat=True))


def _version(paper_list: PaperList, layout: Layout) -> str:
    """Return a name of all that the points are made of; whatever changes one of them changes it.

    Whether a deferral is over changes with the day.
    """
    entries = Entry.objects.filter(category__list=paper_list).aggregate(Count("pk"), Max("pk"))
    said = Suggestion.objects.filter(list=paper_list).aggregate(Count("pk"), Max("made_at"))
    act = Act.objects.filter(list=paper_list).aggregate(Max("pk"))
    parts = (paper_list.pk, layout.pk, layout.changed_at, entries, said, act, timezone.localdate())
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=16)
def _points(paper_list: int, layout: int, version: str) -> Points:
    rows = _listed(paper_list, layout)
    seen = {row[0] for row in rows}
    rows = [*_candidates(paper_list, layout, MOST_POINTS - len(seen)), *rows]
    return _columns(rows)


def none() -> Points:
    """Return no points."""
    return _columns([])


def _columns(rows: Sequence[_Row]) -> Points:
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 7
    kinds = (np.uint32, np.float32, np.float32, np.int16, np.uint8, np.uint8, np.uint8)
    return Points(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


def _listed(paper_list: int, layout: int) -> list[_Row]:
    """Return the list's entries, the last category first: the first one is drawn on top."""
    rank = _ranks(paper_list)
    rows = Place.objects.filter(layout=layout, paper__entries__category__list=paper_list).values_list(
        "paper", "x", "y", "paper__published__year", "paper__entries__category", "region"
    )
    found = {
        (paper, category): (paper, x, y, year or 0, rank[category], 0, region)
        for paper, x, y, year, category, region in rows
        if category in rank
    }
    return sorted(found.values(), key=lambda row: (-row[4], row[0]))


def _candidates(paper_list: int, layout: int, most: int) -> list[_Row]:
    """Return the unlisted papers that the classifier looked at, up to the most relevant, those last."""
    rank, today = _ranks(paper_list), timezone.localdate()
    review = Review.objects.filter(list=paper_list, paper=OuterRef("paper"))
    rows = (
        Place.objects.filter(layout=layout, paper__withdrawn=False, paper__suggestions__list=paper_list)
        .exclude(paper__in=Entry.objects.filter(category__list=paper_list).values("paper"))
        .annotate(state=Subquery(review.values("state")[:1]), until=Subquery(review.values("until")[:1]))
        .filter(Q(state=None) | ~Q(state=Review.State.ACCEPTED))  # accepted once, and removed since
        .order_by("-paper__suggestions__relevance", "-paper")
        .values_list(
            *("paper", "x", "y", "paper__published__year", "paper__suggestions__category", "region"),
            *("paper__suggestions__relevance", "state", "until"),
        )[: max(most, 0)]
    )
    found = []
    for paper, x, y, year, category, region, relevance, state, until in rows:
        standing = "likely" if relevance >= LIKELY else "awaiting"
        if state in ("rejected", "duplicate") or (state == "deferred" and (until is None or until > today)):
            standing = state
        found.append((paper, x, y, year or 0, rank.get(category, NO_CATEGORY), STANDINGS.index(standing), region))
    return found[::-1]


def _ranks(paper_list: int) -> dict[int, int]:
    keys = Category.objects.filter(list=paper_list).order_by("position", "pk").values_list("pk", flat=True)
    return {pk: min(rank, NO_CATEGORY - 1) for rank, pk in enumerate(keys)}


def _regions(points: Points, layout: Layout) -> tuple[Region, ...]:
    found = []
    for number, region in enumerate(layout.regions, start=1):
        here = points.region == number
        if not here.any():
            continue
        listed = here & (points.standing == STANDINGS.index("listed"))
        own = points.category[listed]
        likely = int((here & (points.standing == STANDINGS.index("likely"))).sum())
        middle = listed if listed.any() else here
        found.append(
            Region(
                number,
                tuple(region["terms"]),
                float(np.median(points.x[middle])),
                float(np.median(points.y[middle])),
                len(set(points.papers[listed].tolist())),
                likely,
                int(here.sum() - listed.sum()) - likely,
                int(np.bincount(own).argmax()) if len(own) else None,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.listed, -each.likely, -each.others)))
