"""What a newer README is compared with: the rows of the last import, and what was done to them since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from papers.models import Document, EntryChange, EntryText, Origin
from papers.readme.ancestor import Step
from papers.readme.document import DocumentTree
from papers.readme.fieldwise import fields_of_values, is_same, merge_fields, values_of
from papers.readme.merge import Place
from papers.readme.reading import known_papers
from papers.readme.row import Row, RowFields
from papers.texts import fields_of


@dataclass(frozen=True, slots=True)
class LastImport:
    """The sides of a merge that are stored: the README as it was taken in last, and the list as it is here.

    Both as today's reader reads the README: where that reads a row otherwise than the import did, the fields that
    nobody changed here read that way too. That is no change of the README, so it is nothing to decide on.
    """

    base: dict[Place, RowFields] = field(default_factory=dict)
    here: dict[Place, RowFields] = field(default_factory=dict)
    order: dict[Place, int] = field(default_factory=dict)  # the line of each row of `base`


def last_import(document: Document, tree: DocumentTree, texts: Iterable[EntryText], lines: Iterable[int]) -> LastImport:
    """Return what the document was when it was taken in, and what its entries say now.

    `tree` is its source, `texts` are its entries, and `lines` those that were taken as entries. A row whose entry
    was moved or taken out here since stands in the base all the same, where the README has it.
    """
    sections = dict(document.category_texts.values_list("heading_line", "category_id"))
    rows = {row.line: (sections.get(section.heading_line), row) for section in tree.sections for row in section.rows}
    found = LastImport()
    left = set(lines)
    for text in texts:
        here = Place(text.entry.paper_id, text.entry.category_id)
        found.here[here] = fields_of(text)
        if text.line is None or text.imported is None:
            continue
        left.discard(text.line)
        imported = RowFields.from_json(text.imported)
        category, row = rows.get(text.line, (None, None))
        base = here._replace(category=category or here.category)
        found.base[base], found.order[base] = imported, text.line
        if row is not None and row.fields != imported:
            found.base[base] = row.fields
            found.here[here], _ = merge_fields(imported, found.here[here], row.fields)
    for line, place, fields in _without_entry(left, rows):
        if place not in found.base:
            found.base[place], found.order[place] = fields, line
    return found


def _without_entry(
    lines: Iterable[int], rows: Mapping[int, tuple[int | None, Row]]
) -> Iterator[tuple[int, Place, RowFields]]:
    """The rows that were taken as entries and are none any more."""
    kept = [rows[line] for line in sorted(lines) if line in rows]
    papers = known_papers(row.identifier for _, row in kept if row.identifier)
    for category, row in kept:
        paper = papers.get(row.identifier) if row.identifier else None
        if paper is not None and category is not None:
            yield row.line, Place(paper.pk, category), row.fields


def steps_since(document: Document) -> list[Step]:
    """Return what was done to the entries of this document since its last import, the oldest first."""
    changes = EntryChange.objects.in_force().filter(list_id=document.list_id)
    last = changes.filter(verb=EntryChange.Verb.IMPORT, after__document=document.pk).order_by("-pk").first()
    keys = dict(document.list.categories.values_list("key", "pk"))
    since = changes.filter(pk__gt=last.pk if last else 0, paper__isnull=False).exclude(verb=EntryChange.Verb.IMPORT)
    steps = (_step(change, document.language, keys) for change in since.order_by("pk"))
    return [step for step in steps if step is not None]


def _step(change: EntryChange, language: str, keys: Mapping[str, int]) -> Step | None:
    before, after = (_told(told, language) for told in (change.before, change.after))
    if before is None and after is None:
        return None
    category_before, category_after = (
        keys.get(told.get("category", "")) if told is not None and fields is not None else None
        for told, fields in ((change.before, before), (change.after, after))
    )
    if before is not None and after is not None and category_before == category_after:
        category_before = category_after = None  # an edit, wherever the row was moved before
    assert change.paper_id is not None, "only those of papers are read"
    return Step(change.paper_id, category_before, category_after, before, after)


def _told(told: Mapping[str, Any] | None, language: str) -> RowFields | None:
    fields = (told or {}).get(language)
    return RowFields.from_json(fields) if isinstance(fields, dict) else None


def filled_in(document: Document, places: Sequence[Place]) -> dict[Place, RowFields]:
    """Return what was not written for this document in the rows of these places, but copied into them.

    Everything in a row that came with another language's README; else what still is as in the primary language,
    and what awaits translation. In the primary language a curator wrote the row.
    """
    admitted = EntryChange.objects.in_force().filter(
        list_id=document.list_id, paper__in={place.paper for place in places}, verb=EntryChange.Verb.ADMIT
    )
    by_readme = {
        change.paper_id: fields
        for change in admitted.order_by("pk")
        if (fields := _told(change.after, document.language)) is not None and change.origin == Origin.README
    }
    found = {place: by_readme[place.paper] for place in places if place.paper in by_readme}
    if document.is_primary:
        return found
    texts = EntryText.objects.filter(
        Q(document=document) | Q(document__is_primary=True),
        document__list=document.list_id,
        entry__paper__in={place.paper for place in places},
    )
    by_place: dict[Place, dict[bool, EntryText]] = {}
    for text in texts.select_related("entry"):
        place = Place(text.entry.paper_id, text.entry.category_id)
        by_place.setdefault(place, {})[text.document_id == document.pk] = text
    for place in places:
        pair = by_place.get(place, {})
        if place not in found and len(pair) == 2:
            found[place] = _copied(pair[True], pair[False])
    return found


def _copied(text: EntryText, primary: EntryText) -> RowFields:
    own, original = values_of(fields_of(text)), values_of(fields_of(primary))
    return fields_of_values(
        {
            name: value
            for name, value in own.items()
            if name in text.untranslated or is_same(name, value, original.get(name, ""))
        }
    )
