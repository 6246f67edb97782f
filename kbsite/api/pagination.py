"""Pages of long lists by cursor: a page costs the same wherever it stands, and new rows shift nothing.

A cursor holds the sort values of the row it stands beside (keyset pagination). Unlike the cursor of REST
framework it compares all sort keys, so any number of equal or missing values is no trouble. It is signed: what
comes back is what was given out, never a value made up by a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.core.signing import BadSignature, Signer
from django.db.models import F, FloatField, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100

_signer = Signer(salt="kbsite.api.pagination")


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key of a queryset: a field or annotation, its direction, and where its missing values stand."""

    name: str
    descending: bool
    nullable: bool
    nulls_last: bool

    def __str__(self) -> str:
        return f"{'-' * self.descending}{self.name}"

    def turned(self) -> Key:
        """Return the key of the opposite order."""
        return replace(self, descending=not self.descending, nulls_last=not self.nulls_last)

    def order(self) -> OrderBy:
        nulls = {"nulls_last" if self.nulls_last else "nulls_first": True} if self.nullable else {}
        return OrderBy(F(self.name), descending=self.descending, **nulls)

    def value(self, row: Any) -> Any:
        value = row
        for part in self.name.split("__"):
            value = getattr(value, part)
        return value.isoformat() if isinstance(value, date) else value

    def equals(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any) -> Q:
        """Return what stands behind this value in the order."""
        if value is None:
            return Q(pk__in=[]) if self.nulls_last else Q(**{f"{self.name}__isnull": False})
        behind = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self.nullable and self.nulls_last:
            behind |= Q(**{f"{self.name}__isnull": True})
        return behind


def keys_of(queryset: QuerySet[Any]) -> tuple[QuerySet[Any], list[Key]]:
    """Return the queryset's sort keys, ending in one that no two rows share, and the queryset that has them.

    What is sorted by and is no field, such as a rank, becomes an annotation.
    """
    given: Sequence[Any] = queryset.query.order_by
    if not given and queryset.query.default_ordering:
        given = queryset.model._meta.ordering or ()
    keys = []
    for number, item in enumerate(given):
        order = _as_order(item)
        name = getattr(order.expression, "name", "")
        if not isinstance(order.expression, F):
            name = f"sort_{number}"
            queryset = queryset.alias(**{name: order.expression})
        if computed := queryset.query.annotations.get(name):
            # A rank is a `real`, which does not come back from Python as the number it was.
            is_number = isinstance(computed.output_field, FloatField)
            name, shown = f"sorted_by_{number}", Cast(name, FloatField()) if is_number else F(name)
            queryset = queryset.annotate(**{name: shown})
        # PostgreSQL counts a missing value as larger than any other.
        said = order.nulls_last or order.nulls_first
        nulls_last = bool(order.nulls_last) if said else not order.descending
        keys.append(Key(name, order.descending, _is_nullable(queryset.model, name), nulls_last))
    unique = {"pk", queryset.model._meta.pk.name}
    if not any(key.name in unique for key in keys):
        keys.append(Key("pk", bool(keys) and keys[-1].descending, nullable=False, nulls_last=True))
    return queryset, keys


def _as_order(item: Any) -> OrderBy:
    if isinstance(item, str):
        item = F(item.removeprefix("-")).desc() if item.startswith("-") else F(item).asc()
    return item if isinstance(item, OrderBy) else OrderBy(item)


def _is_nullable(model: type[Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).null)
    except FieldDoesNotExist:
        return name != "pk"  # fields of other tables, and what is computed


def _behind(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Return the condition for the rows behind the one with these sort values."""
    behind, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        behind |= same & key.beyond(value)
        same &= key.equals(value)
    first, value = keys[0], values[0]
    if len(keys) > 1 and not first.nullable:
        # Says nothing new, but lets an index begin where the page does.
        behind &= Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": value})
    return behind


class Pages(BasePagination):
    """`{"next": address or null, "previous": address or null, "results": [...]}`."""

    next: str | None
    previous: str | None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size = _page_size(request)
        queryset, keys = keys_of(queryset)
        order = ",".join(map(str, keys))
        cursor = request.query_params.get("cursor")
        backwards, values = _read(cursor, order) if cursor else (False, None)
        walked = [key.turned() for key in keys] if backwards else keys
        queryset = queryset.order_by(*(key.order() for key in walked))
        if values is not None:
            queryset = queryset.filter(_behind(walked, values))
        rows = list(queryset[: size + 1])
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        self.next = self.previous = None
        address = request.build_absolute_uri()
        if rows and (more or backwards):
            self.next = _link(address, False, order, [key.value(rows[-1]) for key in keys])
        if rows and (more if backwards else values is not None):
            self.previous = _link(address, True, order, [key.value(rows[0]) for key in keys])
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page stands: follow the addresses in `next` and `previous`.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Rows a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            },
        ]


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size")
    if text is None:
        return PAGE_SIZE
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_PAGE_SIZE:
        return int(text)
    raise ValidationError({"page_size": [f"Give a whole number from 1 to {MAX_PAGE_SIZE}."]})


def _link(address: str, backwards: bool, order: str, values: list[Any]) -> str:
    return replace_query_param(address, "cursor", _signer.sign_object([backwards, order, values]))


def _read(cursor: str, order: str) -> tuple[bool, list[Any]]:
    try:
        backwards, of, values = _signer.unsign_object(cursor)
    except (BadSignature, ValueError):
        raise ValidationError({"cursor": ["This is no cursor of ours: follow `next` or `previous`."]}) from None
    if of != order:
        raise ValidationError({"cursor": ["This cursor belongs to another order: start at the first page."]})
    return backwards, values
