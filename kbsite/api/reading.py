"""The reading list of the person who asks, and what they have seen."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import django_filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite.access import Action
from kbsite.api.aboutpaper import OneForm
from kbsite.api.base import Resource, person
from kbsite.api.fields import Flag, PaperIdRef, Text
from kbsite.api.filters import Filters, IdFilter
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.papers import PaperRefSerializer
from papers import reading, seen
from papers.export import readinglist
from papers.models import Paper, Reading, Seen

MOST_TICKED = 1000  # papers in one request

# --- the list ---------------------------------------------------------------------------------------------------


class ReadingFilters(Filters):
    state = django_filters.ChoiceFilter(choices=Reading.State.choices)
    paper = IdFilter(field_name="paper", label="Id of a paper")

    class Meta:
        model = Reading
        fields: tuple[str, ...] = ()


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    paper = PaperRefSerializer(read_only=True)

    class Meta:
        model = Reading
        fields = ["id", "paper", "state", "note", "added_at", "changed_at"]
        read_only_fields = fields


class NewReadingSerializer(serializers.Serializer[Any]):
    """A paper for the list, and what is noted of it."""

    paper = PaperIdRef(queryset=Paper.objects.all())
    state = serializers.ChoiceField(choices=Reading.State.choices, required=False)
    note = Text(required=False, allow_blank=True, max_length=reading.LONGEST_NOTE, help_text="Plain text")


class ReadingChangeSerializer(serializers.Serializer[Any]):
    """What is to be noted of a paper of the list. What is not given stays as it is."""

    state = serializers.ChoiceField(choices=Reading.State.choices, required=False)
    note = Text(required=False, allow_blank=True, max_length=reading.LONGEST_NOTE, help_text="Plain text")


class ReadingListSerializer(serializers.Serializer[Any]):
    """The whole list in each form."""

    bibtex = serializers.CharField()
    csv = serializers.CharField()
    markdown = serializers.CharField()


EXPORTED: dict[Any, Any] = {
    (200, JSONRenderer.media_type): ReadingListSerializer,
    **{(200, form.content_type): OpenApiTypes.STR for form in readinglist.FORMS.values()},
}
RENDERERS: list[type[BaseRenderer]] = [
    JSONRenderer,
    *(
        type(f"{name.capitalize()}ReadingList", (OneForm,), {"media_type": form.content_type, "format": name})
        for name, form in readinglist.FORMS.items()
    ),
]


@extend_schema_view(
    list=reads("Your reading list", ReadingSerializer(many=True), 400, 403),
    retrieve=reads("A paper of your reading list", ReadingSerializer, 403, 404),
)
class ReadingViewSet(Resource[Reading]):
    """What one wants to read, reads, or has read. Nobody sees another one's."""

    serializer_class = ReadingSerializer
    lookup_value_converter = "int"
    filterset_class = ReadingFilters
    queryset = Reading.objects.all()
    needs = dict.fromkeys(("list", "retrieve", "create", "partial_update", "destroy", "export"), Action.KEEP_READING)

    def get_queryset(self) -> Any:
        return reading.of(person(self.request)).prefetch_related("paper__identifiers")

    @writes("Put a paper on your reading list", {201: ReadingSerializer}, request=NewReadingSerializer)
    def create(self, request: Request) -> Response:
        """One that is on it already is changed as asked."""
        asked = NewReadingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        put = reading.put(person(request), given.pop("paper").pk, **given)
        where = reverse("api:reading-detail", [put.pk], request=request)
        return Response(self.get_serializer(put).data, HTTPStatus.CREATED, headers={"Location": where})

    @writes("Change a paper’s state or note", {200: ReadingSerializer}, 404, request=ReadingChangeSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        found = self.get_object()
        asked = ReadingChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(self.get_serializer(reading.put(found.user, found.paper_id, **asked.validated_data)).data)

    @writes("Take a paper off your reading list", {204: None}, 404, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        """Its note goes with it."""
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    @reads("Your reading list as a file", EXPORTED, 403, filters=False)
    @action(detail=False, renderer_classes=RENDERERS, pagination_class=None)
    def export(self, request: Request) -> Response:
        """All forms as JSON, or one of them as text: `?format=bibtex`, `csv`, `markdown`."""
        papers = readinglist.kept(reading.of(person(request)))
        return Response({name: form.write(papers) for name, form in readinglist.FORMS.items()})


# --- what was seen ----------------------------------------------------------------------------------------------


class SeenPaperSerializer(serializers.ModelSerializer[Seen]):
    paper = PaperRefSerializer(read_only=True)

    class Meta:
        model = Seen
        fields = ["id", "paper", "at"]
        read_only_fields = fields


class TicksSerializer(serializers.Serializer[Any]):
    """Papers that count as seen from now on."""

    papers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MOST_TICKED,
        help_text="Their ids",
    )


class HowManySerializer(serializers.Serializer[Any]):
    """How many papers that was."""

    papers = serializers.IntegerField()


class RememberingSerializer(serializers.Serializer[Any]):
    """Whether papers that you open count as seen."""

    remembers_seen = Flag()


@extend_schema_view(
    list=reads("Papers that you have seen", SeenPaperSerializer(many=True), 400, 403),
    retrieve=reads("A paper that you have seen", SeenPaperSerializer, 403, 404),
)
class SeenViewSet(Resource[Seen]):
    """What one opened, where that is remembered, or ticked as seen. Nobody sees another one's."""

    serializer_class = SeenPaperSerializer
    lookup_value_converter = "int"
    queryset = Seen.objects.all()
    needs = dict.fromkeys(
        ("list", "retrieve", "create", "destroy", "forget", "remembering", "remember"), Action.KEEP_READING
    )

    def get_queryset(self) -> Any:
        found = Seen.objects.filter(user=person(self.request).pk).select_related("paper")
        return found.prefetch_related("paper__identifiers")

    @writes("Tick papers as seen", {200: HowManySerializer}, request=TicksSerializer)
    def create(self, request: Request) -> Response:
        """Answers how many were not before."""
        asked = TicksSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response({"papers": seen.tick(person(request), asked.validated_data["papers"])})

    @writes("Tick a paper as not seen", {204: None}, 404, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    @writes("Forget all that you have seen", {200: HowManySerializer}, request=None)
    @action(detail=False, methods=["post"])
    def forget(self, request: Request) -> Response:
        return Response({"papers": seen.forget(person(request))})

    @reads("Whether papers that you open count as seen", RememberingSerializer, 403, filters=False)
    @action(detail=False, pagination_class=None)
    def remembering(self, request: Request) -> Response:
        return Response({"remembers_seen": seen.remembers(person(request))})

    @writes(
        "Let papers that you open count as seen, or no longer",
        {200: RememberingSerializer},
        request=RememberingSerializer,
    )
    @remembering.mapping.patch
    def remember(self, request: Request) -> Response:
        asked = RememberingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        seen.remember(person(request), asked.validated_data["remembers_seen"])
        return Response(asked.validated_data)
