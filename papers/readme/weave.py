"""Weaves the entries of a list into the README they came from: kept lines, and rows written anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from papers.readme.document import DocumentTree, encode
from papers.readme.render import render_moved, render_row
from papers.readme.table import Role, Row, RowFields, Table


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as one document shows it."""

    section: int | None  # the heading line of its category's section; None when this document has none
    position: float
    fields: RowFields
    line: int | None = None  # the row it was imported from
    imported: RowFields | None = None  # what that row was read as


@dataclass(frozen=True, slots=True)
class _Home:
    table: Table
    section: int
    row: Row | None


def weave(tree: DocumentTree, entries: Iterable[ShownEntry], imported_lines: AbstractSet[int]) -> bytes:
    """Return the README with these entries in it.

    `imported_lines` are the rows that were taken as entries: one of them that no entry stands for any more is
    left out; every other line stays. A row whose fields are what they were keeps its line. An entry that has
    no table in its section is not written.
    """
    homes = _homes(tree)
    by_section: dict[int, list[ShownEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.position, entry.line or 0)):
        heading_line = _section_of(entry, homes)
        if heading_line is not None:
            by_section.setdefault(heading_line, []).append(entry)
    written: list[str] = []
    line = 1
    for section in tree.sections:
        tables = _paper_tables(section.groups)
        shares = _shared_out(by_section.get(section.heading_line, []), tables, homes)
        for table, share in zip(tables, shares, strict=True):
            written += tree.lines[line - 1 : table.body.start - 1]
            written += _body(tree, table, share, homes, imported_lines)
            line = table.end
    written += tree.lines[line - 1 :]
    return encode("".join(_ended_as(tree, written)))


def _paper_tables(groups: Sequence[Table]) -> list[Table]:
    return [table for table in groups if table.column(Role.TITLE) is not None]


def _homes(tree: DocumentTree) -> dict[int, _Home]:
    """Where each line of a table of papers belongs."""
    homes = {}
    for section in tree.sections:
        for table in _paper_tables(section.groups):
            rows = {row.line: row for row in table.rows}
            for line in table.body:
                homes[line] = _Home(table, section.heading_line, rows.get(line))
    return homes


def _section_of(entry: ShownEntry, homes: Mapping[int, _Home]) -> int | None:
    if entry.section is None and entry.line is not None and entry.line in homes:
        return homes[entry.line].section  # its category is missing here, so its row stays where it is
    return entry.section


def _shared_out(
    entries: Sequence[ShownEntry], tables: Sequence[Table], homes: Mapping[int, _Home]
) -> list[list[ShownEntry]]:
    """Deal the ordered entries of a section out to its tables.

    Rows stay in their table as long as the order allows. What was put between them, new or moved, goes to the
    table of the entry before it.
    """
    if len(tables) < 2:
        return [list(entries) for _ in tables]
    shares: list[list[ShownEntry]] = [[] for _ in tables]
    places = [_place(entry, tables, homes) for entry in entries]
    lines = [entry.line if place is not None else None for entry, place in zip(entries, places, strict=True)]
    steady = _longest_rise(lines)
    limits = _next_steady(places, steady, last=len(tables) - 1)
    current = 0 if not any(steady) else limits[0]
    lowest = 0
    for entry, place, stays, limit in zip(entries, places, steady, limits, strict=True):
        if place is not None and (stays or lowest <= place <= limit):
            current = lowest = place
        shares[current].append(entry)
    return shares


def _place(entry: ShownEntry, tables: Sequence[Table], homes: Mapping[int, _Home]) -> int | None:
    home = homes.get(entry.line) if entry.line is not None else None
    return next((place for place, table in enumerate(tables) if home and table is home.table), None)


def _next_steady(places: Sequence[int | None], steady: Sequence[bool], last: int) -> list[int]:
    """For every entry, the table of the next one that surely stays: it cannot stand behind that one."""
    limits = []
    limit = last
    for place, stays in zip(reversed(places), reversed(steady), strict=True):
        limit = place if stays and place is not None else limit
        limits.append(limit)
    return limits[::-1]


def _longest_rise(lines: Sequence[int | None]) -> list[bool]:
    """Which of these lines belong to a longest sequence that only rises."""
    tails: list[int] = []  # the least last line of a rise of each length
    lengths = []
    for line in lines:
        length = 0 if line is None else bisect_left(tails, line) + 1
        if line is not None:
            tails[length - 1 : length] = [line]
        lengths.append(length)
    chosen = [False] * len(lines)
    wanted = len(tails)
    for index in reversed(range(len(lines))):
        if wanted and lengths[index] == wanted:
            chosen[index] = True
            wanted -= 1
    return chosen


def _body(
    tree: DocumentTree,
    table: Table,
    entries: Sequence[ShownEntry],
    homes: Mapping[int, _Home],
    imported_lines: AbstractSet[int],
) -> list[str]:
    """The lines below a table's rule: its entries in order, each with the kept text that followed it."""
    here = {entry.line for entry in entries}
    behind: dict[int, list[str]] = {0: []}  # 0: before all rows
    current = 0
    for line in table.body:
        if line in imported_lines:
            if line in here:
                current = line
                behind[current] = []
        else:
            behind[current].append(tree.lines[line - 1])
    written = list(behind[0])
    for entry in entries:
        written.append(_line(tree, table, entry, homes))
        written += behind.get(entry.line or 0, []) if entry.line else []
    return written


def _line(tree: DocumentTree, table: Table, entry: ShownEntry, homes: Mapping[int, _Home]) -> str:
    home = homes.get(entry.line) if entry.line is not None else None
    if home is None or entry.line is None:
        return render_row(entry.fields, table)
    if home.table is table and entry.fields == entry.imported:
        return tree.lines[entry.line - 1]
    if home.row is None:
        return render_row(entry.fields, table)
    if home.table is table:
        return render_row(entry.fields, table, home.row, entry.imported)
    return render_moved(entry.fields, table, home.row, home.table, entry.imported or home.row.fields)


def _ended_as(tree: DocumentTree, written: list[str]) -> list[str]:
    """Where the README ends without a line ending, its last row may now be another one."""
    if not tree.lines or tree.lines[-1].endswith(("\n", "\r")):
        return written
    usual = next((line[len(line.rstrip("\r\n")) :] for line in tree.lines if line.endswith(("\n", "\r"))), "\n")
    ended = [line if line.endswith(("\n", "\r")) else line + usual for line in written]
    return [*ended[:-1], ended[-1].rstrip("\r\n")] if ended else ended
