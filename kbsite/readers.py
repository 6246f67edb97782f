"""What signed-in readers keep, in the words of the papers page's address: saved searches, and marks on papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.db.models import BigIntegerField, Count, QuerySet, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from kbsite.filters import OF_A_LIST, PaperFilters
from kbsite.forms import one_line
from kbsite.templatetags.kbsite import source, status
from papers import reading, seen
from papers.models import Paper, SavedSearch


def marks_for(user: Any, papers: Iterable[Paper]) -> Mapping[int, reading.Mark] | None:
    """Return what somebody noted of these papers, by primary key; None for who is not signed in: no buttons then."""
    return reading.marks(user, papers) if user.is_authenticated else None


# --- the words of a search ------------------------------------------------------------------------------------


def query_of(filters: PaperFilters) -> str:
    """Return what an address says of a search, in one order; what makes no sense in it is left out.

    How it is sorted is no part of it. Where it asks about a list and names none, the only one there is is named, for
    another may come.
    """
    filters.form.is_valid()
    data: Any = filters.data
    said = [
        (name, text.strip())
        for name in sorted(filters.base_filters)
        if name != "sort" and name in filters.value
        for text in (data.getlist(name) if isinstance(data, QueryDict) else [str(data[name])])
        if text.strip()
    ]
    said = list(dict.fromkeys(said))  # what is asked twice is asked once
    names = {name for name, _text in said}
    if filters.paper_list and "list" not in names and names.intersection(OF_A_LIST):
        said = sorted([*said, ("list", filters.paper_list.slug)])
    return urlencode(said)


def filters_of(search: SavedSearch) -> PaperFilters:
    """Return the filters that a saved search asks for, as its owner: all that fulfil them, and none is ranked."""
    asked = QueryDict(search.query, mutable=True)
    asked["sort"] = "newest"
    return PaperFilters(asked, queryset=Paper.objects.all(), request=SimpleNamespace(user=search.user))


def name_of(filters: PaperFilters) -> str:
    """Return what a search is called until its owner calls it otherwise: what it asks for, in words."""
    value = filters.value
    parts = [
        f"“{one_line(value['q'])}”" if "q" in value else "",
        _either(value.get("category", ())),
        _either(status(each) for each in value.get("status", ())),
        _either(value.get("listed", ())),
        _either(value.get("tag", ())),
        _either(value.get("venue", ())),
        _either(value.get("author", ())),
        _either(value.get("subject", ())),
        _either(value.get("year", ())),
        _("from %(day)s") % {"day": value["since"]} if "since" in value else "",
        _("until %(day)s") % {"day": value["until"]} if "until" in value else "",
        _either(source(each) for each in value.get("source", ())),
        _flag(value.get("code"), _("with code"), _("without code")),
        _flag(value.get("seen"), _("seen"), _("not seen")),
    ]
    return ", ".join(part for part in parts if part) or _("My search")


def _either(values: Iterable[Any]) -> str:
    """Name the values of a facet, of which a paper has any."""
    return _(" or ").join(map(str, values))


def _flag(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


# --- what is found, and what is new of it ---------------------------------------------------------------------


def found_by(search: SavedSearch) -> Any:
    """Return the papers that a saved search finds, with `came_at`, those that came last first.

    One that asks for listed papers counts from the day when a paper entered the list.
    """
    filters = filters_of(search)
    found: Any = filters.qs
    is_listed = filters.value.get("status") == ("listed",)
    arrived = found.with_arrival(filters.paper_list if is_listed else None, is_listed)
    return arrived.order_by("-came_at", "-pk")


def new_in(searches: Iterable[SavedSearch]) -> dict[int, int]:
    """Return how many papers of each search came since its owner looked, by its primary key, counted in one query."""
    counts = [
        found_by(search)
        .filter(came_at__gt=search.looked_at)
        .order_by()
        .annotate(of_search=Value(search.pk, output_field=BigIntegerField()))
        .values("of_search")
        .annotate(n=Count("pk"))
        .values_list("of_search", "n")
        for search in searches
    ]
    if not counts:
        return {}
    first, *others = counts
    found: QuerySet[Any, Any] = first.union(*others, all=True) if others else first
    return {search.pk: 0 for search in searches} | dict(found)


def told_of_seen(user: Any) -> dict[str, Any]:
    """Return what the account page says of what somebody has seen."""
    return {"remembers_seen": seen.remembers(user), "seen": seen.count(user)}
