"""Rows of entries as programs send them: laid over what is known, and refused where a README has no place for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rest_framework.exceptions import ValidationError

from papers.models import Category, Document, Entry
from papers.readme.columns import columns
from papers.readme.roles import Role
from papers.readme.row import RowFields
from papers.texts import fields_of


def written(known: RowFields, given: Mapping[str, Any]) -> RowFields:
    """Return a known row with what was given in its place; further columns that were not given stay."""
    fields = dict(given)
    if "code" in fields:
        fields["code"] = tuple((link["label"], link["address"]) for link in fields["code"])
    if "tags" in fields:
        fields["tags"] = tuple(fields["tags"])
    if "extra" in fields:
        fields["extra"] = {**known.extra, **fields["extra"]}
    return replace(known, **fields)


def without_column(document: Document, category: Category, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error for each field that was given and that the README would never show."""
    roles = {column.role for column in columns(document, category)}
    return {
        f"rows.{document.language}.{name}": ["This section's table has no such column."]
        for name in (Role.NICKNAME, Role.AUTHORS, Role.DATE)
        if row.get(name) and roles and name not in roles
    }


def of_entry(entry: Entry, category: Category, given: Mapping[str, Mapping[str, Any]]) -> dict[str, RowFields]:
    """Return an entry's rows with what was given for a category, by language; raise ValidationError."""
    texts = entry.texts.select_related("document__list")
    shown = {text.document.language: text for text in texts}
    wrong: dict[str, Any] = {
        f"rows.{language}": ["The entry has no row in this language."] for language in given.keys() - shown.keys()
    }
    for language in given.keys() & shown.keys():
        wrong |= without_column(shown[language].document, category, given[language])
    if wrong:
        raise ValidationError(wrong)
    return {language: written(fields_of(shown[language]), row) for language, row in given.items()}
