"""Topics, which administrators keep, and the ledger of runs."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework.mixins import CreateModelMixin, DestroyModelMixin, UpdateModelMixin

from ingest.models import Run, Topic
from kbsite.api.base import Resource
from kbsite.api.filters import RunFilters, TopicFilters
from kbsite.api.permissions import ReadOrManage
from kbsite.api.schema import reads, writes
from kbsite.api.serializers import RunSerializer, TopicSerializer

_TOPIC = OpenApiExample(
    "A search on arXiv",
    value={
        "slug": "kv-cache",
        "list": "context-compression",
        "source": "arxiv",
        "query": 'abs:"KV cache" AND cat:cs.CL',
        "schedule": "daily",
        "enabled": True,
    },
    request_only=True,
)


@extend_schema_view(
    list=reads("Topics", TopicSerializer(many=True), 400),
    retrieve=reads("A topic", TopicSerializer, 404),
    create=writes("Add a topic", {201: TopicSerializer}, examples=[_TOPIC]),
    partial_update=writes("Change a topic", {200: TopicSerializer}, 404),
    destroy=writes("Remove a topic; its runs stay", {204: None}, 404),
)
class TopicViewSet(CreateModelMixin, UpdateModelMixin, DestroyModelMixin, Resource[Topic]):
    """Saved queries against sources, with their schedules and watermarks."""

    serializer_class = TopicSerializer
    permission_classes = [ReadOrManage]
    lookup_field = "slug"
    lookup_value_converter = "slug"
    filterset_class = TopicFilters
    queryset = Topic.objects.select_related("list").order_by("slug")


@extend_schema_view(
    list=reads("Runs, newest first", RunSerializer(many=True), 400),
    retrieve=reads("A run", RunSerializer, 404),
)
class RunViewSet(Resource[Run]):
    """Every execution of a pull, embed, classify or train: counts, errors, state."""

    serializer_class = RunSerializer
    lookup_value_converter = "int"
    filterset_class = RunFilters
    queryset = Run.objects.select_related("topic").order_by("-id")
