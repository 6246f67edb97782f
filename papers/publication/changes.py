"""What the READMEs of a list lack: the papers added, moved, fixed and removed since they were imported or published.

What differs is told by the rows themselves, so what was undone meanwhile is not told; who did it, by the history.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from papers.models import Category, Document, EntryChange, EntryText, IdentifierRow, PaperList
from papers.readme.document import parse
from papers.readme.exporter import imported_lines
from papers.readme.fieldwise import spoken, values_of
from papers.readme.inline import plain, storable
from papers.readme.row import Row, RowFields
from papers.records import Identifier
from papers.texts import fields_of

_LONGEST_NAME = 80
_NICKNAME = re.compile(r"(\S{2,30}(?: \S{1,20}){0,2}?)\s?[:：]\s?\S")  # of a title: SnapKV: LLM Knows …


class Verb(StrEnum):
    """What was done to a paper, in the order it is told."""

    ADD = "add"
    MOVE = "move"
    FIX = "fix"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Unpublished:
    """What one paper's rows will be in the READMEs that they are not yet, in one line each."""

    verb: Verb
    name: str
    category: str  # where it stands now; where it stood, when it is removed
    fields: tuple[str, ...] = ()  # that read otherwise now
    who: str = ""


@dataclass(slots=True)
class _Found:
    """An entry's rows in all documents, against what these were imported as."""

    paper: int
    category: int
    title: str
    place: tuple[int, float]
    is_new: bool = True  # in every document
    has_moved: bool = False
    lacks_row: bool = False  # in some document
    fields: dict[str, None] = field(default_factory=dict)  # in order, each once


def unpublished(paper_list: PaperList) -> list[Unpublished]:
    """Return what the list's READMEs lack. The queries are as many however much it is."""
    documents = list(paper_list.documents.all())
    categories = {each.pk: each for each in paper_list.categories.prefetch_related("texts__document")}
    found: dict[int, _Found] = {}
    gone: dict[int, tuple[int, str]] = {}  # paper -> category and title
    for document in documents:
        shown = list(document.texts.select_related("entry").order_by("position", "pk"))
        sections = _Sections(document)
        for text in shown:
            _note(found, text, sections, categories)
        for row, paper in _left_out(document, {text.line for text in shown}):
            gone.setdefault(paper, (sections.category_at(row.line), row.fields.title))
    return list(_told(found, gone, categories, _authors(paper_list, found, gone)))


class _Sections:
    """Which lines of a document are which category."""

    def __init__(self, document: Document) -> None:
        told = sorted(document.category_texts.values_list("heading_line", "category_id"))
        self.lines = [line for line, _ in told]
        self.categories = [category for _, category in told]

    def category_at(self, line: int) -> int:
        """The category that a row of this line stands in, 0 for none."""
        place = bisect_right(self.lines, line)
        return self.categories[place - 1] if place else 0


def _note(found: dict[int, _Found], text: EntryText, sections: _Sections, categories: Mapping[int, Category]) -> None:
    """Compare one row with what it was imported as."""
    entry = text.entry
    if text.line is None and entry.category_id not in sections.categories:
        return  # this document has no section for it, so no row is written
    position = categories[entry.category_id].position
    here = found.setdefault(
        text.entry_id, _Found(entry.paper_id, entry.category_id, text.title, (position, text.position))
    )
    if text.line is None:
        here.lacks_row = True
        return
    here.is_new = False
    home = sections.category_at(text.line)
    here.has_moved = here.has_moved or (home != entry.category_id and entry.category_id in sections.categories)
    here.fields |= dict.fromkeys(_differing(RowFields.from_json(text.imported or {}), fields_of(text)))


def _differing(before: RowFields, after: RowFields) -> Iterator[str]:
    """The fields that differ, as people call them; further columns by their header."""
    old, new = values_of(before), values_of(after)
    yield from (spoken(name) for name in new | old if old.get(name) != new.get(name))


def _left_out(document: Document, lines: set[int | None]) -> Iterator[tuple[Row, int]]:
    """The rows that were imported and that no entry stands for any more, with their papers."""
    left = {line for line in imported_lines(document) if line not in lines}
    if not left:
        return
    tree = parse(bytes(document.source), document.list.columns)
    rows = [row for section in tree.sections for row in section.rows if row.line in left]
    papers = _papers(row.identifier for row in rows if row.identifier)
    yield from ((row, papers[row.identifier]) for row in rows if row.identifier in papers)


def _papers(identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
    wanted = set(identifiers)
    rows = IdentifierRow.objects.filter(value__in=[each.value for each in wanted])
    return {key: row.paper_id for row in rows if (key := Identifier(row.scheme, row.value)) in wanted}


def _authors(
    paper_list: PaperList, found: Mapping[int, _Found], gone: Mapping[int, tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """Who did each kind of thing to each paper last."""
    changed = {each.paper for each in found.values() if each.is_new or each.has_moved or each.lacks_row or each.fields}
    changes = EntryChange.objects.in_force().filter(list=paper_list, paper__in=changed | set(gone))
    changes = changes.exclude(verb=EntryChange.Verb.IMPORT).select_related("user").order_by("pk")
    return {(change.paper_id or 0, change.verb): change.who for change in changes}


def _told(
    found: Mapping[int, _Found],
    gone: Mapping[int, tuple[int, str]],
    categories: Mapping[int, Category],
    authors: Mapping[tuple[int, str], str],
) -> Iterator[Unpublished]:
    told: dict[Verb, list[Unpublished]] = defaultdict(list)
    verbs = EntryChange.Verb
    came: set[int] = set()
    for each in sorted(found.values(), key=lambda each: each.place):
        category, fields = categories[each.category].name, tuple(each.fields)
        admitted = authors.get((each.paper, verbs.ADMIT), "")
        if each.is_new:
            # Taken out of one category and put into another one it has moved, whatever it was done by.
            verb = Verb.MOVE if each.paper in gone and gone[each.paper][0] != each.category else Verb.ADD
            came.add(each.paper)
            told[verb].append(Unpublished(verb, short_name(each.title), category, (), admitted))
        elif each.has_moved:
            who = authors.get((each.paper, verbs.MOVE), "")
            told[Verb.MOVE].append(Unpublished(Verb.MOVE, short_name(each.title), category, fields, who))
        elif each.fields or each.lacks_row:
            who = authors.get((each.paper, verbs.EDIT), "" if each.fields else admitted)
            told[Verb.FIX].append(Unpublished(Verb.FIX, short_name(each.title), category, fields, who))
    for paper, (category_id, title) in gone.items():
        if paper not in came:
            name = categories[category_id].name if category_id in categories else ""
            who = authors.get((paper, verbs.REMOVE), "")
            told[Verb.REMOVE].append(Unpublished(Verb.REMOVE, short_name(title), name, (), who))
    for verb in Verb:
        yield from told[verb]


def short_name(title: str) -> str:
    """Return what a paper is called in a sentence: what its title begins with before a colon, else the title."""
    words = one_line(plain(title))
    nickname = _NICKNAME.match(words)
    if nickname:
        return nickname[1]
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Return a text as it can stand in a line of a message: without breaks and control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", storable(text)).split())
