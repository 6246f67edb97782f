"""The map of the field as bytes for its script, and as SVG for who has none."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from papers.fieldmap import STANDINGS, FieldMap, Points, titles

WIDTH, HEIGHT, MARGIN = 1000, 620, 24  # of the SVG's own units
MARK = 11
MOST_MARKS = 1500  # links in one page; of more, the newest
_STEPS = 65535


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the map; None and "" ask nothing."""

    category: int | None = None  # the place of a category in the list
    status: str = ""
    year: int | None = None
    words: str = ""
    found: Collection[int] = ()  # the papers that the words find

    def of(self, points: Points) -> NDArray[np.bool_]:
        """Return which points are asked for, shape (points,)."""
        chosen = np.ones(len(points), dtype=bool)
        if self.category is not None:
            chosen &= points.category == self.category
        if self.year is not None:
            chosen &= points.year == self.year
        if self.status:
            # Who likely belongs in the list awaits a decision, too.
            wanted = ("likely", "awaiting") if self.status == "awaiting" else (self.status,)
            chosen &= np.isin(points.standing, [STANDINGS.index(each) for each in wanted])
        if self.words:
            chosen &= np.isin(points.papers, np.array(sorted(self.found), dtype=np.uint32))
        return chosen


@dataclass(frozen=True, slots=True)
class Mark:
    """A listed paper on the SVG."""

    paper: int
    title: str
    x: float  # of its upper left corner
    y: float
    shape: int  # which of the site's shapes and colours


@dataclass(frozen=True, slots=True)
class Label:
    """The terms of a region on the SVG."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    """The listed papers that an address asks for, and the names of the regions."""

    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    left_out: int
    width: int = WIDTH
    height: int = HEIGHT
    mark: int = MARK


def packed(points: Points) -> bytes:
    """Return the points as the script reads them: 16 bytes, then 13 a point, little-endian, column by column.

    Four float32: the box (least and greatest x, then y). Then uint32 paper, uint16 x and y in steps of the box,
    int16 year, uint8 category, uint8 standing, uint8 region.
    """
    left, right, bottom, top = points.box
    columns = (
        points.papers.astype("<u4"),
        _stepped(points.x, left, right),
        _stepped(points.y, bottom, top),
        points.year.astype("<i2"),
        points.category,
        points.standing,
        points.region,
    )
    return struct.pack("<4f", left, right, bottom, top) + b"".join(column.tobytes() for column in columns)


def plot(found: FieldMap, asked: Asked, shapes: Sequence[int]) -> Plot:
    """Return the listed papers among those asked for, where they stand on a page; `shapes` are the categories'."""
    points = found.points
    chosen = np.flatnonzero(asked.of(points) & (points.standing == STANDINGS.index("listed")))
    newest = chosen[np.argsort(-points.year[chosen], kind="stable")][:MOST_MARKS]
    kept = np.sort(newest)
    listed = points.standing == STANDINGS.index("listed")
    frame = _Frame(points.x[listed], points.y[listed]) if listed.any() else _Frame(points.x, points.y)
    shown = Points(*(getattr(points, name)[kept] for name in points.__dataclass_fields__))
    x, y = frame.across(shown.x), frame.down(shown.y)
    marks = tuple(
        Mark(int(paper), title, round(float(left) - MARK / 2, 1), round(float(upper) - MARK / 2, 1), shapes[category])
        for paper, title, left, upper, category in zip(
            shown.papers, titles(shown), x, y, shown.category.tolist(), strict=True
        )
    )
    labels = tuple(
        Label(
            round(float(frame.across(np.array(each.x))), 1),
            round(float(frame.down(np.array(each.y))) - MARK, 1),
            " · ".join(each.terms[:2]),
        )
        for each in found.regions
        if each.listed and each.terms
    )
    return Plot(marks, labels, len(chosen) - len(kept))


class _Frame:
    """Fits what stands in the plane into the SVG, as wide as high a step."""

    def __init__(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        width, height = (float(np.ptp(each)) if len(each) else 0.0 for each in (x, y))
        self._scale = min((WIDTH - 2 * MARGIN) / max(width, 1e-6), (HEIGHT - 2 * MARGIN) / max(height, 1e-6), WIDTH / 2)
        self._x = float(x.min() + x.max()) / 2 if len(x) else 0.0
        self._y = float(y.min() + y.max()) / 2 if len(y) else 0.0

    def across(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(WIDTH / 2 + (x - self._x) * self._scale)

    def down(self, y: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(HEIGHT / 2 - (y - self._y) * self._scale)


def _stepped(values: NDArray[np.float32], least: float, greatest: float) -> NDArray[np.uint16]:
    size = max(greatest - least, 1e-9)
    return np.rint((values.astype(np.float64) - least) / size * _STEPS).clip(0, _STEPS).astype("<u2")
