"""Writes what an import found: categories, entries, and the history of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from papers.models import Category, CategoryText, Document, Entry, EntryChange, EntryText, Paper, PaperList
from papers.readme.listfile import CategorySetting
from papers.readme.matching import KnownCategory, SectionPapers, match_sections, new_key
from papers.readme.reading import ImportReport, Shelf
from papers.readme.table import Row, RowFields
from papers.texts import COLUMNS, fields_of, write


def save_categories(
    document: Document, shelves: Sequence[Shelf], settings: Sequence[CategorySetting], is_new: bool
) -> list[Category]:
    """Save the category of each shelf, with what this document says of it, and return them in order."""
    existing = {category.pk: category for category in document.list.categories.all()}
    matched = match_sections(
        [SectionPapers(shelf.section.name, shelf.papers) for shelf in shelves],
        _known_categories(document, existing.values()),
        settings,
        is_new_language=is_new,
    )
    taken = {category.key for category in existing.values()}
    categories = []
    for place, (shelf, pk) in enumerate(zip(shelves, matched, strict=True)):
        category = existing.pop(pk) if pk is not None else Category(list=document.list)
        if shelf.key is not None and shelf.key not in taken:
            category.key = shelf.key
        elif pk is None:
            category.key = new_key(shelf.section.name, taken)
        taken.add(category.key)
        if document.is_primary or pk is None:
            category.position = place if document.is_primary else len(taken)
        category.save()
        categories.append(category)
    if document.is_primary:
        for place, category in enumerate(existing.values(), len(categories)):
            category.position = place
            category.save()
    document.category_texts.all().delete()
    CategoryText.objects.bulk_create(
        CategoryText(
            category=category,
            document=document,
            name=shelf.section.name or document.list.name,
            heading_line=shelf.section.heading_line,
            path=list(shelf.section.path),
            definition=shelf.section.definition,
            keywords=list(shelf.section.keywords),
        )
        for shelf, category in zip(shelves, categories, strict=True)
    )
    return categories


def _known_categories(document: Document, categories: Iterable[Category]) -> dict[int, KnownCategory]:
    names = dict(document.category_texts.values_list("category_id", "name"))
    papers: dict[int, set[int]] = {}
    for category_id, paper_id in Entry.objects.filter(category__list=document.list).values_list(
        "category_id", "paper_id"
    ):
        papers.setdefault(category_id, set()).add(paper_id)
    return {
        category.pk: KnownCategory(category.key, names.get(category.pk), frozenset(papers.get(category.pk, set())))
        for category in categories
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What an import did to one paper's row."""

    paper_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(slots=True)
class _Plan:
    """Which rows are kept, which are new and which leave, before anything is written."""

    kept: list[EntryText] = field(default_factory=list)
    new: list[tuple[Category, Paper, EntryText]] = field(default_factory=list)
    leaving: list[EntryText] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def save_entries(
    document: Document,
    shelves: Sequence[Shelf],
    categories: Sequence[Category],
    texts: Sequence[EntryText],
    report: ImportReport,
) -> list[Change]:
    """Save an entry for every row, take away those that have none any more, and return what changed.

    `texts` are the entries that the document showed before.
    """
    plan = _planned(document, shelves, categories, texts)
    entries = _entries_of_new(document.list, plan)
    for category, paper, text in plan.new:
        text.entry = entries[category.pk, paper.pk]
    _take_away(plan.leaving)
    # Rows that trade places would meet in the unique (document, line), so all lines are cleared first.
    document.texts.update(line=None)
    # An upsert, since bulk_update takes seconds for a thousand rows of as many columns.
    EntryText.objects.bulk_create(plan.kept, update_conflicts=True, unique_fields=["id"], update_fields=_ROW_COLUMNS)
    EntryText.objects.bulk_create(text for _, _, text in plan.new)
    report.categories = len(categories)
    report.added, report.kept, report.removed = len(plan.new), len(plan.kept), len(plan.leaving)
    report.changed = sum(change.before is not None and change.after is not None for change in plan.changes)
    report.rows = report.added + report.kept
    return plan.changes


def _planned(
    document: Document, shelves: Sequence[Shelf], categories: Sequence[Category], texts: Sequence[EntryText]
) -> _Plan:
    before_by_place = {(text.entry.category_id, text.entry.paper_id): text for text in texts}
    plan = _Plan()
    for shelf, category in zip(shelves, categories, strict=True):
        for number, (row, paper) in enumerate(shelf.rows, 1):
            text = before_by_place.pop((category.pk, paper.pk), None)
            before = fields_of(text) if text is not None else None
            if text is None:
                text = EntryText(document=document)
                plan.new.append((category, paper, text))
            else:
                plan.kept.append(text)
            _set_row(text, row, float(number), before)
            if before != row.fields:
                told = [_told(document, category, fields) for fields in (before, row.fields)]
                plan.changes.append(Change(paper.pk, *told))
    # What never had a row here, as in a section that this document lacks, does not leave for want of one.
    plan.leaving = [text for text in before_by_place.values() if text.line is not None]
    for text in plan.leaving:
        told_before = _told(document, text.entry.category, fields_of(text))
        plan.changes.append(Change(text.entry.paper_id, told_before, None))
    return plan


_ROW_COLUMNS = (*COLUMNS, "line", "position", "imported", "untranslated")


def _set_row(text: EntryText, row: Row, position: float, before: RowFields | None) -> None:
    """Make the text say what the row says; a field that awaited translation and reads otherwise now has it."""
    if before is not None:
        text.untranslated = [n for n in text.untranslated if getattr(before, n) == getattr(row.fields, n)]
    text.line, text.position = row.line, position
    text.imported = row.fields.as_json()
    write(text, row.fields)


def _entries_of_new(paper_list: PaperList, plan: _Plan) -> dict[tuple[int, int], Entry]:
    """The entries of the new rows: those another language shows already, or else made now.

    One whose paper leaves another category has moved, and keeps its decision and its day.
    """
    entries = {(e.category_id, e.paper_id): e for e in Entry.objects.filter(category__list=paper_list)}
    moved_from = {text.entry.paper_id: text.entry for text in plan.leaving}
    created = Entry.objects.bulk_create(
        Entry(category=c, paper=p, decision_id=moved_from[p.pk].decision_id if p.pk in moved_from else None)
        for c, p, _ in plan.new
        if (c.pk, p.pk) not in entries
    )
    moved = [entry for entry in created if entry.paper_id in moved_from]
    for entry in moved:
        entry.added_at = moved_from[entry.paper_id].added_at
    Entry.objects.bulk_update(moved, ["added_at"])
    return entries | {(entry.category_id, entry.paper_id): entry for entry in created}


def _take_away(texts: Sequence[EntryText]) -> None:
    """Remove rows from their document, and entries that no document shows any more."""
    EntryText.objects.filter(pk__in=[text.pk for text in texts]).delete()
    Entry.objects.filter(pk__in=[text.entry_id for text in texts], texts__isnull=True).delete()


def drop_empty_categories(paper_list: PaperList) -> None:
    """Delete what is in no document any more; a category that decisions name stays, as their history."""
    paper_list.categories.filter(texts__isnull=True, entries__isnull=True, decisions__isnull=True).delete()


def _told(document: Document, category: Category, fields: RowFields | None) -> dict[str, Any] | None:
    return {"category": category.key, document.language: fields.as_json()} if fields else None


def record(
    document: Document,
    shelves: Sequence[Shelf],
    user: AbstractBaseUser | None,
    report: ImportReport,
    changes: Sequence[Change],
) -> None:
    """Write the history: the import with the lines that it took, which exports go by, and each row's change."""
    rows = [EntryChange(paper_id=change.paper_id, before=change.before, after=change.after) for change in changes]
    summary = EntryChange(
        after={
            "document": document.pk,
            "language": document.language,
            "path": document.path,
            "lines": sorted(row.line for shelf in shelves for row, _ in shelf.rows),
            "added": report.added,
            "removed": report.removed,
            "changed": report.changed,
        }
    )
    for change in (*rows, summary):
        change.list, change.verb = document.list, EntryChange.Verb.IMPORT
        change.user = user  # type: ignore[assignment]
    EntryChange.objects.bulk_create([*rows, summary])
