"""What a paper's page shows beyond the paper itself: how it is cited, what is like it, what happened to it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer

from kbsite.api.serializers.papers import MergeSerializer, PaperRefSerializer, SourceRecordSerializer
from kbsite.api.serializers.reviews import DecisionSerializer
from papers import citing
from papers.models import EntryChange
from papers.relatives import Alike

# --- citing ---------------------------------------------------------------------------------------------------


class CitationsSerializer(serializers.Serializer[Any]):
    """A paper as it is cited."""

    bibtex = serializers.CharField(help_text="An entry")
    ris = serializers.CharField(help_text="A record, for Zotero, EndNote and Mendeley")
    apa = serializers.CharField(help_text="A reference, as plain text")
    markdown = serializers.CharField(help_text="A row of a table: title, venue, tags, code, TL;DR")


class OneForm(BaseRenderer):
    """One of the forms of citing, as it stands in a file; `?format=` names it, or the Accept header."""

    charset = "utf-8"

    def render(self, data: Any, media_type: str | None = None, context: Any = None) -> bytes:
        return str(data[self.format]).encode()


# (status, media type) -> what it is, for the schema
CITED: dict[Any, Any] = {
    (200, JSONRenderer.media_type): CitationsSerializer,
    **{(200, form.content_type): OpenApiTypes.STR for form in citing.FORMS.values()},
}
RENDERERS: list[type[BaseRenderer]] = [
    JSONRenderer,
    *(
        type(f"{form.identifier.capitalize()}Form", (OneForm,), {"media_type": form.content_type, "format": name})
        for name, form in citing.FORMS.items()
    ),
]


# --- what is like it ------------------------------------------------------------------------------------------


class AlikeSerializer(serializers.Serializer[Any]):
    paper = PaperRefSerializer()
    similarity = serializers.FloatField(help_text="Cosine of the two vectors")


class RelativesSerializer(serializers.Serializer[Any]):
    """The papers nearest to one by the meaning of title and abstract, nearest first."""

    listed = serializers.SerializerMethodField(help_text="Those that stand in a list")
    others = serializers.SerializerMethodField(help_text="Those that stand in none")

    @extend_schema_field(AlikeSerializer(many=True))
    def get_listed(self, found: Any) -> Any:
        return _alike(found.listed)

    @extend_schema_field(AlikeSerializer(many=True))
    def get_others(self, found: Any) -> Any:
        return _alike(found.others)


def _alike(found: Alike) -> Any:
    return AlikeSerializer([{"paper": paper, "similarity": each} for paper, each in found], many=True).data


# --- what happened to it --------------------------------------------------------------------------------------


class DifferenceSerializer(serializers.Serializer[Any]):
    language = serializers.CharField(help_text="Empty for what has none")
    field = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class EntryChangeSerializer(serializers.ModelSerializer[EntryChange]):
    """What was done to an entry."""

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    by = serializers.CharField(source="who", read_only=True)

    class Meta:
        model = EntryChange
        fields = ["list", "verb", "by", "act"]
        read_only_fields = fields


class EventSerializer(serializers.Serializer[Any]):
    """One thing that happened to a paper; of `record`, `decision`, `change` and `merge` one is told."""

    at = serializers.DateTimeField()
    name = serializers.ChoiceField(choices=["told", "told anew", "decision", "entry", "merge"])
    undone = serializers.BooleanField(source="is_undone")
    record = SourceRecordSerializer(allow_null=True)
    decision = DecisionSerializer(allow_null=True)
    change = EntryChangeSerializer(allow_null=True)
    merge = MergeSerializer(allow_null=True)
    differences = DifferenceSerializer(many=True, help_text="What the change altered")
