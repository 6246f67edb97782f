"""Writes a document of a list back: byte for byte what nobody touched."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from papers.models import Document, EntryChange
from papers.readme.document import decode, parse, split_lines
from papers.readme.inline import storable
from papers.readme.row import RowFields
from papers.readme.weave import ShownEntry, weave
from papers.texts import FIELDS

_ENDINGS = ("\n", "\r")


def export(document: Document) -> bytes:
    """Return the README with the entries as they are now. The same data give the same bytes.

    Takes three queries, however long the list is. Only fields are compared, never what a row would be read as
    today, so a later reader of rows changes no bytes.
    """
    tree = parse(bytes(document.source), document.list.columns)
    return weave(tree, list(shown_entries(document)), imported_lines(document))


def shown_entries(document: Document) -> Iterator[ShownEntry]:
    """Yield the entries that this document shows."""
    sections = dict(document.category_texts.values_list("category_id", "heading_line"))
    told = document.texts.order_by("position", "pk").values_list(
        "entry__category_id", "position", "line", "imported", *FIELDS
    )
    for category, position, line, imported, *values in told:
        now = dict(zip(FIELDS, values, strict=True))
        was = RowFields.from_json(imported) if imported is not None else None
        # Nearly every row is as it was: then one object is both.
        fields = was if was is not None and imported == now else RowFields.from_json(now)
        yield ShownEntry(sections.get(category), position, fields, line, was)


def imported_lines(document: Document) -> frozenset[int]:
    """Return the lines that the last import took as entries: without an entry now, such a row is gone."""
    imports = EntryChange.objects.in_force().filter(
        list_id=document.list_id, verb=EntryChange.Verb.IMPORT, after__document=document.pk
    )
    last = imports.order_by("-pk").values_list("after", flat=True).first()
    return frozenset(last["lines"] if last else ())


def diff(document: Document) -> str:
    """Return a unified diff from the imported README to the export, empty when nothing changed."""
    return compare(bytes(document.source), export(document), document.path)


def compare(before: bytes, after: bytes, path: str) -> str:
    """Return a unified diff of a README for people to read, empty when nothing changed."""
    changes = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    marked = (line if line.endswith(_ENDINGS) else f"{line}\n\\ No newline at end of file\n" for line in changes)
    return storable("".join(marked))


def changed_lines(document: Document) -> int:
    """Return how many lines of the README differ between what was imported and what would be exported."""
    return count_changes(bytes(document.source), export(document))


def count_changes(before: bytes, after: bytes) -> int:
    """Return how many lines differ; a line that reads otherwise counts once."""
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return sum(
        max(old_end - old_start, new_end - new_start)
        for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes()
        if kind != "equal"
    )


def _lines(source: bytes) -> list[str]:
    return split_lines(decode(source))
