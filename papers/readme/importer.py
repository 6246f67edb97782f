"""Takes a README into a list: its categories, its papers, and an entry for every row, with the line it stood on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from papers import catalog
from papers.entries import fields_of
from papers.models import (
    Category,
    CategoryText,
    Document,
    Entry,
    EntryChange,
    EntryText,
    IdentifierRow,
    Paper,
    PaperList,
)
from papers.readme.document import DocumentTree, Section, parse
from papers.readme.exporter import count_changes, export
from papers.readme.inline import plain, storable, without_emoji
from papers.readme.listfile import CategorySetting, ListFile
from papers.readme.matching import KnownCategory, SectionPapers, keys_from_settings, match_sections, new_key
from papers.readme.table import Role, Row, RowFields
from papers.records import Identifier, PaperRecord


class ImportRefused(Exception):
    """The README cannot be taken in without losing what curators changed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that is no entry and stays as text: its line, why, and how it begins."""

    line: int
    reason: str
    text: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, for people to read."""

    language: str
    path: str
    unchanged: bool = False  # the file is what the list would export anyway
    categories: int = 0
    rows: int = 0  # that are entries
    new_papers: int = 0
    added: int = 0  # entries that this document did not show before
    removed: int = 0
    kept: int = 0
    changed: int = 0  # of those kept: rows that read otherwise now
    kept_as_text: list[KeptRow] = field(default_factory=list)

    def keep(self, row: Row, reason: str) -> None:
        """Note that a row stays text."""
        text = " ".join(storable(str(row.raw)).split())
        self.kept_as_text.append(KeptRow(row.line, reason, text[:80]))


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A section that is a category, and its rows that are entries, with their papers."""

    section: Section
    key: str | None  # from the list's settings
    rows: tuple[tuple[Row, Paper], ...]

    @property
    def papers(self) -> frozenset[int]:
        return frozenset(paper.pk for _, paper in self.rows)


class _OtherEntries(Exception):
    """Read again, an export holds other entries than the list."""


def import_readme(
    paper_list: PaperList,
    language: str,
    source: bytes,
    path: str,
    listfile: ListFile | None = None,
    user: AbstractBaseUser | None = None,
) -> ImportReport:
    """Take a README in as the document of this language, in one transaction.

    The first language of a list becomes its primary one. A language that exists is replaced when no curator
    changed it since: entries whose rows are gone leave this document, and the list when no other language shows
    them. The same file again changes nothing. Raise ImportRefused when the file and the list both changed.
    """
    settings = listfile.categories if listfile else ()
    with transaction.atomic():
        PaperList.objects.select_for_update().get(pk=paper_list.pk)
        document = Document.objects.filter(list=paper_list, language=language).first()
        if document is None:
            is_first = not paper_list.documents.exists()
            document = Document(list=paper_list, language=language, is_primary=is_first)
            return _replace(document, source, path, settings, user, texts=[])
        # Read and locked before the export is made: what is admitted after that is not ours to remove.
        texts = list(document.texts.select_for_update(of=("self",)).select_related("entry__category"))
        exported, base = export(document), bytes(document.source)
        if exported == source:
            if base != source:
                _move_base(document, source, path, settings, user, texts)
            return ImportReport(language, path, unchanged=True, rows=len(texts), kept=len(texts))
        if exported != base:
            rows = count_changes(base, exported)
            raise ImportRefused(
                f"{path}: the list has {rows} changed {'row' if rows == 1 else 'rows'} that this file lacks; "
                "export the list first, import that export, and then this file with the changes of both"
            )
        return _replace(document, source, path, settings, user, texts)


def _move_base(
    document: Document,
    source: bytes,
    path: str,
    settings: Sequence[CategorySetting],
    user: AbstractBaseUser | None,
    texts: Sequence[EntryText],
) -> None:
    """The file is the export, so from here on changes are counted against it.

    Not when it would be read as other entries: then an entry would be lost by exporting and importing.
    """
    try:
        with transaction.atomic():
            report = _replace(document, source, path, settings, user, texts)
            if report.added or report.removed:
                raise _OtherEntries
    except _OtherEntries:
        pass


def _replace(
    document: Document,
    source: bytes,
    path: str,
    settings: Sequence[CategorySetting],
    user: AbstractBaseUser | None,
    texts: Sequence[EntryText],
) -> ImportReport:
    """Make the document what the source says; `texts` are its entries so far."""
    is_new = document.pk is None
    report = ImportReport(document.language, path)
    shelves = _shelves(parse(source), settings, report)
    document.source, document.path = source, storable(path)
    document.save()
    categories = _save_categories(document, shelves, settings, is_new)
    changes = _save_entries(document, shelves, categories, texts, report)
    _drop_empty_categories(document.list)
    _record(document, shelves, user, report, [] if is_new else changes)
    report.kept_as_text.sort(key=lambda kept: kept.line)
    return report


# --- Reading ---------------------------------------------------------------------------------------------


def _shelves(tree: DocumentTree, settings: Sequence[CategorySetting], report: ImportReport) -> list[_Shelf]:
    """The sections that are categories: those with rows that name a paper, and those the settings name."""
    sections = [s for s in tree.sections if any(table.column(Role.TITLE) is not None for table in s.groups)]
    named = {section.heading_line: list(_named(section, report)) for section in sections}
    papers = _papers([row for rows in named.values() for row in rows], report)
    sections = [s for s in sections if named[s.heading_line] or any(each.matches(s.name) for each in settings)]
    keys = keys_from_settings([section.name for section in sections], settings)
    return [
        _Shelf(section, key, tuple(_once(named[section.heading_line], papers, report)))
        for section, key in zip(sections, keys, strict=True)
        if named[section.heading_line] or key is not None
    ]


def _named(section: Section, report: ImportReport) -> Iterator[Row]:
    """The rows whose link names a paper; the others are reported."""
    for row in section.rows:
        if row.fields.link == "":
            report.keep(row, "no link to the paper")
        elif row.identifier is None:
            report.keep(row, f"its link names no paper: {row.fields.link}")
        elif row.fields.title == "":
            report.keep(row, "no title")
        else:
            yield row


def _once(rows: Iterable[Row], papers: Mapping[Identifier, Paper], report: ImportReport) -> Iterator[tuple[Row, Paper]]:
    """The rows with their papers; a paper that stands in the section already is reported."""
    lines: dict[int, int] = {}
    for row in rows:
        paper = papers.get(row.identifier) if row.identifier else None
        if paper is None:
            continue
        if paper.pk in lines:
            report.keep(row, f"the same paper as line {lines[paper.pk]}")
        else:
            lines[paper.pk] = row.line
            yield row, paper


def _papers(rows: Sequence[Row], report: ImportReport) -> dict[Identifier, Paper]:
    """The papers of rows, those that are not known yet added to the catalogue."""
    wanted = {row.identifier: row for row in reversed(rows) if row.identifier}  # the first row of each counts
    papers = _known_papers(wanted)
    records = {
        identifier: PaperRecord(source="readme", identifiers=(identifier,), title=_plain_title(row))
        for identifier, row in reversed(wanted.items())
        if identifier not in papers
    }
    stored = catalog.upsert(list(records.values()))
    report.new_papers = stored.new
    papers |= {identifier: stored.papers[identifier] for identifier in records if identifier in stored.papers}
    for row in rows:
        if row.identifier not in papers:
            report.keep(row, "the catalogue refused it: no title in words")
    return papers


def _known_papers(identifiers: Iterable[Identifier]) -> dict[Identifier, Paper]:
    values: dict[str, list[str]] = {}
    for scheme, value in identifiers:
        values.setdefault(scheme, []).append(value)
    return {
        Identifier(row.scheme, row.value): row.paper
        for scheme, of_scheme in values.items()
        for row in IdentifierRow.objects.filter(scheme=scheme, value__in=of_scheme).select_related("paper")
    }


def _plain_title(row: Row) -> str:
    return without_emoji(plain(row.fields.title))


# --- Writing ---------------------------------------------------------------------------------------------


def _save_categories(
    document: Document, shelves: Sequence[_Shelf], settings: Sequence[CategorySetting], is_new: bool
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
class _Change:
    paper_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def _save_entries(
    document: Document,
    shelves: Sequence[_Shelf],
    categories: Sequence[Category],
    texts: Sequence[EntryText],
    report: ImportReport,
) -> list[_Change]:
    """Save an entry for every row, take away those that have none any more, and return what changed."""
    leaving = {(text.entry.category_id, text.entry.paper_id): text for text in texts}
    entries = {(e.category_id, e.paper_id): e for e in Entry.objects.filter(category__list=document.list)}
    kept: list[EntryText] = []
    new: list[tuple[Category, Paper, EntryText]] = []
    changes: list[_Change] = []
    for shelf, category in zip(shelves, categories, strict=True):
        for number, (row, paper) in enumerate(shelf.rows, 1):
            text = leaving.pop((category.pk, paper.pk), None)
            if text is None:
                text = EntryText(document=document)
                new.append((category, paper, text))
                before = None
            else:
                kept.append(text)
                before = fields_of(text)
                text.untranslated = [
                    name for name in text.untranslated if getattr(before, name) == getattr(row.fields, name)
                ]
            _set_row(text, row, float(number))
            if before != row.fields:
                report.changed += before is not None
                changes.append(
                    _Change(paper.pk, _told(document, category, before), _told(document, category, row.fields))
                )
    missing = [(c, p) for c, p, _ in new if (c.pk, p.pk) not in entries]
    entries |= _create_entries(missing, leaving.values())
    for category, paper, text in new:
        text.entry = entries[category.pk, paper.pk]
    changes += [
        _Change(text.entry.paper_id, _told(document, text.entry.category, fields_of(text)), None)
        for text in leaving.values()
    ]
    _take_away(document, list(leaving.values()))
    # Rows that trade places would meet in the unique (document, line), so all lines are cleared first.
    document.texts.update(line=None)
    # An upsert, since bulk_update takes seconds for a thousand rows of as many columns.
    EntryText.objects.bulk_create(kept, update_conflicts=True, unique_fields=["id"], update_fields=_ROW_COLUMNS)
    EntryText.objects.bulk_create(text for _, _, text in new)
    report.categories = len(categories)
    report.added, report.kept, report.removed = len(new), len(kept), len(leaving)
    report.rows = report.added + report.kept
    return changes


_ROW_COLUMNS = (
    *("title", "link", "venue", "tags", "code", "tldr", "extra"),
    *("line", "position", "imported", "untranslated"),
)


def _set_row(text: EntryText, row: Row, position: float) -> None:
    text.line, text.position = row.line, position
    text.imported = row.fields.as_json()
    for name, value in text.imported.items():
        setattr(text, name, value)


def _create_entries(
    wanted: Sequence[tuple[Category, Paper]], leaving: Iterable[EntryText]
) -> dict[tuple[int, int], Entry]:
    """Create entries; one whose paper leaves another category has moved, and keeps its decision and its day."""
    moved_from = {text.entry.paper_id: text.entry for text in leaving}
    created = Entry.objects.bulk_create(
        Entry(category=c, paper=p, decision_id=moved_from[p.pk].decision_id if p.pk in moved_from else None)
        for c, p in wanted
    )
    moved = [entry for entry in created if entry.paper_id in moved_from]
    for entry in moved:
        entry.added_at = moved_from[entry.paper_id].added_at
    Entry.objects.bulk_update(moved, ["added_at"])
    return {(entry.category_id, entry.paper_id): entry for entry in created}


def _take_away(document: Document, texts: Sequence[EntryText]) -> None:
    """Remove rows from this document, and entries that no document shows any more."""
    EntryText.objects.filter(pk__in=[text.pk for text in texts]).delete()
    Entry.objects.filter(pk__in=[text.entry_id for text in texts], texts__isnull=True).delete()


def _drop_empty_categories(paper_list: PaperList) -> None:
    """Delete what is in no document any more; a category that decisions name stays, as their history."""
    paper_list.categories.filter(texts__isnull=True, entries__isnull=True, decisions__isnull=True).delete()


def _told(document: Document, category: Category, fields: RowFields | None) -> dict[str, Any] | None:
    return {"category": category.key, document.language: fields.as_json()} if fields else None


def _record(
    document: Document,
    shelves: Sequence[_Shelf],
    user: AbstractBaseUser | None,
    report: ImportReport,
    changes: Sequence[_Change],
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
