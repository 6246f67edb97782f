"""Takes a README into a list: at first all it holds, later what changed in it since, merged with what changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from papers import acts
from papers.listsettings import take_over
from papers.models import Act, Document, EntryText, PaperList
from papers.readme.ancestor import ancestor, as_the_file_says
from papers.readme.applying import Application
from papers.readme.base import filled_in, last_import, steps_since
from papers.readme.document import DocumentTree, parse
from papers.readme.exporter import imported_lines, shown_entries
from papers.readme.inline import storable
from papers.readme.listfile import CategorySetting, ListFile
from papers.readme.merge import Place, merge
from papers.readme.newerfile import newer_file
from papers.readme.reading import ImportReport, KeptConflict, KeptRow, Shelf, read_shelves
from papers.readme.saving import drop_empty_categories, record, save_categories, save_first
from papers.readme.weave import weave

__all__ = ["ImportRefused", "ImportReport", "KeptConflict", "KeptRow", "import_readme"]

_LOOKED_AT = 65_536  # bytes, to tell whether a file is text
_MOST_NULS = 0.01  # of a text


class ImportRefused(Exception):
    """The file is no README of papers; the message says why."""


class _NothingNew(Exception):
    """What was written so far is to be taken back: the file says nothing that is not known."""


def import_readme(
    paper_list: PaperList,
    language: str,
    source: bytes,
    path: str,
    listfile: ListFile | None = None,
    user: AbstractBaseUser | None = None,
    allow_empty: bool = False,
) -> ImportReport:
    """Take a README in as the document of this language, in one transaction.

    The first language of a list becomes its primary one. A language that exists is merged: what changed in the
    file since its last import or export arrives as decisions of the origin "README", what changed here stays, and
    what changed on both sides stays as it is here and is asked about in a finding. The same file again is read
    again and changes nothing, unless it is understood better than before.

    Raise ImportRefused for what is no text, and unless `allow_empty` for a file without a row of a paper: it is
    none of a list, and as a newer version it would empty one.
    """
    _refuse_what_is_no_text(source, path)
    settings = listfile.categories if listfile else ()
    with acts.act(paper_list, user, Act.Kind.IMPORT, storable(path)):
        locked = PaperList.objects.select_for_update().get(pk=paper_list.pk)
        if listfile is not None:
            take_over(locked, listfile, user)
        document = Document.objects.filter(list=locked, language=language).first()
        if document is None:
            is_first = not locked.documents.exists()
            # Later files are newer versions of it, under whatever name they were saved here.
            document = Document(list=locked, language=language, path=storable(path), is_primary=is_first)
            return _first(document, source, path, settings, user, allow_empty)
        document.list = locked
        return _newer(document, source, path, settings, user, allow_empty)


def _refuse_what_is_no_text(source: bytes, path: str) -> None:
    looked_at = source[:_LOOKED_AT]
    if looked_at.count(0) > _MOST_NULS * len(looked_at) + 1:
        raise ImportRefused(f"{path}: not a text file in UTF-8 (byte {looked_at.index(0)} is NUL)")


def _first(
    document: Document,
    source: bytes,
    path: str,
    settings: Sequence[CategorySetting],
    user: AbstractBaseUser | None,
    allow_empty: bool,
) -> ImportReport:
    report = ImportReport(document.language, path)
    shelves = read_shelves(parse(source, document.list.columns), settings, report)
    if not shelves and not allow_empty:  # one with tables that list.toml names may still be empty
        _refuse_without_rows(shelves, source, report)
    document.source = source
    document.save()
    categories = save_categories(document, shelves, settings, is_new=True)
    changes = save_first(document, shelves, categories, report)
    drop_empty_categories(document.list)
    record(document, shelves, user, report, changes)
    report.kept_as_text.sort(key=lambda kept: kept.line)
    return report


def _refuse_without_rows(shelves: Sequence[Shelf], source: bytes, report: ImportReport) -> None:
    if any(shelf.rows for shelf in shelves):
        return
    if not source.strip():
        raise ImportRefused(f"{report.path}: the file is empty")
    kept = sorted(report.kept_as_text, key=lambda kept: kept.line)
    why = f"; line {kept[0].line}: {kept[0].reason}" if kept else ""
    raise ImportRefused(f"{report.path}: no row names a paper{why}")


def _newer(
    document: Document,
    source: bytes,
    path: str,
    settings: Sequence[CategorySetting],
    user: AbstractBaseUser | None,
    allow_empty: bool,
) -> ImportReport:
    # Read and locked before anything is compared: what is admitted after that is not ours to judge.
    standing = document.texts.select_for_update(of=("self", "entry"))
    texts = list(standing.select_related("entry__category", "entry__paper"))
    before = bytes(document.source)
    tree = parse(before, document.list.columns)
    exported = weave(tree, list(shown_entries(document)), imported_lines(document))
    try:
        with transaction.atomic():
            known = _categories_of(document)
            report = _merged(document, tree, texts, source, path, settings, user, allow_empty, source == exported)
            is_same = not (report.added or report.removed or report.moved or report.conflicts)
            if source == exported:
                # Read as other entries it would lose one by exporting and importing: then it is no new base.
                if not is_same:
                    raise _NothingNew
                report.unchanged = source != before
            reads_same = is_same and not (report.changed or report.read_anew) and _categories_of(document) == known
            if source == before and reads_same:
                raise _NothingNew
    except _NothingNew:
        report = ImportReport(document.language, path, unchanged=True, rows=len(texts), kept=len(texts))
    report.is_export = source == exported
    return report


def _categories_of(document: Document) -> list[Mapping[str, object]]:
    told = ("category_id", "category__key", "name", "heading_line", "path", "definition", "keywords")
    return list(document.category_texts.order_by("heading_line").values(*told))


def _merged(
    document: Document,
    tree: DocumentTree,
    texts: Sequence[EntryText],
    source: bytes,
    path: str,
    settings: Sequence[CategorySetting],
    user: AbstractBaseUser | None,
    allow_empty: bool,
    is_export: bool,
) -> ImportReport:
    """Merge the source into the document, whose source so far is `tree` and whose entries are `texts`."""
    report = ImportReport(document.language, path)
    shelves = read_shelves(parse(source, document.list.columns), settings, report)
    if texts and not allow_empty:
        _refuse_without_rows(shelves, source, report)
    last = last_import(document, tree, texts, imported_lines(document))
    steps = [] if is_export else steps_since(document)
    sections = set(document.category_texts.values_list("category_id", flat=True))
    document.source = source
    document.save()
    categories = save_categories(document, shelves, settings, is_new=False)
    file = newer_file(shelves, categories)
    theirs = file.side
    if is_export:
        base, doubts = as_the_file_says(last.here, file.said_in), frozenset[tuple[int, str]]()
    else:
        base, doubts = ancestor(last.base, steps, theirs, file.said_in)
    both_added = [place for place in theirs if place in last.here and place not in base]
    copied = filled_in(document, both_added) if both_added else {}
    application = Application(
        document, report.path, file, last, base, user, report, {_place(text): text for text in texts},
        stranded=frozenset(sections - file.said.keys()),
    )  # fmt: skip
    changes = application.apply(merge(base, last.here, theirs, copied.get, doubts))
    report.categories = len(categories)
    drop_empty_categories(document.list)
    record(document, shelves, user, report, changes)
    report.kept_as_text.sort(key=lambda kept: kept.line)
    return report


def _place(text: EntryText) -> Place:
    return Place(text.entry.paper_id, text.entry.category_id)
