"""Which papers of a list the others point to: each points to the listed papers whose vectors are nearest to its own.

A paper that is among the nearest of many (a hub of the k-nearest-neighbour graph, Radovanović et al., JMLR 11, 2010)
is one that much of the list is about. Links are by the meaning of title and abstract, not by citation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from papers import vectors
from papers.kept import kept
from papers.models import Embedding, Paper, PaperList

NEAREST = 5  # to so many each paper points
MOST = 2000  # papers that are compared, the newest; each with each
SHOWN = 5
KEPT = 600  # seconds: 2,000 papers take some 0.1 s


@dataclass(frozen=True, slots=True)
class Connected:
    """A listed paper, and how many others have it among their nearest."""

    paper: Paper
    links: int


@dataclass(frozen=True, slots=True)
class Connections:
    """The papers of a list with the most links, the most first, and how many papers were compared."""

    papers: tuple[Connected, ...]
    compared: int


def connections(paper_list: PaperList, listed: int) -> Connections:
    """Return the most connected papers; the links are counted anew when `listed`, their number, changes, or in time."""
    links, compared = kept(f"connections-{paper_list.pk}", KEPT, lambda: _links(paper_list), version=listed)
    found = Paper.objects.prefetch_related("identifiers").defer("search", "abstract").in_bulk(links)
    return Connections(tuple(Connected(found[pk], n) for pk, n in links.items() if pk in found), compared)


def _links(paper_list: PaperList) -> tuple[dict[int, int], int]:
    """Return the papers that most others point to with their numbers of links, and how many were compared."""
    listed = Paper.objects.listed_in(paper_list)
    last = Embedding.objects.filter(paper__in=listed.values("pk")).order_by("-pk").first()
    if last is None:
        return {}, 0
    newest = Paper.objects.filter(pk__in=list(listed.newest().values_list("pk", flat=True)[:MOST]))
    papers, array = vectors.matrix(vectors.current(newest, last.encoder))
    near = min(NEAREST, len(papers) - 1)
    if near < 1:
        return {}, len(papers)
    likeness = array @ array.T
    np.fill_diagonal(likeness, -np.inf)  # nobody points to themselves
    nearest = np.argpartition(-likeness, near - 1, axis=1)[:, :near]
    counts = np.bincount(nearest.ravel(), minlength=len(papers))
    order = np.lexsort((np.array(papers), -counts))[:SHOWN]
    return {papers[place]: int(counts[place]) for place in order if counts[place]}, len(papers)
