"""Which papers a page or an answer of the API shows. One set for both, so an address means the same in either."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field

from kbsite.api.filters import Filters, FlagFilter, IdFilter, ListFilter, TextFilter
from papers.models import Paper, PaperList
from papers.querysets import PaperQuerySet, any_of, in_category, standing

STATUSES = ("listed", "likely", "awaiting", "returned", "rejected", "deferred", "duplicate")
SORTS = ("match", "newest", "relevance", "title", "upvotes", "added")
MOST_VALUES = 20  # of one facet at once
OF_A_LIST = ("category", "status", "tag", "venue")  # facets whose meaning depends on the list
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


class DayFilter(django_filters.DateFilter):
    """A day as 2026-11-29, whatever language a page speaks: an address means the same to everybody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, input_formats=["%Y-%m-%d"], **kwargs)


class _SeveralField(forms.Field):
    """Values that an address gives by naming a word again and again, each once, and each one a `field` takes."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, field: type[forms.Field], required: bool, label: str, **kwargs: Any) -> None:
        self._one = field(required=False, **kwargs)
        super().__init__(required=required, label=label)

    def to_python(self, value: Any) -> tuple[Any, ...]:
        given = value if isinstance(value, list | tuple) else [value]
        values = tuple(dict.fromkeys(one for each in given if (one := self._one.clean(each)) not in (None, "")))
        if len(values) > MOST_VALUES:
            raise forms.ValidationError(_("Give at most %(most)s values.") % {"most": MOST_VALUES})
        return values


class SeveralFilter(django_filters.Filter):
    """A facet: papers with any of the values. Each value is what `field` takes, as the schema `one` says."""

    field_class = _SeveralField

    def __init__(self, *args: Any, field: type[forms.Field], one: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, field=field, **kwargs)
        schema = {
            "type": "array",
            "items": one,
            "maxItems": MOST_VALUES,
            "description": f"{self.label}; any of several",
        }
        extend_schema_field(schema)(self)


TEXT = {"type": "string"}
SLUG = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
YEAR = {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}


class StatusField(forms.ChoiceField):
    """Where a paper stands in a list, in one word."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[(each, each) for each in STATUSES], **kwargs)


class AboutPapers(Filters):
    """Questions about papers themselves, wherever they stand, in the words of an address."""

    q = TextFilter(method="together", max_length=300, label=SEARCH)
    subject = TextFilter(method="filter_subject", max_length=40, label="An arXiv subject, as cs.CL")
    author = TextFilter(method="filter_author", max_length=200, label="An author's whole name")
    year = YearFilter(field_name="published", lookup_expr="year", label="Year of publication")
    since = DayFilter(field_name="published", lookup_expr="gte", label="Published on this day or later")
    until = DayFilter(field_name="published", lookup_expr="lte", label="Published on this day or earlier")
    source = TextFilter(method="filter_source", max_length=32, label="A source that tells of it")
    code = FlagFilter(method="filter_code", label="Whether its code is known")

    class Meta:
        model = Paper
        fields: tuple[str, ...] = ()

    @cached_property
    def value(self) -> dict[str, Any]:
        """What was asked, as values; what makes no sense is not in it."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "", ())}

    def filter_subject(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.filter(subjects__contains=[value])

    def filter_author(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.filter(authors__contains=[value])

    def filter_source(self, queryset: PaperQuerySet, name: str, value: str) -> PaperQuerySet:
        return queryset.from_source(value)

    def filter_code(self, queryset: PaperQuerySet, name: str, value: bool) -> PaperQuerySet:
        return queryset.with_code() if value else queryset.exclude(pk__in=queryset.with_code().values("pk"))


class PaperFilters(AboutPapers):
    """Questions about papers and where they stand. What a list is asked of is `list`, else the only one.

    Of a facet several values may be given: papers with any of them are meant. All else must hold together.
    """

    list = ListFilter(
        method="together", label="Slug of the list that category, status, tag, venue and relevance are about"
    )
    category = SeveralFilter(
        method="filter_category", field=forms.SlugField, one=SLUG,
        label="Key of a category: listed there, or likely to belong there",
    )  # fmt: skip
    status = SeveralFilter(
        method="filter_status", field=StatusField, one={"type": "string", "enum": [*STATUSES]},
        label="Where it stands in the list",
    )  # fmt: skip
    tag = SeveralFilter(method="filter_tag", field=forms.CharField, one=TEXT, max_length=200, label="A tag in a list")
    venue = SeveralFilter(
        method="filter_venue", field=forms.CharField, one=TEXT, max_length=200, label="A venue as lists name it"
    )
    year = SeveralFilter(method="filter_years", field=_YearField, one=YEAR, label="Year of publication")
    subject = SeveralFilter(
        method="filter_subjects", field=forms.CharField, one=TEXT, max_length=40, label="An arXiv subject, as cs.CL"
    )
    author = SeveralFilter(
        method="filter_authors", field=forms.CharField, one=TEXT, max_length=200, label="An author's whole name"
    )
    source = SeveralFilter(
        method="filter_sources", field=forms.CharField, one=TEXT, max_length=200, label="A source that tells of it"
    )
    listed = SeveralFilter(
        method="filter_listed", field=forms.SlugField, one=SLUG, label="Slug of a list that it stands in"
    )
    seen = FlagFilter(method="filter_seen", label="Whether you have seen it; nobody else’s seeing counts")
    region = IdFilter(method="filter_region", label="Number of a region of the map of the field")
    sort = django_filters.ChoiceFilter(
        method="together", choices=[(each, each) for each in SORTS], label="The order; best match first if q is given"
    )

    class Meta:
        model = Paper
        fields: tuple[str, ...] = ()

    def filter_category(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.filter(any_of(in_category(key, self.paper_list) for key in value))

    def filter_status(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.filter(any_of(standing(each, self.paper_list) for each in value))

    def filter_tag(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.with_tags(value, self.paper_list)

    def filter_venue(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.of_venues(value, self.paper_list)

    def filter_years(self, queryset: PaperQuerySet, name: str, value: tuple[int, ...]) -> PaperQuerySet:
        return queryset.filter(any_of(Q(published__year=year) for year in value))

    def filter_subjects(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.filter(subjects__overlap=list_of(value))

    def filter_authors(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.filter(authors__overlap=list_of(value))

    def filter_sources(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.from_source(*value)

    def filter_listed(self, queryset: PaperQuerySet, name: str, value: tuple[str, ...]) -> PaperQuerySet:
        return queryset.listed_in_any(value)

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
        if self.order == "match":  # after all else, among what is left
            return found.found_by(value["q"])
        if "q" in value:
            found = found.matching(value["q"])
        if self.order == "relevance":
            return found.most_relevant(self.paper_list)
        orders = {"title": found.by_title, "upvotes": found.most_upvoted, "added": found.last_added}
        return orders.get(self.order, found.newest)()


def list_of(values: tuple[str, ...]) -> list[str]:
    """Return values as PostgreSQL's arrays want them."""
    return [*values]


def _only_list() -> PaperList | None:
    some = [*PaperList.objects.all()[:2]]
    return some[0] if len(some) == 1 else None
