"""Writes what an import found: categories, the entries of a first import, and its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser

from papers.bulk import copy_in
from papers.models import Category, CategoryText, Document, Entry, EntryChange, EntryText, Origin, Paper, PaperList
from papers.readme.listfile import CategorySetting
from papers.readme.matching import KnownCategory, SectionPapers, match_sections, new_key
from papers.readme.reading import ImportReport, Shelf
from papers.readme.row import RowFields
from papers.texts import write


def save_categories(
    document: Document, shelves: Sequence[Shelf], settings: Sequence[CategorySetting], is_new: bool
) -> list[Category]:
    """Save the category of each shelf, with what this document says of it, and return them in order."""
    existing = {category.pk: category for category in document.list.categories.all()}
    matched = match_sections(
        [SectionPapers(_heading(document, shelf), shelf.papers, shelf.section.path) for shelf in shelves],
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
        category.order = next((s.order for s in settings if s.key == shelf.key and s.order), category.order)
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
            name=_heading(document, shelf),
            heading_line=shelf.section.heading_line,
            path=list(shelf.section.path),
            definition=shelf.section.definition,
            keywords=list(shelf.section.keywords),
        )
        for shelf, category in zip(shelves, categories, strict=True)
    )
    return categories


def _heading(document: Document, shelf: Shelf) -> str:
    return shelf.section.name or document.list.name


def _known_categories(document: Document, categories: Iterable[Category]) -> dict[int, KnownCategory]:
    headings = {
        pk: (name, tuple(path)) for pk, name, path in document.category_texts.values_list("category_id", "name", "path")
    }
    papers: dict[int, set[int]] = {}
    for category_id, paper_id in Entry.objects.filter(category__list=document.list).values_list(
        "category_id", "paper_id"
    ):
        papers.setdefault(category_id, set()).add(paper_id)
    return {
        category.pk: KnownCategory(category.key, name, frozenset(papers.get(category.pk, set())), path)
        for category in categories
        for name, path in [headings.get(category.pk, (None, ()))]
    }


def save_first(
    document: Document, shelves: Sequence[Shelf], categories: Sequence[Category], report: ImportReport
) -> list[EntryChange]:
    """Save an entry for every row of a language that is new, and return how the history of each row begins.

    Entries that another language shows already get their row in this one.
    """
    entries = {
        (entry.category_id, entry.paper_id): entry for entry in Entry.objects.filter(category__list=document.list)
    }
    placed = [(category, paper, number, row) for shelf, category in zip(shelves, categories, strict=True)
              for number, (row, paper) in enumerate(shelf.rows, 1)]  # fmt: skip
    created = Entry.objects.bulk_create(
        Entry(category=category, paper=paper)
        for category, paper, _, _ in placed
        if (category.pk, paper.pk) not in entries
    )
    entries |= {(entry.category_id, entry.paper_id): entry for entry in created}
    rows = []
    for category, paper, number, row in placed:
        text = EntryText(document=document, entry=entries[category.pk, paper.pk], position=float(number))
        text.line, text.imported = row.line, row.fields.as_json()
        write(text, row.fields)
        rows.append(text)
    copy_in(rows)
    report.categories = len(categories)
    report.rows = report.added = len(rows)
    return [came_with_import(document, category, paper, row.fields) for category, paper, _, row in placed]


def came_with_import(document: Document, category: Category, paper: Paper, fields: RowFields) -> EntryChange:
    """Return, unsaved, how the history of a row in this language begins."""
    told = {"category": category.key, document.language: fields.as_json()}
    return EntryChange(list=document.list, paper=paper, verb=EntryChange.Verb.IMPORT, after=told, origin=Origin.README)


def drop_empty_categories(paper_list: PaperList) -> None:
    """Delete what is in no document any more; a category that decisions name stays, as their history."""
    paper_list.categories.filter(texts__isnull=True, entries__isnull=True, decisions__isnull=True).delete()


def record(
    document: Document,
    shelves: Sequence[Shelf],
    user: AbstractBaseUser | None,
    report: ImportReport,
    changes: Sequence[EntryChange] = (),
) -> None:
    """Write the history: what came with the import, and the import itself with the lines that it took.

    Exports go by these lines, and the next import compares with what stands behind this change.
    """
    summary = EntryChange(
        list=document.list,
        verb=EntryChange.Verb.IMPORT,
        origin=Origin.README,
        after={
            "document": document.pk,
            "language": document.language,
            "path": document.path,
            "lines": sorted(row.line for shelf in shelves for row, _ in shelf.rows),
            "added": report.added,
            "removed": report.removed,
            "moved": report.moved,
            "changed": report.changed,
            "conflicts": len(report.conflicts),
        },
    )
    written = [*changes, summary]
    for change in written:
        change.user = user  # type: ignore[assignment]
    copy_in(written)
