"""Shares by something that grows -> lines that a template draws as SVG. Pure functions: no database, no HTML.

As in plots.py, everything across is in percent of the width, so that a plot stretches and its text does not; upright
it is in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, sqrt

HEIGHT = 190
SMALLEST, LARGEST = 3.0, 9.0  # radius of a point, in pixels
STEPS = (0.05, 0.1, 0.25)  # between the lines across
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """What is to be drawn as one line: (place across, share 0 to 1, what it says), and how many each point stands for.

    A share of None is left out. A guide is a line to compare with, without points.
    """

    name: str
    points: Sequence[tuple[float, float | None, str]]
    weights: Sequence[int] = ()
    guide: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line; `label` says what it stands for."""

    x: str
    y: str
    radius: str
    label: str


@dataclass(frozen=True, slots=True)
class Segment:
    """What joins two points."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its points."""

    name: str
    style: str  # of its class: 0, 1, 2 or guide-0, guide-1
    segments: tuple[Segment, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A number at an edge of the plot, and where."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Curves:
    """A plot of lines. `band` is how far from the left a part is shaded, if any is."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    upright: tuple[Tick, ...]
    band: str = ""
    height: int = HEIGHT


def curves(
    series: Sequence[Series],
    ends: tuple[float, float],
    ticks: Sequence[tuple[float, str]],
    lowest: float | None = None,
    band: float = 0.0,
) -> Curves:
    """Return the plot of these series between two places across; upright it reaches from `lowest` to 1.

    Without `lowest` it begins at the tenth below the lowest share, so that small differences can be seen.
    """
    shares = [share for each in series for _, share, _ in each.points if share is not None]
    low = lowest if lowest is not None else min(0.9, max(0.0, floor(min(shares, default=0.0) * 10 - 1e-9) / 10))
    most = max((weight for each in series for weight in each.weights), default=0)
    guides = [each for each in series if each.guide]
    drawn = [each for each in series if not each.guide]
    lines = [_line(each, f"guide-{place}", ends, low, most) for place, each in enumerate(guides)]
    lines += [_line(each, str(place), ends, low, most) for place, each in enumerate(drawn)]
    step = next((step for step in STEPS if (1 - low) / step <= MOST_STEPS + 1e-9), STEPS[-1])
    first = ceil(low / step - 1e-9)
    heights = [number * step for number in range(first, round(1 / step) + 1)]
    return Curves(
        lines=tuple(lines),
        across=tuple(Tick(_across(place, ends), label) for place, label in ticks),
        upright=tuple(Tick(_upright(height, low), f"{round(height * 100)}") for height in heights),
        band=_across(band, ends) if band > ends[0] else "",
    )


def thinned(places: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the places, evenly, the last always among them."""
    step = -(-len(places) // most) if places else 1
    return list(places[::-1][::step][::-1])


def _line(series: Series, style: str, ends: tuple[float, float], low: float, most: int) -> Line:
    weights = series.weights or [0] * len(series.points)
    points = tuple(
        Point(_across(place, ends), _upright(share, low), _radius(weight, most), label)
        for (place, share, label), weight in zip(series.points, weights, strict=True)
        if share is not None
    )
    segments = tuple(Segment(one.x, one.y, other.x, other.y) for one, other in pairwise(points))
    return Line(series.name, style, segments, () if series.guide else points)


def _across(place: float, ends: tuple[float, float]) -> str:
    first, last = ends
    return f"{100 * (place - first) / (last - first):.2f}%" if last > first else "50%"


def _upright(share: float, low: float) -> str:
    return f"{HEIGHT * (1 - share) / (1 - low):.1f}"


def _radius(weight: int, most: int) -> str:
    """Return a radius by which the area grows as the weight does."""
    return f"{max(SMALLEST, LARGEST * sqrt(weight / most)) if most else SMALLEST:.1f}"
