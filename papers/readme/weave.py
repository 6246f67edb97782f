"""Weaves the entries of a list into the README they came from: kept lines, and rows written anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise, takewhile

from papers.readme.document import DocumentTree, encode
from papers.readme.row import Row, RowFields
from papers.readme.write import Group, changed_row, moved_row, new_row


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
    group: Group
    section: int


def weave(tree: DocumentTree, entries: Iterable[ShownEntry], imported_lines: AbstractSet[int]) -> bytes:
    """Return the README with these entries in it.

    `imported_lines` are the rows that were taken as entries: one of them that no entry stands for any more is
    left out; every other line stays. A row whose fields are what they were keeps its lines. An entry that has
    no table or list in its section is not written.
    """
    homes = _homes(tree)
    by_section: dict[int, list[ShownEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.position, entry.line or 0)):
        if entry.line is not None and entry.line not in homes:
            continue  # read as a row once and as text today: as text it stays
        heading_line = _section_of(entry, homes)
        if heading_line is not None:
            by_section.setdefault(heading_line, []).append(entry)
    written: list[str] = []
    line = 1
    for section in tree.sections:
        groups = _of_papers(section.groups)
        shares = _shared_out(by_section.get(section.heading_line, []), groups, homes)
        for group, share in zip(groups, shares, strict=True):
            written += tree.lines[line - 1 : group.body.start - 1]
            written += _body(tree, group, share, homes, imported_lines)
            line = group.end
    written += tree.lines[line - 1 :]
    return encode("".join(_ended_as(tree, written)))


def _of_papers(groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if group.tells_papers]


def _homes(tree: DocumentTree) -> dict[int, _Home]:
    """Where each line of a table or list of papers belongs."""
    homes: dict[int, _Home] = {}
    for section in tree.sections:
        for group in _of_papers(section.groups):
            homes |= dict.fromkeys(group.body, _Home(group, section.heading_line))
    return homes


def _section_of(entry: ShownEntry, homes: Mapping[int, _Home]) -> int | None:
    if entry.section is None and entry.line is not None and entry.line in homes:
        return homes[entry.line].section  # its category is missing here, so its row stays where it is
    return entry.section


def _shared_out(
    entries: Sequence[ShownEntry], groups: Sequence[Group], homes: Mapping[int, _Home]
) -> list[list[ShownEntry]]:
    """Deal the ordered entries of a section out to its tables and lists.

    Rows stay in their group as long as the order allows. What was put between them, new or moved, goes to the
    group of the entry before it.
    """
    if len(groups) < 2:
        return [list(entries) for _ in groups]
    shares: list[list[ShownEntry]] = [[] for _ in groups]
    places = [_place(entry, groups, homes) for entry in entries]
    lines = [entry.line if place is not None else None for entry, place in zip(entries, places, strict=True)]
    steady = _longest_rise(lines)
    limits = _next_steady(places, steady, last=len(groups) - 1)
    current = 0 if not any(steady) else limits[0]
    lowest = 0
    for entry, place, stays, limit in zip(entries, places, steady, limits, strict=True):
        if place is not None and (stays or lowest <= place <= limit):
            current = lowest = place
        shares[current].append(entry)
    return shares


def _place(entry: ShownEntry, groups: Sequence[Group], homes: Mapping[int, _Home]) -> int | None:
    home = homes.get(entry.line) if entry.line is not None else None
    return next((place for place, group in enumerate(groups) if home and group is home.group), None)


def _next_steady(places: Sequence[int | None], steady: Sequence[bool], last: int) -> list[int]:
    """For every entry, the group of the next one that surely stays: it cannot stand behind that one."""
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
    group: Group,
    entries: Sequence[ShownEntry],
    homes: Mapping[int, _Home],
    imported_lines: AbstractSet[int],
) -> list[str]:
    """The lines of a group: its entries in order, each with the kept text that followed it."""
    behind, order = _kept_text(tree, group, {entry.line for entry in entries}, imported_lines)
    written = list(behind[0])
    following = dict(pairwise(order))
    before: ShownEntry | None = None
    behind_row: Row | None = None  # the last one of this group, by which new ones behind it are numbered
    places = 1
    for entry in entries:
        if before is not None and (entry.line is None or following.get(before.line or 0) != entry.line):
            written += _missing_gap(group, written)
        written.append(_lines(tree, group, entry, homes, behind_row, places))
        own = _row_of(entry, group, homes)
        behind_row, places = (own, 1) if own is not None else (behind_row, places + 1)
        written += behind.get(entry.line or 0, []) if entry.line else []
        before = entry
    if group.gap and before is not None and (not order or before.line != order[-1]):
        while written and not written[-1].strip():  # what parted it from a row that is gone, or follows no more
            written.pop()
    return written


def _kept_text(
    tree: DocumentTree,
    group: Group,
    here: AbstractSet[int | None],
    imported_lines: AbstractSet[int],
) -> tuple[dict[int, list[str]], list[int]]:
    """What stands behind each row, by the row's line (0: before all rows), and the rows' lines in their order."""
    behind: dict[int, list[str]] = {0: []}
    current, line = 0, group.body.start
    order = []
    while line < group.body.stop:
        if line not in imported_lines:
            behind[current].append(tree.lines[line - 1])
            line += 1
            continue
        end = group.end_of(line)
        if line in here:
            current = line
            behind[current] = []
            order.append(line)
        else:
            for _ in range(group.gap):  # the lines that parted it from the next go too
                end += end < group.body.stop and not tree.lines[end - 1].strip()
        line = end
    return behind, order


def _missing_gap(group: Group, written: Sequence[str]) -> list[str]:
    """The empty lines that part items in this list and that are not there yet."""
    empty = sum(1 for _ in takewhile(lambda line: not line.strip(), reversed(written)))
    ending = next((line[len(line.rstrip("\r\n")) :] for line in reversed(written) if line.endswith(("\n", "\r"))), "\n")
    return [ending] * (group.gap - empty)


def _lines(
    tree: DocumentTree,
    group: Group,
    entry: ShownEntry,
    homes: Mapping[int, _Home],
    behind: Row | None,
    places: int,
) -> str:
    home = homes.get(entry.line) if entry.line is not None else None
    if home is not None and home.group is group and entry.line is not None and entry.fields == entry.imported:
        return "".join(tree.lines[entry.line - 1 : group.end_of(entry.line) - 1])
    row = home.group.row_at(entry.line) if home is not None and entry.line is not None else None
    if home is None or row is None:
        return new_row(entry.fields, group, behind, places)
    if home.group is group:
        return changed_row(entry.fields, group, row, entry.imported or row.fields)
    return moved_row(entry.fields, group, row, home.group, entry.imported or row.fields, behind, places)


def _row_of(entry: ShownEntry, group: Group, homes: Mapping[int, _Home]) -> Row | None:
    """The row of an entry, when it is one of this group's."""
    home = homes.get(entry.line) if entry.line is not None else None
    if home is None or home.group is not group or entry.line is None:
        return None
    return group.row_at(entry.line)


def _ended_as(tree: DocumentTree, written: list[str]) -> list[str]:
    """Where the README ends without a line ending, its last row may now be another one."""
    if not tree.lines or tree.lines[-1].endswith(("\n", "\r")):
        return written
    usual = next((line[len(line.rstrip("\r\n")) :] for line in tree.lines if line.endswith(("\n", "\r"))), "\n")
    ended = [line if line.endswith(("\n", "\r")) else line + usual for line in written]
    return [*ended[:-1], ended[-1].rstrip("\r\n")] if ended else ended
