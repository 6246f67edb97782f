"""Numbers -> what a template draws as SVG. Pure functions: no database, no HTML.

A plot stretches to the width of the page and its text does not: across, everything is in percent of the width;
upright, in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from papers.activity import Week
from papers.overview import Line, Month

UP, DOWN = 30, 18  # room for bars above and below a row's base line, in pixels
LEAST = 3  # the height of a bar that counts one among many
MOST_MONTHS = 60
FEWEST_MONTHS = 12
TICKS = 7  # labels along the axis, at most


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar: how many papers of one kind appeared in a span of time. Listed ones rise, likely ones hang."""

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
    """Papers per month and category. All categories share one scale for listed papers, and one for likely ones."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    table: tuple[TableRow, ...]
    base: int = UP
    height: int = UP + DOWN


def timeline(lines: Sequence[Line], today: date) -> Timeline:
    """Return the plot of the months up to today; what is older than it reaches becomes one bar at its left end."""
    last = _number(today)
    first = min([last - FEWEST_MONTHS + 1, *(_number(m.first) for line in lines for m in line.months)])
    first = max(first, last - MOST_MONTHS + 1)
    folded = [_fold(line.months, first, last) for line in lines]
    most = Month(
        today,
        max([1, *(month.listed for months in folded for month in months.values())]),
        max([1, *(month.likely for months in folded for month in months.values())]),
    )
    slots = last - first + 1
    return Timeline(
        rows=tuple(
            Row(line, tuple(mark for n in months for mark in _marks(n, months[n], first, slots, most)))
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


@dataclass(frozen=True, slots=True)
class WeekMark:
    """A bar: how many papers were accepted in a week, which rise, or set aside, which hang."""

    kind: str  # accepted or set-aside
    count: int
    week: Week
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Weeks:
    """Decisions per week; both kinds share one scale."""

    marks: tuple[WeekMark, ...]
    ticks: tuple[Tick, ...]
    table: tuple[Week, ...]  # those in which something was decided, the newest first
    base: int
    height: int


def weekly(weeks: Sequence[Week]) -> Weeks:
    """Return the plot of the weeks, the first of each month named."""
    room = 2 * UP
    most = max([1, *(max(week.accepted, week.set_aside) for week in weeks)])
    slot = 100 / max(len(weeks), 1)
    marks = []
    for place, week in enumerate(weeks):
        for kind, count in (("accepted", week.accepted), ("set-aside", week.set_aside)):
            if count == 0:
                continue
            height = LEAST + (count / most) * (room - 2 * LEAST)
            marks.append(
                WeekMark(
                    kind=kind,
                    count=count,
                    week=week,
                    x=f"{(place + 0.1) * slot:.3f}%",
                    width=f"{0.8 * slot:.3f}%",
                    y=f"{room - height if kind == 'accepted' else room + 1.5:.1f}",
                    height=f"{height:.1f}",
                )
            )
    first = [place for place, week in enumerate(weeks) if week.monday.day <= 7]
    return Weeks(
        marks=tuple(marks),
        ticks=tuple(Tick(f"{place * slot:.3f}%", f"{weeks[place].monday:%Y-%m}") for place in first),
        table=tuple(week for week in weeks[::-1] if week.decided),
        base=room,
        height=2 * room,
    )


def _fold(months: Sequence[Month], first: int, last: int) -> dict[int, Month]:
    """Return the months by number; what is before `first` is added up just before it, a date to come counts as now."""
    folded: dict[int, Month] = {}
    for month in months:
        n = min(max(_number(month.first), first - 1), last)
        known = folded.get(n, Month(_day(n), 0, 0))
        folded[n] = Month(_day(n), known.listed + month.listed, known.likely + month.likely)
    return folded


def _marks(n: int, month: Month, first: int, slots: int, most: Month) -> list[Mark]:
    """Return the bars of one month."""
    slot = 100 / (slots + 1)  # one more at the left for what is earlier
    marks = []
    for kind, count, top, room in (
        ("listed", month.listed, most.listed, UP),
        ("likely", month.likely, most.likely, DOWN),
    ):
        if count == 0:
            continue
        height = LEAST + (count / top) * (room - 2 * LEAST)
        marks.append(
            Mark(
                kind=kind,
                count=count,
                since=_day(n) if n >= first else None,
                until=_end(n),
                x=f"{(n - first + 1.1) * slot:.3f}%",
                width=f"{0.8 * slot:.3f}%",
                y=f"{UP - height if kind == 'listed' else UP + 1.5:.1f}",
                height=f"{height:.1f}",
            )
        )
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
