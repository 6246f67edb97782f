"""Numbers -> what a template draws as SVG. Pure functions: no database, no HTML.

A plot stretches to the width of the page and its text does not: across, everything is in percent of the width;
upright, in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from papers.overview import Line, Month

HEIGHT = 40  # of a row, in pixels
LEAST = 3  # the height of a bar that counts one among many
GAP = 1  # between two parts of a bar
MOST_MONTHS = 60
FEWEST_MONTHS = 12
TICKS = 7  # labels along the axis, at most


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a bar: how many papers of one kind appeared in a span of time."""

    kind: str  # listed or likely
    count: int
    since: date | None  # None: all that is earlier than the plot
    until: date
    x: str
    width: str
    y: str
    height: str

    @property
    def label(self) -> str:
        """The month, or what is before the first one shown."""
        return f"{self.until:%Y-%m}" if self.since else f"≤ {self.until:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Row:
    """One category: its line on the dashboard and its marks."""

    line: Line
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A year on the axis."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A month in the table that says what the plot shows: (listed, likely) for each category."""

    label: str
    since: date | None
    until: date
    cells: tuple[Month, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Papers per month and category, on one scale for all categories."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    table: tuple[TableRow, ...]
    height: int = HEIGHT


def timeline(lines: Sequence[Line], today: date) -> Timeline:
    """Return the plot of the months up to today; what is older than it reaches becomes one bar at its left end."""
    last = _number(today)
    first = min([last - FEWEST_MONTHS + 1, *(_number(m.first) for line in lines for m in line.months)])
    first = max(first, last - MOST_MONTHS + 1)
    folded = [_fold(line.months, first, last) for line in lines]
    tallest = max([1, *(month.listed + month.likely for months in folded for month in months.values())])
    slots = last - first + 1
    return Timeline(
        rows=tuple(
            Row(line, tuple(mark for n in months for mark in _marks(n, months[n], first, slots, tallest)))
            for line, months in zip(lines, folded, strict=True)
        ),
        ticks=_ticks(first, slots),
        table=tuple(
            TableRow(
                label=f"{_day(n):%Y-%m}" if n >= first else f"≤ {_day(n):%Y-%m}",
                since=_day(n) if n >= first else None,
                until=_end(n),
                cells=tuple(months.get(n, Month(_day(n), 0, 0)) for months in folded),
            )
            for n in sorted({n for months in folded for n in months}, reverse=True)
        ),
    )


def _fold(months: Sequence[Month], first: int, last: int) -> dict[int, Month]:
    """Return the months by number; what is before `first` is added up just before it, a date to come counts as now."""
    folded: dict[int, Month] = {}
    for month in months:
        n = min(max(_number(month.first), first - 1), last)
        known = folded.get(n, Month(_day(n), 0, 0))
        folded[n] = Month(_day(n), known.listed + month.listed, known.likely + month.likely)
    return folded


def _marks(n: int, month: Month, first: int, slots: int, tallest: int) -> list[Mark]:
    """Return the parts of one bar from the bottom up."""
    slot = 100 / (slots + 1)  # one more at the left for what is earlier
    marks = []
    bottom = float(HEIGHT)
    for kind, count in (("listed", month.listed), ("likely", month.likely)):
        if count == 0:
            continue
        height = max(LEAST, count / tallest * (HEIGHT - 2 * LEAST))
        bottom -= height
        marks.append(
            Mark(
                kind=kind,
                count=count,
                since=_day(n) if n >= first else None,
                until=_end(n),
                x=f"{(n - first + 1.1) * slot:.3f}%",
                width=f"{0.8 * slot:.3f}%",
                y=f"{bottom:.1f}",
                height=f"{height:.1f}",
            )
        )
        bottom -= GAP
    return marks


def _ticks(first: int, slots: int) -> tuple[Tick, ...]:
    """Return the Januaries, thinned to what has room; the first month when there is none."""
    januaries = [n for n in range(first, first + slots) if n % 12 == 0]
    step = -(-len(januaries) // TICKS)
    slot = 100 / (slots + 1)
    chosen = januaries[::-1][::step][::-1] if januaries else [first]
    return tuple(
        Tick(f"{(n - first + 1) * slot:.3f}%", f"{_day(n):%Y}" if januaries else f"{_day(n):%Y-%m}") for n in chosen
    )


def _number(day: date) -> int:
    """Return the months since year 0: a line of whole numbers."""
    return day.year * 12 + day.month - 1


def _day(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _end(number: int) -> date:
    return date.fromordinal(_day(number + 1).toordinal() - 1)
