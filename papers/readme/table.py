"""A Markdown table of papers: its columns, its rows, and the fields of a row. What a column means: headers.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
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
from papers.records import Identifier

_PREFIX = re.compile(r"[ \t>]*")  # of a row in a list item or a quotation
_PIPE = re.compile(r"(?<!\\)\|")
_LINE_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_EMPTY = frozenset({"", "-", "--", "---", "–", "—", "/", "n/a", "n.a.", "none", "tba", "tbd", "无", "暂无"})
_BEFORE_A_LINK = " \t[(（-–—:：|,，;"  # what leads from a title to a link behind it
_COMMENT = re.compile(r"\s*(?:\[//\]:|\[comment\]:|<!--)", re.IGNORECASE)


class Role(StrEnum):
    """What a column tells of a paper."""

    TITLE = "title"
    LINK = "link"
    NICKNAME = "nickname"
    AUTHORS = "authors"
    VENUE = "venue"
    DATE = "date"
    TAGS = "tags"
    CODE = "code"
    TLDR = "tldr"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header as text, which is the key of an extra column, and its role."""

    name: str
    role: Role
    years: bool = field(default=False, compare=False)  # whether its cells are bare years


@dataclass(frozen=True)
class RowFields:
    """What a row says of a paper. Texts are Markdown as the cell holds it, without the escapes of pipes."""

    title: str = ""
    link: str = ""
    venue: str = ""
    tags: tuple[str, ...] = ()
    code: tuple[tuple[str, str], ...] = ()  # (label, address); an empty label is the table's usual one
    tldr: str = ""
    nickname: str = ""  # where it stands apart from the title
    authors: str = ""
    date: str = ""  # where the venue does not say it
    extra: Mapping[str, str] = field(default_factory=dict)  # further columns by their header

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values: {"title": "…", "code": [["GitHub", "https://…"]], …}."""
        return {
            "title": self.title,
            "link": self.link,
            "venue": self.venue,
            "tags": list(self.tags),
            "code": [list(pair) for pair in self.code],
            "tldr": self.tldr,
            "nickname": self.nickname,
            "authors": self.authors,
            "date": self.date,
            "extra": dict(self.extra),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RowFields:
        """Return the fields that `as_json` gave; what is missing is empty."""
        return cls(
            title=data.get("title", ""),
            link=data.get("link", ""),
            venue=data.get("venue", ""),
            tags=tuple(data.get("tags", ())),
            code=tuple((label, url) for label, url in data.get("code", ())),
            tldr=data.get("tldr", ""),
            nickname=data.get("nickname", ""),
            authors=data.get("authors", ""),
            date=data.get("date", ""),
            extra=dict(data.get("extra", {})),
        )


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


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table that tells of a paper."""

    line: int  # from 1
    raw: RawRow
    fields: RowFields
    identifier: Identifier | None  # what its link names
    link_column: int | None  # the column that the link was read from


@dataclass(frozen=True, eq=False)
class Table:
    """A table whose rows may be papers. Lines count from 1; `end` is the line behind the last one."""

    header: RawRow
    columns: tuple[Column, ...]
    first_line: int
    end: int
    rows: tuple[Row, ...]

    @property
    def body(self) -> range:
        """The lines below the header and its rule."""
        return range(self.first_line + 2, self.end)

    def column(self, role: Role) -> int | None:
        """Return the place of the column with this role."""
        return next((place for place, column in enumerate(self.columns) if column.role == role), None)


def read_table(first_line: int, columns: tuple[Column, ...], lines: Sequence[str]) -> Table:
    """Return the table of these lines: header, rule, rows.

    A line that holds no paper (a comment, neither title nor link) is no row. A table that has no column of
    titles has no rows at all.
    """
    numbered = enumerate(map(RawRow.cut, lines[2:]), first_line + 2) if _tells_papers(columns) else ()
    rows = (read_row(number, raw, columns) for number, raw in numbered)
    return Table(
        header=RawRow.cut(lines[0]),
        columns=columns,
        first_line=first_line,
        end=first_line + len(lines),
        rows=tuple(row for row in rows if row is not None),
    )


def _tells_papers(columns: Sequence[Column]) -> bool:
    return any(column.role == Role.TITLE for column in columns)


def read_row(line: int, raw: RawRow, columns: Sequence[Column]) -> Row | None:
    """Return the paper that a line tells of, or None when it tells of none."""
    if _COMMENT.match(raw.cells[0]) and not raw.opened:
        return None
    told: dict[str, Any] = {"extra": {}}
    links: dict[int, str] = {}
    code: tuple[tuple[str, str], ...] = ()
    has_code_column = any(column.role == Role.CODE for column in columns)
    for place, column in enumerate(columns):
        cell = raw.cells[place] if place < len(raw.cells) else ""
        match column.role:
            case Role.TITLE:
                told["title"], links[place] = _title_and_link(cell)
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
    fields = RowFields(link=link, code=code, **told)
    return Row(line, raw, fields, identity.identify(link) if link else None, link_column)


def _best_link(links: Mapping[int, str]) -> int | None:
    """The first link to a paper; a title that links to its code gives way to a column of papers."""
    given = [place for place, url in links.items() if url]
    return next((place for place in given if not is_code_address(links[place])), given[0] if given else None)


def read_text(cell: str) -> str:
    """Return the text of a cell, empty for a placeholder such as `-` or `N/A`."""
    text = storable(cell.strip().replace("\\|", "|"))
    return "" if is_placeholder(text) else text


def is_placeholder(text: str) -> bool:
    """Whether a cell says that there is nothing to say."""
    return text.strip().casefold() in _EMPTY


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


def _title_and_link(cell: str) -> tuple[str, str]:
    title = find_title(cell)
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
