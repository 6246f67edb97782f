"""Entries: one paper in one category of one list, with its row in every language."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import curation
from kbsite.access import Action, demand, place_of
from kbsite.api import rows
from kbsite.api.base import Resource, kept, person
from kbsite.api.errors import Conflict
from kbsite.api.filters import EntryFilters
from kbsite.api.requests import (
    EntryRequestSerializer,
    MoveRequestSerializer,
    PlaceRequestSerializer,
    ReorderRequestSerializer,
    TranslationRequestSerializer,
)
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.lists import ChangedEntrySerializer, EntrySerializer, MovedSerializer
from papers import acts, arranging, entries
from papers.models import Act, Category, Entry, EntryText, PaperList

_EDIT = OpenApiExample(
    "Another TL;DR, and another section",
    value={"rows": {"en": {"tldr": "Keeps what is read most."}}, "category": "eviction"},
    request_only=True,
)


@extend_schema_view(
    list=reads("Entries", EntrySerializer(many=True), 400),
    retrieve=reads("An entry", EntrySerializer, 404),
)
class EntryViewSet(Resource[Entry]):
    """What the lists hold, oldest first."""

    serializer_class = EntrySerializer
    lookup_value_converter = "int"
    filterset_class = EntryFilters
    needs = {
        "create": Action.EDIT,
        "partial_update": Action.EDIT,
        "destroy": Action.EDIT,
        "reorder": Action.EDIT,
        "move": Action.EDIT,
        "confirm": Action.TRANSLATE,
    }
    queryset = (
        Entry.objects.select_related("category__list", "paper")
        .prefetch_related(
            "paper__identifiers",
            Prefetch("texts", EntryText.objects.select_related("document").defer("document__source")),
        )
        .order_by("id")
    )

    @writes("Place a paper in a second category", {201: ChangedEntrySerializer}, 409, request=PlaceRequestSerializer)
    def create(self, request: Request) -> Response:
        """A paper that the list holds stands in this category as well, with the same rows but for what is given.

        A paper that the list does not hold comes in by a decision.
        """
        asked = PlaceRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        paper_list, paper = asked.validated_data["list"], asked.validated_data["paper"]
        demand(request.user, Action.EDIT, place_of(paper_list))
        first = self.get_queryset().filter(category__list=paper_list, paper=paper).first()
        if first is None:
            raise ValidationError({"paper": [f"{paper_list} does not hold it: accept it by a decision."]})
        category = _category(paper_list, asked.validated_data["category"])
        given = rows.of_entry(first, category, asked.validated_data["rows"])
        try:
            with acts.act(paper_list, person(request), Act.Kind.ADD) as act:
                made = arranging.place_too(first, category, person(request), given)
        except entries.AlreadyListed as error:
            raise Conflict(str(error), "already-listed") from error
        where = reverse("api:entry-detail", [made.pk], request=request)
        return Response(self._changed(made, act), status.HTTP_201_CREATED, headers={"Location": where})

    @writes(
        "Edit an entry, or move it",
        {200: ChangedEntrySerializer},
        404,
        409,
        request=EntryRequestSerializer,
        examples=[_EDIT],
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        """What is the same in every language follows in all of them; all of it is undone as one act."""
        asked = EntryRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entry, user = self.get_object(), person(request)
        paper_list = entry.category.list
        category = _category(paper_list, asked.validated_data.get("category", entry.category.key))
        given = rows.of_entry(entry, category, asked.validated_data["rows"])
        try:
            with acts.act(paper_list, user, Act.Kind.EDIT if given else Act.Kind.MOVE) as act:
                entries.edit_rows(entry, given, user)
                if category.pk != entry.category_id:
                    entries.move(entry, category, user)
        except entries.AlreadyListed as error:
            raise Conflict(str(error), "already-listed") from error
        return Response(self._changed(entry, act))

    @writes("Take an entry out of its list", {204: None}, 404, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        """In every language, with the decision that brought it in; its history and its paper stay."""
        curation.take_out(self.get_object(), person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @writes("Reorder an entry", {200: ChangedEntrySerializer}, 404, request=ReorderRequestSerializer)
    @action(detail=True, methods=["post"])
    def reorder(self, request: Request, pk: int) -> Response:
        """Put it behind another one of its category, or before all of them, in every language that has both."""
        asked = ReorderRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entry, wanted = self.get_object(), asked.validated_data["after"]
        after = Entry.objects.filter(pk=wanted, category=entry.category_id).exclude(pk=entry.pk).first()
        if wanted is not None and after is None:
            raise ValidationError({"after": ["This is no other entry of its category."]})
        with acts.act(entry.category.list, person(request), Act.Kind.REORDER) as act:
            entries.reorder(entry, after, person(request))
        return Response(self._changed(entry, act))

    @writes("Move many entries", {200: MovedSerializer}, request=MoveRequestSerializer)
    @action(detail=False, methods=["post"])
    def move(self, request: Request) -> Response:
        """Into another category of their list, as one act, which is undone as one."""
        asked = MoveRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        paper_list, wanted = asked.validated_data["list"], asked.validated_data["entries"]
        demand(request.user, Action.EDIT, place_of(paper_list))
        chosen = list(self.get_queryset().filter(category__list=paper_list, pk__in=wanted))
        if unknown := sorted(set(wanted) - {entry.pk for entry in chosen}):
            raise ValidationError({"entries": [f"{paper_list} has no entry {number}." for number in unknown]})
        category = _category(paper_list, asked.validated_data["category"])
        with acts.act(paper_list, person(request), Act.Kind.MOVE) as act:
            moved = {entry.pk for entry in arranging.move_all(chosen, category, person(request))}
        answer = {
            "moved": sorted(moved),
            "left": sorted({entry.pk for entry in chosen} - moved),
            "act": kept(act),
        }
        return Response(MovedSerializer(answer).data)

    @writes("Confirm a translation", {200: ChangedEntrySerializer}, 404, request=TranslationRequestSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """What was flagged as untranslated or stale there is right as it stands."""
        asked = TranslationRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entry, language = self.get_object(), asked.validated_data["language"]
        texts = EntryText.objects.select_related("document__list", "entry__paper").filter(entry=entry)
        text = texts.filter(document__language=language).first()
        if text is None:
            raise ValidationError({"language": ["The entry has no row in this language."]})
        with acts.act(entry.category.list, person(request), Act.Kind.CONFIRM) as act:
            entries.confirm(text, asked.validated_data.get("fields", entries.TRANSLATED_FIELDS), person(request))
        return Response(self._changed(entry, act))

    def _changed(self, entry: Entry, act: Act) -> dict[str, Any]:
        shown = self.get_queryset().get(pk=entry.pk)
        shown.act = kept(act)  # type: ignore[attr-defined]
        return dict(ChangedEntrySerializer(shown, context=self.get_serializer_context()).data)


def _category(paper_list: PaperList, key: str) -> Category:
    category = Category.objects.filter(list=paper_list, key=key).select_related("list").first()
    if category is None:
        raise ValidationError({"category": [f"{paper_list} has no category “{key}”."]})
    return category
