"""Heads of the classifier: what each learned from and how good it is, the newest first."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.fields import BooleanField
from django.db.models.fields.json import KT
from drf_spectacular.utils import extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import drifting, learningcurve
from ingest.classifier.heads import HeadError
from ingest.models import Head
from ingest.versions import InUse
from kbsite import rollingback
from kbsite.access import Action
from kbsite.api.base import Resource
from kbsite.api.errors import Conflict
from kbsite.api.filters import HeadFilters
from kbsite.api.headfigures import HeadSerializer
from kbsite.api.schema import reads, writes


@extend_schema_view(
    list=reads("Heads, newest first: with `list` the learning curve of a list", HeadSerializer(many=True), 400),
    retrieve=reads("A head", HeadSerializer, 404),
)
class HeadViewSet(Resource[Head]):
    """Trained heads of the lists, with the figures that the classifier's page draws."""

    serializer_class = HeadSerializer
    lookup_value_converter = "int"
    filterset_class = HeadFilters
    needs = {"roll_back": Action.TRAIN}
    # A head's arrays are megabytes, and the meta of one of an older format names every paper it learned from.
    queryset = (
        Head.objects.select_related("list")
        .defer("arrays", "meta")
        .annotate(
            lexicon=KT("meta__lexicon"),
            recipe=F("meta__recipe"),
            again=F("meta__again"),
            in_use=~Exists(Head.objects.filter(list=OuterRef("list"), version__gt=OuterRef("version"))),
            is_kept=ExpressionWrapper(~Q(arrays=b""), BooleanField()),
        )
        .order_by("-id")
    )

    def paginate_queryset(self, queryset: Any) -> Any:
        heads = super().paginate_queryset(queryset)
        learningcurve.tell_decisions(heads or ())
        drifting.tell(heads or ())
        return heads

    def get_object(self) -> Head:
        head = super().get_object()
        learningcurve.tell_decisions([head])
        drifting.tell([head])
        return head

    @writes("Roll back to a head", {201: HeadSerializer}, 404, 409, request=None)
    @action(detail=True, methods=["post"])
    def roll_back(self, request: Request, pk: int) -> Response:
        """Let this version speak again, as a new one, until the next decision or training; the queue follows soon.

        No decision is undone. It is a conflict when it is in use already, or cannot speak any more.
        """
        try:
            again = rollingback.roll_back(self.get_object())
        except InUse as problem:
            raise Conflict(f"{problem}.", "in-use") from None
        except HeadError as problem:
            raise Conflict(f"It cannot speak again: {problem}.", "cannot-speak") from None
        self.kwargs["pk"] = again.pk
        return Response(self.get_serializer(self.get_object()).data, 201)
