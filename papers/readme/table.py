"""A Markdown table of papers: its columns, its rows, and the fields of a row. What a column means: headers.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from papers import identity
from papers.readme.escape import unlabel
from papers.readme.inline import (
    Link,
    find_addresses,
    find_links,
    is_code_address,
    is_code_link,
    is_service_label,
    leading_decoration,
    storable,
)
from papers.readme.parts import Form, Part, code_of_parts
from papers.readme.reader import read_parts
from papers.readme.roles import Column, Role, is_placeholder
from papers.readme.row import Row, RowFields

_PREFIX = re.compile(r"[ \t>]*")  # of a row in a list item or a quotation
_PIPE = re.compile(r"(?<!\\)\|")
_WIDE_PIPE = "｜"
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SHORTEST_BESIDE = 3  # characters beside a title that may say something
_BEFORE_A_LINK = " \t[(（-–—:：|,，;"  # what leads from a title to a link behind it
_COMMENT = re.compile(r"\s*(?:\[//\]:|\[comment\]:|<!--)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawRow:
    """A line of a table, cut at its pipes: joined again it is the very line."""

    prefix: str  # white space and quotation marks before the first pipe
    opened: bool  # whether a pipe stands before the first cell
    cells: tuple[str, ...]  # with their padding
    closed: bool  # whether a pipe stands behind the last cell
    tail: str  # white space behind that pipe
    ending: str

    def __str__(self) -> str:
        row = "|".join(self.cells)
        return f"{self.prefix}{'|' * self.opened}{row}{'|' * self.closed}{self.tail}{self.ending}"

    @classmethod
    def cut(cls, line: str) -> RawRow:
        """Cut a line, with its ending, at the pipes that no backslash escapes."""
        text = line.rstrip("\r\n")
        ending = line[len(text) :]
        prefix = _PREFIX.match(text)[0]  # type: ignore[index]  # matches the empty text too
        cells = _PIPE.split(text[len(prefix) :])
        opened = len(cells) > 1 and cells[0] == ""
        if opened:
            del cells[0]
        closed = len(cells) > 1 and cells[-1].strip() == ""
        tail = cells.pop() if closed else ""
        return cls(prefix, opened, tuple(cells), closed, tail, ending)


@dataclass(frozen=True, slots=True)
class TitleCell:
    """Where the title of a paper stands in its cell, and the link that goes with it."""

    start: int
    end: int
    link: Link | None  # the title's own link, or one that follows it: `Title [[pdf]](…)`
    inside: bool  # whether the title is the label of that link


@dataclass(frozen=True)
class TableRow(Row):
    """A line of a table that tells of a paper."""

    raw: RawRow
    link_column: int | None  # the column that the link was read from
    parts: tuple[Part, ...] = ()  # what the title's cell tells, where it tells more than title and link


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose rows may be papers. Lines count from 1."""

    header: RawRow
    columns: tuple[Column, ...]
    first_line: int
    lines: tuple[str, ...]  # header, rule, rows

    gap = 0  # empty lines between its rows

    @property
    def end(self) -> int:
        """The line behind the last one."""
        return self.first_line + len(self.lines)

    @cached_property
    def rows(self) -> tuple[TableRow, ...]:
        """Its rows: a line that holds no paper (a comment, neither title nor link) is none.

        Read when they are asked for: an export needs few of them. A table that has no column of titles has none.
        """
        found = (self.row_at(line) for line in self.body) if self.tells_papers else ()
        return tuple(row for row in found if row is not None)

    def row_at(self, line: int) -> TableRow | None:
        """Return the row on a line of its body, or None when that is no row."""
        return read_row(line, self.lines[line - self.first_line], self.columns) if self.tells_papers else None

    def end_of(self, line: int) -> int:
        """Return the line behind the row that begins on a line."""
        return line + 1

    @property
    def body(self) -> range:
        """The lines below the header and its rule."""
        return range(self.first_line + 2, self.end)

    @property
    def tells_papers(self) -> bool:
        """Whether it has a column of titles."""
        return _tells_papers(self.columns)

    @property
    def says(self) -> tuple[Column, ...]:
        """What its rows can tell: its columns, and what its titles' cells tell besides."""
        return (*self.columns, *(Column(role.value, role) for role in self.beside))

    @cached_property
    def beside(self) -> tuple[Role, ...]:
        """What its titles' cells tell besides title and link."""
        roles = {part.role for row in self.rows for part in parts_beside(row.parts)}
        return tuple(role for role in Role if role in roles)

    def column(self, role: Role) -> int | None:
        """Return the place of the column with this role."""
        return next((place for place, column in enumerate(self.columns) if column.role == role), None)


def read_table(first_line: int, columns: tuple[Column, ...], lines: Sequence[str]) -> Table:
    """Return the table of these lines: header, rule, rows."""
    return Table(RawRow.cut(lines[0]), columns, first_line, tuple(lines))


def _tells_papers(columns: Sequence[Column]) -> bool:
    return any(column.role == Role.TITLE for column in columns)


def read_row(line: int, text: str, columns: Sequence[Column]) -> TableRow | None:
    """Return the paper that a line tells of, or None when it tells of none."""
    raw = RawRow.cut(text)
    if len(raw.cells) < len(columns) and _WIDE_PIPE in text:  # typed by mistake: an edit of the row mends it
        raw = RawRow.cut(text.replace(_WIDE_PIPE, "|"))
    if _COMMENT.match(raw.cells[0]) and not raw.opened:
        return None
    told: dict[str, Any] = {"extra": {}}
    links: dict[int, str] = {}
    code: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    has_code_column = any(column.role == Role.CODE for column in columns)
    for place, column in enumerate(columns):
        cell = raw.cells[place] if place < len(raw.cells) else ""
        match column.role:
            case Role.TITLE:
                title = find_title(cell)
                told["title"], links[place] = _title_and_link(cell, title)
                parts = _title_parts(cell, title, columns)
            case Role.LINK:
                links[place] = _paper_address(cell, has_code_column)
                if not has_code_column:
                    code = code_links([link for link in find_addresses(cell) if is_code_link(link)])
            case Role.CODE:
                code = code_links(find_addresses(cell))
            case Role.TAGS:
                told["tags"] = read_tags(cell)
            case Role.EXTRA:
                told["extra"][column.name] = read_text(cell)
            case _:
                told[column.role.value] = read_text(cell)
    link_column = _best_link(links)
    link = links[link_column] if link_column is not None else ""
    if told.get("title", "") == "" and link == "":
        return None
    beside = parts_beside(parts)
    if beside:
        title_cell = raw.cells[_place_of(Role.TITLE, columns)]
        told |= {part.role.value: part.value(title_cell) for part in beside if part.role != Role.CODE}
        code = code or code_of_parts(title_cell, beside)
    fields = RowFields(link=link, code=code, **told)
    name = identity.identify(link) if link else None
    return TableRow(line, line + 1, text, fields, name, raw, link_column, parts)


def _place_of(role: Role, columns: Sequence[Column]) -> int:
    return next(place for place, column in enumerate(columns) if column.role == role)


def _title_parts(cell: str, title: TitleCell | None, columns: Sequence[Column]) -> tuple[Part, ...]:
    """What a title's cell tells besides title and link, as authors and venue, where no column tells it."""
    if title is None:
        return ()
    parts = _parts_of(title)
    beside = cell[: parts[0].outer_start] + cell[parts[0].outer_end :]
    if len(beside.strip(" *_.")) < _SHORTEST_BESIDE:
        return ()
    told = {column.role for column in columns} | {Role.LINK, Role.TAGS, Role.TLDR}
    if Role.LINK in {column.role for column in columns}:
        told.add(Role.CODE)  # a column of links has both
    return tuple(read_parts(cell, told, parts))


def title_parts(cell: str) -> tuple[Part, ...]:
    """Return where title and link stand in a title's cell; empty when it has no title."""
    title = find_title(cell)
    return _parts_of(title) if title is not None else ()


def _parts_of(title: TitleCell) -> tuple[Part, ...]:
    if title.link is None:
        return (Part(Role.TITLE, title.start, title.end, title.start, title.end),)
    link = (title.link.start, title.link.end)
    outer, form = (link, Form.LABEL) if title.inside else ((title.start, title.end), Form.TEXT)
    return (
        Part(Role.TITLE, title.start, title.end, *outer, form),
        Part(Role.LINK, title.link.url_start, title.link.url_end, *link, Form.ADDRESS),
    )


def parts_beside(parts: Sequence[Part]) -> list[Part]:
    """Return what a title's cell tells besides title and link."""
    return [part for part in parts if part.role not in (Role.TITLE, Role.LINK)]


def _best_link(links: Mapping[int, str]) -> int | None:
    """The first link to a paper; a title that links to its code gives way to a column of papers."""
    given = [place for place, url in links.items() if url]
    return next((place for place in given if not is_code_address(links[place])), given[0] if given else None)


def read_text(cell: str) -> str:
    """Return the text of a cell, empty for a placeholder such as `-` or `N/A`."""
    text = storable(cell.strip().replace("\\|", "|"))
    return "" if is_placeholder(text) else text


def read_tags(cell: str) -> tuple[str, ...]:
    """Return the tags of a cell: the words in backticks, else what commas separate."""
    text = read_text(cell)
    quoted = re.findall(r"`([^`]+)`", text)
    words = quoted or re.split(r"[,，、;；]|" + _LINE_BREAK_TAG.pattern, text)
    return tuple(dict.fromkeys(word.strip() for word in words if not is_placeholder(word)))


def code_links(links: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Return (label, address) of links, each address once; a link with a word wins over a badge."""
    found: dict[str, tuple[str, bool]] = {}
    for link in links:
        url = _clean_address(link.url)
        if url and (url not in found or (found[url][1] and not link.badge)):
            found[url] = (storable(link.label), link.badge)
    return tuple((label, url) for url, (label, _) in found.items())


def _paper_address(cell: str, has_code_column: bool) -> str:
    links = [link for link in find_addresses(cell) if link.url]
    best = next((link for link in links if not is_code_link(link)), links[0] if links and has_code_column else None)
    return _clean_address(best.url) if best else ""


def _clean_address(url: str) -> str:
    return storable(url.replace("\\|", "|").strip())


def _title_and_link(cell: str, title: TitleCell | None) -> tuple[str, str]:
    if title is None:
        return "", _clean_address(find_addresses(cell)[0].url) if find_addresses(cell) else ""
    text = cell[title.start : title.end]
    shown = storable(unlabel(text)) if title.inside else read_text(text)
    return shown, _clean_address(title.link.url) if title.link else ""


def find_title(cell: str) -> TitleCell | None:
    """Return where the title stands in its cell, or None when there is none.

    The title is the label of the first link that is more than a badge and says more than `pdf`; else the
    words before such a link; else the first line of the cell. Emoji before it and marks around it belong to
    the cell.
    """
    links = [link for link in find_links(cell) if not link.badge]
    shown = [link for link in links if not link.image]
    first = shown[0] if shown else None
    if first and not is_service_label(first.label) and re.search(r"\w", first.label):
        start, end = _trim(cell, first.label_start, first.label_end)
        return TitleCell(start, end, first, inside=True)
    before_link = len(cell[: first.start].rstrip(_BEFORE_A_LINK)) if first else len(cell)
    for start, end in _plain_stretches(cell, before_link):
        start, end = _trim(cell, start, end)
        if re.search(r"\w", cell[start:end]) and not is_placeholder(cell[start:end]):
            link = next((link for link in shown if not is_code_link(link)), first)
            return TitleCell(start, end, link, inside=False)
    return None


def _plain_stretches(cell: str, end: int) -> Iterator[tuple[int, int]]:
    """What stands between images, badges and line breaks, up to a place."""
    walls = [(link.start, link.end) for link in find_links(cell) if link.image or link.badge]
    walls += [match.span() for match in _LINE_BREAK_TAG.finditer(cell)]
    start = 0
    for left, right in sorted(walls):
        if left >= end:
            break
        if left > start:
            yield start, left
        start = max(start, right)
    if start < end:
        yield start, end


def _trim(cell: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a stretch to its words: no white space, no emoji before, no emphasis around the whole."""
    while True:
        text = cell[start:end]
        left = leading_decoration(text)
        right = len(text) - len(text.rstrip())
        if left < len(text) and (left or right):
            start, end = start + left, end - right
            continue
        for mark in ("**", "__", "*", "_", "`"):
            inner = text[len(mark) : len(text) - len(mark)]
            if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark) and mark not in inner:
                start, end = start + len(mark), end - len(mark)
                break
        else:
            return start, end
