"""The facets beside a list of papers: each value with how many papers it would leave, and its address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kbsite.browsing import FACETS, Browse
from kbsite.filters import STATUSES
from kbsite.templatetags.kbsite import source, status
from papers import cards
from papers.models import Category, PaperList

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
        values = values_of(browse, name, asked, are_counted)
        if values:
            first = _first(name, values)
            shown.append(Facet(name, str(TITLES[name]), first, len(values) - len(first)))
    return shown


def values_of(browse: Browse, name: str, asked: QueryDict, are_counted: bool = True) -> list[Value]:
    """Return the values of a facet that papers have or that are chosen; nothing where there is nothing to choose."""
    chosen = [str(each) for each in _chosen(browse, name)]
    counts = browse.counts(name) if are_counted else {}
    categories = _categories(browse)
    slugs = {str(each.pk): each for each in PaperList.objects.order_by("name")} if name == "listed" else {}
    if name == "listed":
        if len(slugs) < 2:
            return []
        counts = {slugs[pk].slug: n for pk, n in counts.items() if pk in slugs}
    known = {"category": categories, "status": STATUSES}.get(name, ()) if not are_counted or name == "category" else ()
    names = dict.fromkeys([*known, *counts, *chosen])
    if name == "category" and not categories:
        return []
    if name == "source" and len(names) < 2 and not chosen:
        return []
    labels = {each.slug: each.name for each in slugs.values()}
    return [
        Value(
            value,
            labels.get(value) or _label(name, value, categories),
            counts.get(value, 0) if are_counted else None,
            value in chosen,
            _address(asked, name, value, chosen),
            categories.get(value) if name == "category" else None,
        )
        for value in _sorted(name, names, counts)
    ]


def chips(browse: Browse, asked: QueryDict) -> list[Value]:
    """Return the values in force of all facets; following the address of one takes it away."""
    categories = _categories(browse)
    return [
        Value(value, _label(name, value, categories), None, True, _address(asked, name, value, chosen))
        for name in FACETS
        for chosen in [[str(each) for each in _chosen(browse, name)]]
        for value in chosen
    ]


def _categories(browse: Browse) -> dict[str, Category]:
    """Return the categories of the list that is asked of, by key; none where there are several lists."""
    paper_list = browse.filters.paper_list
    return {each.key: each for each in cards.categories(paper_list)} if paper_list else {}


def _chosen(browse: Browse, name: str) -> Iterable[Any]:
    value = browse.filters.value.get(name, ())
    if name == "code":
        return () if value == () else ("true",) if value else ("false",)
    return value  # type: ignore[no-any-return]


def _label(name: str, value: str, categories: dict[str, Category]) -> str:
    if name == "category":
        return categories[value].name if value in categories else value
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


def _first(name: str, values: list[Value]) -> list[Value]:
    """Return the values that are shown at first: what is chosen is always among them."""
    if name in ("category", "status") or len(values) <= SHOWN + 1:
        return values
    return [value for place, value in enumerate(values) if place < SHOWN or value.is_chosen]


def _address(asked: QueryDict, name: str, value: str, chosen: list[str]) -> str:
    words = asked.copy()
    for word in PLACES:
        words.pop(word, None)
    left = [each for each in chosen if each != value] if value in chosen else [*chosen, value]
    if name == "code":
        left = [] if value in chosen else [value]
    words.setlist(name, left)
    for word in [word for word, text in words.items() if not text]:
        words.pop(word)
    return f"?{words.urlencode()}"
