"""What somebody pastes to add papers: links, ids, BibTeX and rows of READMEs, mixed, each line told of by itself.

No line has a say over another one: a bullet without an empty line behind it does not swallow the link that follows,
as it would in Markdown. Tables are read by their header, and without one by those of the list they are pasted for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

from django.utils.translation import gettext as _

from papers import identity
from papers.bibtexreader import Unreadable, read_entry
from papers.mentions import mentioned, only_names, title_beside, wrong_number
from papers.readme.document import parse, split_lines
from papers.readme.inline import is_code_address, plain, storable, without_emoji
from papers.readme.items import read_content
from papers.readme.row import Row, RowFields
from papers.readme.table import RawRow
from papers.records import Identifier

MOST_ITEMS = 300  # in one paste: what a person can look over, and a form can hold
MOST_CHARACTERS = 500_000
_LONGEST_LINE = 5_000  # characters, also of a bullet with all its lines: no row of a README is as long
_LONGEST_ENTRY = 20_000  # of BibTeX, with its abstract
_MOST_PIPES = 60  # of a table's line


class TooMuch(ValueError):
    """The paste holds more than is taken at once; the message says how much is."""


class Form(Enum):
    """What a part of a paste is written as."""

    LINK = "Link or id"
    ROW = "README row"
    BIBTEX = "BibTeX"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was pasted: where it stands and what it says, or why it names no paper."""

    first: int  # line, from 1
    last: int
    text: str  # its lines as they are, without the last line ending
    form: Form
    identifiers: tuple[Identifier, ...] = ()
    title: str = ""
    authors: tuple[str, ...] = ()
    venue: str = ""
    code: str = ""  # address
    row: RowFields | None = None  # of a row: all that it says
    problem: str = ""  # empty: it names a paper

    @property
    def where(self) -> str:
        """Its place, for people: “line 3”, “lines 4 to 9”."""
        if self.first == self.last:
            return _("line %(n)s") % {"n": self.first}
        return _("lines %(first)s to %(last)s") % {"first": self.first, "last": self.last}


def read(text: str, headers: Sequence[Sequence[str]] = ()) -> list[Item]:
    """Return what a text tells of papers, in its order; empty lines, headings and rules are nothing.

    `headers` are those of tables that rows without a header may have come from. Raise TooMuch.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooMuch(
            _("This is too much at once: at most %(most)s characters, and these are %(n)s.")
            % {"most": f"{MOST_CHARACTERS:,}", "n": f"{len(text):,}"}
        )
    lines = [line.rstrip("\r\n") for line in split_lines(storable(text.replace("\x00", "")))]
    items = list(islice(_items(lines, headers), MOST_ITEMS + 1))
    if len(items) > MOST_ITEMS:
        raise TooMuch(
            _("This is too much at once: more than %(most)s papers. Paste what comes before line %(line)s first.")
            % {"most": MOST_ITEMS, "line": items[MOST_ITEMS].first}
        )
    return items


_BIBTEX = re.compile(r"\s*@\s*(?P<kind>[A-Za-z]+)\s*[{(]")
_NO_ENTRIES = {"string", "comment", "preamble"}
_BULLET = re.compile(r"\A\s*(?:(?:[-*+•]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?|<li\b[^<>]*>\s*)")
_MARKUP = re.compile(r"\]\(|\*\*|<a\b|\[\[", re.IGNORECASE)
_CONTINUED = re.compile(r"(?:\t| {2,})\s*\S")
_SEPARATOR = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*")
_NOTHING = re.compile(
    r"\s*(?:#{1,6}(?:\s.*)?|[-*_=\s]{3,}|`{3,}.*|~{3,}.*|</?(?:ul|ol|details|summary)>|<!--.*-->)?\s*"
)


def _items(lines: Sequence[str], headers: Sequence[Sequence[str]]) -> Iterator[Item]:
    strings = "\n".join(_strings(lines))[:_LONGEST_ENTRY]
    line = 0
    while line < len(lines):
        if len(lines[line]) > _LONGEST_LINE:
            end = line + 1
            yield _too_long(lines, line, end, _LONGEST_LINE)
        elif found := _BIBTEX.match(lines[line]):
            end = _bibtex_end(lines, line)
            if found["kind"].lower() not in _NO_ENTRIES:
                yield _bibtex(lines, line, end, strings)
        elif _is_table_line(lines[line]):
            end = _end(lines[: line + 2 * MOST_ITEMS], line, _is_table_line)
            yield from _table(lines, line, end, headers)
        elif _NOTHING.fullmatch(lines[line]):
            end = line + 1
        elif _BULLET.match(lines[line]):
            end = _end(lines, line + 1, _is_continued)
            yield from _bullet(lines, line, end)
        else:
            end = line + 1
            yield from _line(lines[line], line)
        line = end


def _too_long(lines: Sequence[str], first: int, end: int, most: int, form: Form = Form.LINK) -> Item:
    text = "\n".join(lines[first:end])
    return Item(first + 1, end, text, form, problem=_("it is longer than %(most)s characters") % {"most": f"{most:,}"})


def _end(lines: Sequence[str], line: int, goes_on: Callable[[str], bool]) -> int:
    while line < len(lines) and goes_on(lines[line]):
        line += 1
    return line


def _is_continued(line: str) -> bool:
    """Whether a line belongs to the bullet above: indented, and nothing of its own."""
    return (
        len(line) <= _LONGEST_LINE
        and bool(_CONTINUED.match(line))
        and not _BULLET.match(line)
        and identity.identify(line.strip()) is None
    )


# --- BibTeX ---------------------------------------------------------------------------------------------------


def _bibtex_end(lines: Sequence[str], first: int) -> int:
    """The line behind an entry: where its braces are closed, else before the next empty line or entry."""
    braces = re.compile(r"(?<!\\)[{}()]" if "(" in lines[first].partition("{")[0] else r"(?<!\\)[{}]")
    depth = 0
    for line in range(first, len(lines)):
        if line > first and _BIBTEX.match(lines[line]):
            break
        depth += sum(1 if brace in "{(" else -1 for brace in braces.findall(lines[line]))
        if depth <= 0:
            return line + 1
    others = range(first + 1, len(lines))
    return next((line for line in others if not lines[line].strip() or _BIBTEX.match(lines[line])), len(lines))


def _strings(lines: Sequence[str]) -> Iterator[str]:
    """The abbreviations that entries may use: `@string{acl = "Proceedings of ACL"}`."""
    for line, text in enumerate(lines):
        if (found := _BIBTEX.match(text)) and found["kind"].lower() == "string":
            yield "\n".join(lines[line : _bibtex_end(lines, line)])


def _bibtex(lines: Sequence[str], first: int, end: int, strings: str) -> Item:
    item = Item(first + 1, end, "\n".join(lines[first:end]), Form.BIBTEX)
    if len(item.text) > _LONGEST_ENTRY:
        return _too_long(lines, first, end, _LONGEST_ENTRY, Form.BIBTEX)
    try:
        said = read_entry(item.text, strings)
    except Unreadable as error:
        return replace(item, problem=str(error))
    known = replace(
        item, identifiers=said.identifiers, title=said.title, authors=said.authors, venue=said.venue, code=said.code
    )
    if not said.identifiers:
        return replace(known, problem=_("it names no paper: give it a url, a doi or an eprint"))
    return replace(known, problem=wrong_number(said.identifiers))


# --- rows of READMEs ------------------------------------------------------------------------------------------


def _is_table_line(line: str) -> bool:
    text = line.strip()
    return (
        len(line) <= _LONGEST_LINE
        and 0 < text.count("|") <= _MOST_PIPES
        and (text.startswith("|") or text.count("|") >= 2 or _SEPARATOR.fullmatch(text) is not None)
    )


def _table(lines: Sequence[str], first: int, end: int, headers: Sequence[Sequence[str]]) -> Iterator[Item]:
    """The rows of lines with pipes: of tables, where a separator tells the header, and of what lacks one."""
    rows: list[int] = []
    header = ""
    for line in range(first, end):
        if _SEPARATOR.fullmatch(lines[line]):
            continue
        if line + 1 < end and _SEPARATOR.fullmatch(lines[line + 1]):
            yield from _rows(lines, rows, header, headers)
            rows, header = [], lines[line]
        else:
            rows.append(line)
    yield from _rows(lines, rows, header, headers)


def _rows(lines: Sequence[str], rows: Sequence[int], header: str, headers: Sequence[Sequence[str]]) -> Iterator[Item]:
    if not rows:
        return
    width = len(RawRow.cut(header or lines[rows[0]]).cells)
    known = next((each for each in headers if len(each) == width), ("",) * width)
    head = header.strip() or f"| {' | '.join(known)} |"
    source = "\n".join([head, "|" + " - |" * width, *(lines[row].strip() for row in rows)])
    read = {row.line: row for section in parse(source.encode()).sections for row in section.rows}
    for place, line in enumerate(rows):
        row = read.get(place + 3)
        item = Item(line + 1, line + 1, lines[line], Form.ROW)
        if row is not None and row.identifier is not None:
            yield _of_row(item, row.fields, row.identifier)
        else:
            yield from _line(lines[line].replace("|", " "), line, Form.ROW, lines[line], _why(row))


def _why(row: Row | None) -> str:
    if row is None or row.fields.link == "":
        return _("this row has no link to a paper")
    return _("the link of this row names no paper: %(link)s") % {"link": row.fields.link}


def _bullet(lines: Sequence[str], first: int, end: int) -> Iterator[Item]:
    text = "\n".join(lines[first:end])
    if len(text) > _LONGEST_LINE:
        yield _too_long(lines, first, end, _LONGEST_LINE, Form.ROW)
        return
    content = _BULLET.sub("", text, count=1)
    found = read_content(content) if _MARKUP.search(content) else None
    if found is None or (found.name.scheme == "url" and only_names(content)):
        yield from _line(content.replace("\n", " "), first, Form.LINK, text, end=end)
    else:
        yield _of_row(Item(first + 1, end, text, Form.ROW), found.fields, found.name)


def _of_row(item: Item, row: RowFields, name: Identifier) -> Item:
    code = next((address for _, address in row.code if address.startswith("http")), "")
    known = replace(item, identifiers=(name,), title=without_emoji(plain(row.title)), code=code, row=row)
    known = replace(known, venue=plain(row.venue))
    if name.scheme == "url" and is_code_address(name.value):
        return replace(known, problem=_("its link leads to code, not to a paper: %(link)s") % {"link": name.value})
    return replace(known, problem=wrong_number([name]))


# --- links and ids ----------------------------------------------------------------------------------------------


def _line(text: str, line: int, form: Form = Form.LINK, raw: str = "", why: str = "", end: int = 0) -> Iterator[Item]:
    """The papers that a line names. Names of several kinds in a text are taken for those of one paper."""
    whole = Item(line + 1, end or line + 1, raw or text, form)
    if names := only_names(text):
        for name in names:
            yield _of_name(whole, name)
        return
    content = _BULLET.sub("", text, count=1).strip()
    row = read_content(content) if _MARKUP.search(content) else None
    if row is not None and row.name.scheme != "url":
        yield _of_row(replace(whole, form=Form.ROW), row.fields, row.name)
        return
    named = mentioned(content)
    papers = [name for name in named if name.scheme != "url"] or [
        name for name in named if not is_code_address(name.value)
    ]
    code = next((name.value for name in named if name.scheme == "url" and is_code_address(name.value)), "")
    alike = [name for name in papers if name.scheme == papers[0].scheme]
    if not papers:
        told = (
            _("this leads to code, not to a paper: %(link)s") % {"link": code}
            if code
            else why or _("it names no paper by a link or an id")
        )
        yield replace(whole, problem=told)
    elif len(alike) > 1:
        for name in alike:  # whose the words beside them are is anybody's guess
            yield _of_name(whole, name)
    else:
        yield replace(_of_name(whole, papers[0]), title=title_beside(content), code=code)


def _of_name(item: Item, name: Identifier) -> Item:
    if name.scheme == "url" and is_code_address(name.value):
        return replace(item, problem=_("this leads to code, not to a paper: %(link)s") % {"link": name.value})
    return replace(item, identifiers=(name,), problem=wrong_number([name]))
