"""Which rows a list of the API shows.

Papers and suggestions share their filters with the pages (kbsite/filters.py, kbsite/narrowing.py).
"""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field

from ingest.models import Head, Run, Topic
from ingest.sources import SOURCES
from kbsite.models import Invitation, Membership
from papers.models import Category, Decision, Entry, EntryText, Opinion, PaperList, Review

# --- kinds of values ------------------------------------------------------------------------------------------


class _ListField(forms.SlugField):
    """The slug of a list -> the list."""

    def clean(self, value: Any) -> PaperList | None:
        slug = super().clean(value)
        if not slug:
            return None
        paper_list = PaperList.objects.filter(slug=slug).first()
        if paper_list is None:
            raise ValidationError(_("There is no list “%(slug)s”.") % {"slug": slug})
        return paper_list


class _FlagField(forms.Field):
    """`true` or `false`; anything else is an error, never silently ignored."""

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        known = {"true": True, "1": True, "false": False, "0": False}
        if str(value).lower() not in known:
            raise ValidationError(_("Say “true” or “false”."))
        return known[str(value).lower()]


class _IdField(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)


_SLUG = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}


class _Filter(django_filters.Filter):
    """A filter that the schema describes by its label."""

    schema: dict[str, Any] = {"type": "string"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        extend_schema_field({**self.schema, "description": self.label})(self)


class ListFilter(_Filter):
    field_class = _ListField
    schema = _SLUG


class SlugFilter(_Filter):
    field_class = forms.SlugField
    schema = _SLUG


class TextFilter(_Filter):
    field_class = forms.CharField


class IdFilter(_Filter):
    field_class: type[forms.IntegerField] = _IdField
    schema = {"type": "integer", "minimum": 1}


class ProbabilityFilter(_Filter):
    field_class = forms.FloatField
    schema = {"type": "number", "minimum": 0, "maximum": 1}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=0, max_value=1, **kwargs)


class FlagFilter(_Filter):
    field_class = _FlagField
    schema = {"type": "boolean"}


# --- sets of filters ------------------------------------------------------------------------------------------


class Filters(django_filters.FilterSet):
    """A set of filters, some of which speak together."""

    def together(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """For a filter that is applied in filter_queryset, with others."""
        return queryset


class CategoryFilters(Filters):
    list = ListFilter(label="Slug of a list")
    key = SlugFilter(label="The category's key")

    class Meta:
        model = Category
        fields: tuple[str, ...] = ()


class EntryFilters(Filters):
    list = ListFilter(field_name="category__list", label="Slug of a list")
    category = SlugFilter(field_name="category__key", label="Key of a category")
    paper = IdFilter(field_name="paper", label="Id of a paper")
    tag = TextFilter(method="together", max_length=200, label="A tag, in any language or the one given")
    venue = TextFilter(method="together", max_length=200, label="A venue by its usual name, as NeurIPS or ACL Findings")
    language = TextFilter(method="together", max_length=16, label="Entries that the README of this language shows")
    untranslated = FlagFilter(
        method="together", label="Whether something of it awaits translation, in any language or the one given"
    )

    class Meta:
        model = Entry
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        wanted = self.form.cleaned_data
        texts = EntryText.objects.filter(entry=OuterRef("pk"))
        if wanted["language"]:
            texts = texts.filter(document__language=wanted["language"])
        if wanted["venue"]:
            queryset = queryset.filter(Exists(texts.filter(venue_name__iexact=wanted["venue"])))
        if wanted["tag"]:
            queryset = queryset.filter(Exists(texts.filter(tags__contains=[wanted["tag"]])))
        elif wanted["language"]:
            queryset = queryset.filter(Exists(texts))
        if wanted["untranslated"] is not None:
            awaiting = Q(Exists(texts.exclude(untranslated=[])))
            queryset = queryset.filter(awaiting if wanted["untranslated"] else ~awaiting)
        return queryset


class HeadFilters(Filters):
    list = ListFilter(label="Slug of a list")
    version = IdFilter(label="Version, of each list")

    class Meta:
        model = Head
        fields: tuple[str, ...] = ()


class DecisionFilters(Filters):
    list = ListFilter(label="Slug of a list")
    paper = IdFilter(field_name="paper", label="Id of a paper")
    kind = django_filters.ChoiceFilter(choices=Decision.Kind.choices)
    category = SlugFilter(field_name="category__key", label="Key of a category")
    user = TextFilter(field_name="user__username", max_length=150, label="Who decided")
    in_force = FlagFilter(method="filter_in_force", label="Whether it still holds: not undone, nor followed by another")

    class Meta:
        model = Decision
        fields: tuple[str, ...] = ()

    def filter_in_force(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        holds = Q(Exists(Review.objects.filter(decision=OuterRef("pk"))))
        return queryset.filter(holds if value else ~holds)


class OpinionFilters(Filters):
    list = ListFilter(label="Slug of a list")
    paper = IdFilter(field_name="paper", label="Id of a paper")
    decision = IdFilter(field_name="decision", label="Id of the decision that they came to")
    user = TextFilter(field_name="user__username", max_length=150, label="Whose")
    decided = FlagFilter(
        method="filter_decided", label="Whether they came to a decision; else yours and those that differ"
    )

    class Meta:
        model = Opinion
        fields: tuple[str, ...] = ()

    def filter_decided(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(decision__isnull=not value)


class TopicFilters(Filters):
    list = ListFilter(label="Slug of a list")
    source = django_filters.ChoiceFilter(choices=[(name, name) for name in sorted(SOURCES)])
    enabled = FlagFilter(label="Whether it is pulled on its schedule")

    class Meta:
        model = Topic
        fields: tuple[str, ...] = ()


class RunFilters(Filters):
    kind = django_filters.ChoiceFilter(choices=Run.Kind.choices)
    state = django_filters.ChoiceFilter(choices=Run.State.choices)
    topic = SlugFilter(field_name="topic__slug", label="Slug of a topic")

    class Meta:
        model = Run
        fields: tuple[str, ...] = ()


class MembershipFilters(Filters):
    list = ListFilter(label="Slug of a list")
    role = django_filters.ChoiceFilter(choices=Membership.Role.choices)

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ()


class InvitationFilters(MembershipFilters):
    class Meta:
        model = Invitation
        fields: tuple[str, ...] = ()
