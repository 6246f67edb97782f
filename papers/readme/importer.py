"""Takes a README into a list: its categories, its papers, and an entry for every row, with the line it stood on."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from papers.models import Document, EntryText, PaperList
from papers.readme.document import parse
from papers.readme.exporter import count_changes, export
from papers.readme.inline import storable
from papers.readme.listfile import CategorySetting, ListFile
from papers.readme.reading import ImportReport, KeptRow, read_shelves
from papers.readme.saving import drop_empty_categories, record, save_categories, save_entries

__all__ = ["ImportRefused", "ImportReport", "KeptRow", "import_readme"]


class ImportRefused(Exception):
    """The README cannot be taken in without losing what curators changed; the message says what to do."""


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
    shelves = read_shelves(parse(source), settings, report)
    document.source = source
    if is_new:  # later files are newer versions of it, under whatever name they were saved here
        document.path = storable(path)
    document.save()
    categories = save_categories(document, shelves, settings, is_new)
    changes = save_entries(document, shelves, categories, texts, report)
    drop_empty_categories(document.list)
    record(document, shelves, user, report, [] if is_new else changes)
    report.kept_as_text.sort(key=lambda kept: kept.line)
    return report
