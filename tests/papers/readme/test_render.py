"""Rows written in a table's own style, and safe whatever a curator typed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from papers.readme.document import parse, split_lines
from papers.readme.escape import cell_text, label_text, one_line, title_text, unlabel
from papers.readme.inline import leading_decoration
from papers.readme.render import render_moved, render_row
from papers.readme.row import RowFields
from papers.readme.style import learn_style
from papers.readme.table import RawRow, Table
from tests.papers.readme import samples, strategies
from tests.papers.readme.strategies import quickly

NEW = RowFields(
    title="New: a paper",
    link="https://arxiv.org/abs/2501.00001",
    venue="ICML 2025",
    tags=("A", "B C"),
    code=(("", "https://github.com/owner/name"),),
    tldr="Short.",
    date="2025.01",
)


def table_of(text: str, number: int = 0) -> Table:
    tables = [table for section in parse(text.encode()).sections for table in section.groups if table.rows]
    return tables[number]


@pytest.mark.parametrize(
    ("sample", "line"),
    [
        (
            samples.ENGLISH,
            "| [New: a paper](https://arxiv.org/abs/2501.00001) | ICML 2025 | `A`, `B C` | [GitHub](https://github.com/owner/name) | Short. |\n",
        ),
        (
            samples.BADGES,
            "|2025.01| New: a paper|[[pdf]](https://arxiv.org/abs/2501.00001) | [[name]](https://github.com/owner/name) ![](https://img.shields.io/github/stars/owner/name.svg?style=social)| |Short.|\n",
        ),
        (
            samples.COMPOSITE,
            "|[![Publish](https://img.shields.io/badge/ICML_2025-blue)]() [New: a paper](https://arxiv.org/abs/2501.00001) |- "
            "|[Github](https://github.com/owner/name) <br> [Paper](https://arxiv.org/abs/2501.00001)|\n",
        ),
        (
            samples.LINKS,
            "| **New: a paper** | ICML 2025 | 2025.01 | [Paper](https://arxiv.org/abs/2501.00001) - [Code](https://github.com/owner/name) |\n",
        ),
        (
            samples.UNCLOSED,
            "|2025.01| - |New: a paper|[[pdf]](https://arxiv.org/abs/2501.00001) | [code](https://github.com/owner/name) | -\n",
        ),
        (
            "| Title | Tags | Code |\r\n|:--|:--|:--|\r\n| A | x；y | https://github.com/o/r |\r\n| B | z | N/A |\r\n",
            "| [New: a paper](https://arxiv.org/abs/2501.00001) | A；B C | https://github.com/owner/name |\r\n",
        ),
        (
            "Title | Venue\n--- | ---\n[A](https://a.org) | x\n[B](https://b.org) | y\n",
            "[New: a paper](https://arxiv.org/abs/2501.00001) | ICML 2025\n",
        ),
        (
            "> | Title | Code |\n> | --- | --- |\n> | [**A**](https://a.org) | [[Repo](https://github.com/o/r)] |\n",
            "> | [**New: a paper**](https://arxiv.org/abs/2501.00001) | [[Repo](https://github.com/owner/name)] |\n",
        ),
        (
            "| Title           | Venue  |\n| --------------- | ------ |\n| [A](https://a.org) | ICLR 23 |\n| [B](https://b.o)   | x       |\n",
            "| [New: a paper](https://arxiv.org/abs/2501.00001) | ICML 2025 |\n",
        ),
    ],
)
def test_a_new_row_looks_like_its_neighbours(sample, line):
    assert render_row(NEW, table_of(sample)) == line


def test_a_table_without_rows_has_the_usual_style():
    (table,) = parse(b"| Title | Tags | Code | Venue |\n| --- | --- | --- | --- |\n").sections[0].groups
    assert (
        render_row(replace(NEW, venue=""), table)
        == "| [New: a paper](https://arxiv.org/abs/2501.00001) | `A`, `B C` | [GitHub](https://github.com/owner/name) | - |\n"
    )


def test_empty_fields_take_the_placeholder_of_the_column():
    text = "| Title | Venue | Code |\n| --- | --- | --- |\n| [A](https://a.org) | N/A | x |\n"
    assert (
        render_row(RowFields(title="B", link="https://b.org"), table_of(text)) == "| [B](https://b.org) | N/A | x |\n"
    )


@pytest.mark.parametrize("label", ["", "github", "GITHUB"])
def test_a_code_label_is_written_as_the_table_mostly_does(label):
    fields = replace(NEW, code=((label, "https://github.com/o/r"),))
    assert "| [GitHub](https://github.com/o/r) |" in render_row(fields, table_of(samples.ENGLISH))
    assert "| [Github](https://github.com/o/r) |" in render_row(fields, table_of(samples.ENGLISH, 1))


def test_another_code_label_is_kept():
    assert "[Demo](https://x.org)" in render_row(
        replace(NEW, code=(("Demo", "https://x.org"),)), table_of(samples.ENGLISH)
    )


@pytest.mark.parametrize("sample", samples.ALL.values(), ids=samples.ALL)
def test_a_row_that_does_not_change_is_the_very_line(sample):
    tree = parse(sample.encode())
    for section in tree.sections:
        for table in section.groups:
            for row in table.rows:
                assert render_row(row.fields, table, row) == tree.lines[row.line - 1]


def edited(sample: str, number: int, **changes: object) -> tuple[str, str]:
    """The line of the first table's row before and after these changes."""
    table = table_of(sample)
    row = table.rows[number]
    return str(row.raw), render_row(replace(row.fields, **changes), table, row)


@pytest.mark.parametrize(
    ("sample", "number", "changes", "old", "new"),
    [
        (samples.ENGLISH, 0, {"venue": "ACL 2026"}, "EMNLP 2025 Main", "ACL 2026"),
        (samples.ENGLISH, 0, {"venue": ""}, "EMNLP 2025 Main", "-"),
        (samples.ENGLISH, 0, {"title": "X [y] | z"}, "TokenSkip: Controllable Compression", "X \\[y\\] \\| z"),
        (samples.ENGLISH, 0, {"link": "https://a.org/(x)"}, "https://arxiv.org/abs/2502.12067", "https://a.org/(x)"),
        (samples.ENGLISH, 0, {"tags": ("X",)}, "`Token Pruning`, `Distillation`", "`X`"),
        (samples.ENGLISH, 1, {"code": (("", "https://x.org"),)}, "| - |", "| [GitHub](https://x.org) |"),
        (samples.BADGES, 0, {"title": "H2O"}, "[**H2O**] H2O: Heavy-Hitter Oracle(@UT)", "H2O"),
        (samples.BADGES, 0, {"link": "https://a.org"}, "https://arxiv.org/abs/2306.14048", "https://a.org"),
        (samples.BADGES, 0, {"tldr": "x"}, "Attention-based selection", "x"),
        (samples.BADGES, 0, {"extra": {"Recom": "⭐️"}}, "⭐️⭐️", "⭐️"),
        (samples.COMPOSITE, 0, {"title": "Wanda"}, "A Simple Approach", "Wanda"),
        (samples.COMPOSITE, 0, {"extra": {"Introduction": '<img width="1002" src="figures/w.png"> new'}},
         '<img width="1002" src="figures/w.png">', '<img width="1002" src="figures/w.png"> new'),
        (samples.LINKS, 0, {"title": "UT"}, "**Universal transformers**", "**UT**"),
        (samples.LINKS, 0, {"link": "https://a.org"}, "https://arxiv.org/abs/1807.03819", "https://a.org"),
        (samples.LINKS, 1, {"code": (("Code", "https://x.org"),)}, "[Paper](https://arxiv.org/abs/2310.10845)",
         "[Paper](https://arxiv.org/abs/2310.10845) - [Code](https://x.org)"),
        (samples.LINKS, 2, {"link": "https://a.org"}, "Oct 2023 | - |", "Oct 2023 | [Paper](https://a.org) |"),
        (samples.UNCLOSED, 0, {"extra": {"Affiliation": "上海", "status": "Spotlight"}}, "上海交通大学", "上海"),
        (samples.UNCLOSED, 0, {"extra": {"Affiliation": "上海交通大学", "status": ""}}, "Spotlight", "-"),
    ],
)  # fmt: skip
def test_only_the_changed_cell_is_written(sample, number, changes, old, new):
    before, after = edited(sample, number, **changes)
    assert after == before.replace(old, new, 1)


def test_a_label_that_the_row_had_stays_as_it_was():
    text = samples.ENGLISH.replace(
        "[GitHub](https://github.com/hemingkx/TokenSkip)", "[github](https://github.com/a/b)"
    )
    _, after = edited(text, 0, code=(("github", "https://github.com/c/d"),))
    assert "[github](https://github.com/c/d)" in after


def test_a_title_that_loses_its_link_is_text():
    _, after = edited(samples.ENGLISH, 1, link="")
    assert after.startswith("| Nugget: Neural Compression | ICLR 2024 |")


def test_a_short_row_gets_the_cells_up_to_the_changed_one():
    text = "| Title | Venue | Code |\n| --- | --- | --- |\n| [A](https://a.org) |\n"
    _, after = edited(text, 0, code=(("", "https://x.org"),))
    assert after == "| [A](https://a.org) | - | [GitHub](https://x.org) |\n"


def test_an_aligned_cell_stays_as_wide_while_it_can():
    text = "| Title                | Venue   |\n| --- | --- |\n| [A](https://a.org)   | ICLR 23 |\n"
    assert edited(text, 0, title="AB")[1] == "| [AB](https://a.org)  | ICLR 23 |\n"


def test_what_was_imported_decides_what_changed():
    """A later reader of rows may read them otherwise; that is no change."""
    table = table_of(samples.ENGLISH)
    other = replace(table.rows[0].fields, venue="read otherwise", tags=("x",))
    assert render_row(other, table, table.rows[0], other) == str(table.rows[0].raw)


def test_a_moved_row_takes_the_other_tables_style():
    home, table = table_of(samples.ENGLISH, 1), table_of(samples.ENGLISH, 0)
    row = home.rows[0]
    assert render_moved(row.fields, table, row, home, row.fields) == str(row.raw).replace("[Github]", "[GitHub]")
    survey = table_of(samples.ENGLISH, 2)
    assert render_moved(row.fields, survey, row, home, row.fields) == (
        "| [Quest](https://arxiv.org/abs/2406.10774) | ICML 2024 | Pages |\n"
    )


def test_a_moved_row_keeps_badges_authors_and_pictures():
    home = table_of(samples.COMPOSITE)
    row = home.rows[0]
    text = render_moved(row.fields, table_of(samples.COMPOSITE), row, home, row.fields)
    assert "Mingjie Sun, Zhuang Liu" in text
    assert "[![Star](https://img.shields.io/github/stars/a/wanda.svg)]" in text
    assert '<img width="1002" src="figures/w.png">' in text


PAGE = MarkdownIt("commonmark").enable("table")
SIMPLE = {"br", "sub", "sup", "b", "i", "em", "strong", "code", "kbd", "u", "s", "del", "small", "mark"}


def shape(text: str) -> list[str]:
    """The blocks of a page, without the words in them."""
    return [token.type for token in PAGE.parse(text) if token.block]


def assert_tame(line: str) -> None:
    """One line, in whose cells (each is read for itself) is no HTML but simple marks, no link but to the web."""
    assert len(split_lines(line)) == 1
    tokens = [token for cell in RawRow.cut(line).cells for token in PAGE.parseInline(cell.replace("\\|", "|").strip())]
    for token in tokens:
        for child in token.children or []:
            if child.type == "html_inline":
                assert child.content.strip("</> ").casefold() in SIMPLE, child.content
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith(("http://", "https://", "mailto:", "#", "/")) or (
                    ":" not in str(child.attrs["href"])
                )


def with_line(text: str, line_number: int, line: str) -> str:
    lines = split_lines(text)
    return "".join([*lines[: line_number - 1], line, *lines[line_number:]])


@pytest.mark.parametrize("sample", samples.ALL.values(), ids=samples.ALL)
@quickly
@given(fields=strategies.hostile_fields)
@example(fields=RowFields(link="https://arxiv.org/abs/2401.00001", venue="`", tags=("</td><script>",)))
def test_nothing_typed_into_a_new_row_reaches_beyond_its_cells(sample, fields):
    table = table_of(sample)
    line = render_row(fields, table)
    assert_tame(line)
    lines = split_lines(sample)
    before = with_line(sample, table.end - 1, lines[table.end - 2].rstrip("\n") + "\n| x |\n")
    after = with_line(sample, table.end - 1, lines[table.end - 2].rstrip("\n") + "\n" + line)
    assert shape(after) == shape(before)


@pytest.mark.parametrize("sample", samples.ALL.values(), ids=samples.ALL)
@quickly
@given(fields=strategies.hostile_fields, data=st.data())
def test_nothing_typed_into_a_kept_row_reaches_beyond_its_cells(sample, fields, data):
    table = table_of(sample)
    row = data.draw(st.sampled_from(table.rows))
    line = render_row(fields, table, row)
    assert len(split_lines(line)) == 1
    assert shape(with_line(sample, row.line, line)) == shape(sample)


@quickly
@given(strategies.hostile)
def test_a_label_reads_back_as_typed(text):
    link = f"[{label_text(text)}](https://a.org)"
    (row,) = parse(f"| Title | Venue |\n| --- | --- |\n| {link} | x |\n".encode()).sections[0].rows
    assert row.fields.link == "https://a.org"
    assert unlabel(label_text(text)) == one_line(text)


@quickly
@given(st.text(alphabet="\\[]|<>`ab *_!/", max_size=12))
def test_escapes_of_labels_are_undone_exactly(text):
    assert unlabel(label_text(text)) == text.strip()


@pytest.mark.parametrize("name", ["title", "venue", "tldr", "tags", "code"])
@quickly
@given(text=strategies.hostile)
def test_what_is_typed_into_one_field_is_read_in_no_other(name, text):
    table = table_of(samples.ENGLISH)
    value = {"tags": (text,), "code": ((text, "https://x.org"),)}.get(name, text)
    lines = [render_row(fields, table) for fields in (NEW, replace(NEW, **{name: value}))]
    lines.append(render_row(replace(table.rows[0].fields, **{name: value}), table, table.rows[0]))
    expected, *found = (table_of(with_line(samples.ENGLISH, table.rows[0].line, line)).rows[0].fields for line in lines)
    blank = {name: getattr(RowFields(), name)}
    assert replace(found[0], **blank) == replace(expected, **blank)
    assert replace(found[1], **blank) == replace(table.rows[0].fields, **blank)


@quickly
@given(strategies.words, strategies.words, st.lists(strategies.words.map(str.strip), max_size=3, unique=True))
@example(title=":a:0", venue="", tags=[])
def test_what_was_typed_is_read_back(title, venue, tags):
    assume(not leading_decoration(title.strip()))  # emoji before a title are a row's decoration, not its title
    fields = RowFields(
        title=title.strip(),
        link="https://arxiv.org/abs/2501.00001",
        venue=venue.strip(),
        tags=tuple(tags),
        code=(("GitHub", "https://github.com/o/r"),),
        tldr="a | b",
    )
    table = table_of(samples.ENGLISH)
    text = with_line(samples.ENGLISH, table.rows[0].line, render_row(fields, table))
    assert table_of(text).rows[0].fields == fields


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a < b and `<tag>`", "a < b and `<tag>`"),
        ("H<sub>2</sub>O<br>x", "H<sub>2</sub>O<br>x"),
        ("<b onclick=x>", "&lt;b onclick=x>"),
        ("[a](https://a.org) and *b*", "[a](https://a.org) and *b*"),
        ("[a](javascript:x)", "[a]&#40;javascript:x)"),
        ("a\nb|c", "a b\\|c"),
        ("\\|", "\\\\|"),
    ],
)
def test_text_keeps_what_is_harmless(typed, written):
    assert cell_text(typed) == written


def test_a_title_without_link_holds_no_link_of_its_own():
    assert title_text("[a](https://a.org) <b>") == "[a]&#40;https://a.org) &lt;b>"


def test_style_is_learnt_once_per_table():
    table = table_of(samples.ENGLISH)
    assert learn_style(table) is learn_style(table)
