"""Acts: what was done to lists as units, undoing one, and deciding on many papers as one."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kbsite import curation
from kbsite.access import Action
from kbsite.api.base import Resource, person
from kbsite.api.errors import Conflict
from kbsite.api.fields import Flag
from kbsite.api.filters import Filters, IdFilter, ListFilter, TextFilter
from kbsite.api.schema import reads, writes
from kbsite.api.serializers.reviews import ActSerializer
from papers import acts, history
from papers.models import Act


class ActFilters(Filters):
    """Which acts."""

    list = ListFilter(label="Slug of a list")
    kind = django_filters.ChoiceFilter(choices=Act.Kind.choices)
    user = TextFilter(field_name="user__username", max_length=150, label="Who did it")
    paper = IdFilter(method="filter_paper", label="Id of a paper that it is about")

    class Meta:
        model = Act
        fields: tuple[str, ...] = ()

    def filter_paper(self, queryset: Any, name: str, value: int) -> Any:
        return history.about(queryset, value)


class UndoSerializer(serializers.Serializer[Any]):
    """How an act is undone."""

    cascade = Flag(required=False, default=False, help_text="Together with the acts that followed on the same things")


@extend_schema_view(
    list=reads("Acts, newest first", ActSerializer(many=True), 400),
    retrieve=reads("An act", ActSerializer, 404),
)
class ActViewSet(Resource[Act]):
    """What was done to lists, each as one unit: a decision, an edit, an import, a bulk action, an undoing."""

    serializer_class = ActSerializer
    lookup_value_converter = "int"
    filterset_class = ActFilters
    needs = {"undo": Action.EDIT}
    queryset = history.acts()

    @writes("Undo an act", {201: ActSerializer}, 404, 409, request=UndoSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Put back all that it changed, exactly. The answer is the act that did it, which can be undone in turn.

        When acts followed that changed the same things, the answer is 409 with these as `followers`, and nothing is
        changed; with `cascade` they are undone with it.
        """
        asked = UndoSerializer(data=request.data or {})
        asked.is_valid(raise_exception=True)
        user = person(request)
        try:
            undoing = curation.undo_act(self.get_object(), user, cascade=asked.validated_data["cascade"])
        except acts.Followed as clash:
            followers = [self._shown(act) for act in clash.followers]
            raise Conflict(str(clash), "followed", followers=followers) from clash
        except acts.CannotUndo as problem:
            raise Conflict(str(problem), "not-undoable") from problem
        where = reverse("api:act-detail", [undoing.pk], request=request)
        return Response(self._shown(undoing), status.HTTP_201_CREATED, headers={"Location": where})

    def _shown(self, act: Act) -> dict[str, Any]:
        return dict(self.get_serializer(self.get_queryset().get(pk=act.pk)).data)
