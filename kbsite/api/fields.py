"""Kinds of values that the API reads and writes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from kbsite import forms
from papers.models import Paper


class SlugRef(serializers.SlugRelatedField[Any]):
    """A reference by slug; whatever is no slug never reaches the database."""

    default_error_messages = {"does_not_exist": "There is no “{value}”."}

    def run_validation(self, data: Any = empty) -> Any:
        if data == "":
            Key().run_validation(data)  # refuses it; REST framework would take it for null, which may mean all lists
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(Key(max_length=80).run_validation(data))


class PaperIdRef(serializers.PrimaryKeyRelatedField[Paper]):
    """A paper by the number of its address."""

    default_error_messages = {"does_not_exist": "There is no paper {pk_value}."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(pk_field=serializers.IntegerField(min_value=1), **kwargs)


class Text(serializers.CharField):
    """Text, and never a number taken for one."""

    def run_validation(self, data: Any = empty) -> Any:
        if data is not None and data is not empty and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class Flag(serializers.BooleanField):
    """true or false, and never a number or a word taken for one."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Key(Text, serializers.SlugField):
    """A slug, likewise."""


class Cell(Text):
    """Text for one cell of a table, made one line as the pages do."""

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(forms.one_line(data) if isinstance(data, str) else data)


class Cells(serializers.DictField):
    """Cells by the headers of their columns."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Cell(allow_blank=True, max_length=5000), **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        given: dict[str, str] = super().to_internal_value(data)
        header = Cell(max_length=500)
        return {header.run_validation(name): text for name, text in given.items()}


class Address(Cell):
    """An http(s) address, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, max_length=2000, **kwargs)
        self.validators.append(forms.WEB_ADDRESS)
