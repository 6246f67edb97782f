"""Which columns a list's README has for the entries of a category: what a row there can say at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from papers.models import Category, Document
from papers.readme.document import parse
from papers.readme.roles import Column, Role


def columns(document: Document, category: Category | None = None) -> tuple[Column, ...]:
    """Return the columns of the category's tables, in their order; without a category, those of all categories.

    Empty when there is no table of papers there.
    """
    sections = document.category_texts.order_by("category__position").values_list("heading_line", "category_id")
    found = _by_section(bytes(document.source), tuple(sorted(document.list.columns.items())))
    wanted = [line for line, of in sections if category is None or of == category.pk]
    return _merged(column for line in wanted for column in found.get(line, ()))


@lru_cache(maxsize=16)
def _by_section(source: bytes, fixed: tuple[tuple[str, str], ...]) -> Mapping[int, tuple[Column, ...]]:
    """The columns below each heading, by its line. Remembered, as a page asks for them again and again."""
    return {
        section.heading_line: _merged(column for group in section.groups if group.tells_papers for column in group.says)
        for section in parse(source, dict(fixed)).sections
    }


def _merged(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Each column once: extra ones by their header, others by their role."""
    merged: dict[tuple[Role, str], Column] = {}
    for column in columns:
        key = (column.role, column.name if column.role == Role.EXTRA else "")
        known = merged.get(key, column)
        merged[key] = replace(known, years=known.years and column.years)
    return tuple(merged.values())
