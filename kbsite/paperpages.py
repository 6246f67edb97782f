"""Pages of papers that stay where they are: a page begins after or before a paper, which the address names.

What arrives meanwhile stands before or behind that paper, so nothing is shown twice and nothing is passed over. Numbers
of pages work, too, and are what is left where papers have no order of their own, as the best matches of a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator
from numpy.typing import NDArray

from kbsite.browsing import Browse
from papers import keptrows, merging, paperorders
from papers.models import Paper

AT_ONCE = 500  # papers that a file is written from at once


class Found:
    """The papers that an address asks for, in its order: a sequence."""

    def __init__(self, browse: Browse) -> None:
        self._browse = browse
        self._among = browse.matched()
        self.keys = paperorders.keys(browse.index, browse.order, browse.filters.paper_list)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._among))

    def __getitem__(self, part: slice) -> list[Paper]:
        return keptrows.in_slots(self._browse.index, self._slots(part.start, part.stop).tolist())

    def ids(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the primary keys of the papers from one place to another."""
        return self._browse.index.ids[self._slots(start, stop)]

    def _slots(self, start: int, stop: int) -> NDArray[np.intp]:
        stop = min(stop, len(self))
        return paperorders.part(self.keys, self._among, start, stop) if start < stop else np.empty(0, np.intp)

    def start_of(self, asked: Mapping[str, str], size: int) -> int | None:
        """Return where a page begins that comes `after` or `before` a paper; None where none is named that is known."""
        for word in ("after", "before"):
            number = asked.get(word, "")
            if number.isascii() and number.isdigit() and len(number) < 19:
                slots = self._browse.index.slots_of([int(number)])
                if not len(slots) and (now := merging.current(int(number))):
                    slots = self._browse.index.slots_of([now])
                if len(slots):
                    key = int(self.keys[slots[0]])
                    place = paperorders.place(self.keys, self._among, key)
                    if word == "before":
                        return max(place - size, 0)
                    is_there = bool(self._among[slots[0]])
                    return min(place + is_there, max(len(self) - 1, 0))
        return None


class Ranked:
    """The papers that a search found, the best first: a sequence."""

    def __init__(self, browse: Browse, ids: tuple[int, ...]) -> None:
        self._index, self._ids = browse.index, ids

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, part: slice) -> list[Paper]:
        return keptrows.of(self._index, self._ids[part])


class PaperPage(Page[Any]):
    """A page of papers: `start` counts those before it; its neighbours begin beside a paper or have a number."""

    def __init__(self, rows: Any, number: int, paginator: Any, start: int, is_placed: bool) -> None:
        super().__init__(rows, number, paginator)
        self.start, self._is_placed = start, is_placed

    @property
    def end(self) -> int:
        return self.start + len(self.object_list)

    @property
    def next_words(self) -> dict[str, Any] | None:
        """What the address of the next page says in place of this one's; None on the last."""
        if self.end >= self.paginator.count or not self.object_list:
            return None
        return self._words(after=self.object_list[-1].pk, page=self.number + 1)

    @property
    def previous_words(self) -> dict[str, Any] | None:
        if not self.start or not self.object_list:
            return None
        return self._words(before=self.object_list[0].pk, page=self.number - 1)

    def _words(self, page: int, after: int | None = None, before: int | None = None) -> dict[str, Any]:
        if self._is_placed:
            return {"after": after, "before": before, "page": None}
        return {"after": None, "before": None, "page": page}


def page_of(browse: Browse, asked: Mapping[str, str], size: int) -> PaperPage:
    """Return the page that an address asks for; the nearest there is where it makes no sense."""
    is_placed = browse.order != "match"
    found: Any = Found(browse) if is_placed else _ranked(browse)
    paginator: Any = Paginator(found, size)
    start = found.start_of(asked, size) if is_placed else None
    if start is None:
        number = asked.get("page", "")
        page = paginator.get_page(number if number.isascii() else 1)
        return PaperPage(list(page.object_list), page.number, paginator, (page.number - 1) * size, is_placed)
    return PaperPage(found[start : start + size], start // size + 1, paginator, start, is_placed)


def _ranked(browse: Browse) -> Any:
    search = browse.filters.qs.found
    if search is None or search.ids is None:
        return browse.filters.qs.for_pages().with_standing()
    return Ranked(browse, search.ids)


def ids_of(browse: Browse, most: int | None = None) -> list[int]:
    """Return the primary keys of the papers that an address asks for, in its order."""
    if browse.order == "match":
        found = browse.filters.qs.values_list("pk", flat=True)
        return list(found if most is None else found[:most])
    papers = Found(browse)
    return papers.ids(0, len(papers) if most is None else min(most, len(papers))).tolist()  # type: ignore[no-any-return]


def in_chunks(ids: list[int], papers: Any) -> Iterator[list[Paper]]:
    """Yield papers in the order of their keys, some at once: a file may have all there are."""
    for start in range(0, len(ids), AT_ONCE):
        yield in_order(ids[start : start + AT_ONCE], papers)


def in_order(ids: list[int], papers: Any) -> list[Paper]:
    """Return the papers that have these keys, in this order."""
    found = {paper.pk: paper for paper in papers.filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]
