"""The papers of an address among all there are: which they are, and how many each value of a facet would leave.

What is filtered is asked of the index in memory (papers/facetindex.py); the API and files ask the database the same by
kbsite/filters.py, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg

from kbsite.filters import OF_A_LIST, PaperFilters
from papers import facetindex
from papers.facetindex import Mask
from papers.models import Paper, PaperList

FACETS = ("listed", "category", "status", "tag", "venue", "year", "subject", "author", "code", "source")
FEW = 2000  # papers whose authors are counted


class Browse:
    """What an address asks of the papers, answered for one moment."""

    def __init__(self, filters: PaperFilters) -> None:
        self.filters = filters
        self.index = facetindex.current()
        self._masks: dict[str, Mask] = {}

    @property
    def order(self) -> str:
        return self.filters.order

    @cached_property
    def lists(self) -> list[PaperList]:
        """All lists there are."""
        return list(PaperList.objects.order_by("name"))

    # --- sets of papers ---------------------------------------------------------------------------------------

    @cached_property
    def _others(self) -> Mask:
        """The papers that fulfil all but the facets."""
        value = self.filters.value
        asked = [name for name in ("q", "since", "until", "region", "seen") if name in value]
        if not asked:
            return self.index.alive
        search = self.filters.qs.found if self.order == "match" else None
        if search and search.every is not None and not any(name in value for name in FACETS):
            return self.index.mask_of(search.every)  # the search asked the same
        found: Any = Paper.objects.all()
        for name in asked:
            found = self.filters.filters[name].filter(found, value[name])
        return self._of(found.matching(self._query) if "q" in value else found)

    @property
    def _query(self) -> str:
        """What is searched for; where a word was misspelt, what is found."""
        search = self.filters.qs.found if self.order == "match" else None
        return str(search.query) if search and search.corrected else str(self.filters.value["q"])

    def _of(self, papers: Any) -> Mask:
        return self.index.mask_of(papers.order_by().aggregate(ids=ArrayAgg("pk", default=[]))["ids"])

    def _having(self, name: str) -> Mask:
        """The papers that have one of the values asked for of a facet."""
        if name not in self._masks:
            self._masks[name] = self._had(name, self.filters.value[name])
        return self._masks[name]

    def _had(self, name: str, value: Any) -> Mask:
        if name == "code":
            has = self.index.having("code", ["true"])
            return has if value else self.index.alive & ~has
        if name == "author":
            return self._of(Paper.objects.filter(authors__overlap=[*value]))
        if name == "listed":
            numbers = dict(PaperList.objects.filter(slug__in=value).values_list("slug", "pk"))
            return self._any(
                self.index.having("status", ["listed"], numbers[slug]) for slug in value if slug in numbers
            )
        return self.index.having(name, map(str, value), self._list_of(name))

    def _any(self, masks: Iterable[Mask]) -> Mask:
        found = np.zeros(len(self.index.ids), np.bool_)
        for mask in masks:
            found |= mask
        return found

    def _list_of(self, name: str) -> int | None:
        paper_list = self.filters.paper_list
        return paper_list.pk if paper_list and name in OF_A_LIST else None

    def matched(self, without: str = "") -> Mask:
        """The papers that fulfil all that is asked, or all but one facet."""
        if without not in self.filters.value:
            without = ""
        if (key := f"without {without}") not in self._masks:
            mask = self._others
            for name in FACETS:
                if name in self.filters.value and name != without:
                    mask = mask & self._having(name)
            self._masks[key] = mask
        return self._masks[key]

    # --- counts -----------------------------------------------------------------------------------------------

    def counts(self, name: str) -> dict[str, int]:
        """Return by value how many papers choosing it would leave, were no value of this facet chosen yet."""
        among = self.matched(without=name)
        if name == "author":
            return self._authors(among)
        if name == "listed":
            return {
                each.slug: n
                for each in self.lists
                if (n := self.index.counts("status", among, each.pk).get("listed", 0))
            }
        return self.index.counts(name, among, self._list_of(name))

    def _authors(self, among: Mask) -> dict[str, int]:
        """Authors of few papers are counted by the database; those of many say little."""
        ids = self.index.ids[among]
        return facetindex.authors(ids) if 0 < len(ids) <= FEW else {}
