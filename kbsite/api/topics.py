"""Topics, which maintainers keep: what is asked of which source, how often, and for which list."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema_view
from rest_framework.decorators import action
from rest_framework.mixins import CreateModelMixin, DestroyModelMixin, UpdateModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ingest import topics
from ingest.models import Run, Topic
from kbsite.access import Action, demand, place_of
from kbsite.api.base import Resource
from kbsite.api.errors import Conflict
from kbsite.api.filters import TopicFilters
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.work import SentSerializer, TopicSerializer
from kbsite.api.work import sent

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
    partial_update=writes("Change a topic; with another source or query it begins anew", {200: TopicSerializer}, 404),
    destroy=writes("Remove a topic; its papers and runs stay", {204: None}, 404, 409),
)
class TopicViewSet(CreateModelMixin, UpdateModelMixin, DestroyModelMixin, Resource[Topic]):
    """Saved queries against sources, with their schedules and watermarks."""

    serializer_class = TopicSerializer
    lookup_field = "slug"
    lookup_value_converter = "slug"
    filterset_class = TopicFilters
    needs = {
        "create": Action.MANAGE_TOPICS,
        "partial_update": Action.MANAGE_TOPICS,
        "destroy": Action.MANAGE_TOPICS,
        "pull": Action.RUN,
        "attempt": Action.RUN,
    }
    queryset = Topic.objects.select_related("list").order_by("slug")

    def perform_create(self, serializer: BaseSerializer[Topic]) -> None:
        demand(self.request.user, Action.MANAGE_TOPICS, place_of(serializer.validated_data.get("list")))
        serializer.save()

    def perform_update(self, serializer: BaseSerializer[Topic]) -> None:
        if "list" in serializer.validated_data:  # whose topic it is to be
            demand(self.request.user, Action.MANAGE_TOPICS, place_of(serializer.validated_data["list"]))
        serializer.save()

    def perform_destroy(self, instance: Topic) -> None:
        try:
            topics.remove(instance)
        except topics.BeingPulled as problem:
            raise Conflict(f"{problem}.", "being-pulled") from None

    @writes("Pull a topic now", {202: SentSerializer}, 404, 503, request=None)
    @action(detail=True, methods=["post"])
    def pull(self, request: Request, slug: str) -> Response:
        """Ask a worker to pull the topic, whatever its schedule says; its run stands in the ledger soon."""
        topic = self.get_object()
        return sent(topics.asked(topic, Run.Kind.PULL), Run.Kind.PULL, topic.slug, request)

    @writes("See what a topic would bring", {202: SentSerializer}, 404, 503, request=None)
    @action(detail=True, methods=["post"], url_path="try", url_name="try")
    def attempt(self, request: Request, slug: str) -> Response:
        """Ask a worker for a dry run: it stores no papers, and the `details` of its run tell what would come."""
        topic = self.get_object()
        return sent(topics.asked(topic, Run.Kind.TRY), Run.Kind.TRY, topic.slug, request)
