"""Every error of the API: problem details, and what stands in the way of a conflict."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kbsite.api.serializers.reviews import ActSerializer, DecisionSerializer


class ProblemSerializer(serializers.Serializer[Any]):
    """Every error of this API (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank`, or what kind of problem it is")
    title = serializers.CharField(help_text="The status in words")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What went wrong, for people")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By field (`rows.en.title`): what is wrong with it",
    )


class ConflictSerializer(ProblemSerializer):
    """A problem with what is already there."""

    decision = DecisionSerializer(required=False, help_text="The decision that stands in the way")
    followers = ActSerializer(
        many=True,
        required=False,
        help_text="Of an act that cannot be undone alone: those that go with it, newest first",
    )
