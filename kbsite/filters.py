"""Which papers a page or an answer of the API shows. One set for both, so an address means the same in either."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser

from kbsite.api.filters import Filters, FlagFilter, IdFilter, ListFilter, SlugFilter, TextFilter
from papers.models import Paper, PaperList
from papers.querysets import PaperQuerySet

STATUSES = ("listed", "likely", "awaiting", "returned", "rejected", "deferred", "duplicate")
SORTS = ("match", "newest", "relevance")
FIRST_YEAR, LAST_YEAR = 1800, 9999
SEARCH = (
    'Words, "a phrase", -without, either OR other, prefix*, a field (title: abstract: author: subject: venue: year: '
    "tag: category: code:), an identifier or a link"
)


class _YearField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=FIRST_YEAR, max_value=LAST_YEAR, **kwargs)


class YearFilter(IdFilter):
    """A year of publication."""

    field_class = _YearField
    schema = {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}


class AboutPapers(Filters):
    """Questions about papers themselves, wherever they stand, in the words of an address."""

    q = TextFilter(method="together", max_length=300, label=SEARCH)
    subject = TextFilter(method="filter_subject", max_length=40, label="An arXiv subject, as cs.CL")
    author = TextFilter(method="filter_author", max_length=200, label="An author's whole name")
    year = YearFilter(field_name="published", lookup_expr="year", label="Year of publication")
    since = django_filters.DateFilter(field_name="published", lookup_expr="gte", label="Published on this day or later")
    until = django_filters.DateFilter(
        field_name="published", lookup_expr="lte", label="Published on this day or earlier"
    )
    source = TextFilter(method="filter_source", max_length=32, label="A source that tells of it")
    code = FlagFilter(method="filter_code", label="Whether its code is known")

    class Meta:
        model = Paper
        fields: tuple[str, ...] = ()

    @property
    def value(self) -> dict[str, Any]:
        """What was asked, as values; what makes no sense is not in it."""
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}

    def filter_subject(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.filter(subjects__contains=[value])

    def filter_author(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.filter(authors__contains=[value])

    def filter_source(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.from_source(value)

    def filter_code(self, queryset: PaperQuerySet, name: str, value: bool) -> PaperQuerySet:
        return queryset.with_code() if value else queryset.exclude(pk__in=queryset.with_code().values("pk"))


class PaperFilters(AboutPapers):
    """Questions about papers and where they stand. What a list is asked of is `list`, else the only one."""

    list = ListFilter(method="together", label="Slug of the list that category, status and relevance are about")
    category = SlugFilter(method="together", label="Key of a category: listed there, or likely to belong there")
    seen = FlagFilter(method="filter_seen", label="Whether you have seen it; nobody else’s seeing counts")
    status = django_filters.ChoiceFilter(
        method="together", choices=[(each, each) for each in STATUSES], label="Where it stands in the list"
    )
    region = IdFilter(method="filter_region", label="Number of a region of the map of the field")
    venue = TextFilter(method="together", max_length=200, label="A venue, as lists have it: NeurIPS, EMNLP Findings")
    tag = TextFilter(method="together", max_length=200, label="A tag that a list gives it")
    sort = django_filters.ChoiceFilter(
        method="together", choices=[(each, each) for each in SORTS], label="The order; best match first if q is given"
    )

    class Meta:
        model = Paper
        fields: tuple[str, ...] = ()

    def filter_region(self, queryset: PaperQuerySet, name: str, value: int) -> PaperQuerySet:
        return queryset.in_region(value)

    @property
    def paper_list(self) -> PaperList | None:
        """The list that is asked of; None when there are several and none is named."""
        if not hasattr(self, "_paper_list"):
            self._paper_list = self.value.get("list") or _only_list()
        return self._paper_list

    @property
    def order(self) -> str:
        """The order in force."""
        asked = self.value.get("sort")
        if asked and (asked != "match" or "q" in self.value):
            return str(asked)
        return "match" if "q" in self.value else "newest"

    @property
    def reader(self) -> Any:
        """Who asks, as the request says that comes with the filters; AnonymousUser where none does."""
        return getattr(self.request, "user", None) or AnonymousUser()

    def filter_seen(self, queryset: PaperQuerySet, name: str, value: bool) -> PaperQuerySet:
        return queryset.seen_by(self.reader, value)

    def filter_queryset(self, queryset: PaperQuerySet) -> PaperQuerySet:
        found: PaperQuerySet = super().filter_queryset(queryset)
        value = self.value
        if "category" in value:
            found = found.of_category(value["category"], self.paper_list)
        if "status" in value:
            found = found.of_status(value["status"], self.paper_list)
        if "venue" in value:
            found = found.of_venue(value["venue"], self.paper_list)
        if "tag" in value:
            found = found.with_tag(value["tag"], self.paper_list)
        if self.order == "match":  # after all else, among what is left
            return found.found_by(value["q"])
        if "q" in value:
            found = found.matching(value["q"])
        return found.most_relevant(self.paper_list) if self.order == "relevance" else found.newest()


def _only_list() -> PaperList | None:
    some = [*PaperList.objects.all()[:2]]
    return some[0] if len(some) == 1 else None
