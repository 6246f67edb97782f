"""The orders of papers, as numbers by the slots of an index: a page of any of them costs the same.

They are those of `PaperQuerySet` (`newest`, `most_relevant`, …), by which the database sorts; a test compares the two.
"""

from __future__ import annotations

import time

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from papers.facetindex import FacetIndex, Mask
from papers.models import PaperList

Keys = NDArray[np.int64]

RELEVANCE_HOLDS = 10  # seconds: the classifier changes it by thousands after each decision, and no touch tells


def keys(index: FacetIndex, order: str, paper_list: PaperList | None) -> Keys:
    """Return a number for each slot, no two the same: the greater, the earlier its paper comes."""
    if order == "added":
        return index.ids
    if order == "newest":
        return index.newest
    of_list = paper_list.pk if paper_list else 0
    moment = int(time.monotonic()) // RELEVANCE_HOLDS if order == "relevance" else 0
    name = order, of_list, moment
    rank = index.ranks.get(name)
    if rank is None:
        for known in list(index.ranks):
            if known[:2] == name[:2]:
                index.ranks.pop(known, None)  # another thread may have been sooner
        first = {"title": _titles, "upvotes": _upvotes, "relevance": _relevances}[order](index, of_list)
        rank = np.empty(len(index.ids), np.int64)
        rank[np.lexsort((index.newest, first))] = np.arange(len(rank))
        index.ranks[name] = rank
    return rank


def part(keys: Keys, among: Mask, start: int, stop: int) -> NDArray[np.intp]:
    """Return the slots of these papers from one place in the order to another."""
    slots = np.flatnonzero(among)
    found = keys[slots]
    if stop < len(slots):
        best = np.argpartition(-found, stop - 1)[:stop]
        slots, found = slots[best], found[best]
    return slots[np.argsort(-found)][start:stop]


def place(keys: Keys, among: Mask, key: int) -> int:
    """Return how many of these papers come before one that has this key."""
    return int(np.count_nonzero(keys[among] > key))


def _titles(index: FacetIndex, of_list: int) -> Keys:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_agg(id), '{}') FROM (SELECT id FROM papers_paper ORDER BY title_key, id) AS sorted"
        )
        (ids,) = cursor.fetchone()
    slots = index.slots_of(ids)
    places = np.full(len(index.ids), -len(index.ids), np.int64)
    places[slots] = -np.arange(len(slots))
    return places


def _upvotes(index: FacetIndex, of_list: int) -> Keys:
    return index.upvotes


def _relevances(index: FacetIndex, of_list: int) -> NDArray[np.float64]:
    """Relevance for a list; of none, for the list that a paper suits best; -1 where nothing is known."""
    condition, asked = ("WHERE list_id = %s", [of_list]) if of_list else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(array_agg(paper_id), '{{}}'), coalesce(array_agg(relevance), '{{}}')
            FROM papers_suggestion {condition}
            """,  # noqa: S608 - one of two texts
            asked,
        )
        ids, relevances = cursor.fetchone()
    here = np.isin(np.asarray(ids, np.int64), index.ids[index.alive])
    found = np.full(len(index.ids), -1.0)
    np.maximum.at(found, index.slots_of(np.asarray(ids, np.int64)), np.asarray(relevances, np.float64)[here])
    return found
