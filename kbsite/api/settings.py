"""What maintainers fix of a list: the orders of its sections, and what the columns of its tables tell."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from kbsite.access import Action
from kbsite.api.base import Endpoint, kept, person
from kbsite.api.schema import reads, writes
from papers import acts, cards, columnroles, listsettings
from papers.models import Act, Order, PaperList
from papers.readme import placement
from papers.readme.roles import Role

_ROLES = [role.value for role in Role]


class OrderSerializer(serializers.Serializer[Any]):
    """How the rows of a section follow each other."""

    fixed = serializers.CharField(allow_blank=True, help_text="Empty: as it is found")
    found = serializers.CharField(help_text="As its rows are")


class ColumnSerializer(serializers.Serializer[Any]):
    """A header of the list's tables."""

    header = serializers.CharField(allow_blank=True)
    fixed = serializers.CharField(allow_blank=True, help_text="A role; empty: as it is detected")
    detected = serializers.CharField(source="detected.value")
    paths = serializers.ListField(child=serializers.CharField(), help_text="READMEs with such a column")


class SettingsSerializer(serializers.Serializer[Any]):
    """What is found in a list, and what is fixed."""

    orders = serializers.DictField(child=OrderSerializer(), help_text="By key of the category")
    columns = ColumnSerializer(many=True)
    act = serializers.IntegerField(allow_null=True, help_text="What undoes the change; null where nothing changed")


class SettingsRequestSerializer(serializers.Serializer[Any]):
    """What is to be fixed. What is not given stays as it is."""

    orders = serializers.DictField(
        child=serializers.ChoiceField(choices=Order.choices, allow_blank=True),
        required=False,
        help_text="By key of the category; empty: as its rows are found to be",
    )
    columns = serializers.DictField(
        child=serializers.ChoiceField(choices=_ROLES),
        required=False,
        help_text="Role by header, of all columns that are fixed: others are as they are detected",
    )


class SettingsViewSet(Endpoint, GenericViewSet[PaperList]):
    """The settings of a list, which its list.toml holds, too."""

    queryset = PaperList.objects.all()
    lookup_field = "slug"
    lookup_value_converter = "slug"
    needs = {"show": Action.SET_UP, "partial_update": Action.SET_UP}

    @reads("The settings of a list", SettingsSerializer, 403, 404)
    def show(self, request: Request, slug: str) -> Response:
        """How its sections are ordered, and what its columns tell: as found, and as fixed."""
        return Response(_shown(self.get_object()))

    @writes("Fix the settings of a list", {200: SettingsSerializer}, 404, request=SettingsRequestSerializer)
    def partial_update(self, request: Request, slug: str) -> Response:
        """Columns that tell something else now are read again at once, and what was changed here stays."""
        asked = SettingsRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        paper_list, user = self.get_object(), person(request)
        orders, columns = (asked.validated_data.get(name) for name in ("orders", "columns"))
        known = {category.key for category in paper_list.categories.all()}
        wrong = {f"orders.{key}": [f"{paper_list} has no such category."] for key in (orders or {}) if key not in known}
        if wrong:
            raise ValidationError(wrong)
        try:
            with acts.act(paper_list, user, Act.Kind.SETTINGS) as act:
                if orders:
                    listsettings.fix_orders(paper_list, orders, user)
                if columns is not None:
                    columnroles.fix(paper_list, columns, user)
        except columnroles.WrongColumns as problem:
            raise ValidationError({"columns": [str(problem)]}) from problem
        return Response(_shown(PaperList.objects.get(pk=paper_list.pk), kept(act)))


def _shown(paper_list: PaperList, act: int | None = None) -> dict[str, Any]:
    primary = paper_list.documents.filter(is_primary=True).first()
    found = placement.detected(primary) if primary else {}
    orders = {
        category.key: {"fixed": category.order, "found": found.get(category.pk, Order.NONE)}
        for category in cards.categories(paper_list)
    }
    shown = {"orders": orders, "columns": columnroles.found(paper_list), "act": act}
    return dict(SettingsSerializer(shown).data)
