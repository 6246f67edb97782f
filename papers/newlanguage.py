"""Makes a README in another language from the structure of the primary one, with every row in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from papers import acts, glossary, instep, languages
from papers.following import Shown, as_copies
from papers.models import Act, Document, EntryText, PaperList
from papers.readme.document import DocumentTree, decode, encode, parse, split_lines
from papers.readme.exporter import imported_lines, shown_entries
from papers.readme.headerwords import header_in
from papers.readme.importer import import_readme
from papers.readme.inline import find_links, plain
from papers.readme.listfile import CategorySetting, ListFile, is_language
from papers.readme.rules import FILE
from papers.readme.table import Table
from papers.readme.weave import weave
from papers.texts import fields_of

_LABEL = re.compile(
    r"(\s*(?:\*\*|__)\s*)(Definition|Keywords?|定义|关键词|关键字)(?=\s*[:：]?\s*(?:\*\*|__))", re.IGNORECASE
)
_WORDS = re.compile(r"\w\S*\s+\S*\w|[\u3400-\u9fff]{2,}")  # more than a name
_MARKER = re.compile(r"^[\s#>*+-]+(?=\s)")  # of a heading, a quotation or an item
_FENCE = re.compile(r"\s*(?:```|~~~)")


class CannotCreate(Exception):
    """The README cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a README that stands in the primary one too."""

    number: int
    text: str


def create(paper_list: PaperList, language: str, path: str, user: AbstractBaseUser | None) -> Document:
    """Make a README in a language that the list lacks, as a file of this name, and return it.

    It is the primary one with tags translated by the curators' glossary, and with known headers of tables and
    labels translated. What else was written in the primary language stays: of rows it is flagged as untranslated,
    of prose `untranslated_prose` tells. An entry that the primary one lacks gets a row too. No other document
    changes. Raise CannotCreate with the reason, with nothing written.
    """
    with acts.act(paper_list, user, Act.Kind.LANGUAGE, path):
        paper_list = PaperList.objects.select_for_update().get(pk=paper_list.pk)
        primary = paper_list.documents.first()
        if primary is None:
            raise CannotCreate(_("The list has no README to make it from: import one first."))
        _refuse(paper_list, language, path)
        words = glossary.own(paper_list, language)
        copies = _copies(primary, words)
        source, columns = _translated(primary, copies, language)
        if columns:
            paper_list.columns = paper_list.columns | columns
            paper_list.save(update_fields=["columns"])
        import_readme(paper_list, language, source, path, _sections(primary, path), user, allow_empty=True)
        document = paper_list.documents.get(language=language)
        if lost := languages.shown(primary) - languages.shown(document):
            titles = ", ".join(f"“{copies[entry].fields.title}”" for entry in sorted(lost)[:3])
            raise CannotCreate(
                _("%(path)s: %(n)s rows could not be read again: %(titles)s.")
                % {"path": path, "n": len(lost), "titles": titles}
            )
        _flag(document, copies)
        instep.fill(document, user)
    return document


def _refuse(paper_list: PaperList, language: str, path: str) -> None:
    if not is_language(language):
        raise CannotCreate(_("“%(language)s” must be a language code, as “en” or “zh”.") % {"language": language})
    if FILE.problem(path):
        raise CannotCreate(_("“%(path)s” must be %(meaning)s.") % {"path": path, "meaning": FILE.meaning})
    for document in paper_list.documents.defer("source"):
        if document.language == language:
            raise CannotCreate(
                _("The list has a README in “%(language)s” already: %(path)s.")
                % {"language": language, "path": document.path}
            )
        if document.path == path:
            raise CannotCreate(
                _("%(path)s is the README in “%(language)s” already.") % {"path": path, "language": document.language}
            )


def _copies(primary: Document, words: Mapping[str, str]) -> dict[int, Shown]:
    """What the new language shows of each entry that the primary one shows."""
    return {text.entry_id: as_copies(fields_of(text), words) for text in primary.texts.order_by("position", "pk")}


def _sections(primary: Document, path: str) -> ListFile:
    """Settings that say which section is which category: the new README has the sections of the primary one."""
    told = primary.category_texts.order_by("heading_line").values_list("category__key", "name")
    # A heading is found by a part of it, so the longest come first.
    categories = sorted((CategorySetting(key, (name,)) for key, name in told), key=lambda each: -len(each.headings[0]))
    return ListFile(Path(path), primary.list.slug, primary.list.name, "", {}, tuple(categories), ())


def _translated(primary: Document, copies: Mapping[int, Shown], language: str) -> tuple[bytes, dict[str, str]]:
    """The new README, and what its translated headers mean where the list's settings say it of the original ones."""
    entries = [
        replace(shown, fields=copy.fields) for shown, copy in zip(shown_entries(primary), copies.values(), strict=True)
    ]
    fixed = primary.list.columns
    tree = parse(bytes(primary.source), fixed)
    tree = parse(weave(tree, entries, imported_lines(primary)), fixed)
    tables = [table for table in _tables(tree) if table.tells_papers]
    columns = {
        there: fixed[column.name]
        for table in tables
        for column in table.columns
        if column.name in fixed and (there := header_in(column.name, language)) and there not in fixed
    }
    lines = [_LABEL.sub(lambda found: _label(found, language), line, count=1) for line in tree.lines]
    for table in tables:
        lines[table.first_line - 1] = _header(table, language)
    read = {table.first_line: table for table in _tables(parse(encode("".join(lines)), fixed | columns))}
    for table in tables:  # a header that would be understood otherwise stays as it was
        now = read.get(table.first_line)
        if now is None or [each.role for each in now.columns] != [each.role for each in table.columns]:
            lines[table.first_line - 1] = tree.lines[table.first_line - 1]
    return encode("".join(lines)), columns


def _tables(tree: DocumentTree) -> Iterator[Table]:
    for section in tree.sections:
        yield from (group for group in section.groups if isinstance(group, Table))


def _header(table: Table, language: str) -> str:
    cells = []
    for cell, column in zip(table.header.cells, table.columns, strict=False):
        there = header_in(column.name, language)
        cells.append(cell.replace(column.name, there, 1) if there else cell)
    return str(replace(table.header, cells=(*cells, *table.header.cells[len(cells) :])))


def _label(found: re.Match[str], language: str) -> str:
    return found[1] + (header_in(found[2], language) or found[2])


def _flag(document: Document, copies: Mapping[int, Shown]) -> None:
    texts = list(document.texts.all())
    for text in texts:
        text.untranslated = list(copies[text.entry_id].untranslated)
    EntryText.objects.bulk_update(texts, ["untranslated"])


def untranslated_prose(document: Document, primary: Document) -> list[Line]:
    """Return the lines of headings and prose that stand in the primary README with the very same words."""
    if document.pk == primary.pk:
        return []
    original = {line.strip() for line in split_lines(decode(bytes(primary.source)))}
    rows = set(document.texts.exclude(line=None).values_list("line", flat=True))
    found, in_code = [], False
    for number, line in enumerate(split_lines(decode(bytes(document.source))), 1):
        in_code ^= _FENCE.match(line) is not None
        if number in rows or in_code or line.strip() not in original or line.lstrip().startswith("|"):
            continue
        words = plain(_MARKER.sub("", line, count=1))
        if _WORDS.search(words) and _says_more_than_links(line):
            found.append(Line(number, words))
    return found


def _says_more_than_links(line: str) -> bool:
    """Whether a line is more than a row of links, as to the other languages."""
    rest = line
    for link in reversed(find_links(line)):
        rest = rest[: link.start] + rest[link.end :]
    return re.search(r"\w", rest) is not None
