"""Papers with what a row of them shows, kept by each process for the pages that ask for the same ones again.

They stand on the shelf of the index in memory (papers/facetindex.py): a paper that was touched has another slot there,
so it is read anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from papers.facetindex import FacetIndex
from papers.models import Paper

HOLDS = 60  # seconds that a row may be old in what people do not filter by
MOST = 1000  # papers, some 20 kB each with what is written of them


def of(index: FacetIndex, papers: Sequence[int]) -> list[Paper]:
    """Return the papers of these keys in their order, without those that are gone."""
    return in_slots(index, index.slots_of(papers).tolist())


def in_slots(index: FacetIndex, slots: list[int]) -> list[Paper]:
    """Return the papers in these slots in their order, read again after a while."""
    shelf, now = index.shelf, time.monotonic()
    found = {slot: shelf.get(slot, (-HOLDS, None)) for slot in slots}  # other threads clear it, too
    papers = {slot: paper for slot, (read, paper) in found.items() if paper is not None and now < read + HOLDS}
    missing = {int(index.ids[slot]): slot for slot in slots if slot not in papers}
    if missing:
        if len(shelf) > MOST:
            shelf.clear()
        for paper in Paper.objects.for_pages().with_standing().filter(pk__in=missing).order_by():
            slot = missing[paper.pk]
            papers[slot] = paper
            shelf[slot] = (now, paper)
    return [papers[slot] for slot in slots if slot in papers]
