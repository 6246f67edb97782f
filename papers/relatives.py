"""Which papers are like one: those that stand in a list, and those that stand in none, apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from papers import facetindex, keptrows, vectors
from papers.models import Paper

Alike: TypeAlias = tuple[tuple[Paper, float], ...]  # with the cosine of the two vectors, nearest first

SHOWN = 6  # of each kind


@dataclass(frozen=True, slots=True)
class Relatives:
    """The papers nearest to one by the meaning of title and abstract."""

    listed: Alike = ()
    others: Alike = ()

    def __bool__(self) -> bool:
        return bool(self.listed or self.others)


def relatives(paper: Paper, limit: int = SHOWN) -> Relatives:
    """Return up to `limit` papers of each kind; none while the paper has no vector.

    The papers come with what a row of them shows, in a number of queries that depends neither on how many there are nor
    on how many lists.
    """
    listed, others = vectors.like(paper, limit)
    kept = keptrows.of(facetindex.current(), [pk for pk, _ in [*listed, *others]]) if listed or others else []
    found = {paper.pk: paper for paper in kept}
    return Relatives(
        tuple((found[pk], likeness) for pk, likeness in listed if pk in found),
        tuple((found[pk], likeness) for pk, likeness in others if pk in found),
    )
