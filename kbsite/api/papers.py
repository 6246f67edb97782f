"""Papers, and how they are found by what they are called elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.http import Http404
from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiResponse, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite.api.aboutpaper import CITED, RENDERERS, EventSerializer, RelativesSerializer
from kbsite.api.base import Resource
from kbsite.api.filters import TextFilter
from kbsite.api.schema import reads
from kbsite.api.serializers.papers import IdentifierQuerySerializer, PaperSerializer
from kbsite.browsing import FACETS, Browse
from kbsite.completions import completions
from kbsite.filters import SEARCH, PaperFilters
from papers import citing, identity, merging
from papers.models import Paper
from papers.paperhistory import events
from papers.records import Identifier
from papers.relatives import relatives

MOVED = OpenApiResponse(description="It turned out to be another paper, which is at Location")


class SearchFilters(PaperFilters):
    """The filters of the page, where `search` may also be called `q`."""

    search = TextFilter(method="together", max_length=300, label=SEARCH)
    q = TextFilter(method="together", max_length=300, label="The same, as the page calls it")

    @cached_property
    def value(self) -> dict[str, Any]:
        value = super().value
        return value | {"q": value["search"]} if "search" in value else value


class CompletionQuerySerializer(serializers.Serializer[Any]):
    q = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True, help_text="What is typed so far"
    )


class CompletionSerializer(serializers.Serializer[Any]):
    """A suggestion of the search box."""

    kind = serializers.CharField(help_text="paper, author or tag")
    text = serializers.CharField()
    address = serializers.CharField(help_text="Of the page that it leads to")


class FacetValueSerializer(serializers.Serializer[Any]):
    """A value of a facet."""

    value = serializers.CharField()
    count = serializers.IntegerField(help_text="Papers that it would leave, were no other value of its facet chosen")


class FacetSerializer(serializers.Serializer[Any]):
    """A facet with the values that papers have."""

    name = serializers.ChoiceField(choices=FACETS, help_text="As the filter is called")
    values = FacetValueSerializer(many=True)


@extend_schema_view(
    list=reads("Papers", PaperSerializer(many=True), 400),
    retrieve=reads("A paper", {200: PaperSerializer, 301: MOVED}, 404),
)
class PaperViewSet(Resource[Paper]):
    """Papers as their sources tell them, with identifiers, facts, and where they are listed."""

    serializer_class = PaperSerializer
    lookup_value_converter = "int"
    filterset_class = SearchFilters
    queryset = Paper.objects.for_pages().with_reviews().with_hanging("merges", "source_records").newest()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """An old paper that turned out to be another one leads to it."""
        return self._of(request, lambda paper: self.get_serializer(paper).data)

    @reads("What is like a paper", {200: RelativesSerializer, 301: MOVED}, 404)
    @action(detail=True)
    def related(self, request: Request, pk: int) -> Response:
        """Those that stand in a list and those that stand in none, each by meaning; none while it has no vector."""
        return self._of(request, lambda paper: RelativesSerializer(relatives(paper)).data)

    @reads("How a paper is cited", CITED | {301: MOVED}, 404)
    @action(detail=True, renderer_classes=RENDERERS)
    def cite(self, request: Request, pk: int) -> Response:
        """All forms as JSON, or one of them as text: `?format=bibtex`, `ris`, `apa`, `markdown`."""
        return self._of(
            request,
            lambda paper: {form.identifier: written for form, written in citing.cite(paper, citing.row_of(paper))},
        )

    @reads("What happened to a paper", {200: EventSerializer(many=True), 301: MOVED}, 404, filters=False)
    @action(detail=True, pagination_class=None)
    def history(self, request: Request, pk: int) -> Response:
        """The newest first: sources that told of it, decisions, changes of its entries, merges."""
        return self._of(request, lambda paper: EventSerializer(events(paper), many=True).data)

    def _of(self, request: Request, told: Callable[[Paper], Any]) -> Response:
        """Answer of the paper that the address names; of an old one, lead to what it turned out to be."""
        try:
            return Response(told(self.get_object()))
        except Http404:
            now = merging.current(self.kwargs["pk"])
            if now is None:
                raise
            where = reverse(
                f"api:paper-{'detail' if self.action == 'retrieve' else self.action}", [now], request=request
            )
            return Response(status=status.HTTP_301_MOVED_PERMANENTLY, headers={"Location": where})

    @reads("How many papers each value of a facet would leave", FacetSerializer(many=True), 400)
    @action(detail=False, pagination_class=None)
    def facets(self, request: Request) -> Response:
        """Among the papers that these filters find. Authors are counted among 2,000 papers at most."""
        filters = SearchFilters(request.query_params, queryset=Paper.objects.all(), request=request)
        if filters.errors:
            raise translate_validation(filters.errors)
        browse = Browse(filters)
        counted = [{"name": name, "values": [_value(*each) for each in browse.counts(name).items()]} for name in FACETS]
        return Response(FacetSerializer([facet for facet in counted if facet["values"]], many=True).data)

    @reads(
        "What the search box suggests",
        CompletionSerializer(many=True),
        400,
        parameters=[CompletionQuerySerializer],
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def complete(self, request: Request) -> Response:
        """Titles, authors and tags that go on from the text; none for an identifier or a search with operators."""
        asked = CompletionQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(CompletionSerializer(completions(asked.validated_data["q"]), many=True).data)

    @reads(
        "The paper of an identifier or a link",
        PaperSerializer,
        400,
        404,
        parameters=[IdentifierQuerySerializer],
        filters=False,
    )
    @action(detail=False, url_path="by-identifier", pagination_class=None)
    def by_identifier(self, request: Request) -> Response:
        """Takes any form: `2310.05736v2`, `arXiv:2310.05736`, a PDF's address, a DOI, an ACL or OpenReview id."""
        asked = IdentifierQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        value, scheme = asked.validated_data["value"], asked.validated_data.get("scheme")
        identifier = identity.identify(value)
        if scheme and (identifier is None or identifier.scheme != scheme):
            identifier = Identifier(scheme, value)
        if identifier is None:
            raise NotFound("This value names no paper: give an identifier or a link.")
        named = self.get_queryset().filter(identifiers__scheme=identifier[0], identifiers__value=identifier[1])
        paper = named.first()
        if paper is None:
            raise NotFound(f"No paper here is called {':'.join(identifier)}.")
        return Response(self.get_serializer(paper).data)


def _value(value: str, count: int) -> dict[str, Any]:
    return {"value": value, "count": count}
