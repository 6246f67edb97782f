"""Saved views of review queues: listed with what waits in each, made, changed and deleted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite.access import ALL, Action, demand, place_of, places
from kbsite.api.base import Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.fields import Cell, Flag, Key, SlugRef
from kbsite.api.filters import Filters, ListFilter
from kbsite.api.requests import NarrowingSerializer, words
from kbsite.api.schema import reads, writes
from kbsite.narrowing import waiting_in
from papers import savedviews
from papers.models import PaperList, SavedView
from papers.queue import ORDERS


class SavedViewFilters(Filters):
    list = ListFilter(label="Slug of a list")

    class Meta:
        model = SavedView
        fields: tuple[str, ...] = ()


class SavedViewListSerializer(serializers.ListSerializer[Any]):
    """Views with what waits in each, counted together."""

    def to_representation(self, data: Any) -> Any:
        views = list(data)
        child: Any = self.child
        child.waiting = waiting_in(views)
        return super().to_representation(views)


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    waiting: dict[int, int] | None = None

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    user: Any = serializers.SlugRelatedField(slug_field="username", read_only=True, help_text="Who saved it")
    words = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="What the address of the queue says"
    )
    papers = serializers.SerializerMethodField(help_text="How many papers wait in it")

    class Meta:
        model = SavedView
        list_serializer_class = SavedViewListSerializer
        fields = ["id", "list", "user", "name", "is_shared", "words", "papers"]
        read_only_fields = fields

    def get_papers(self, view: SavedView) -> int:
        return (waiting_in([view]) if self.waiting is None else self.waiting)[view.pk]


class QueueWordsSerializer(NarrowingSerializer):
    """How a queue is narrowed and ordered."""

    category = Key(required=False, max_length=80, help_text="Key of the suggested category; all if not given")
    order = serializers.ChoiceField(choices=ORDERS, required=False)


class NewViewSerializer(serializers.Serializer[Any]):
    """A view to be saved."""

    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all())
    name = Cell(max_length=80)
    words = QueueWordsSerializer()
    is_shared = Flag(required=False, default=False, help_text="With the list's other curators")


class ViewChangeSerializer(serializers.Serializer[Any]):
    """Another name for a view, and whether the list's other curators see it."""

    name = Cell(required=False, max_length=80)
    is_shared = Flag(required=False)


@extend_schema_view(
    list=reads("Saved views of the lists that you curate", SavedViewSerializer(many=True), 400, 403),
    retrieve=reads("A saved view", SavedViewSerializer, 403, 404),
)
class SavedViewViewSet(Resource[SavedView]):
    """Queues as curators narrowed and ordered them: one's own, and those that are shared."""

    serializer_class = SavedViewSerializer
    lookup_value_converter = "int"
    filterset_class = SavedViewFilters
    queryset = SavedView.objects.all()
    needs = dict.fromkeys(("list", "retrieve", "create", "partial_update", "destroy"), Action.DECIDE)

    def get_queryset(self) -> Any:
        user: Any = self.request.user
        found = savedviews.seen_by(user)
        where = places(user, Action.DECIDE)
        return found if self.action != "list" or ALL in where else found.filter(list__slug__in=where)

    @writes("Save a view", {201: SavedViewSerializer}, 409, request=NewViewSerializer)
    def create(self, request: Request) -> Response:
        asked = NewViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        demand(request.user, Action.DECIDE, place_of(given["list"]))
        queue = {name: given["words"][name] for name in ("category", "order") if name in given["words"]}
        user = person(request)
        try:
            saved = queue | words(given["words"])
            view = savedviews.save(given["list"], user, given["name"], saved, given["is_shared"])
        except (savedviews.NameTaken, savedviews.TooMany) as problem:
            raise Conflict(str(problem), "not-saved") from None
        where = reverse("api:view-detail", [view.pk], request=request)
        return Response(self.get_serializer(view).data, HTTPStatus.CREATED, headers={"Location": where})

    @writes("Rename or share a view", {200: SavedViewSerializer}, 404, 409, request=ViewChangeSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """What is shared is every curator's of the list."""
        view = self.get_object()
        asked = ViewChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            return Response(self.get_serializer(savedviews.change(view, **asked.validated_data)).data)
        except savedviews.NameTaken as problem:
            raise Conflict(str(problem), "not-saved") from None

    @writes("Delete a view", {204: None}, 404, request=None)
    def destroy(self, request: Request, pk: int) -> Response:
        self.get_object().delete()
        return Response(status=HTTPStatus.NO_CONTENT)
