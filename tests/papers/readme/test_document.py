"""The tree of a README: nothing lost, nothing invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.readme.document import DocumentTree, parse, split_lines
from tests.papers.readme import samples, strategies
from tests.papers.readme.strategies import quickly


def joined(tree: DocumentTree) -> str:
    return "".join(part.text for part in tree.parts)


def assert_nothing_lost(source: bytes) -> DocumentTree:
    tree = parse(source)
    assert tree.source == source
    assert joined(tree) == "".join(tree.lines)
    return tree


@pytest.mark.parametrize("source", samples.ALL.values(), ids=samples.ALL)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", [b"", b"\xff\xc3", b"\x00", b"\n\n\n"], ids=["plain", "no-utf8", "nul", "blank"])
def test_every_sample_joins_to_its_source(source, ending, start, end):
    assert_nothing_lost(start + source.replace("\n", ending).encode() + end)


@quickly
@given(st.binary(max_size=200) | strategies.documents())
def test_any_bytes_join_to_their_source(source):
    assert_nothing_lost(source)


def test_lines_end_only_where_markdown_ends_them():
    assert split_lines("a\x0bb\x0cc\x85d\u2028e\r\nf\rg\nh") == ["a\x0bb\x0cc\x85d\u2028e\r\n", "f\r", "g\n", "h"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_sections_and_rows_are_found_with_any_line_ending(ending):
    tree = parse(samples.ENGLISH.replace("\n", ending).encode())
    rows = {section.name: [row.line for row in section.rows] for section in tree.sections}
    assert rows == {
        "": [],
        "A list of papers": [],
        "Explicit Compression (Prompt Level)": [15, 16, 17],
        "KV Compression": [27, 28],
        "Surveys": [34],
        "Contributing": [],
    }


def test_a_byte_order_mark_hides_no_heading():
    assert [section.name for section in parse(b"\xef\xbb\xbf# Title\n").sections] == ["", "Title"]


def test_definition_and_keywords_are_read_in_both_languages():
    explicit = parse(samples.ENGLISH.encode()).sections[2]
    assert explicit.definition == "Methods that work on the input text."
    assert explicit.keywords == ("Token Pruning", "Summarization")
    chinese = parse(samples.CHINESE.encode()).sections[2]
    assert chinese.definition == "对输入文本进行操作的方法。"
    assert chinese.keywords == ("提示压缩", "摘要")


def test_labels_may_share_a_paragraph_and_keywords_need_no_backticks():
    section = parse("## A\n\n__Definition:__ It is\nlong.\n**Keywords：** a b, c、d.\n".encode()).sections[1]
    assert section.definition == "It is long."
    assert section.keywords == ("a b", "c", "d")


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("## 📝 Explicit *Context* `Compression`", "Explicit Context Compression"),
        ("## :star: KV Cache ([©️back👆🏻](#paperlist))", "KV Cache"),
        ("## [Surveys](https://example.org) [↑](#top) ##", "Surveys"),
        ("## 推理时KV压缩（内存/缓存层面）", "推理时KV压缩（内存/缓存层面）"),
        ("Surveys\n=======", "Surveys"),
        ("## [Only](#a-link)", "Only"),
        ("## 1\ufe0f\u20e3 Pruning", "Pruning"),  # beside the keys of the queue its digit would mislead
        ("## 2-Bit and 4 Bit #\u20e3", "2-Bit and 4 Bit"),
        ("##", ""),
    ],
)
def test_a_heading_is_named_without_its_decoration(heading, name):
    assert parse(heading.encode()).sections[1].name == name


@pytest.mark.parametrize(
    "text",
    [
        "```\n| Title | Code |\n| --- | --- |\n| [A](https://arxiv.org/abs/2401.00001) | - |\n```\n",
        "<!--\n| Title | Code |\n| --- | --- |\n| [A](https://arxiv.org/abs/2401.00001) | - |\n-->\n",
        "    | Title | Code |\n    | --- | --- |\n    | [A](https://arxiv.org/abs/2401.00001) | - |\n",
        "| Title | Code |\n| [A](https://arxiv.org/abs/2401.00001) | - |\n",
        "| Module | Focus |\n| --- | --- |\n| Eviction | What to keep |\n",
    ],
    ids=["fence", "comment", "indented", "no rule", "no papers"],
)
def test_what_is_no_table_of_papers_has_no_rows(text):
    assert not any(list(section.rows) for section in assert_nothing_lost(text.encode()).sections)


def test_a_table_in_a_quotation_or_a_list_is_read():
    table = "| Title |\n| --- |\n| [A](https://arxiv.org/abs/2401.00001) |\n"
    quoted = "".join(f"> {line}\n" for line in table.splitlines())
    listed = "- item\n\n" + "".join(f"  {line}\n" for line in table.splitlines())
    for text in (quoted, listed):
        rows = [row for section in assert_nothing_lost(text.encode()).sections for row in section.rows]
        assert [row.fields.title for row in rows] == ["A"]


def test_tables_with_the_same_headers_are_read_alike():
    table = "| Title | Comment |\n| --- | --- |\n| [{0}](https://arxiv.org/abs/2401.0000{0}) | {1} |\n\n"
    text = table.format(1, "a long remark on what the paper does") + "## B\n\n" + table.format(2, "")
    first, second = (section.groups[0] for section in parse(text.encode()).sections)
    assert first.columns == second.columns
