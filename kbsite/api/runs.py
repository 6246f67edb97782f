"""The ledger of runs, and what curators do about one."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import runs
from ingest.models import Run
from kbsite.access import Action
from kbsite.api.base import Resource
from kbsite.api.errors import Conflict
from kbsite.api.filters import RunFilters
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.work import RunSerializer, SentSerializer
from kbsite.api.work import sent


@extend_schema_view(
    list=reads("Runs, newest first", RunSerializer(many=True), 400),
    retrieve=reads("A run", RunSerializer, 404),
)
class RunViewSet(Resource[Run]):
    """Every execution of a pull, embed, classify, train, enrich or dry run: counts, errors, state."""

    serializer_class = RunSerializer
    lookup_value_converter = "int"
    filterset_class = RunFilters
    needs = {"cancel": Action.RUN, "again": Action.RUN}
    queryset = Run.objects.select_related("topic__list").order_by("-id")

    @writes("Cancel a run", {202: RunSerializer}, 404, 409, request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Ask a running run to stop after the page that it is at; what came before is kept."""
        run = self.get_object()
        if not runs.cancel(run):
            raise Conflict("It is not running.", "not-running")
        return Response(self.get_serializer(self.get_object()).data, 202)

    @writes("Run it again", {202: SentSerializer}, 404, 409, 503, request=None)
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: int) -> Response:
        """Ask for the work of this run to be done again, whatever its schedule says."""
        run = self.get_object()
        try:
            task = runs.again(run)
        except runs.CannotRepeat as problem:
            raise Conflict(f"Not again: {problem}.", "not-repeatable") from None
        return sent(task, run.kind, run.topic.slug if run.topic else "", request)
