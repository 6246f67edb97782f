"""The facets beside a list of papers: each value with how many papers it would leave, and its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kbsite.browsing import FACETS, Browse
from kbsite.filters import STATUSES
from kbsite.templatetags.kbsite import source, status
from papers import cards
from papers.models import Category

SHOWN = 8  # values of a facet; a page of its own has the rest
TITLES = {
    "listed": gettext_lazy("Listed in"),
    "category": gettext_lazy("Category"),
    "status": gettext_lazy("Status"),
    "tag": gettext_lazy("Tag"),
    "venue": gettext_lazy("Venue"),
    "year": gettext_lazy("Year"),
    "subject": gettext_lazy("Subject"),
    "author": gettext_lazy("Author"),
    "code": gettext_lazy("Code"),
    "source": gettext_lazy("Source"),
}
PLACES = ("after", "before", "page")  # where a page stands: another question begins at the first one


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet. Following its address chooses it beside those chosen, or takes it away again."""

    value: str
    label: str
    count: int | None  # None: not counted
    is_chosen: bool
    address: str
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with the values that lead somewhere, and how many more there are."""

    name: str
    title: str
    values: list[Value]
    more: int = 0


def facets(browse: Browse, asked: QueryDict, are_counted: bool = True) -> list[Facet]:
    """Return the facets that have values. Where papers are too many to be counted, those that are known without."""
    shown = []
    for name in FACETS:
        counts, names = _known(browse, name, are_counted)
        if names:
            first = _first(browse, name, names)
            values = _values(browse, name, first, counts, asked)
            shown.append(Facet(name, str(TITLES[name]), values, len(names) - len(first)))
    return shown


def values_of(browse: Browse, name: str, asked: QueryDict) -> list[Value]:
    """Return all values of a facet that papers have or that are chosen; nothing where there is nothing to choose."""
    counts, names = _known(browse, name, True)
    return _values(browse, name, names, counts, asked)


def _known(browse: Browse, name: str, are_counted: bool) -> tuple[dict[str, int] | None, list[str]]:
    """Return the values of a facet in their order, and by value how many papers have it; None if none are counted."""
    chosen = _chosen(browse, name)
    counts = browse.counts(name) if are_counted else {}
    known = _categories(browse) if name == "category" else STATUSES if name == "status" and not are_counted else ()
    names = list(dict.fromkeys([*known, *counts, *chosen]))
    is_one = {"source": len(names) < 2, "listed": len(browse.lists) < 2}.get(name, False)
    leads_nowhere = name == "category" and are_counted and not any(counts.get(each) for each in known)
    if (is_one or leads_nowhere) and not chosen:
        names = []
    return counts if are_counted else None, _sorted(name, names, counts)


def _values(
    browse: Browse, name: str, names: Iterable[str], counts: dict[str, int] | None, asked: QueryDict
) -> list[Value]:
    chosen, labels = _chosen(browse, name), _labels(browse, name)
    categories = _categories(browse) if name == "category" else {}
    address = _Address(asked, name, chosen)
    return [
        Value(
            value,
            labels.get(value) or _label(name, value),
            None if counts is None else counts.get(value, 0),
            value in chosen,
            address.of(value),
            categories.get(value),
        )
        for value in names
    ]


def chips(browse: Browse, asked: QueryDict) -> list[Value]:
    """Return the values in force of all facets; following the address of one takes it away."""
    return [
        value
        for name in FACETS
        if name in browse.filters.value
        for value in _values(browse, name, _chosen(browse, name), None, asked)
    ]


def _categories(browse: Browse) -> dict[str, Category]:
    """Return the categories of the list that is asked of, by key; none where there are several lists."""
    paper_list = browse.filters.paper_list
    return {each.key: each for each in cards.categories(paper_list)} if paper_list else {}


def _chosen(browse: Browse, name: str) -> list[str]:
    value = browse.filters.value.get(name)
    if value is None:
        return []
    if name == "code":
        return ["true" if value else "false"]
    return [str(each) for each in value]


def _labels(browse: Browse, name: str) -> dict[str, str]:
    """Return by value what it is called, where a list says that."""
    if name == "category":
        return {key: category.name for key, category in _categories(browse).items()}
    return {each.slug: each.name for each in browse.lists} if name == "listed" else {}


def _label(name: str, value: str) -> str:
    if name == "status":
        return status(value)
    if name == "source":
        return source(value)
    if name == "code":
        return _("Has code") if value == "true" else _("No code")
    return value


def _sorted(name: str, values: Iterable[str], counts: dict[str, int]) -> list[str]:
    """Categories and statuses come in their own order, years from the newest, all else by how many have it."""
    if name == "category":
        return [*values]
    if name == "status":
        return [each for each in STATUSES if each in set(values)]
    if name == "year":
        return sorted(values, key=int, reverse=True)
    return sorted(values, key=lambda value: (-counts.get(value, 0), value))


def _first(browse: Browse, name: str, values: list[str]) -> list[str]:
    """Return the values that are shown at first: what is chosen is always among them."""
    if name in ("category", "status") or len(values) <= SHOWN + 1:
        return values
    chosen = _chosen(browse, name)
    return [value for place, value in enumerate(values) if place < SHOWN or value in chosen]


class _Address:
    """The addresses that a facet's values lead to: all else that is asked stays, from the first page on."""

    def __init__(self, asked: QueryDict, name: str, chosen: list[str]) -> None:
        words = [
            (word, text)
            for word, texts in asked.lists()
            if word != name and word not in PLACES
            for text in texts
            if text
        ]
        self._name, self._chosen, self._rest = name, chosen, urlencode(words)

    def of(self, value: str) -> str:
        left = [each for each in self._chosen if each != value]
        if value not in self._chosen:
            left = [value] if self._name == "code" else [*left, value]
        own = urlencode([(self._name, each) for each in left])
        return f"?{'&'.join(filter(None, (self._rest, own)))}"
