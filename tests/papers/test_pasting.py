"""What is pasted: every form a paper is written in, mixed, and a word about each line that names none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import pasting
from papers.pasting import Form, TooMuch, read

MIXED = r"""# Papers to add

https://arxiv.org/abs/2306.14048v2
2404.14469
https://doi.org/10.1000/XYZ123
- [A Survey](https://arxiv.org/abs/2401.00001), ACL 2024. [[code]](https://github.com/a/b)
https://openreview.net/forum?id=abc  Gist tokens
| [Keep the Heavy](https://arxiv.org/abs/2306.14049) | NeurIPS 2023 | `eviction` | [Code](https://github.com/h/h2o) | Keeps what matters. |
@string{acl = "Proceedings of ACL"}
@inproceedings{zhang2023,
  title = {{H$_2$O}: 50% of \"{O}ld {LLM}s \& more},
  author = {Zhang, Zhenyu and M{\"u}ller, J{\'o}zef and others},
  booktitle = acl, year = 2023,
  url = "https://arxiv.org/abs/2306.14050", doi = {10.1000/a\_b}
}
Some words only
"""
HEADER = ("Title", "Venue", "Tags", "Code", "TL;DR")


def one(text: str, headers=()) -> pasting.Item:
    items = read(text, headers)
    assert len(items) == 1, items
    return items[0]


def names(text: str) -> list[tuple[str, str]]:
    return [tuple(name) for item in read(text) for name in item.identifiers[:1]]


def test_mixed_lines_are_each_told_of():
    items = read(MIXED, [HEADER])
    assert [(item.where, item.form, item.identifiers[:1], item.title) for item in items] == [
        ("line 3", Form.LINK, (("arxiv", "2306.14048"),), ""),
        ("line 4", Form.LINK, (("arxiv", "2404.14469"),), ""),
        ("line 5", Form.LINK, (("doi", "10.1000/xyz123"),), ""),
        ("line 6", Form.ROW, (("arxiv", "2401.00001"),), "A Survey"),
        ("line 7", Form.LINK, (("openreview", "abc"),), "Gist tokens"),
        ("line 8", Form.ROW, (("arxiv", "2306.14049"),), "Keep the Heavy"),
        ("lines 10 to 15", Form.BIBTEX, (("doi", "10.1000/a_b"),), "H$_2$O: 50% of Öld LLMs & more"),
        ("line 16", Form.LINK, (), ""),
    ]
    assert [item.problem for item in items] == [""] * 7 + ["it names no paper by a link or an id"]
    assert (items[3].venue, items[3].code) == ("ACL 2024", "https://github.com/a/b")
    assert items[5].row.tags == ("eviction",) and items[5].row.tldr == "Keeps what matters."
    assert items[6].authors == ("Zhenyu Zhang", "Józef Müller")
    assert items[6].venue == "Proceedings of ACL 2023"
    assert ("arxiv", "2306.14050") in items[6].identifiers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arXiv: 2401.00001v3", [("arxiv", "2401.00001")]),
        ("(https://arxiv.org/pdf/2401.00001.pdf).", [("arxiv", "2401.00001")]),
        ("2306.14048, 2404.14469; 2405.00001", [("arxiv", "2306.14048"), ("arxiv", "2404.14469"), ("arxiv", "2405.00001")]),
        ("2306.14048 and, much the same, 2404.14469", [("arxiv", "2306.14048"), ("arxiv", "2404.14469")]),
        ("doi: 10.1000/ABC", [("doi", "10.1000/abc")]),
        ("https://doi.org/10.1016/s0001(02)00003-4", [("doi", "10.1016/s0001(02)00003-4")]),
        ("hep-th/9901001", [("arxiv", "hep-th/9901001")]),
        ("2023.acl-long.1", [("acl", "2023.acl-long.1")]),
        ("<https://huggingface.co/papers/2306.14048>", [("arxiv", "2306.14048")]),
        ("* https://example.org/paper.pdf", [("url", "https://example.org/paper.pdf")]),
        ("\ufeff2306.14048\r\n2306.14049\r2306.14050", [("arxiv", "2306.14048"), ("arxiv", "2306.14049"), ("arxiv", "2306.14050")]),
    ],
)  # fmt: skip
def test_links_and_ids(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("H2O: Heavy-Hitter Oracle https://arxiv.org/abs/2306.14048", "H2O: Heavy-Hitter Oracle"),
        ("2306.14048 | H2O: Heavy-Hitter Oracle", "H2O: Heavy-Hitter Oracle"),
        ('"Deep things" (ICLR 2024) https://arxiv.org/pdf/2401.12345.pdf).', "Deep things"),
        ("Deep things. [pdf](https://arxiv.org/pdf/2401.12345)", "Deep things"),
        ("Deep things [arXiv:2401.12345]", "Deep things"),
        ("1. Deep things - doi:10.1000/xyz", "Deep things"),
        ("word " * 50 + "2401.12345", ""),
        ("2024 2401.12345", ""),
    ],
)
def test_what_stands_beside_a_link_is_its_title(text, title):
    assert one(text).title == title


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://github.com/a/b", "this leads to code, not to a paper: https://github.com/a/b"),
        ("- [A tool](https://github.com/a/b)", "its link leads to code, not to a paper: https://github.com/a/b"),
        ("2399.00001", "there is no arXiv id 2399.00001: its third and fourth digit are the month"),
        ("| only | words | here |", "this row has no link to a paper"),
        ("https://", "it names no paper by a link or an id"),
        ("@misc{a, title={A}\n url={https://arxiv.org/abs/2306.14048}}", "this BibTeX is not well formed: a comma may be missing after “title”"),
        ("@misc{a, title={A}, year={2024}}", "it names no paper: give it a url, a doi or an eprint"),
        ("@misc{a, eprint={2413.00001}, archivePrefix={arXiv}}", "there is no arXiv id 2413.00001: its third and fourth digit are the month"),
    ],
)  # fmt: skip
def test_what_names_no_paper_is_told_with_its_line(text, problem):
    item = read("2306.14048\n\n" + text)[-1]
    assert item.problem == problem
    assert item.first == 3 and item.text == text


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("eprint={2306.14048}, archivePrefix={arXiv}", ("arxiv", "2306.14048")),
        ("journal={arXiv preprint arXiv:2306.14048}", ("arxiv", "2306.14048")),
        ("journal={CoRR}, volume={abs/2306.14048}, url={https://example.org/a%20b}", ("arxiv", "2306.14048")),
        ("howpublished={\\url{https://arxiv.org/abs/2306.14048}}", ("arxiv", "2306.14048")),
        ("url={https://aclanthology.org/2023.acl-long.1/}", ("acl", "2023.acl-long.1")),
        ("url={https://example.org/a%20b}", ("url", "https://example.org/a%20b")),
        ("DOI={https://doi.org/10.1000/X}", ("doi", "10.1000/x")),
    ],
)
def test_bibtex_names_its_paper_in_many_ways(fields, name):
    assert one(f"@article{{a, title={{T}}, {fields}}}").identifiers == (name,)


def test_an_entry_that_does_not_end_takes_no_other_line_with_it():
    items = read("@misc{a,\n title={A},\n eprint={2306.11111},\n\n2306.22222\n@misc{b, title={B}, eprint={2306.33333}}")
    assert [bool(item.problem) for item in items] == [True, False, False]
    assert [item.where for item in items] == ["lines 1 to 3", "line 5", "line 6"]


def test_a_bullet_does_not_swallow_what_follows():
    items = read("- [A](https://arxiv.org/abs/2306.11111)\n  some more of it\nhttps://arxiv.org/abs/2306.22222\n")
    assert [item.where for item in items] == ["lines 1 to 2", "line 3"]


def test_a_table_is_read_by_its_own_header_and_else_by_that_of_the_list():
    table = "| Code | Paper |\n| --- | --- |\n| [x](https://github.com/a/b) | [A](https://arxiv.org/abs/2306.11111) |"
    row = "| [B](https://arxiv.org/abs/2306.22222) | ACL 2024 | `x` | - | Short. |"
    first, second = read(f"{table}\n\n{row}", [("a", "b"), HEADER])
    assert (first.title, first.code, first.first) == ("A", "https://github.com/a/b", 3)
    assert (second.title, second.venue, second.row.tldr) == ("B", "ACL 2024", "Short.")
    assert one(row).title == "B"


def test_too_much_is_refused_with_a_word_on_what_would_do():
    lines = [f"2306.{number:05}" for number in range(pasting.MOST_ITEMS + 1)]
    assert len(read("\n".join(lines[:-1]))) == pasting.MOST_ITEMS
    with pytest.raises(TooMuch, match=f"before line {pasting.MOST_ITEMS + 1} first"):
        read("\n".join(lines))
    with pytest.raises(TooMuch, match="characters"):
        read("x" * (pasting.MOST_CHARACTERS + 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2611.00001 " * 500, "longer than 5,000 characters"),
        ("|" * 100_000, "longer than 5,000 characters"),
        ("- [a](https://arxiv.org/abs/2611.00001)" + "\n  more of it" * 500, "longer than 5,000 characters"),
        ("@misc{a, title={A}, abstract={" + "\nword" * 5000 + "}}", "longer than 20,000 characters"),
    ],
)
def test_what_no_row_is_as_long_as_is_not_read(text, words):
    first, last = read(f"{text}\n2611.00002")
    assert words in first.problem and first.text == text
    assert last.identifiers == (("arxiv", "2611.00002"),)


def test_latex_without_end_is_text():
    title = "[x]\\(" * 200
    assert "x" in one(f"@misc{{a, title={{{title}}}, eprint={{2306.14048}}}}").title


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(MIXED.splitlines()), st.text(max_size=60)), max_size=12))
def test_any_text_is_read_and_every_line_belongs_to_one_place(lines):
    items = read("\n".join(lines), [HEADER])
    places = [(item.first, item.last) for item in items]
    assert places == sorted(places)
    for (_, end), (start, _) in zip(sorted(set(places)), sorted(set(places))[1:], strict=False):
        assert end < start
    for item in items:
        assert bool(item.identifiers) or item.problem
