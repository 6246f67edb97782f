"""Which papers have which value of each facet, held in memory: papers are counted and found in it in milliseconds.

A facet is one kind of value that papers are filtered by: their year, their subjects, where they stand. For each value
the index has the slots of the papers with it (an inverted index; C. D. Manning, P. Raghavan and H. Schütze,
"Introduction to Information Retrieval", 2008, chapter 1), and a set of papers is a mask over all slots. A query for
each facet would go through as many rows as there are papers; the database's own count of seven facets of 100,000
papers took half a second.

Each process has its own, made when it is first asked for and brought up to date whenever it is asked again: triggers
write down which papers were touched (papers/models/touched.py), and only these are read anew. It knows what is new by
the snapshot of the database it read last, so what a slow transaction tells late is not missed. A paper that was touched
gets a new slot, and its old one is dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from papers import facetrows

Slots = NDArray[np.int32]
Mask = NDArray[np.bool_]

MOST_TOUCHED = 50_000  # touches, some three a paper, whose papers are read anew; after more, all are
KEPT = 200_000  # touches that are kept for processes that were long not asked
SPARE = 1000  # dead slots that are always suffered, besides a quarter of all


@dataclass(frozen=True)
class Seen:
    """What of the database an index has read: a snapshot, and the last touch that it saw."""

    snapshot: str
    last: int
    transaction: int
    day: date  # whether a paper that was put off is due depends on it


@dataclass(frozen=True, eq=False)
class FacetIndex:
    """Papers in slots, and the slots of each value of each facet; never changed once made."""

    seen: Seen
    ids: NDArray[np.int64]  # by slot, the paper's primary key
    days: NDArray[np.int64]  # by slot, the day of publication as an ordinal; 0 where it is not known
    alive: Mask  # by slot
    facets: Mapping[str, Mapping[tuple[str, int], Slots]] = field(repr=False)  # by facet, then by value and list
    ranks: dict[Any, NDArray[np.int64]] = field(default_factory=dict, repr=False)  # made when asked (paperorders.py)
    shelf: dict[int, Any] = field(default_factory=dict, repr=False)  # by slot, what somebody keeps of a paper

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], Slots]:
        alive = np.flatnonzero(self.alive)
        order = np.argsort(self.ids[alive], kind="stable")
        return self.ids[alive][order], alive[order].astype(np.int32)

    def slots_of(self, papers: Sequence[int] | NDArray[np.int64]) -> Slots:
        """Return the slots of those of the papers that are here, in the order of the papers."""
        ids, slots = self._sorted
        return slots[_places(ids, np.asarray(papers, np.int64))]

    def mask_of(self, papers: Sequence[int]) -> Mask:
        return self._mask([self.slots_of(papers)])

    def having(self, facet: str, values: Iterable[str], of_list: int | None = None) -> Mask:
        """Return the papers that have any of these values, in one list or, where None is named, in any."""
        wanted = set(values)
        of_facet = self.facets.get(facet, {})
        return self._mask(
            [slots for (value, of), slots in of_facet.items() if value in wanted and of_list in (None, of)]
        )

    def _mask(self, parts: Iterable[Slots]) -> Mask:
        mask = np.zeros(len(self.ids), np.bool_)
        for slots in parts:
            mask[slots] = True
        return mask & self.alive

    def counts(self, facet: str, among: Mask, of_list: int | None = None) -> dict[str, int]:
        """Return by value how many of these papers have it; values that none has are left out."""
        by_value: dict[str, list[Slots]] = {}
        for (value, of), slots in self.facets.get(facet, {}).items():
            if of_list in (None, of):
                by_value.setdefault(value, []).append(slots)
        counts = {value: int(np.count_nonzero(among[_once(parts)])) for value, parts in by_value.items()}
        return {value: n for value, n in counts.items() if n}

    @cached_property
    def newest(self) -> NDArray[np.int64]:
        """By slot, a number of its own that is greater the newer the paper is; it ends in the primary key."""
        return (self.days << 40) | self.ids

    @cached_property
    def upvotes(self) -> NDArray[np.int64]:
        """By slot, the upvotes of a paper; -1 where none are known."""
        found = np.full(len(self.ids), -1, np.int64)
        for (value, _), slots in sorted(self.facets.get("upvotes", {}).items(), key=lambda each: float(each[0][0])):
            found[slots] = int(float(value))
        return found


_lock = Lock()
_index: FacetIndex | None = None


def current() -> FacetIndex:
    """Return the index as the database is now."""
    global _index
    index = _index
    if index is not None and _news(index.seen)[1] == []:
        return index  # as nearly always: nobody waits for another one
    with _lock:
        _index = _made() if _index is None else _brought_up_to_date(_index)
        return _index


def prune() -> int:
    """Forget the oldest touches. Who has not read them makes the index anew; returns how many are gone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM papers_touched WHERE id <= (SELECT max(id) FROM papers_touched) - %s", [KEPT])
        return int(cursor.rowcount)


def _brought_up_to_date(index: FacetIndex) -> FacetIndex:
    seen, touched = _news(index.seen)
    if touched is None:
        return _made()
    if not touched:
        return index
    gone = index.alive.copy()
    gone[index.slots_of(touched)] = False
    if len(gone) - np.count_nonzero(gone) > len(gone) // 4 + SPARE:
        return _made()
    ids, days, facets = _read(touched, len(gone))
    all_facets = {name: dict(values) for name, values in index.facets.items()}
    for name, values in facets.items():
        known = all_facets.setdefault(name, {})
        for value, slots in values.items():
            known[value] = np.concatenate([known[value], slots]) if value in known else slots
    return FacetIndex(
        seen,
        np.concatenate([index.ids, ids]),
        np.concatenate([index.days, days]),
        np.concatenate([gone, np.ones(len(ids), np.bool_)]),
        all_facets,
        shelf=index.shelf,  # what was touched has another slot
    )


def _made() -> FacetIndex:
    seen = _look()
    ids, days, facets = _read(None, 0)
    return FacetIndex(seen, ids, days, np.ones(len(ids), np.bool_), facets)


def _look() -> Seen:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT pg_current_snapshot()::text, coalesce(max(id), 0), coalesce(
                (SELECT transaction FROM papers_touched ORDER BY id DESC LIMIT 1), 0
            ) FROM papers_touched
        """)
        snapshot, last, transaction = cursor.fetchone()
    return Seen(snapshot, last, transaction, timezone.localdate())


def _news(seen: Seen) -> tuple[Seen, list[int] | None]:
    """Return what there is to see now, and the papers that were touched since; None: all may have been."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH touch AS ( -- what is ours is seen in its order
                SELECT id, paper, transaction FROM papers_touched
                WHERE id > %(last)s OR (
                    transaction >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)::text::bigint
                    AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(snapshot)s::pg_snapshot)
                    AND transaction IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
                    -- those of the database that this one was restored from had numbers that are still to come
                    AND transaction < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                )
                LIMIT %(most)s
            )
            SELECT pg_current_snapshot()::text,
                coalesce((SELECT max(id) FROM touch), 0),
                coalesce((SELECT transaction FROM touch ORDER BY id DESC LIMIT 1), 0),
                ARRAY(SELECT DISTINCT paper FROM touch),
                (SELECT count(*) FROM touch),
                %(last)s = 0 OR EXISTS (
                    SELECT FROM papers_touched WHERE id = %(last)s AND transaction = %(transaction)s
                )
            """,
            {
                "last": seen.last,
                "snapshot": seen.snapshot,
                "transaction": seen.transaction,
                "most": MOST_TOUCHED + 1,
            },
        )
        snapshot, last, transaction, touched, touches, is_same = cursor.fetchone()
    today = timezone.localdate()
    if not is_same or today != seen.day or touches > MOST_TOUCHED or 0 in touched:
        return seen, None  # another database, a new day, or so much that reading all is sooner done
    if last < seen.last:
        last, transaction = seen.last, seen.transaction
    return Seen(snapshot, last, transaction, today), touched


def _read(
    papers: Sequence[int] | None, first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, dict[tuple[str, int], Slots]]]:
    """Return primary keys and days of these papers, or of all, and the slots of their values, from `first` on.

    Values of papers that came meanwhile are left out: their touches tell of them next.
    """
    asked: Any = {"papers": list(papers or ()), "today": timezone.localdate()}
    with connection.cursor() as cursor:
        cursor.execute(facetrows.papers(papers is not None), asked)
        ids, days = cursor.fetchone()
        numbers = np.array(ids, np.int64)
        cursor.execute(facetrows.values(papers is not None), asked)
        found: dict[str, dict[tuple[str, int], list[Slots]]] = {}
        for facet, value, of_list, having in cursor:
            slots = _places(numbers, np.unique(np.array(having, np.int64))).astype(np.int32) + np.int32(first)
            found.setdefault(facet, {}).setdefault((value, of_list), []).append(slots)
    facets = {facet: {key: _once(parts) for key, parts in values.items()} for facet, values in found.items()}
    return numbers, np.array(days, np.int64), facets


def _places(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where in sorted primary keys those of the wanted ones stand that are among them."""
    at = np.searchsorted(ids, wanted)
    known = at < len(ids)
    known[known] = ids[at[known]] == wanted[known]
    return at[known]


def _once(parts: Sequence[Slots]) -> Slots:
    """Return the slots of all parts, each once."""
    return parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))


def authors(papers: NDArray[np.int64]) -> dict[str, int]:
    """Return how many of these papers each author has; they are too many to be kept in an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT author, count(DISTINCT id) FROM papers_paper, unnest(authors) AS author
            WHERE id = ANY(%s) GROUP BY author
            """,
            [papers.tolist()],
        )
        return dict(cursor.fetchall())
