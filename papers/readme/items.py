"""Lists whose items tell of papers, in Markdown (bullets or numbers, nested or not) and in HTML (`<li>`)."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from markdown_it.token import Token

from papers import identity
from papers.readme.inline import plain, storable, without_emoji
from papers.readme.parts import Part, beside, code_of_parts
from papers.readme.reader import read_parts
from papers.readme.roles import Column, Role
from papers.readme.row import Row, RowFields
from papers.records import Identifier

_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+\[[ xX]\](?=[ \t]))?[ \t]+")
_HTML_ITEM = re.compile(r"[ \t]*<li\b[^<>]*>[ \t]*", re.IGNORECASE)
_HTML_END = re.compile(r"[ \t]*</?(?:ul|ol|details|table)\b", re.IGNORECASE)
_HTML_CLOSE = re.compile(r"</li\s*>", re.IGNORECASE)
_HTML_LABEL = re.compile(
    r"\s*(?:<(?:b|strong|summary)>(.+?)</(?:b|strong|summary)>|\*\*(.+?)\*\*)\s*:?\s*", re.IGNORECASE
)
# Sections that speak of the list itself, and name papers only in passing.
_ABOUT_THE_LIST = re.compile(
    r"\b(?:news|updates?|change ?log|contents?|toc|contribut\w*|citations?|cite|citing|licen[cs]e|acknowledg\w*|"
    r"star history|contact|how to)\b|目录|更新|动态|引用|贡献|致谢|许可",
    re.IGNORECASE,
)
_MOST_WORDS_BESIDE = 40  # that no part explains: an item with more is a text that mentions a paper
_ALWAYS = (Role.TITLE, Role.LINK, Role.AUTHORS, Role.VENUE, Role.CODE)


@dataclass(frozen=True)
class ItemRow(Row):
    """An item that tells of a paper."""

    marker: int  # characters before its text: white space, bullet or number
    parts: tuple[Part, ...]  # places within `content`

    @property
    def content(self) -> str:
        """The text of the item, without marker and last line ending."""
        return self.text[self.marker :].rstrip("\r\n")

    @property
    def ending(self) -> str:
        """The ending of its last line."""
        return self.text[len(self.text.rstrip("\r\n")) :]


@dataclass(frozen=True, eq=False)
class ItemList:
    """A list most of whose items tell of papers. Lines count from 1; `end` is the line behind the last one."""

    first_line: int
    end: int
    path: tuple[str, ...]  # what stands over it below the heading: the items it is nested in
    rows: tuple[ItemRow, ...]
    gap: int  # empty lines between its items

    @property
    def body(self) -> range:
        """The lines that rows may stand in."""
        return range(self.first_line, self.end)

    @cached_property
    def _by_line(self) -> dict[int, ItemRow]:
        return {row.line: row for row in self.rows}

    def row_at(self, line: int) -> ItemRow | None:
        """Return the row that begins on a line, or None."""
        return self._by_line.get(line)

    def end_of(self, line: int) -> int:
        """Return the line behind the row that begins on a line."""
        row = self.row_at(line)
        return row.end if row is not None else line + 1

    @property
    def tells_papers(self) -> bool:
        """Always: other lists are text."""
        return True

    @property
    def says(self) -> tuple[Column, ...]:
        """What its rows can tell: what some of them do, and what any item has room for."""
        told = Counter(part.role for row in self.rows for part in row.parts)
        return tuple(Column(role.value, role) for role in Role if role in told or role in _ALWAYS)


@dataclass(slots=True)
class _Item:
    first: int  # lines from 0
    end: int
    lists: list[list[_Item]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Read:
    fields: RowFields
    name: Identifier
    parts: tuple[Part, ...]


def find_item_lists(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[ItemList]:
    """Yield the lists of papers of a document, as markdown-it's block tokens have them; nested ones too."""
    for items in _lists(tokens):
        yield from _read_list(items, (), lines)
    yield from _html_lists(tokens, lines)


def is_about_the_list(heading: str) -> bool:
    """Whether a section tells of the list itself, as its news do."""
    return _ABOUT_THE_LIST.search(heading) is not None


def _lists(tokens: Sequence[Token]) -> list[list[_Item]]:
    """The lists that stand in no quotation, with the lists in their items."""
    found: list[list[_Item]] = []
    quoted = 0
    lists: list[list[_Item]] = []  # that are open
    open_items: list[_Item] = []
    for token in tokens:
        quoted += token.type == "blockquote_open"
        quoted -= token.type == "blockquote_close"
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append([])
            (open_items[-1].lists if open_items else found).append(lists[-1])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and token.map:
            open_items.append(_Item(token.map[0], token.map[1]))
            if not quoted:
                lists[-1].append(open_items[-1])
        elif token.type == "list_item_close":
            open_items.pop()
    return found


def _read_list(items: Sequence[_Item], path: tuple[str, ...], lines: Sequence[str]) -> Iterator[ItemList]:
    """A list of papers, and the lists of papers that its items hold."""
    rows: list[ItemRow] = []
    nested: list[ItemList] = []
    for item in items:
        own_end = min((each[0].first for each in item.lists if each), default=item.end)
        inner = []
        if item.lists:
            label = (*path, _label(lines[item.first : own_end]))
            inner = [found for each in item.lists for found in _read_list(each, label, lines)]
        nested += inner
        row = _read_item(item.first, own_end if inner else item.end, lines, _MARKER)
        if row is not None:
            rows.append(row)
    papers = _papers_of(rows, len(items))
    for _, between in itertools.groupby(papers, lambda row: sum(each.first_line < row.line for each in nested)):
        yield _item_list(list(between), path)  # no list reaches over another one
    yield from nested


def _label(lines: Sequence[str]) -> str:
    """What an item says of those that are nested in it."""
    text = "".join(lines)
    return without_emoji(plain(_MARKER.sub("", text, count=1))).rstrip(":： ")


def _html_lists(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[ItemList]:
    """The `<li>` outside of code and Markdown lists, by the tag that ends their list."""
    free = [True] * len(lines)
    for token in tokens:
        if token.map and token.type in ("fence", "code_block", "bullet_list_open", "ordered_list_open", "table_open"):
            free[slice(*token.map)] = [False] * (token.map[1] - token.map[0])
    rows: list[ItemRow] = []
    count, label, line = 0, "", 0
    while line < len(lines):
        text = lines[line]
        if free[line] and _HTML_ITEM.match(text):
            end = _html_end(line, lines, free)
            count += 1
            row = (
                _read_item(line, end, lines, _HTML_ITEM)
                if len(_HTML_ITEM.findall("".join(lines[line:end]))) == 1
                else None
            )
            rows += [row] if row else []
            line = end
            continue
        if text.startswith("#") or _HTML_END.match(text):
            if papers := _papers_of(rows, count):
                yield _item_list(papers, (label,))
            rows, count = [], 0
        if found := _HTML_LABEL.fullmatch(text):
            label = without_emoji(plain(found[1] or found[2]))
        elif text.startswith("#"):
            label = ""
        line += 1
    if papers := _papers_of(rows, count):
        yield _item_list(papers, (label,))


def _html_end(first: int, lines: Sequence[str], free: Sequence[bool]) -> int:
    """The line behind an item: where it is closed, or where the next one or the end of the list begins."""
    for line in range(first, len(lines)):
        if line > first and (
            not free[line]
            or _HTML_ITEM.match(lines[line])
            or _HTML_END.match(lines[line])
            or lines[line].startswith("#")
        ):
            return line
        if _HTML_CLOSE.search(lines[line]):
            return line + 1
    return len(lines)


def _read_item(first: int, end: int, lines: Sequence[str], marker: re.Pattern[str]) -> ItemRow | None:
    """The paper that an item tells of, or None."""
    while end > first + 1 and not lines[end - 1].strip():
        end -= 1
    text = "".join(lines[first:end])
    found = marker.match(text)
    read = read_content(text[found.end() :].rstrip("\r\n")) if found else None
    if found is None or read is None:
        return None
    return ItemRow(first + 1, end + 1, text, read.fields, read.name, found.end(), read.parts)


@lru_cache(maxsize=8192)
def read_content(content: str) -> _Read | None:
    """What the text of an item tells of a paper, or None.

    Kept for the last so many items: a README is read for each export and preview, and hardly any item changes.
    """
    if re.search(r"[\r\n][ \t]*\|", content):
        return None  # a table that Markdown takes for the item's own text
    parts = read_parts(content)
    fields = fields_of_parts(content, parts)
    name = identity.identify(fields.link) if fields.link else None
    if not fields.title or name is None or _words_beside(content, parts) > _MOST_WORDS_BESIDE:
        return None
    return _Read(fields, name, tuple(parts))


def fields_of_parts(content: str, parts: Sequence[Part]) -> RowFields:
    """Return what the parts of a text say."""
    told: dict[str, Any] = {p.role.value: p.value(content) for p in parts if p.role not in (Role.CODE, Role.TAGS)}
    tags = next((read_item_tags(content[p.start : p.end]) for p in parts if p.role == Role.TAGS), ())
    return RowFields(**told, tags=tags, code=code_of_parts(content, parts))


def read_item_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a phrase: the words in backticks, without brackets, else what commas separate."""
    words = re.findall(r"`([^`]+)`", text) or re.split(r"[,，、;；]", text)
    return tuple(dict.fromkeys(word for each in words if (word := storable(each.strip(" []*_")))))


def _words_beside(content: str, parts: Sequence[Part]) -> int:
    """How many words no part explains; 0 for what is surely few."""
    free = beside(content, parts)[:4000]
    if len(free.replace("<", " <").split()) <= _MOST_WORDS_BESIDE:
        return 0  # fewer words than any markup could hide
    return len(plain(free).split())


def _papers_of(rows: Sequence[ItemRow], items: int) -> list[ItemRow]:
    """The rows of a list that is one of papers: half of its items name one, a third of these beyond doubt.

    Of another list only what is written as a paper is: with an identifier, and with authors, venue or date.
    """
    known = [row for row in rows if row.identifier is not None and row.identifier.scheme != "url"]
    if 2 * len(rows) >= items and 3 * len(known) >= len(rows):
        return list(rows)
    return [row for row in known if row.fields.authors or row.fields.venue or row.fields.date]


def _item_list(rows: Sequence[ItemRow], path: tuple[str, ...]) -> ItemList:
    gaps = Counter(after.line - before.end for before, after in itertools.pairwise(rows))
    return ItemList(
        first_line=rows[0].line,
        end=rows[-1].end,
        path=tuple(label for label in path if label),
        rows=tuple(rows),
        gap=min(gaps.most_common(1)[0][0], 3) if gaps else 0,
    )
