"""How a list's heads got better: their figures by version, beside how many decisions each could learn from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from ingest.models import Head
from papers.models import Decision, PaperList
from papers.models.lists import Origin

MOST = 500  # heads, the newest


@dataclass(frozen=True, slots=True)
class Step:
    """One head. A figure is None where it was not measured."""

    version: int
    trained_at: datetime
    decisions: int
    papers: int | None  # that it was measured on
    macro_f1: float | None
    accuracy: float | None
    average_precision: float | None
    again: int | None  # the version that it is once more, where somebody rolled back

    @property
    def name(self) -> str:
        """How suggestions name it."""
        return f"v{self.version}"


class Tally:
    """How many decisions of curators were in force in lists at any time; read in one query."""

    def __init__(self, lists: Collection[int]) -> None:
        said = Decision.objects.filter(
            list__in=lists, kind__in=[Decision.Kind.ACCEPT, Decision.Kind.REJECT], origin=Origin.CURATOR
        )
        self._made: dict[int, list[datetime]] = {each: [] for each in lists}
        self._undone: dict[int, list[datetime]] = {each: [] for each in lists}
        for paper_list, made, undone in said.order_by().values_list("list", "at", "undone_by__at"):
            self._made[paper_list].append(made)
            if undone is not None:
                self._undone[paper_list].append(undone)
        for moments in (*self._made.values(), *self._undone.values()):
            moments.sort()

    def at(self, paper_list: int, moment: datetime) -> int:
        """Return how many had been made by then, without those that had been undone."""
        return bisect_right(self._made[paper_list], moment) - bisect_right(self._undone[paper_list], moment)


def curve(paper_list: PaperList) -> tuple[Step, ...]:
    """Return the list's newest heads, the oldest of them first; in two queries."""
    found = Head.objects.filter(list=paper_list).values_list(
        "version",
        "trained_at",
        "metrics__papers",
        "metrics__macro_f1",
        "metrics__accuracy",
        "metrics__relevance__average_precision",
        "meta__again",
    )[:MOST]
    tally = Tally([paper_list.pk])
    return tuple(
        Step(version, trained_at, tally.at(paper_list.pk, trained_at), *figures)
        for version, trained_at, *figures in reversed(found)
    )


def tell_decisions(heads: Iterable[Head]) -> None:
    """Give each of these heads, in `decisions`, how many decisions it could learn from; in one query."""
    rows = list(heads)
    tally = Tally({head.list_id for head in rows})
    for head in rows:
        head.decisions = tally.at(head.list_id, head.trained_at)  # type: ignore[attr-defined]
