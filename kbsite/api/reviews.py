"""What the classifier suggests and what curators decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import curation
from kbsite.access import Action, demand, place_of
from kbsite.api.base import Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.filters import DecisionFilters
from kbsite.api.requests import DecisionRequestSerializer, NextRequestSerializer, words
from kbsite.api.rows import without_column, written
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.reviews import DecisionSerializer, OpinionSerializer, SuggestionSerializer
from kbsite.narrowing import SuggestionFilters, narrowing_of
from papers import entries, review
from papers.models import Category, CategoryText, Decision, Document, Opinion, Paper, PaperList, Review, Suggestion
from papers.opinions import CannotSpeak
from papers.prefill import prefill
from papers.queue import Queue
from papers.readme.row import RowFields


@extend_schema_view(
    list=reads(
        "Suggestions, most relevant first: with `awaiting` the review queue", SuggestionSerializer(many=True), 400
    ),
    retrieve=reads("A suggestion", SuggestionSerializer, 404),
)
class SuggestionViewSet(Resource[Suggestion]):
    """What the classifier says of papers for lists. Changes nothing; only a decision does."""

    serializer_class = SuggestionSerializer
    lookup_value_converter = "int"
    filterset_class = SuggestionFilters
    needs = {"next": Action.DECIDE, "skip": Action.DECIDE}
    queryset = (
        Suggestion.objects.select_related("list", "category", "paper")
        .prefetch_related(
            "paper__identifiers",
            Prefetch("paper__reviews", Review.objects.select_related("list")),
            Prefetch("category__texts", CategoryText.objects.select_related("document").defer("document__source")),
        )
        .order_by("-relevance", "paper_id")
    )

    @writes("Take the next paper of the queue", {200: SuggestionSerializer, 204: None}, request=NextRequestSerializer)
    @action(detail=False, methods=["post"])
    def next(self, request: Request) -> Response:
        """Nobody else is given it for ten minutes, or until you decide or skip. 204: nothing waits for you."""
        asked = NextRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        value = asked.validated_data
        demand(request.user, Action.DECIDE, place_of(value["list"]))
        queue = Queue(
            value["list"], person(request), value.get("category", ""), value["order"], narrowing_of(words(value))
        )
        turn = queue.take_next(value["but"])
        if turn is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(self.get_serializer(self.get_queryset().get(pk=turn.pk)).data)

    @writes("Skip a paper of the queue", {204: None}, 404, request=None)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: int) -> Response:
        """Others may have it at once; to you it comes again when nothing else is left, or the next day."""
        suggestion = self.get_object()
        Queue(suggestion.list, person(request)).skip(suggestion.paper)
        return Response(status=status.HTTP_204_NO_CONTENT)


_EXAMPLES = [
    OpenApiExample(
        "Accept, the row prefilled",
        value={"list": "context-compression", "paper": 61, "kind": "accept", "category": "kv"},
        request_only=True,
    ),
    OpenApiExample(
        "Accept with a row of your own",
        value={
            "list": "context-compression",
            "paper": 61,
            "kind": "accept",
            "category": "kv",
            "rows": {
                "en": {
                    "venue": "ACL 2026",
                    "tags": ["KV eviction"],
                    "code": [{"label": "", "address": "https://github.com/someone/something"}],
                    "tldr": "Drops half of the cache without losing accuracy.",
                },
                "zh": {"tags": ["KV 淘汰"], "tldr": "在不损失精度的情况下丢弃一半缓存。"},
            },
        },
        request_only=True,
    ),
    OpenApiExample(
        "Reject",
        value={"list": "context-compression", "paper": 62, "kind": "reject", "reason": "off-topic"},
        request_only=True,
    ),
    OpenApiExample(
        "Defer",
        value={"list": "context-compression", "paper": 63, "kind": "defer", "until": "2027-01-15"},
        request_only=True,
    ),
    OpenApiExample(
        "Duplicate",
        value={"list": "context-compression", "paper": 64, "kind": "duplicate", "duplicate_of": 12},
        request_only=True,
    ),
]


@extend_schema_view(
    list=reads("Decisions, newest first", DecisionSerializer(many=True), 400),
    retrieve=reads("A decision", DecisionSerializer, 404),
)
class DecisionViewSet(Resource[Decision]):
    """What curators said: append-only. Taking one back is a decision too."""

    serializer_class = DecisionSerializer
    lookup_value_converter = "int"
    filterset_class = DecisionFilters
    needs = {"create": Action.DECIDE, "undo": Action.DECIDE}
    queryset = (
        Decision.objects.select_related("list", "category", "paper", "user", "undone_by")
        .prefetch_related("paper__identifiers")
        .order_by("-id")
    )

    @writes(
        "Decide",
        {201: DecisionSerializer, 202: OpinionSerializer},
        409,
        request=DecisionRequestSerializer,
        examples=_EXAMPLES,
        description="Accept, reject or defer a paper for a list, or say which one it duplicates. "
        "When another curator was first, the answer is 409 with that decision. In a list that wants two opinions the "
        "answer is 202 with yours while another curator’s is awaited, or differs.",
    )
    def create(self, request: Request) -> Response:
        asked = DecisionRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        demand(request.user, Action.DECIDE, place_of(asked.validated_data["list"]))
        try:
            said = _decide(request.user, **asked.validated_data)
        except review.AlreadyDecided as error:
            raise Conflict(str(error), "already-decided", decision=self._shown(error.decision)) from error
        except entries.AlreadyListed as error:
            raise Conflict(str(error), "already-listed") from error
        except CannotSpeak as error:
            raise Conflict(str(error), "cannot-speak") from error
        if isinstance(said, Opinion):
            return Response(OpinionSerializer(said).data, status.HTTP_202_ACCEPTED)
        return self._created(said)

    @writes("Take a decision back", {201: DecisionSerializer}, 404, 409, request=None)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Its entry leaves the list and its paper returns to the queue. The answer is the undoing decision."""
        try:
            return self._created(curation.undo(self.get_object(), person(request)))
        except review.NotInForce as error:
            raise Conflict(str(error), "not-in-force") from error

    def _shown(self, decision: Decision) -> dict[str, Any]:
        return dict(self.get_serializer(self.get_queryset().get(pk=decision.pk)).data)

    def _created(self, decision: Decision) -> Response:
        where = reverse("api:decision-detail", [decision.pk], request=self.request)
        return Response(self._shown(decision), status.HTTP_201_CREATED, headers={"Location": where})


def _decide(
    user: Any,
    *,
    list: PaperList,
    paper: Paper,
    kind: str,
    note: str,
    category: str = "",
    rows: Mapping[str, Mapping[str, Any]] | None = None,
    reason: str = "",
    until: Any = None,
    duplicate_of: Paper | None = None,
    key: UUID | None = None,
    settles: bool = False,
) -> curation.Said:
    """Call the verb of this kind. What the verb refuses is an error of the field it is about."""
    if kind == Decision.Kind.ACCEPT:
        chosen = Category.objects.filter(list=list, key=category).first()
        if chosen is None:
            raise ValidationError({"category": [f"{list} has no category “{category}”."]})
        chosen.list = list
        # Read once, though prefilling, checking and placing a row each ask for them.
        prefetch_related_objects([list], "documents")
        prefetch_related_objects([paper], "identifiers", "facts")
        return curation.accept(chosen, paper, _rows(chosen, paper, rows or {}), user, note, key, settles=settles)
    if kind == Decision.Kind.REJECT:
        return curation.reject(list, paper, user, reason, note, key, settles=settles)
    field = "until" if kind == Decision.Kind.DEFER else "duplicate_of"
    try:
        if kind == Decision.Kind.DEFER:
            return curation.defer(list, paper, user, until, note, key, settles=settles)
        assert duplicate_of is not None  # the serializer asks for it
        return curation.duplicate(list, paper, duplicate_of, user, note, key, settles=settles)
    except ValueError as error:
        raise ValidationError({field: [str(error)]}) from error


def _rows(category: Category, paper: Paper, given: Mapping[str, Mapping[str, Any]]) -> dict[str, RowFields]:
    """Return the row in the list's first language, prefilled where nothing was given, and those in the others."""
    documents = [*category.list.documents.all()]
    if not documents:
        raise ValidationError({"list": [f"{category.list} has no README yet to take a row."]})
    primary, *others = documents
    wrong = {
        f"rows.{language}": [f"{category.list} has no README in this language."]
        for language in given.keys() - {document.language for document in documents}
    }
    rows = {primary.language: written(prefill(paper, primary, category), given.get(primary.language, {}))}
    wrong |= without_column(primary, category, given.get(primary.language, {}))
    for document in others:
        row = given.get(document.language, {})
        rows[document.language] = written(RowFields(extra=prefill(paper, document, category).extra), row)
        if row:
            wrong |= _untranslatable(document, row, rows[primary.language])
    if wrong:
        raise ValidationError(wrong)
    return rows


def _untranslatable(document: Document, row: Mapping[str, Any], primary: RowFields) -> dict[str, Any]:
    """Return an error for each field that is the same in every language and was given as another one."""
    fields = written(primary, row)
    return {
        f"rows.{document.language}.{name}": ["This is the same in every language: give it in the first one."]
        for name in row
        if name not in (*entries.TRANSLATED_FIELDS, "extra") and getattr(fields, name) != getattr(primary, name)
    }
