"""Columns, cells and fields of a table."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.readme.document import parse
from papers.readme.headers import learn_columns
from papers.readme.row import RowFields
from papers.readme.style import learn_style
from papers.readme.table import RawRow, find_title, read_tags, read_text
from tests.papers.readme import samples, strategies
from tests.papers.readme.strategies import quickly


def roles(headers: str, *rows: str) -> list[str]:
    """The roles of columns, headers and cells given as `a | b`."""
    columns = learn_columns(headers.split(" | "), [row.split(" | ") for row in rows])
    return [column.role.value for column in columns]


PAPER = "[A paper](https://arxiv.org/abs/2401.00001)"
PDF = "[[pdf]](https://arxiv.org/abs/2401.00001)"
PROSE = "It does a number of remarkable things."


@pytest.mark.parametrize(
    ("headers", "row", "expected"),
    [
        ("Paper Title | Venue/Date | Tags | Code | TL;DR", "", "title venue tags code tldr"),
        ("论文标题 | 发表/日期 | 标签 | 代码 | 简述", "", "title venue tags code tldr"),
        ("论文标题 | 发表/日期 | 关注点", "", "title venue tldr"),
        ("Paper Title | Venue/Date | Focus", "", "title venue tldr"),
        ("Title | Type | Venue | Paper | code", f"A | x | y | {PDF} | -", "title tags venue link code"),
        ("Year | Title | Type | Venue | Paper | code", "", "date title tags venue link code"),
        ("Date | Title | Paper | Code | Recom", f"2024 | A | {PDF} | - | ⭐️", "date title link code extra"),
        ("Title & Authors | Introduction | Links", f"{PAPER} | <img src=x> | {PDF}", "title extra link"),
        ("Title & Author & Link | Summary", f"{PAPER} | {PROSE}", "title tldr"),
        ("Title | Venue | Date | Links", f"**A** | ICLR | 2024 | {PDF}", "title venue date link"),
        ("Title | Publish | Code | Method", f"{PAPER} | ICLR | x | {PROSE}", "title venue code tldr"),
        ("Year | Paper | Venue | Core Idea | Setting | Gain | Code", f"2024 | {PAPER} | a | {PROSE} | b | c | N/A",
         "date title venue tldr extra extra code"),
        ("Paper | Type | Code", f"{PAPER} | a | -", "title tags code"),
        ("Method | Paper | Code", f"{PAPER} | {PDF} | -", "title link code"),
        ("**Title** | [Code](https://x.org) | 📅 Date", "", "title code date"),
        ("Who | What", f"someone | {PAPER}", "extra title"),
        ("Module | Focus | Typical Questions", "Eviction | What | Which?", "extra tldr extra"),
        ("Title | Comment", "A | short", "title extra"),
        ("Title | Code | Repository", "", "title code extra"),
        ("Year | Paper | What it says | Authors | Stars", f"2024 | {PAPER} | {PROSE} | A | 5",
         "date title tldr authors extra"),
        ("Paper | Main idea | TL;DR", f"{PAPER} | {PROSE} | {PROSE}", "title extra tldr"),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_headers_and_cells(headers, row, expected):
    assert roles(headers, *([row] if row else [])) == expected.split()


@pytest.mark.parametrize(
    ("header", "cells", "years"),
    [
        ("Year", [], True),
        ("年份", ["-"], True),
        ("Venue", [], False),
        ("Venue", ["2024", "2023", "ICLR 2024"], True),
        ("Year", ["ICLR 2024", "2024.01"], False),
    ],
)
def test_a_column_of_bare_years_is_known(header, cells, years):
    column = learn_columns(["Title", header], [["A", cell] for cell in cells])[1]
    assert column.years is years


def test_unknown_columns_keep_their_header_and_equal_ones_are_told_apart():
    names = [column.name for column in learn_columns(["Title", "**Stars** ⭐", "Stars", ""], [])]
    assert names == ["Title", "Stars", "Stars (3)", "column 4"]


@quickly
@given(st.text(alphabet="|\\ ab\t>-\x0c", max_size=20), st.sampled_from(["", "\n", "\r\n", "\r"]))
def test_a_cut_line_joins_to_itself(text, ending):
    assert str(RawRow.cut(text + ending)) == text + ending


@pytest.mark.parametrize(
    ("line", "cells", "closed"),
    [
        ("| a | b |", (" a ", " b "), True),
        ("| a | b", (" a ", " b"), False),
        ("a | b", ("a ", " b"), False),
        ("| a \\| b | `c\\|d` |  ", (" a \\| b ", " `c\\|d` "), True),
        ("> | a |", (" a ",), True),
        ("|a||", ("a", ""), True),
    ],
)
def test_cells_end_at_unescaped_pipes(line, cells, closed):
    row = RawRow.cut(line)
    assert (row.cells, row.closed) == (cells, closed)


@pytest.mark.parametrize(
    ("cell", "title", "link"),
    [
        ("[A](https://a.org)", "A", "https://a.org"),
        ("**[A](https://a.org)**", "A", "https://a.org"),
        ("[**A**](https://a.org)", "A", "https://a.org"),
        ("[A [b] (c)](https://a.org/x_(y))", "A [b] (c)", "https://a.org/x_(y)"),
        ("[A](<https://a.org/x y>)", "A", "https://a.org/x y"),
        ('[A](https://a.org "the title")', "A", "https://a.org"),
        ("[A $O(n^2)$ \\| B](https://a.org)", "A $O(n^2)$ | B", "https://a.org"),
        ("[A \\[b\\]](https://a.org)", "A [b]", "https://a.org"),
        ("🔥🔥[**H2O**] H2O: Heavy(@UT)", "[**H2O**] H2O: Heavy(@UT)", None),
        ("**Bold title**", "Bold title", None),
        (":star: [A](https://a.org) <br> Some Body, Any One", "A", "https://a.org"),
        ("[![Star](https://i.org/s.svg)](https://g.org/r) [A](https://a.org)", "A", "https://a.org"),
        ("ICLR22 <br />[A](https://a.org)", "A", "https://a.org"),
        ("![New](https://i.org/new.svg) Title [[Link](https://a.org)] <br> *Authors*", "Title", "https://a.org"),
        ("Title [[Code](https://github.com/o/r)] [[Paper](https://a.org)]", "Title", "https://a.org"),
        ("Title ([pdf](https://a.org))", "Title", "https://a.org"),
        ("Title: subtitle - [pdf](https://a.org)", "Title: subtitle", "https://a.org"),
        ("[`A` b](https://a.org)", "`A` b", "https://a.org"),
    ],
)
def test_a_title_is_found_in_its_cell(cell, title, link):
    (row,) = parse(f"| Title |\n| --- |\n| {cell} |\n".encode()).sections[0].rows
    assert (row.fields.title, row.fields.link) == (title, link or "")


@pytest.mark.parametrize(
    ("cell", "authors"),
    [
        ("[A](https://a.org) <br> Some Body, Any One", "Some Body, Any One"),
        ("[A](https://a.org) <br> Isaac Rehg", "Isaac Rehg"),
        ("[A](https://a.org) <br> Jane Q. Public <br> [Code](https://github.com/o/r)", "Jane Q. Public"),
        ("[A](https://a.org) <br> Acme Research <br> ICLR 2024", "Acme Research"),
        ("[A](https://a.org), Various, [pdf](https://b.org)", "Various"),
        ("[A](https://a.org) <br> ICLR 2024", ""),
        ("[A](https://a.org) <br> Under Review", ""),
        ("[A](https://a.org) <br> A word", ""),
        ("[A](https://a.org) <br> Some Body ⭐ and more", ""),
        ("[A](https://a.org) Isaac Rehg", ""),
    ],
)
def test_authors_are_found_below_a_title(cell, authors):
    (row,) = parse(f"| Title |\n| --- |\n| {cell} |\n".encode()).sections[0].rows
    assert row.fields.authors == authors


@pytest.mark.parametrize("cell", ["", "-", " N/A ", "—", "⭐️", "![](https://i.org/a.png)"])
def test_some_cells_have_no_title(cell):
    assert find_title(cell) is None


@pytest.mark.parametrize("cell", ["", " - ", "N/A", "n/a", "—", "--", "TBD", "无"])
def test_placeholders_mean_empty(cell):
    assert read_text(cell) == ""


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        (" `A b`, `C` ", ("A b", "C")),
        ("`A``B`", ("A", "B")),
        ("A, B、C；D", ("A", "B", "C", "D")),
        ("A<br>B", ("A", "B")),
        ("-", ()),
        ("`A`, `A`", ("A",)),
    ],
)
def test_tags_are_read_with_or_without_backticks(cell, tags):
    assert read_tags(cell) == tags


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("[GitHub](https://github.com/o/r)", (("GitHub", "https://github.com/o/r"),)),
        ("[[H2O]](https://github.com/o/r) ![](https://i.org/o/r.svg)", (("H2O", "https://github.com/o/r"),)),
        ("[[Code](https://github.com/o/r)]", (("Code", "https://github.com/o/r"),)),
        ("https://github.com/o/r", (("", "https://github.com/o/r"),)),
        ("<https://github.com/o/r>", (("", "https://github.com/o/r"),)),
        ("[![Star](https://i.org/s.svg)](https://github.com/o/r)", (("Star", "https://github.com/o/r"),)),
        ("[a](https://x.org/1), [b](https://x.org/2)", (("a", "https://x.org/1"), ("b", "https://x.org/2"))),
        ("[a](https://x.org/1) [b](https://x.org/1)", (("a", "https://x.org/1"),)),
        ("-", ()),
        ("x", ()),
        ("[soon]()", ()),
    ],
)
def test_code_links_are_read_in_every_form(cell, code):
    (row,) = parse(f"| Title | Code |\n| --- | --- |\n| A | {cell} |\n".encode()).sections[0].rows
    assert row.fields.code == code


def test_a_column_of_links_gives_paper_and_code():
    rows = list(parse(samples.LINKS.encode()).sections[1].rows)
    assert [row.fields.link for row in rows] == [
        "https://arxiv.org/abs/1807.03819",
        "https://arxiv.org/abs/2310.10845",
        "",
    ]
    assert rows[0].fields.code == (("Code", "https://github.com/x/ut"),)
    assert rows[0].fields.date == "Jul 2018"


def test_a_title_that_links_to_its_code_gives_way_to_the_paper():
    cells = "[A](https://github.com/o/r) | [Github](https://github.com/o/r) [paper](https://arxiv.org/abs/2301.00774)"
    (row,) = parse(f"| Title | Links |\n| --- | --- |\n| {cells} |\n".encode()).sections[0].rows
    assert row.identifier == ("arxiv", "2301.00774")
    assert row.fields.code == (("Github", "https://github.com/o/r"),)


def test_rows_with_missing_or_stray_cells_are_read():
    text = "| Title | Venue | Code |\n| --- | --- | --- |\n| [A](https://a.org) |\n| [B](https://b.org) | x | - | y | [//]: #1\n"
    rows = list(parse(text.encode()).sections[0].rows)
    assert [(row.fields.title, row.fields.venue) for row in rows] == [("A", ""), ("B", "x")]


def test_comments_between_rows_are_no_rows():
    rows = list(parse(samples.COMPOSITE.encode()).sections[1].rows)
    assert [row.fields.title for row in rows] == ["A Simple Approach", "Sheared LLaMA"]


def test_fields_hold_only_what_a_database_can_store():
    source = b"| Title | Venue |\n| --- | --- |\n| [A\x00\xff](https://a.org/\xff) | \x00 |\n"
    (row,) = parse(source).sections[0].rows
    assert row.fields.title == "A\ufffd"
    assert row.fields.link == "https://a.org/\ufffd"


@quickly
@given(strategies.hostile_fields)
def test_fields_go_to_json_and_back(fields):
    assert RowFields.from_json(fields.as_json()) == fields


def test_fields_from_json_may_lack_any():
    assert RowFields.from_json({}) == RowFields()


@pytest.mark.parametrize(
    "unit", ["[", "](", "](((((((", "`a``b```", "![", "[x](y) ", "[![a](b)](c) ", '](x "', "https://a"]
)
def test_no_line_takes_more_than_linear_time(unit):
    def seconds(length: int) -> float:
        line = "| " + unit * (length // len(unit))
        source = ("| Title | Code | Links |\n| --- | --- | --- |\n" + f"{line} {line} {line} |\n").encode()
        started = time.process_time()
        for section in parse(source).sections:
            for table in section.groups:
                learn_style(table)
        return time.process_time() - started

    assert seconds(20_000) < 20  # about 0.3 s on an idle machine; quadratic, any of these takes minutes
