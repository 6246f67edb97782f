"""Opinions of two curators on a paper, in a list that wants two."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kbsite import curation
from kbsite.access import ALL, Action, places
from kbsite.api.base import Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.fields import Flag
from kbsite.api.filters import OpinionFilters
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.reviews import DecisionSerializer, OpinionSerializer
from papers import opinions, review
from papers.entries import AlreadyListed
from papers.models import Opinion


class SecondOpinionSerializer(serializers.Serializer[Any]):
    """Whether a paper wants the same word of two curators."""

    second_opinion = Flag()


@extend_schema_view(
    list=reads("Opinions that you may see, newest first; for curators", OpinionSerializer(many=True), 400, 403),
    retrieve=reads("An opinion", OpinionSerializer, 403, 404),
)
class OpinionViewSet(Resource[Opinion]):
    """What two curators said: your own, what came to a decision, and what differs and is to be settled.

    One is given by deciding (`POST decisions/`); another one's that stands alone is nobody's business.
    """

    serializer_class = OpinionSerializer
    lookup_value_converter = "int"
    filterset_class = OpinionFilters
    needs = {"list": Action.DECIDE, "retrieve": Action.DECIDE, "destroy": Action.DECIDE, "settle": Action.DECIDE}
    queryset = (
        Opinion.objects.select_related("list", "category", "paper", "user")
        .prefetch_related("paper__identifiers")
        .order_by("-id")
    )

    def get_queryset(self) -> QuerySet[Opinion]:
        user: Any = self.request.user
        found = super().get_queryset()
        if not user.is_authenticated:  # the schema is asked for by nobody
            return found.none()
        found, curated = found.filter(opinions.visible_to(user)), places(user, Action.DECIDE)
        return found if ALL in curated or self.action != "list" else found.filter(list__slug__in=curated)

    @writes("Take your opinion back", {204: None}, 404, 409)
    def destroy(self, request: Request, pk: int) -> Response:
        """While nothing is decided. The paper comes to your queue again."""
        opinion = self.get_object()
        if opinion.user != request.user:
            raise Http404
        try:
            opinions.take_back(opinion)
        except review.NotInForce as error:
            raise Conflict(str(error), "not-in-force") from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    @writes("Settle a disagreement", {200: DecisionSerializer}, 404, 409, request=None)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: int) -> Response:
        """Decide as this one of two opinions says. For another word than either, decide with `settles`."""
        user = person(request)
        try:
            decision = curation.settle_between(self.get_object(), user)
        except (opinions.CannotSpeak, review.AlreadyDecided, AlreadyListed) as error:
            raise Conflict(str(error), "cannot-speak") from error
        return Response(DecisionSerializer(decision).data)
