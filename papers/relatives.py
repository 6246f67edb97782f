"""Which papers are like one: those that stand in a list, and those that stand in none, apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from papers import vectors
from papers.models import Embedding, Entry, Paper

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

    Listed ones are compared exactly, all others by the index. The papers come with what a row of them shows, in a
    number of queries that depends neither on how many there are nor on how many lists.
    """
    row = Embedding.objects.filter(paper=paper).order_by("-pk").first()  # by the encoder that looked at it last
    if row is None:
        return Relatives()
    listed = vectors.nearest(row.vector, Paper.objects.of_status("listed"), limit, row.encoder, without=[paper.pk])
    # One more than asked for: the paper itself, unless a list has it.
    anywhere = vectors.nearest_of_all(row.vector, limit + 1, row.encoder, without=Entry.objects.values("paper"))
    others = [(pk, likeness) for pk, likeness in anywhere if pk != paper.pk][:limit]
    found = Paper.objects.for_pages().with_standing().in_bulk([pk for pk, _ in [*listed, *others]])
    return Relatives(
        tuple((found[pk], likeness) for pk, likeness in listed if pk in found),
        tuple((found[pk], likeness) for pk, likeness in others if pk in found),
    )
