"""Entries: one paper in one category of one list, with its row in every language."""

from __future__ import annotations

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_view

from kbsite.api.base import Resource
from kbsite.api.filters import EntryFilters
from kbsite.api.schema import reads
from kbsite.api.serializers import EntrySerializer
from papers.models import Entry, EntryText


@extend_schema_view(
    list=reads("Entries", EntrySerializer(many=True), 400),
    retrieve=reads("An entry", EntrySerializer, 404),
)
class EntryViewSet(Resource[Entry]):
    """What the lists hold, oldest first."""

    serializer_class = EntrySerializer
    lookup_value_converter = "int"
    filterset_class = EntryFilters
    queryset = (
        Entry.objects.select_related("category__list", "paper")
        .prefetch_related(
            "paper__identifiers",
            Prefetch("texts", EntryText.objects.select_related("document").defer("document__source")),
        )
        .order_by("id")
    )
