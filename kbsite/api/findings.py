"""Findings: what was changed here and in a README, for curators to settle."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kbsite import curation
from kbsite.access import Action
from kbsite.api.base import Resource, kept, person
from kbsite.api.errors import Conflict
from kbsite.api.filters import Filters, IdFilter, ListFilter
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.papers import PaperRefSerializer
from papers import acts, findings
from papers.models import Act, Finding

DISMISS = "dismiss"


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A question, with what each side says."""

    list: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    paper = PaperRefSerializer(read_only=True, allow_null=True)
    language = serializers.CharField(source="document.language", read_only=True, allow_null=True, default=None)
    field = serializers.CharField(source="field_of", read_only=True, help_text="`row`: the whole row")
    values = serializers.JSONField(
        read_only=True, help_text="By side, `base` (the README before), `here` and `readme`; null: no such row"
    )
    state = serializers.CharField(read_only=True, help_text="`open`, `settled` or `dismissed`")
    settled_by = serializers.CharField(
        source="settled_by.get_username", read_only=True, default=None, allow_null=True, help_text="Who settled it"
    )

    class Meta:
        model = Finding
        fields = [
            *("id", "list", "paper", "entry", "language", "rule", "field", "message", "values"),
            *("state", "choice", "found_at", "settled_at", "settled_by"),
        ]
        read_only_fields = fields

    def to_representation(self, instance: Finding) -> dict[str, Any]:
        instance.field_of = findings.field_of(instance)  # type: ignore[attr-defined]
        return super().to_representation(instance)


class SettledSerializer(FindingSerializer):
    """A question that was settled."""

    act = serializers.IntegerField(read_only=True, allow_null=True, help_text="What undoes it")

    class Meta(FindingSerializer.Meta):
        fields = [*FindingSerializer.Meta.fields, "act"]
        read_only_fields = fields


class SettleRequestSerializer(serializers.Serializer[Any]):
    """How a question is settled."""

    choice = serializers.ChoiceField(
        choices=[findings.HERE, findings.README, DISMISS],
        help_text="Keep what stands here, take what the README says, or let it go",
    )


class FindingFilters(Filters):
    """Which findings."""

    list = ListFilter(label="Slug of a list")
    state = django_filters.ChoiceFilter(choices=Finding.State.choices)
    paper = IdFilter(label="Id of a paper")

    class Meta:
        model = Finding
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=reads("Findings, newest first", FindingSerializer(many=True), 400),
    retrieve=reads("A finding", FindingSerializer, 404),
)
class FindingViewSet(Resource[Finding]):
    """What was changed here and in a README: `state=open` awaits a curator's word."""

    serializer_class = FindingSerializer
    lookup_value_converter = "int"
    filterset_class = FindingFilters
    needs = {"settle": Action.SETTLE}
    queryset = (
        Finding.objects.select_related("list", "document", "paper", "entry", "settled_by")
        .defer("document__source")
        .prefetch_related("paper__identifiers")
        .order_by("-id")
    )

    @writes("Settle a finding", {200: SettledSerializer}, 404, 409, request=SettleRequestSerializer)
    @action(detail=True, methods=["post"])
    def settle(self, request: Request, pk: int) -> Response:
        """Keep ours, take the README's, or let a question go that asks for nothing any more."""
        asked = SettleRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        finding, choice = self.get_object(), asked.validated_data["choice"]
        user = person(request)
        try:
            with acts.act(finding.list, user, Act.Kind.FINDING) as act:
                if choice == DISMISS:
                    findings.dismiss(finding, user)
                else:
                    curation.settle(finding, choice, user)
        except findings.NotOpen as problem:
            raise Conflict(str(problem), "not-open") from problem
        except findings.CannotSettle as problem:
            raise Conflict(str(problem), "cannot-settle") from problem
        settled = self.get_queryset().get(pk=finding.pk)
        settled.act = kept(act)  # type: ignore[attr-defined]
        return Response(SettledSerializer(settled).data)
