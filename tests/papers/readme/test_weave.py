"""Entries woven back into their README, without a database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.readme.document import DocumentTree, parse, split_lines
from papers.readme.row import RowFields
from papers.readme.weave import ShownEntry, weave
from tests.papers.readme import samples, strategies
from tests.papers.readme.strategies import quickly

NEW = RowFields(title="New", link="https://arxiv.org/abs/2601.00001", venue="ICML 2026")


def imported(tree: DocumentTree) -> list[ShownEntry]:
    """The entries that an import makes of the rows: those that name a paper, once a section."""
    entries = []
    for section in tree.sections:
        seen = set()
        for row in section.rows:
            if row.identifier and row.identifier not in seen:
                seen.add(row.identifier)
                place = float(len(seen))
                entries.append(ShownEntry(section.heading_line, place, row.fields, row.line, row.fields))
    return entries


def lines_of(entries: list[ShownEntry]) -> frozenset[int]:
    return frozenset(entry.line for entry in entries if entry.line is not None)


def differing(before: bytes, after: bytes) -> list[tuple[str, str]]:
    old, new = (split_lines(text.decode("utf-8", "surrogateescape")) for text in (before, after))
    assert len(old) == len(new)
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


@pytest.mark.parametrize("sample", samples.ALL.values(), ids=samples.ALL)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_what_nobody_touched_is_the_same_bytes(sample, ending):
    source = sample.replace("\n", ending).encode()
    tree = parse(source)
    entries = imported(tree)
    assert entries
    assert weave(tree, entries, lines_of(entries)) == source


@quickly
@given(strategies.documents())
def test_import_and_export_give_the_same_bytes(source):
    tree = parse(source)
    entries = imported(tree)
    assert weave(tree, entries, lines_of(entries)) == source


@quickly
@given(strategies.documents(), st.data())
def test_one_edit_changes_exactly_one_line(source, data):
    tree = parse(source)
    entries = imported(tree)
    if not entries:
        return
    number = data.draw(st.integers(0, len(entries) - 1))
    taken = lines_of(entries)
    edited = entries[number]
    entries[number] = replace(edited, fields=replace(edited.fields, title="An edited title"))
    ((old, new),) = differing(source, weave(tree, entries, taken))
    assert old == tree.lines[edited.line - 1]
    assert "An edited title" in new


@quickly
@given(strategies.documents(), st.data())
def test_one_new_entry_is_one_new_line_and_removing_it_restores_the_bytes(source, data):
    tree = parse(source)
    entries = imported(tree)
    if not entries:
        return
    taken = lines_of(entries)
    neighbour = data.draw(st.sampled_from(entries))
    new = ShownEntry(neighbour.section, neighbour.position + 0.5, NEW)
    written = split_lines(weave(tree, [*entries, new], taken).decode("utf-8", "surrogateescape"))
    (added,) = (number for number, line in enumerate(written) if NEW.link in line)
    assert [line.rstrip("\r\n") for line in written[:added] + written[added + 1 :]] == [
        line.rstrip("\r\n") for line in tree.lines
    ]
    assert written[-1].endswith(("\n", "\r")) == tree.lines[-1].endswith(("\n", "\r"))
    assert all(line.endswith(("\n", "\r")) for line in written[:-1])
    assert weave(tree, entries, taken) == source


@quickly
@given(strategies.documents(), st.data())
def test_a_removed_entry_takes_only_its_line_along(source, data):
    tree = parse(source)
    entries = imported(tree)
    if not entries:
        return
    taken = lines_of(entries)
    gone = entries.pop(data.draw(st.integers(0, len(entries) - 1)))
    left = split_lines(weave(tree, entries, taken).decode("utf-8", "surrogateescape"))
    expected = [line for number, line in enumerate(tree.lines, 1) if number != gone.line]
    assert [line.rstrip("\r\n") for line in left] == [line.rstrip("\r\n") for line in expected]


@quickly
@given(strategies.documents(), st.data())
def test_any_order_keeps_every_line(source, data):
    tree = parse(source)
    entries = imported(tree)
    taken = lines_of(entries)
    positions = data.draw(st.permutations([entry.position for entry in entries]))
    shuffled = [replace(entry, position=place) for entry, place in zip(entries, positions, strict=True)]
    written = split_lines(weave(tree, shuffled, taken).decode("utf-8", "surrogateescape"))
    assert len(written) == len(tree.lines)
    if not any(entry.section != entries[0].section for entry in entries):
        assert len([line for line in written if "arxiv.org" in line]) == len(
            [line for line in tree.lines if "arxiv.org" in line]
        )


def test_rows_follow_the_order_of_positions():
    tree = parse(samples.ENGLISH.encode())
    entries = imported(tree)
    entries[0] = replace(entries[0], position=2.5)
    written = split_lines(weave(tree, entries, lines_of(entries)).decode())
    assert [written[14], written[15], written[16]] == [tree.lines[15], tree.lines[14], tree.lines[16]]


def test_a_new_row_goes_between_its_neighbours():
    tree = parse(samples.ENGLISH.encode())
    entries = imported(tree)
    written = weave(tree, [*entries, ShownEntry(entries[0].section, 1.5, NEW)], lines_of(entries))
    assert split_lines(written.decode())[15] == "| [New](https://arxiv.org/abs/2601.00001) | ICML 2026 | - | - | - |\n"


def test_a_comment_stays_behind_the_row_it_followed():
    tree = parse(samples.COMPOSITE.encode())
    first, second = imported(tree)
    swapped = weave(tree, [replace(first, position=3.0), second], lines_of([first, second]))
    lines = split_lines(swapped.decode())
    assert lines[-3:] == [tree.lines[6], tree.lines[4], tree.lines[5]]
    without = weave(tree, [second], lines_of([first, second]))
    assert split_lines(without.decode())[-2:] == [tree.lines[5], tree.lines[6]]


def test_a_file_without_a_last_line_ending_stays_so():
    tree = parse(samples.UNCLOSED.encode())
    first, last = imported(tree)
    taken = lines_of([first, last])
    longer = weave(tree, [first, last, ShownEntry(0, 9.0, NEW)], taken)
    assert longer.startswith(samples.UNCLOSED.encode() + b"\n|")
    assert not longer.endswith(b"\n")
    assert weave(tree, [first], taken) == b"".join(line.encode() for line in tree.lines[:3]).rstrip(b"\n")


def test_a_moved_entry_leaves_its_table_and_comes_back_as_it_was():
    tree = parse(samples.ENGLISH.encode())
    entries = imported(tree)
    taken = lines_of(entries)
    nugget, quest = entries[1], entries[3]
    moved = replace(nugget, section=quest.section, position=1.5)
    lines = split_lines(weave(tree, [*entries[:1], *entries[2:], moved], taken).decode())
    assert tree.lines[15] not in lines[:20]
    assert lines[26] == tree.lines[15]  # the same columns and style, so the same line
    assert weave(tree, entries, taken) == samples.ENGLISH.encode()


def test_a_category_without_a_section_here_leaves_the_row_where_it_is():
    tree = parse(samples.ENGLISH.encode())
    entries = imported(tree)
    entries[1] = replace(entries[1], section=None)
    assert weave(tree, entries, lines_of(entries)) == samples.ENGLISH.encode()


TWO_TABLES = """\
## KV

| Title | Venue |
| --- | --- |
| [A](https://arxiv.org/abs/2401.00001) | a |
| [B](https://arxiv.org/abs/2401.00002) | b |

More:

| Title | Venue |
| --- | --- |
| [C](https://arxiv.org/abs/2401.00003) | c |
| [D](https://arxiv.org/abs/2401.00004) | d |
"""


@pytest.mark.parametrize(
    ("positions", "order"),
    [
        ({}, "AB|CD"),
        ({"N": 2.5}, "ABN|CD"),
        ({"N": 0.5}, "NAB|CD"),
        ({"N": 9.0}, "AB|CDN"),
        ({"A": 3.5}, "B|CAD"),
        ({"D": 0.5}, "DAB|C"),
        ({"C": 9.0}, "AB|DC"),
        ({"A": 2.5}, "BA|CD"),
        ({"A": 8.0, "B": 9.0}, "CDAB|"),
        ({"A": 4.0, "B": 3.0, "C": 2.0, "D": 1.0}, "DCBA|"),
    ],
)
def test_the_order_of_a_section_goes_over_its_tables(positions, order):
    tree = parse(TWO_TABLES.encode())
    entries = [replace(e, position=positions.get(e.fields.title, e.position)) for e in imported(tree)]
    taken = lines_of(entries)
    if "N" in positions:
        new = RowFields(title="N", link="https://arxiv.org/abs/2401.00009", venue="n")
        entries.append(ShownEntry(1, positions["N"], new))
    written = weave(tree, entries, taken).decode()
    first, second = written.split("More:")
    found = ["".join(line[3] for line in part.splitlines() if line.startswith("| [")) for part in (first, second)]
    assert "|".join(found) == order


def test_rows_that_were_never_entries_stay():
    source = samples.LINKS.encode()
    tree = parse(source)
    assert len(imported(tree)) == 2
    assert b"**No link at all**" in weave(tree, [], lines_of(imported(tree)))


def test_a_later_reader_of_rows_changes_no_bytes():
    """What was not taken as an entry at import stays, even if it would be taken today."""
    tree = parse(samples.ENGLISH.encode())
    entries = imported(tree)
    assert weave(tree, entries[1:], lines_of(entries[1:])) == samples.ENGLISH.encode()
    odd = [replace(e, fields=RowFields(title="?"), imported=RowFields(title="?")) for e in entries]
    assert weave(tree, odd, lines_of(odd)) == samples.ENGLISH.encode()


def test_bytes_that_are_no_text_survive_an_edit_of_their_row():
    source = (
        b"| Title | Venue | Note |\n| --- | --- | --- |\n| [A](https://arxiv.org/abs/2401.00001) | x | \xff\x00 |\n"
    )
    tree = parse(source)
    (entry,) = imported(tree)
    edited = replace(entry, fields=replace(entry.fields, venue="y"))
    assert weave(tree, [edited], lines_of([entry])) == source.replace(b"| x |", b"| y |")
