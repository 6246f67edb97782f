"""Parked papers: those that are left out because work on them went wrong again and again."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ingest import claims
from ingest.models import Claim
from kbsite.access import ALL, SOME, Action, demand, may
from kbsite.api.base import Endpoint
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.papers import PaperRefSerializer

_MOST = 1000  # that one request names


class ParkedSerializer(serializers.ModelSerializer[Claim]):
    """A paper that one stage of the work leaves out."""

    paper = PaperRefSerializer(read_only=True)
    stage = serializers.CharField(read_only=True, help_text="Of the work: `embed`, `enrich`, …")
    parked_at = serializers.DateTimeField(source="until", read_only=True)
    error = serializers.SerializerMethodField(help_text="What went wrong: for curators only")

    class Meta:
        model = Claim
        fields = ["id", "paper", "stage", "attempts", "parked_at", "error"]
        read_only_fields = fields

    def get_error(self, claim: Claim) -> str:
        is_told = may(self.context["request"].user, Action.SEE_ERRORS, SOME)
        return claim.error if is_told else "An error of ours; curators see which."


class ReplayRequestSerializer(serializers.Serializer[Any]):
    """Which parked papers are taken up again."""

    parked = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=_MOST,
        help_text="Their ids here; all if not given",
    )


class ReplayedSerializer(serializers.Serializer[Any]):
    """What taking them up did."""

    taken_up = serializers.IntegerField(help_text="How many are tried again")


@extend_schema_view(list=reads("Parked papers, newest first", ParkedSerializer(many=True), 400))
class ParkedViewSet(Endpoint, ListModelMixin, GenericViewSet[Claim]):
    """Papers that are left out until a person says otherwise."""

    serializer_class = ParkedSerializer
    needs = {"replay": Action.RUN}
    queryset = claims.parked().prefetch_related("paper__identifiers")

    @writes("Take parked papers up again", {200: ReplayedSerializer}, request=ReplayRequestSerializer)
    @action(detail=False, methods=["post"])
    def replay(self, request: Request) -> Response:
        """As if nothing had happened; workers take them within a minute or so."""
        demand(request.user, Action.RUN, ALL)
        asked = ReplayRequestSerializer(data=request.data or {})
        asked.is_valid(raise_exception=True)
        chosen = claims.parked()
        if "parked" in asked.validated_data:
            chosen = chosen.filter(pk__in=asked.validated_data["parked"])
        return Response(ReplayedSerializer({"taken_up": claims.replay(chosen)}).data)
