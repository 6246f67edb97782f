"""What the API shows and takes of the work: topics, runs, and that a worker was asked."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ingest import topics
from ingest.models import Run, Topic
from ingest.sources import SOURCES, BadQuery, source
from kbsite import access
from kbsite.api.fields import Flag, Key, SlugRef, Text
from kbsite.topicform import sentence
from papers.models import PaperList


class TopicSerializer(serializers.ModelSerializer[Topic]):
    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.TextField: Text,
        models.SlugField: Key,
        models.BooleanField: Flag,
    }
    list = SlugRef(slug_field="slug", queryset=PaperList.objects.all(), allow_null=True, required=False)
    source = serializers.ChoiceField(choices=sorted(SOURCES))  # type: ignore[assignment]

    class Meta:
        model = Topic
        fields = ["id", "slug", "list", "source", "query", "schedule", "enabled", "watermark"]
        read_only_fields = ["watermark"]
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "slug": {"required": False, "help_text": "Made from the query if it is not given"}
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Have the source say whether it understands the query, and name a topic that has no name."""
        asked, query = (attrs.get(name, getattr(self.instance, name, "")) for name in ("source", "query"))
        try:
            source(asked).check(query)
        except BadQuery as problem:
            raise serializers.ValidationError({"query": [sentence(str(problem))]}) from None
        if self.instance is None and "slug" not in attrs:
            attrs["slug"] = topics.propose_slug(asked, query)
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Topic:
        return topics.save(Topic(**validated_data))

    def update(self, instance: Topic, validated_data: dict[str, Any]) -> Topic:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return topics.save(instance)


class SentSerializer(serializers.Serializer[Any]):
    """A worker was asked."""

    kind = serializers.CharField(help_text="Of the run: `pull`, `try`, …")
    topic = serializers.CharField(allow_null=True)
    runs = serializers.URLField(help_text="Where the run stands as soon as a worker has begun it")


class RejectionSerializer(serializers.Serializer[Any]):
    record = serializers.CharField()
    reason = serializers.CharField()


class RunSerializer(serializers.ModelSerializer[Run]):
    topic: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True, allow_null=True)
    rejections = serializers.SerializerMethodField(help_text="The first 100")
    error = serializers.SerializerMethodField(help_text="Of a failed run: for curators only")

    class Meta:
        model = Run
        fields = [
            "id",
            "kind",
            "subject",
            "topic",
            "state",
            "since",
            "until",
            "started_at",
            "finished_at",
            "next_try",
            "attempt",
            "cancel_asked",
            "pages",
            "total",
            "fetched",
            "new",
            "changed",
            "same",
            "rejected",
            "rejections",
            "details",
            "note",
            "error",
        ]
        read_only_fields = fields

    @extend_schema_field(RejectionSerializer(many=True))
    def get_rejections(self, run: Run) -> Any:
        return [{"record": record, "reason": reason} for record, reason in run.rejections]

    def get_error(self, run: Run) -> str:
        return access.error_of(run, self.context["request"].user)
