"""The figures of a list's heads as plots, with their words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingest.learningcurve import Step
from ingest.scorecard import Scorecard
from kbsite.curves import Curves, Series, curves, thinned
from kbsite.templatetags.kbsite import percent

TICKS = 4  # of two words each: more have no room on a narrow page
MOST_POINTS = 60


def reliability(card: Scorecard) -> Curves | None:
    """Return how often it was right by how sure it was; None where that was not measured."""
    if not card.reliability:
        return None
    points = [
        (each.sure, each.right, _("%(sure)s sure, %(right)s right: ") % _percents(sure=each.sure, right=each.right)
         + ngettext("%(n)d paper", "%(n)d papers", each.papers) % {"n": each.papers})
        for each in card.reliability
    ]  # fmt: skip
    return curves(
        [
            Series(_("as sure as right"), [(0.0, 0.0, ""), (1.0, 1.0, "")], guide=True),
            Series(_("this head"), points, [each.papers for each in card.reliability]),
        ],
        ends=(0.0, 1.0),
        ticks=[(place / 100, f"{place}") for place in (0, 25, 50, 75, 100)],
        lowest=0.0,
        band=card.unsure.below if card.unsure else 0.0,
    )


def recall(card: Scorecard) -> Curves | None:
    """Return how much is found by how much is read; None where that was not measured."""
    if not card.recall:
        return None
    deepest = card.recall[-1].percent
    found = [
        (
            depth.percent,
            depth.recall,
            _("first %(read)d %%: %(found)s found") % {"read": depth.percent, **_percents(found=depth.recall)},
        )
        for depth in card.recall
    ]
    return curves(
        [
            Series(_("at best"), [(0, 0.0, ""), *((each.percent, each.best, "") for each in card.recall)], guide=True),
            Series(_("in no order"), [(0, 0.0, ""), (deepest, deepest / 100, "")], guide=True),
            Series(_("this head"), found),
        ],
        ends=(0, deepest),
        ticks=[(depth.percent, f"{depth.percent}") for depth in card.recall],
        lowest=0.0,
    )


def learning(steps: Sequence[Step]) -> Curves | None:
    """Return the figures by version of the head; None where there are not two heads with figures."""
    measured = [step for step in steps if step.accuracy is not None]
    if len(measured) < 2:
        return None
    shown = [measured[place] for place in thinned(range(len(measured)), MOST_POINTS)]
    named = {
        "accuracy": _("right class"),
        "macro_f1": _("macro-F1"),
        "average_precision": _("average precision of the order"),
    }
    ticks = [shown[place] for place in thinned(range(len(shown)), TICKS)]
    return curves(
        [
            Series(
                name,
                [(step.version, getattr(step, figure), _at(step, name, getattr(step, figure))) for step in shown],
            )
            for figure, name in named.items()
        ],
        ends=(shown[0].version, shown[-1].version),
        ticks=[(step.version, f"v{step.version} · {step.decisions}") for step in ticks],
    )


def _at(step: Step, name: str, share: float | None) -> str:
    if share is None:
        return ""
    decisions = ngettext("%(n)d decision", "%(n)d decisions", step.decisions) % {"n": step.decisions}
    return f"v{step.version}, {decisions}: {name} {percent(share)}"


def _percents(**shares: float) -> dict[str, str]:
    return {name: percent(share) for name, share in shares.items()}
