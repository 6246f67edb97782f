"""Heads of the classifier: what each learned from and how good it is, the newest first."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.fields.json import KT
from drf_spectacular.utils import extend_schema_view

from ingest import learningcurve
from ingest.models import Head
from kbsite.api.base import Resource
from kbsite.api.filters import HeadFilters
from kbsite.api.headfigures import HeadSerializer
from kbsite.api.schema import reads


@extend_schema_view(
    list=reads("Heads, newest first: with `list` the learning curve of a list", HeadSerializer(many=True), 400),
    retrieve=reads("A head", HeadSerializer, 404),
)
class HeadViewSet(Resource[Head]):
    """Trained heads of the lists, with the figures that the classifier's page draws. The newest of a list is in use."""

    serializer_class = HeadSerializer
    lookup_value_converter = "int"
    filterset_class = HeadFilters
    # A head's arrays are megabytes, and its meta names every paper it learned from.
    queryset = (
        Head.objects.select_related("list")
        .defer("arrays", "meta")
        .annotate(lexicon=KT("meta__lexicon"), recipe=F("meta__recipe"))
        .order_by("-id")
    )

    def paginate_queryset(self, queryset: Any) -> Any:
        heads = super().paginate_queryset(queryset)
        learningcurve.tell_decisions(heads or ())
        return heads

    def get_object(self) -> Head:
        head = super().get_object()
        learningcurve.tell_decisions([head])
        return head
