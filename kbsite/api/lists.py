"""Lists with their categories and documents, what an export gives, and what it would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import curation
from kbsite.access import ALL, Action, demand
from kbsite.api import adding
from kbsite.api.adding import AddedSerializer, AddRequestSerializer, TakesProposalsSerializer
from kbsite.api.base import AnyForm, Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.filters import CategoryFilters
from kbsite.api.newlists import NewListSerializer
from kbsite.api.opinions import SecondOpinionSerializer
from kbsite.api.requests import BulkRequestSerializer, CriterionRequestSerializer
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.lists import CategorySerializer, DiffSerializer, PaperListSerializer
from kbsite.api.serializers.reviews import BulkSerializer
from papers import inbulk, listsettings, newlist
from papers.export import FORMATS, NoSuchDocument
from papers.models import Category, CategoryText, Decision, Document, PaperList
from papers.readme import exporter

FORM = OpenApiParameter("form", str, OpenApiParameter.PATH, enum=list(FORMATS))
LANGUAGE = OpenApiParameter("language", str, OpenApiParameter.PATH, description="`en`, `zh`, …")

# The README itself, megabytes perhaps, is read by exports only.
_TEXTS = Prefetch("texts", CategoryText.objects.select_related("document").defer("document__source"))


@extend_schema_view(
    list=reads("Lists", PaperListSerializer(many=True), 400),
    retrieve=reads("A list", PaperListSerializer, 404),
)
class PaperListViewSet(Resource[PaperList]):
    """Awesome lists: a README per language, its categories, its topics."""

    serializer_class = PaperListSerializer
    lookup_field = "slug"
    needs = {
        "create": Action.MAKE_LISTS,
        "add": Action.DECIDE,
        "takes_proposals": Action.DECIDE,
        "bulk": Action.DECIDE,
        "second_opinion": Action.SET_UP,
    }
    lookup_value_converter = "slug"
    queryset = PaperList.objects.order_by("slug").prefetch_related(
        Prefetch("documents", Document.objects.defer("source")),
        Prefetch("categories", Category.objects.select_related("list").prefetch_related(_TEXTS)),
    )

    @writes(
        "Make a list",
        {201: PaperListSerializer},
        409,
        request=NewListSerializer,
        examples=[
            OpenApiExample(
                "A list in two languages",
                value={
                    "name": "Awesome Caches",
                    "languages": [{"code": "en"}, {"code": "zh"}],
                    "categories": [{"words": {"en": {"name": "Eviction"}, "zh": {"name": "淘汰"}}}],
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """From a few words, with a README in each language: whole or not at all. What is left empty is proposed."""
        demand(request.user, Action.MAKE_LISTS, ALL)
        asked = NewListSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user = person(request)
        try:
            made = newlist.create(asked.validated_data["new"], user)
        except newlist.ListExists as error:
            raise Conflict("There is a list of this slug already.", "list-exists") from error
        where = reverse("api:list-detail", [made.slug], request=request)
        shown = self.get_serializer(self.get_queryset().get(pk=made.pk)).data
        return Response(shown, status.HTTP_201_CREATED, headers={"Location": where})

    @reads(
        "A list as a file",
        {
            (200, "text/markdown"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/x-bibtex"): OpenApiTypes.STR,
            (200, "application/x-research-info-systems"): OpenApiTypes.STR,
        },
        404,
        parameters=[LANGUAGE, FORM],
    )
    @action(
        detail=True,
        url_path="export/<slug:language>/<slug:form>",
        url_name="export",
        content_negotiation_class=AnyForm,
    )
    def export(self, request: Request, slug: str, language: str, form: str) -> HttpResponse:
        """The same bytes as `manage.py export_list`: `markdown` is the README, unchanged where nobody changed it."""
        paper_list = PaperList.objects.filter(slug=slug).first()
        if paper_list is None or form not in FORMATS:
            raise Http404
        try:
            exported = FORMATS[form].render(paper_list, language)
        except NoSuchDocument:
            raise Http404 from None
        headers = {"Content-Disposition": content_disposition_header(True, exported.file_name) or "attachment"}
        return HttpResponse(exported.content, content_type=exported.content_type, headers=headers)

    @writes(
        "Add papers by hand",
        {200: AddedSerializer},
        404,
        request=AddRequestSerializer,
        examples=[
            OpenApiExample(
                "What two lines would do",
                value={"text": "https://arxiv.org/abs/2407.12345\n2402.02750", "dry_run": True},
                request_only=True,
            )
        ],
        description="As pasted into the page: each line is told of by itself, and all that can be added is added at "
        "once, or nothing when something fails. With `dry_run` it is only told what each line would do.",
    )
    @action(detail=True, methods=["post"], url_path="add", url_name="add")
    def add(self, request: Request, slug: str) -> Response:
        asked = AddRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(AddedSerializer(adding.add(self.get_object(), request.user, asked.validated_data)).data)

    @writes("Open or close the form by which authors propose papers", {200: TakesProposalsSerializer}, 404)
    @action(
        detail=True,
        methods=["post"],
        url_path="takes-proposals",
        url_name="takes-proposals",
        serializer_class=TakesProposalsSerializer,
    )
    def takes_proposals(self, request: Request, slug: str) -> Response:
        asked = TakesProposalsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        is_wanted = asked.validated_data["takes_proposals"]
        listsettings.take_proposals(self.get_object(), is_wanted, person(request))
        return Response(asked.validated_data)

    @writes("Say whether a paper wants the same word of two curators", {200: SecondOpinionSerializer}, 404)
    @action(
        detail=True,
        methods=["post"],
        url_path="second-opinion",
        url_name="second-opinion",
        serializer_class=SecondOpinionSerializer,
    )
    def second_opinion(self, request: Request, slug: str) -> Response:
        asked = SecondOpinionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user = person(request)
        listsettings.want_second_opinion(self.get_object(), asked.validated_data["second_opinion"], user)
        return Response(asked.validated_data)

    @writes("Decide on many papers", {200: BulkSerializer}, 404, request=BulkRequestSerializer)
    @action(detail=True, methods=["post"])
    def bulk(self, request: Request, slug: str) -> Response:
        """Accept, reject or defer up to 1,000 papers as one act, which is undone as one.

        The answer says of each paper whether it was decided on or why not; the others are decided on all the same.
        """
        paper_list = self.get_object()
        asked = BulkRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user = person(request)
        return Response(BulkSerializer(_in_bulk(paper_list, user, **asked.validated_data)).data)

    @reads("What an export would change in a README", DiffSerializer, 404, parameters=[LANGUAGE])
    @action(detail=True, url_path="diff/<slug:language>", url_name="diff")
    def diff(self, request: Request, slug: str, language: str) -> Response:
        """A unified diff from the README as it was imported to the one that an export gives now."""
        document = _document(slug, language)
        return Response(
            DiffSerializer(
                {
                    "list": slug,
                    "language": document.language,
                    "path": document.path,
                    "changed_lines": exporter.changed_lines(document),
                    "diff": exporter.diff(document),
                }
            ).data
        )


@extend_schema_view(
    list=reads("Categories", CategorySerializer(many=True), 400),
    retrieve=reads("A category", CategorySerializer, 404),
)
class CategoryViewSet(Resource[Category]):
    """Sections of a list that hold entries."""

    serializer_class = CategorySerializer
    lookup_value_converter = "int"
    filterset_class = CategoryFilters
    needs = {"partial_update": Action.DECIDE}
    queryset = Category.objects.select_related("list").prefetch_related(_TEXTS).order_by("list_id", "position")

    @writes("Say what belongs into a category", {200: CategorySerializer}, 404, request=CriterionRequestSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """In the curators' own words, shown beside every card; the README stays as it is."""
        asked = CriterionRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        category = self.get_object()
        user = person(request)
        listsettings.say_criterion(category, asked.validated_data["criterion"], user)
        return Response(self.get_serializer(category).data)


def _in_bulk(
    paper_list: PaperList,
    user: Any,
    *,
    papers: Sequence[int],
    kind: str,
    note: str,
    category: str = "",
    reason: str = "",
    until: Any = None,
) -> inbulk.Done:
    """Call the verb of this kind. What the verb refuses is an error of the field it is about."""
    if kind == Decision.Kind.REJECT:
        return curation.reject_all(paper_list, papers, user, reason, note)
    field = "until" if kind == Decision.Kind.DEFER else "category"
    try:
        if kind == Decision.Kind.DEFER:
            return curation.defer_all(paper_list, papers, user, until, note)
        chosen = Category.objects.filter(list=paper_list, key=category).first()
        if chosen is None:
            raise ValueError(f"{paper_list} has no category “{category}”.")
        return curation.accept_all(chosen, papers, user, note)
    except ValueError as error:
        raise ValidationError({field: [str(error)]}) from error


def _document(slug: str, language: str) -> Document:
    document = Document.objects.filter(list__slug=slug, language=language[:17]).first()
    if document is None:
        raise Http404
    return document
