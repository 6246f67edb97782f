"""What programs send to decide: the shapes of a decision and of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from kbsite.api.fields import Address, Cell, Cells, Flag, Key, PaperIdRef, SlugRef, Text
from kbsite.api.serializers import CodeLinkSerializer
from kbsite.filters import FIRST_YEAR, LAST_YEAR
from papers import arranging, inbulk
from papers.following import TRANSLATED_FIELDS
from papers.models import Decision, Paper, PaperList
from papers.queue import ORDERS, RELEVANCE


class RowSerializer(serializers.Serializer[Any]):
    """The row of an entry in one language. What is not given is prefilled from what is known of the paper."""

    title = Cell(required=False, max_length=2000)
    link = Address(required=False)
    nickname = Cell(required=False, allow_blank=True, max_length=200)
    authors = Cell(required=False, allow_blank=True, max_length=5000, help_text="As the list writes them")
    venue = Cell(required=False, allow_blank=True, max_length=500)
    date = Cell(required=False, allow_blank=True, max_length=100, help_text="Where the venue does not say it")
    tags = serializers.ListField(child=Cell(max_length=200), required=False, max_length=50)
    code = CodeLinkSerializer(many=True, required=False)
    tldr = Cell(required=False, allow_blank=True, max_length=5000)
    extra = Cells(required=False, help_text="Further columns by their header")


class NarrowingSerializer(serializers.Serializer[Any]):
    """Which part of a review queue somebody wants; all of it where nothing is given."""

    q = Text(required=False, max_length=300, help_text="Words of the title or abstract, an identifier or a link")
    subject = Text(required=False, max_length=40, help_text="An arXiv subject, as cs.CL")
    author = Text(required=False, max_length=200, help_text="An author's whole name")
    year = serializers.IntegerField(required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR)
    since = serializers.DateField(required=False, help_text="Published on this day or later")
    until = serializers.DateField(required=False, help_text="Published on this day or earlier")
    source: Any = Text(required=False, max_length=32, help_text="A source that tells of it")
    code = Flag(required=False, help_text="Whether its code is known")
    relevance_min = serializers.FloatField(required=False, min_value=0, max_value=1)
    relevance_max = serializers.FloatField(required=False, min_value=0, max_value=1)


def words(value: Mapping[str, Any]) -> dict[str, str]:
    """Return what a NarrowingSerializer has read in the words of an address."""
    said = {name: value[name] for name in map(str, NarrowingSerializer().fields) if name in value}
    return {name: str(each).lower() if isinstance(each, bool) else str(each) for name, each in said.items()}


class NextRequestSerializer(NarrowingSerializer):
    """Whose turn it is: the first paper of a queue that nobody else holds."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    category = Key(required=False, max_length=80, help_text="Key of the suggested category; all if not given")
    order = serializers.ChoiceField(choices=ORDERS, required=False, default=RELEVANCE)
    but = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        required=False,
        default=[],
        max_length=100,
        help_text="Ids of papers that you have already; what you hold of them, you go on holding",
    )


class CriterionRequestSerializer(serializers.Serializer[Any]):
    """What belongs into a category, in the curators' own words."""

    criterion = Text(allow_blank=True, max_length=5000, help_text="Empty: as the README defines it")


class DecisionRequestSerializer(serializers.Serializer[Any]):
    """What a curator decides of a paper for a list."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    paper = PaperIdRef(queryset=Paper.objects.all())
    kind = serializers.ChoiceField(
        choices=[choice for choice in Decision.Kind.choices if choice[0] != Decision.Kind.UNDO]
    )
    category = Key(required=False, max_length=80, help_text="Of `accept`: the category's key")
    rows = serializers.DictField(
        child=RowSerializer(),
        required=False,
        help_text="Of `accept`: the entry's row by language; prefilled where nothing is given",
    )
    reason = serializers.ChoiceField(
        choices=Decision.Reason.choices, required=False, allow_blank=True, help_text="Of `reject`"
    )
    note = Text(required=False, allow_blank=True, max_length=5000, default="")
    until = serializers.DateField(
        required=False, allow_null=True, help_text="Of `defer`: the day when it comes back; null: with a newer version"
    )
    duplicate_of = PaperIdRef(queryset=Paper.objects.all(), required=False, help_text="Of `duplicate`")
    key = serializers.UUIDField(
        required=False, help_text="Yours, another one for each decision: sent again under it, it is taken once"
    )
    settles = Flag(required=False, default=False, help_text="Of two opinions that differ, this is the last word")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _fitting(attrs)


class BulkRequestSerializer(serializers.Serializer[Any]):
    """What a curator decides of many papers at once."""

    papers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=inbulk.MOST,
        help_text="Their ids",
    )
    kind = serializers.ChoiceField(choices=[Decision.Kind.ACCEPT, Decision.Kind.REJECT, Decision.Kind.DEFER])
    category = Key(required=False, max_length=80, help_text="Of `accept`: the category's key; rows are prefilled")
    reason = serializers.ChoiceField(
        choices=Decision.Reason.choices, required=False, allow_blank=True, help_text="Of `reject`"
    )
    note = Text(required=False, allow_blank=True, max_length=5000, default="")
    until = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="Of `defer`: the day when they come back; null: each with a newer version",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _fitting(attrs)


class EntryRequestSerializer(serializers.Serializer[Any]):
    """What is to change of an entry. What is not given stays as it is."""

    rows = serializers.DictField(
        child=RowSerializer(), required=False, default={}, help_text="By language; of each only what changes"
    )
    category = Key(required=False, max_length=80, help_text="Key of the category that it moves to")


class PlaceRequestSerializer(serializers.Serializer[Any]):
    """Where a paper that a list holds is to stand as well."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    paper = PaperIdRef(queryset=Paper.objects.all())
    category = Key(max_length=80, help_text="Key of the category that it stands in, too")
    rows = serializers.DictField(
        child=RowSerializer(),
        required=False,
        default={},
        help_text="By language; what is not given is as in the entry that the list has of it",
    )


class MoveRequestSerializer(serializers.Serializer[Any]):
    """Which entries of a list go into another category."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    entries = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=arranging.MOST,
        help_text="Their ids",
    )
    category = Key(max_length=80, help_text="Key of the category")


class TranslationRequestSerializer(serializers.Serializer[Any]):
    """What of a translation is right as it stands."""

    language = Text(max_length=16)
    fields = serializers.ListField(  # type: ignore[assignment]
        child=serializers.ChoiceField(choices=TRANSLATED_FIELDS), required=False, help_text="All if not given"
    )


class ReorderRequestSerializer(serializers.Serializer[Any]):
    """Where an entry is to stand in its category."""

    after = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, allow_null=True, help_text="Id of the entry above it; null: before all"
    )


_BELONGS = {
    "category": Decision.Kind.ACCEPT,
    "rows": Decision.Kind.ACCEPT,
    "reason": Decision.Kind.REJECT,
    "until": Decision.Kind.DEFER,
    "duplicate_of": Decision.Kind.DUPLICATE,
}
_NEEDS = {
    Decision.Kind.ACCEPT: "category",
    Decision.Kind.DEFER: "until",
    Decision.Kind.DUPLICATE: "duplicate_of",
}


def _fitting(attrs: dict[str, Any]) -> dict[str, Any]:
    """Return what was asked for where it belongs to its kind and lacks nothing; raise ValidationError otherwise."""
    kind = attrs["kind"]
    wrong = {
        name: [f"Only for a decision of the kind “{of}”."]
        for name, of in _BELONGS.items()
        if attrs.get(name) and of != kind
    }
    needed = _NEEDS.get(kind)
    if needed and attrs.get(needed, "") == "":  # `until` may be null
        wrong[needed] = [f"A decision of the kind “{kind}” needs this."]
    if wrong:
        raise serializers.ValidationError(wrong)
    return attrs
