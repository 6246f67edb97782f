"""How a list's review goes, as plots with their words."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log10

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingest.remaining import Outlook
from kbsite.curves import HEIGHT, Curves, Series, Tick, curves, thinned
from papers.progress import Day, Progress, Read

MOST_POINTS = 60
FEWEST_DAYS = 14
PARTS = 4  # of the upright axis, about


def recall(progress: Progress, outlook: Outlook) -> Curves | None:
    """Return how many papers were found by how many were read; None where fewer than two were read."""
    points = curve_points(progress)
    last = points[-1]
    if last.read < 2:
        return None
    guides = []
    in_all = last.found
    if outlook.left is not None:
        in_all += outlook.left.estimate
        guides = [(0, in_all), (last.read, in_all)]
    scale, ticks = _scale(max(in_all, 1))
    plot = curves(
        [
            Series(_("found and likely left"), [(at, found / scale, "") for at, found in guides], guide=True),
            Series(_("found"), [(each.read, each.found / scale, _found(each)) for each in points]),
        ],
        ends=(0, last.read),
        ticks=[(at, str(at)) for at in sorted({0, round(last.read / 2), last.read})],
        lowest=0.0,
    )
    return replace(plot, upright=ticks, lines=plot.lines if guides else plot.lines[1:])


def queue(progress: Progress) -> Curves:
    """Return how many papers waited, day by day."""
    days = days_shown(progress)
    scale, ticks = _scale(max([1, *(each.waiting for each in days)]))
    named = [0, len(days) // 2, len(days) - 1]
    plot = curves(
        [Series(_("waiting"), [(at, each.waiting / scale, _waited(each)) for at, each in enumerate(days)])],
        ends=(0, len(days) - 1),
        ticks=[(at, date_format(days[at].day, "MONTH_DAY_FORMAT")) for at in named],
        lowest=0.0,
    )
    return replace(plot, upright=ticks)


def curve_points(progress: Progress) -> list[Read]:
    """Return the points of the recall curve that are drawn, few enough to be told apart; the last is always there."""
    return [progress.curve[at] for at in thinned(range(len(progress.curve)), MOST_POINTS)]


def days_shown(progress: Progress) -> list[Day]:
    """Return the days from the first on which a paper waited, FEWEST_DAYS at least."""
    days = list(progress.days)
    first = next((at for at, each in enumerate(days) if each.waiting), len(days))
    return days[max(0, min(first - 1, len(days) - FEWEST_DAYS)) :]


def _scale(most: int) -> tuple[int, tuple[Tick, ...]]:
    """Return the number at the top of the upright axis, and its ticks: whole numbers at round distances."""
    rough = most / PARTS
    unit = 10 ** max(0, int(log10(rough))) if rough >= 1 else 1
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    top = step * ceil(most / step)
    return top, tuple(Tick(f"{HEIGHT * (1 - number / top):.1f}", str(number)) for number in range(0, top + 1, step))


def _found(each: Read) -> str:
    read = ngettext("%(n)d read", "%(n)d read", each.read) % {"n": each.read}
    return f"{read}: " + ngettext("%(n)d found", "%(n)d found", each.found) % {"n": each.found}


def _waited(each: Day) -> str:
    return f"{date_format(each.day, 'Y-m-d')}: " + ngettext(
        "%(n)d paper waiting", "%(n)d papers waiting", each.waiting
    ) % {"n": each.waiting}
