"""How a row will stand in each README, found by doing it: in a transaction that is rolled back, and exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import zip_longest

from django.db import transaction

from papers import arranging, entries
from papers.models import Category, Document, Entry, Paper
from papers.readme.document import decode, split_lines
from papers.readme.exporter import export
from papers.readme.inline import storable
from papers.readme.row import RowFields


def of_admission(category: Category, paper: Paper, rows: Mapping[str, RowFields]) -> dict[str, str]:
    """Return the line that admitting the paper would add, by language; empty where no row would be written."""
    with _without_traces():
        return _lines(entries.admit(category, paper, rows, user=None))


def of_place(entry: Entry, category: Category, rows: Mapping[str, RowFields]) -> dict[str, str]:
    """Return the line that placing an entry's paper in another category as well would add, by language."""
    with _without_traces():
        return _lines(arranging.place_too(entry, category, None, rows))


def of_edit(entry: Entry, rows: Mapping[str, RowFields], category: Category | None = None) -> dict[str, str]:
    """Return the entry's line by language, as these rows and a move to the category would make it."""
    with _without_traces():
        entry = Entry.objects.get(pk=entry.pk)
        entries.edit_rows(entry, rows, user=None)
        if category is not None and category.pk != entry.category_id:
            entries.move(entry, category, user=None)
        return _lines(entry)


@contextmanager
def _without_traces() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _lines(entry: Entry) -> dict[str, str]:
    """Return the lines that are in the exports with the entry and not without it."""
    documents = list(entry.category.list.documents.all())
    with_it = {document.language: _exported(document) for document in documents}
    entry.delete()
    return {document.language: _extra_line(with_it[document.language], _exported(document)) for document in documents}


def _exported(document: Document) -> list[str]:
    return split_lines(decode(export(document)))


def _extra_line(longer: list[str], shorter: list[str]) -> str:
    if len(longer) == len(shorter):
        return ""
    pairs = zip_longest(longer, shorter)
    return storable(next((line or "" for line, other in pairs if line != other), "").rstrip("\r\n"))
