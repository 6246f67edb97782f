"""A README as a tree: sections that hold tables, and every line kept.

The block structure is markdown-it's own, so a table inside a code fence is no table. No line is ever changed:
joined again, the lines are the source.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from markdown_it import MarkdownIt
from markdown_it.token import Token

from papers.readme.headers import learn_columns
from papers.readme.inline import find_links, plain, storable, without_emoji
from papers.readme.items import ItemList, find_item_lists, is_about_the_list
from papers.readme.row import Row
from papers.readme.table import RawRow, Table, read_table

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines knows more endings
_MOST_ROWS = 300  # of a table that tell what its columns are
_LABELLED = re.compile(
    r"\s*(?:\*\*|__)\s*(?P<label>[^*_:：]+?)\s*[:：]?\s*(?:\*\*|__)\s*[:：]?\s*(?P<rest>.*)", re.DOTALL
)
_DEFINITION_LABELS = frozenset({"definition", "定义"})
_KEYWORD_LABELS = frozenset({"keyword", "keywords", "key words", "关键词", "关键字"})


def _block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_PARSER = _block_parser()

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class KeptText:
    """Lines that tell of no paper."""

    first_line: int
    text: str


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading of any level.

    What stands before the first heading is a section of level 0 with heading line 0 and no name.
    """

    level: int
    name: str
    path: tuple[str, ...]  # the names of the headings above it, outermost first
    heading_line: int
    end: int  # the line behind the last one
    definition: str
    keywords: tuple[str, ...]
    groups: tuple[Table | ItemList, ...]  # of rows, in order

    @property
    def rows(self) -> Iterator[Row]:
        """The rows of all groups, in order."""
        for group in self.groups:
            yield from group.rows


@dataclass(frozen=True)
class DocumentTree:
    """A README in sections. Lines count from 1 and keep their endings."""

    lines: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def source(self) -> bytes:
        """The bytes that were parsed."""
        return encode("".join(self.lines))

    @cached_property
    def parts(self) -> tuple[KeptText | Row, ...]:
        """Every line exactly once, in order: as a row or within a kept text."""
        parts: list[KeptText | Row] = []
        line = 1
        for row in (row for section in self.sections for row in section.rows):
            parts += self._kept(line, row.line)
            parts.append(row)
            line = row.end
        return (*parts, *self._kept(line, len(self.lines) + 1))

    def _kept(self, first: int, end: int) -> list[KeptText]:
        return [KeptText(first, "".join(self.lines[first - 1 : end - 1]))] if first < end else []


def decode(source: bytes) -> str:
    """Return bytes as text; those that are no UTF-8 become surrogates, which `encode` turns back."""
    return source.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return a text that `decode` made as its bytes."""
    return text.encode("utf-8", "surrogateescape")


class _ByLine(Generic[_Item]):
    """Things of a document by the line they start on."""

    def __init__(self, items: Iterable[tuple[int, _Item]]) -> None:
        self._items = list(items)  # already in order

    def between(self, first: int, end: int) -> list[_Item]:
        start = bisect_left(self._items, first, key=lambda item: item[0])
        stop = bisect_left(self._items, end, key=lambda item: item[0])
        return [item for _, item in self._items[start:stop]]


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their endings: \\r\\n, \\n or \\r, as markdown-it counts lines."""
    return _LINE.findall(text)


def parse(source: bytes, columns: Mapping[str, str] | None = None) -> DocumentTree:
    """Return a README as a tree. Any bytes are a README: nothing is refused, nothing is lost.

    `columns` says what columns of tables mean, by their header, where reading them would get it wrong.
    """
    text = decode(source)
    lines = tuple(split_lines(text))
    # The parser sees each line at its place, without the mark that would hide a heading in the first one.
    tokens = _PARSER.parse(storable(text.removeprefix("\ufeff").replace("\x00", "\ufffd")))
    groups = _ByLine((group.first_line, group) for group in _groups(tokens, lines, columns or {}))
    labelled = _ByLine((line, (label, words)) for line, label, words in _labelled_texts(tokens))
    headings = [(0, 0, ""), *_headings(tokens)]
    ends = [*(line for line, _, _ in headings[1:]), len(lines) + 1]
    sections = []
    above: list[tuple[int, str]] = []  # the headings that the current one stands under
    for (line, level, name), end in zip(headings, ends, strict=True):
        told = labelled.between(line, end)
        above = [heading for heading in above if heading[0] < level]
        sections.append(
            Section(
                level=level,
                name=name,
                path=tuple(name for _, name in above),
                heading_line=line,
                end=end,
                definition=plain(_first(told, _DEFINITION_LABELS)),
                keywords=_words(_first(told, _KEYWORD_LABELS)),
                groups=tuple(
                    group
                    for group in groups.between(line, end)
                    if isinstance(group, Table) or not is_about_the_list(name)
                ),
            )
        )
        if level:
            above.append((level, name))
    return DocumentTree(lines, tuple(sections))


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """The line, level and name of each heading that is not within a list or a quotation."""
    for token, inline in itertools.pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield token.map[0] + 1, int(token.tag[1:]), _name(inline.content)


def _name(heading: str) -> str:
    """A heading as words: `## 📝 **Explicit** [↑](#top)` -> `Explicit`."""
    without_links = heading
    for link in reversed(find_links(heading)):
        if link.url.startswith("#") or link.image:  # the way back to the contents is not the name
            without_links = without_links[: link.start] + without_links[link.end :]
    name = re.sub(r"[(（]\s*[)）]", "", without_emoji(plain(without_links)))
    return name.strip() or without_emoji(plain(heading))


def _groups(tokens: Sequence[Token], lines: Sequence[str], fixed: Mapping[str, str]) -> list[Table | ItemList]:
    """The tables and the lists of papers, in order; a list that has a table in it is no list of papers."""
    tables = list(_tables(tokens, lines, fixed))
    within = {line for table in tables for line in range(table.first_line, table.end)}
    lists = [each for each in find_item_lists(tokens, lines) if within.isdisjoint(each.body)]
    return sorted([*tables, *lists], key=lambda group: group.first_line)


def _tables(tokens: Sequence[Token], lines: Sequence[str], fixed: Mapping[str, str]) -> Iterator[Table]:
    """The tables, in order. Those with the same headers are read alike, whatever the cells of each hold."""
    found = list(_places_of_tables(tokens))
    rows: dict[tuple[str, ...], list[RawRow]] = {}
    for start, end, names in found:
        rows.setdefault(names, []).extend(RawRow.cut(line) for line in lines[start + 2 : end])
    columns = {names: learn_columns(names, [row.cells for row in rows[names][:_MOST_ROWS]], fixed) for names in rows}
    for start, end, names in found:
        yield read_table(start + 1, columns[names], lines[start:end])


def _places_of_tables(tokens: Sequence[Token]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """The first line, the end and the headers (Markdown) of each table; lines count from 0 here."""
    names: list[str] = []
    in_header, place = False, (0, 0)
    for token in tokens:
        if token.type == "table_open" and token.map:
            in_header, names, place = True, [], (token.map[0], token.map[1])
        elif token.type == "thead_close":
            in_header = False
            yield *place, tuple(names)
        elif in_header and token.type == "inline":
            names.append(token.content)


def _labelled_texts(tokens: Sequence[Token]) -> Iterator[tuple[int, str, str]]:
    """The lines that begin with a bold label, with what follows up to the next label in the paragraph."""
    for place, token in enumerate(tokens):
        if token.type != "paragraph_open" or token.map is None:
            continue
        line, label = 0, ""
        words: list[str] = []
        for number, text in enumerate(tokens[place + 1].content.split("\n"), token.map[0] + 1):
            if found := _LABELLED.fullmatch(text):
                if label:
                    yield line, label, " ".join(words)
                line, label, words = number, found["label"].casefold(), [found["rest"]]
            else:
                words.append(text)
        if label:
            yield line, label, " ".join(words)


def _first(told: Sequence[tuple[str, str]], labels: frozenset[str]) -> str:
    return next((text for label, text in told if label in labels), "")


def _words(text: str) -> tuple[str, ...]:
    """Keywords: those in backticks, else those that commas separate."""
    quoted = re.findall(r"`([^`]+)`", text)
    words = quoted or re.split(r"[,，、;；]", plain(text).rstrip(".。"))
    return tuple(dict.fromkeys(word for word in (storable(word).strip() for word in words) if word))
