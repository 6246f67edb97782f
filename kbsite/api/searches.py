"""Saved searches of the person who asks: with what is new in each, their papers and their feeds."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite.access import Action
from kbsite.api.base import Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.fields import Cell, Text
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.papers import PaperSerializer
from kbsite.filters import PaperFilters
from kbsite.readers import found_by, name_of, new_in, query_of
from papers import savedsearches
from papers.models import Paper, SavedSearch


class SavedSearchListSerializer(serializers.ListSerializer[Any]):
    """Searches with what is new in each, counted together."""

    def to_representation(self, data: Any) -> Any:
        searches = list(data)
        child: Any = self.child
        child.new = new_in(searches)
        return super().to_representation(searches)


class SavedSearchSerializer(serializers.ModelSerializer[SavedSearch]):
    new: dict[int, int] | None = None

    new_papers = serializers.SerializerMethodField(help_text="How many came since you looked")
    feed = serializers.SerializerMethodField(help_text="Address of its feed (Atom), which opens without a token")

    class Meta:
        model = SavedSearch
        list_serializer_class = SavedSearchListSerializer
        fields = ["id", "name", "query", "new_papers", "feed", "made_at", "looked_at"]
        read_only_fields = fields

    def get_new_papers(self, search: SavedSearch) -> int:
        return (new_in([search]) if self.new is None else self.new)[search.pk]

    def get_feed(self, search: SavedSearch) -> str:
        address: str = reverse("search-feed", [search.secret], request=self.context["request"])
        return address


class NewSearchSerializer(serializers.Serializer[Any]):
    """A search to be saved."""

    query = Text(max_length=2000, help_text="As the address of the papers page says it: `q=cache&status=listed`")
    name = Cell(required=False, max_length=savedsearches.LONGEST_NAME, help_text="By its words if not given")


class SearchNameSerializer(serializers.Serializer[Any]):
    """Another name for a search."""

    name = Cell(max_length=savedsearches.LONGEST_NAME)


@extend_schema_view(
    list=reads("Your saved searches", SavedSearchSerializer(many=True), 400, 403),
    retrieve=reads("A saved search", SavedSearchSerializer, 403, 404),
)
class SavedSearchViewSet(Resource[SavedSearch]):
    """What one searches for again and again. Nobody sees another one's."""

    serializer_class = SavedSearchSerializer
    lookup_value_converter = "int"
    queryset = SavedSearch.objects.all()
    needs = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "destroy", "papers", "looked", "renew_feed"),
        Action.KEEP_READING,
    )

    def get_queryset(self) -> Any:
        return savedsearches.of(person(self.request)).select_related("user")

    @writes("Save a search", {200: SavedSearchSerializer, 201: SavedSearchSerializer}, 409, request=NewSearchSerializer)
    def create(self, request: Request) -> Response:
        """One that you keep already is answered as it is (200)."""
        asked = NewSearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = QueryDict(asked.validated_data["query"].removeprefix("?"))
        filters = PaperFilters(given, queryset=Paper.objects.all(), request=request)
        unknown = sorted(set(given) - set(filters.base_filters))
        wrong = dict(filters.errors) | {name: ["There is no such word."] for name in unknown}
        if wrong:
            told = [f"{name}: {' '.join(map(str, errors))}" for name, errors in wrong.items()]
            raise ValidationError({"query": told})
        name = asked.validated_data.get("name") or name_of(filters)
        try:
            search, is_new = savedsearches.save(person(request), query_of(filters), name)
        except (savedsearches.SaysNothing, savedsearches.TooLong) as problem:
            raise ValidationError({"query": [str(problem)]}) from None
        except savedsearches.TooMany as problem:
            raise Conflict(str(problem), "not-saved") from None
        where = reverse("api:search-detail", [search.pk], request=request)
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return Response(self.get_serializer(search).data, status, headers={"Location": where})

    @writes("Rename a search", {200: SavedSearchSerializer}, 404, request=SearchNameSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        search = self.get_object()
        asked = SearchNameSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(self.get_serializer(savedsearches.rename(search, asked.validated_data["name"])).data)

    @writes("Delete a search", {204: None}, 404, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        """Its feed goes with it."""
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)

    @reads("The papers that a search finds", PaperSerializer(many=True), 400, 403, 404, filters=False)
    @action(detail=True)
    def papers(self, request: Request, pk: int) -> Response:
        """Those that came last first. Asking this way does not count as looking."""
        found = found_by(self.get_object()).for_pages().with_reviews().with_hanging("merges", "source_records")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(PaperSerializer(page, many=True).data)

    @writes("Note that you looked at a search", {204: None}, 404, request=None)
    @action(detail=True, methods=["post"])
    def looked(self, request: Request, pk: int) -> Response:
        """What comes from now on is new."""
        savedsearches.looked(self.get_object())
        return Response(status=HTTPStatus.NO_CONTENT)

    @writes("Give a feed a new address", {200: SavedSearchSerializer}, 404, request=None)
    @action(detail=True, methods=["post"], url_path="renew-feed")
    def renew_feed(self, request: Request, pk: int) -> Response:
        """The old one opens nothing any more."""
        return Response(self.get_serializer(savedsearches.renew(self.get_object())).data)
