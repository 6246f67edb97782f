"""What hangs on papers (identifiers, facts, entries, …), for all papers of a page and all kinds by one query.

Django's prefetch_related asks once for each kind, and to put a question into words costs it more than the answer costs
the database: a row of papers shows eight kinds. Here PostgreSQL gives the rows of each kind as one JSON array, and they
stand where prefetch_related would have put them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

# By the name of the relation: its model, and the order of the rows.
KINDS = {
    "identifiers": ("IdentifierRow", "id"),
    "facts": ("Fact", "id"),
    "entries": ("Entry", "id"),
    "suggestions": ("Suggestion", "relevance DESC, id"),
    "reviews": ("Review", "id"),
    "merges": ("Merge", "id DESC"),
    "source_records": ("SourceRecord", "id"),
    "decisions": ("Decision", "id DESC"),
    "entry_changes": ("EntryChange", "id DESC"),
}
_OF_CATEGORIES = frozenset({"entries", "suggestions"})
_OF_LISTS = frozenset({"suggestions", "reviews"})

_READ: dict[type[models.Field[Any, Any]], Callable[[str], Any]] = {
    models.DateTimeField: datetime.fromisoformat,
    models.DateField: date.fromisoformat,
    models.UUIDField: UUID,
}


def hang(papers: Sequence[Any], kinds: Iterable[str]) -> None:
    """Give each paper what hangs on it of these kinds; entries, suggestions and reviews with their list and category.

    A category comes with its texts, and these with their documents, without the README.
    """
    names = [name for name in KINDS if name in kinds]
    if not papers or not names:
        return
    ids = [paper.pk for paper in papers]
    with connection.cursor() as cursor:
        cursor.execute(_sql(tuple(names)), {"papers": ids})
        found = dict(zip([*names, *_NAMED], map(json.loads, cursor.fetchone()), strict=True))
    by_paper = {paper.pk: paper for paper in papers}
    lists, categories = _named(*(found[name] for name in _NAMED))
    for name in names:
        model = _model(KINDS[name][0])
        rows: dict[int, list[Any]] = {pk: [] for pk in by_paper}
        for row in _rows(model, found[name]):
            rows[row.paper_id].append(row)
            known = row._state.fields_cache
            known["paper"] = by_paper[row.paper_id]
            if name in _OF_CATEGORIES:
                known["category"] = categories.get(row.category_id)
            if name in _OF_LISTS:
                known["list"] = lists[row.list_id]
        for paper in papers:
            _put(paper, name, model, rows[paper.pk], paper=paper)


def hang_categories(lists: Sequence[Any]) -> None:
    """Give each list its categories in its order, each with its texts, and these with their documents."""
    if not lists:
        return
    of_list = "list_id = ANY(%(lists)s)"
    of_these = f"category_id IN (SELECT id FROM papers_category WHERE {of_list})"  # noqa: S608  constants
    conditions = ("id = ANY(%(lists)s)", of_list, of_these, of_list)
    parts = [_array(_model(name), where, "id") for name, where in zip(_NAMED, conditions, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", {"lists": [each.pk for each in lists]})
        _, categories = _named(*map(json.loads, cursor.fetchone()))
    for each in lists:
        own = sorted((row for row in categories.values() if row.list_id == each.pk), key=lambda row: row.position)
        for category in own:
            category._state.fields_cache["list"] = each
        _put(each, "categories", _model("Category"), own, list=each)


_NAMED = ("PaperList", "Category", "CategoryText", "Document")


def _named(*found: list[list[Any]]) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return lists and categories by their keys, each category with its list and its texts."""
    lists, categories, texts, documents = (
        {row.pk: row for row in _rows(_model(name), rows)} for name, rows in zip(_NAMED, found, strict=True)
    )
    said: dict[int, list[Any]] = {pk: [] for pk in categories}
    for document in documents.values():
        document._state.fields_cache["list"] = lists[document.list_id]
    for text in texts.values():
        text._state.fields_cache |= {
            "category": categories[text.category_id],
            "document": documents[text.document_id],
        }
        said[text.category_id].append(text)
    for category in categories.values():
        category._state.fields_cache["list"] = lists[category.list_id]
        _put(category, "texts", _model("CategoryText"), said[category.pk], category=category)
    return lists, categories


def _put(owner: models.Model, name: str, model: type[models.Model], rows: list[Any], **of: models.Model) -> None:
    """Put rows where prefetch_related would: what is asked further of the relation is still asked of the owner's."""
    held: Any = models.QuerySet(model)
    held._result_cache, held._prefetch_done = rows, True
    held._deferred_filter = False, (), of  # as a relation does it: made only when something further is asked
    kept: dict[str, Any] = owner.__dict__.setdefault("_prefetched_objects_cache", {})
    kept[name] = held


def _rows(model: type[models.Model], rows: list[list[Any]]) -> list[Any]:
    """Return rows of JSON as instances of a model."""
    fields = _fields(model)
    names = [field.attname for field in fields]
    dated = [(place, _READ[type(field)]) for place, field in enumerate(fields) if type(field) in _READ]
    for row in rows:
        for place, read in dated:
            if row[place] is not None:
                row[place] = read(row[place])
    return [model.from_db("default", names, row) for row in rows]


@lru_cache
def _sql(names: tuple[str, ...]) -> str:
    of_papers = "paper_id = ANY(%(papers)s)"
    parts = [_array(_model(KINDS[name][0]), of_papers, KINDS[name][1]) for name in names]
    categories = " UNION ".join(
        f"SELECT category_id FROM {_model(KINDS[name][0])._meta.db_table} WHERE {of_papers}"  # noqa: S608  constants
        for name in names
        if name in _OF_CATEGORIES
    )
    if categories:
        of_these = f"IN ({categories})"
        parts += [
            _array(_model("PaperList"), "true", "id"),
            _array(_model("Category"), f"id {of_these}", "id"),
            _array(_model("CategoryText"), f"category_id {of_these}", "id"),
            _array(_model("Document"), "true", "id"),
        ]
    else:
        parts += [_array(_model("PaperList"), "true", "id") if _OF_LISTS.intersection(names) else "'[]'", *["'[]'"] * 3]
    return f"SELECT {', '.join(parts)}"


def _array(model: type[models.Model], condition: str, order: str) -> str:
    """Return the SQL of a JSON array of a table's rows, each an array of its columns."""
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    return (
        f"(SELECT coalesce(json_agg(json_build_array({columns}) ORDER BY {order}), '[]')::text"  # noqa: S608  constants
        f" FROM {model._meta.db_table} WHERE {condition})"
    )


@lru_cache
def _fields(model: type[models.Model]) -> list[Any]:
    """Return the fields that are read: not a README's bytes, megabytes perhaps, which exports read only."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.BinaryField)]


def _model(name: str) -> type[models.Model]:
    return apps.get_model("papers", name)
