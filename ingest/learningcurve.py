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
        kinds = [Decision.Kind.ACCEPT, Decision.Kind.REJECT, Decision.Kind.UNDO]
        said = Decision.objects.filter(list__in=lists, kind__in=kinds, origin=Origin.CURATOR).order_by("pk")
        self._made: dict[int, list[datetime]] = {each: [] for each in lists}
        self._undone: dict[int, list[datetime]] = {each: [] for each in lists}
        holds: dict[int, bool] = {}  # after this word, by its key: whether what it is about is decided
        for pk, paper_list, at, undoes in said.values_list("pk", "list", "at", "undoes"):
            if undoes is not None and undoes not in holds:
                continue  # of a deferral, or of what a README said
            holds[pk] = undoes is None or not holds[undoes]
            (self._made if holds[pk] else self._undone)[paper_list].append(at)
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
