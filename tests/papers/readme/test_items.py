"""Items of lists: what is read from them, and how changed and new ones are written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.readme.document import DocumentTree, parse
from papers.readme.items import ItemList
from papers.readme.parts import Part, beside
from papers.readme.roles import Role
from papers.readme.row import RowFields
from papers.readme.weave import ShownEntry, weave
from papers.readme.write import changed_row, new_row
from tests.papers.readme import itemsamples
from tests.papers.readme.strategies import hostile_fields, quickly, words

samples = pytest.mark.parametrize("source", itemsamples.ALL.values(), ids=itemsamples.ALL)
any_sample = st.sampled_from(list(itemsamples.ALL.values()))
endings = st.sampled_from(["\n", "\r\n", "\r"])


def rows_of(source: str) -> list[RowFields]:
    return [row.fields for section in parse(source.encode()).sections for row in section.rows]


def shown(tree: DocumentTree) -> list[ShownEntry]:
    return [
        ShownEntry(section.heading_line, float(number), row.fields, row.line, row.fields)
        for section in tree.sections
        for number, row in enumerate(section.rows)
    ]


def texts(source: bytes) -> list[str]:
    return [row.text for section in parse(source).sections for row in section.rows]


def woven(tree: DocumentTree, entries: list[ShownEntry]) -> bytes:
    return weave(tree, entries, {entry.line for entry in shown(tree) if entry.line})


def test_numbered_items():
    first, second, third = rows_of(itemsamples.NUMBERED)
    assert first == RowFields(
        title="Attend Less: Keeping the Few",
        link="https://arxiv.org/abs/2401.00001",
        authors="Ann One, Bob Two",
        venue="ICLR 2024",
        code=(("", "https://github.com/one/attend"),),
    )
    assert (second.venue, second.code) == ("Arxiv 2024", ())
    assert third.venue == "EMNLP 2024 Findings"


def test_nested_items_know_what_they_are_nested_in():
    tree = parse(itemsamples.NESTED.encode())
    groups = tree.sections[1].groups
    assert [group.path for group in groups] == [
        ("Filtering", "General"),
        ("Filtering", "Query-aware"),
        ("Paraphrasing",),
    ]
    row = groups[0].rows[0]
    assert (row.fields.nickname, row.fields.title) == ("Sift", "Sifting Prompts for Large Models")
    assert [row.identifier.scheme for group in groups for row in group.rows] == ["arxiv", "acl", "openreview", "arxiv"]


def test_plain_titles_before_a_break():
    first, second, third = rows_of(itemsamples.BREAKS)
    assert (first.title, first.venue) == ("Prompting in Fewer Words", "ACL 2023")
    assert first.code == (("Code", "https://github.com/a/fewer"),)
    assert second.code == ()
    assert third.link == "https://arxiv.org/abs/2402.00003"


def test_badges_say_venue_and_nickname():
    first, second = rows_of(itemsamples.TWO_LINES)
    assert (first.title, first.authors, first.venue) == ("Thinking Without Words", "Ann One, Bob Two", "COLM2025")
    assert (first.nickname, first.date) == ("TWW", "2024.12")
    assert (second.nickname, second.date, second.venue) == ("Hush-2", "2025.01", "")


def test_labelled_lines_below_a_title():
    first, second = rows_of(itemsamples.LABELLED)
    assert (first.authors, first.venue, first.tags) == ("Ann One, et al.", "arXiv 2025", ("Vision", "OCR"))
    assert first.code == (("Repo", "https://github.com/one/look"),)
    assert (second.title, second.venue) == ("Pixels for Text", "ICLR 2025")


def test_html_items():
    first, second = rows_of(itemsamples.HTML)
    assert (first.title, first.authors, first.venue) == ("A Survey of Everything", "One et al.", "arXiv 2024.01")
    assert first.code == (("", "https://github.com/one/everything"),)
    assert (second.nickname, second.venue) == ("Rest", "ACL 2024.05")
    (group,) = parse(itemsamples.HTML.encode()).sections[1].groups
    assert group.path == ("General Surveys",)


def test_dates_before_and_venues_behind_the_authors():
    first, second = rows_of(itemsamples.DATED)
    assert (first.date, first.title) == ("2023/08", "Agents That Plan")
    assert (first.authors, first.venue) == ("Ann One (Some University) et al.", "arXiv")
    assert second.venue == "ICLR 2024"


def test_words_behind_a_title_are_what_it_is_about():
    assert rows_of(itemsamples.DESCRIBED)[0].tldr == "drops the words that a small model can guess."


@pytest.mark.parametrize(
    "text",
    [
        "- [Contents](#contents)\n- [More](#more)\n",
        "## News\n\n- **2024.11** [Our paper](https://arxiv.org/abs/2401.00001) is out!\n",
        "- We thank the authors of [this paper](https://arxiv.org/abs/2401.00001) and all others.\n",
        "- [a tool](https://github.com/a/b)\n- [another](https://github.com/c/d)\n",
        "```\n- [A](https://arxiv.org/abs/2401.00001) *X.* ICLR 2024.\n```\n",
        "> - [A paper](https://arxiv.org/abs/2401.00001)\n",
        "- **Hugging Face**: https://huggingface.co/papers/2401.00001\n",
    ],
)
def test_what_is_no_list_of_papers_has_no_rows(text):
    assert rows_of(text) == []


@samples
def test_every_item_is_read_with_any_line_ending(source):
    expected = rows_of(source)
    for ending in ("\r\n", "\r"):
        assert rows_of(source.replace("\n", ending)) == expected


NEW = RowFields(
    title="New: a Paper",
    link="https://arxiv.org/abs/2501.00009",
    authors="Zoe Nine et al.",
    venue="ICML 2025",
    code=(("", "https://github.com/nine/new"),),
)


@pytest.mark.parametrize(
    ("sample", "written"),
    [
        (
            "numbered",
            "1. [**New: a Paper.**](https://arxiv.org/abs/2501.00009) *Zoe Nine et al.* ICML 2025. "
            "[![GitHub Repo stars](https://img.shields.io/github/stars/nine/new)](https://github.com/nine/new)\n",
        ),
        (
            "labelled",
            "- **New: a Paper**\n  - *Authors:* Zoe Nine et al.\n  - *Venue:* **ICML 2025**\n"
            "  - [Paper](https://arxiv.org/abs/2501.00009) | [Repo](https://github.com/nine/new)\n",
        ),
    ],
)
def test_a_new_item_looks_like_its_neighbours(sample, written):
    (group,) = parse(itemsamples.ALL[sample].encode()).sections[1].groups
    assert new_row(NEW, group) == written


def test_a_new_item_without_code_has_no_empty_link():
    (group,) = parse(itemsamples.HTML.encode()).sections[1].groups
    text = new_row(replace(NEW, code=()), group)
    assert "github" not in text
    assert "badge/ICML-2025" in text
    assert text.count("<li>") == text.count("</li>") == 1


def test_a_new_item_goes_on_with_the_numbers():
    (group,) = parse(itemsamples.NUMBERED.encode()).sections[1].groups
    assert new_row(NEW, group, group.rows[-1]).startswith("4. ")


def test_new_items_at_the_end_go_on_counting_each_with_its_gap():
    """They were 3, 1, 1, the first of them with no line between."""
    items = "".join(f"{n}. [**P{n}.**](https://arxiv.org/abs/2401.0000{n}) *A. B.* Arxiv 2024.\n\n" for n in (1, 2))
    source = f"# Papers\n\n## Old\n\n{items}\n## Next\n\nWords.\n"
    tree = parse(source.encode())
    added = [ShownEntry(3, 10.0 + n, RowFields(title=f"N{n}", link=f"https://x.org/{n}")) for n in range(3)]
    written = woven(tree, [*shown(tree), *added]).decode()
    new = "".join(f"{n + 3}. [**N{n}.**](https://x.org/{n})\n\n" for n in range(3))
    assert written == source.replace("\n\n\n## Next", f"\n\n{new}\n## Next")


def test_words_of_one_row_are_never_copied_into_a_new_one():
    (group,) = parse(itemsamples.BREAKS.encode()).sections[1].groups
    assert "soft.example.org" not in new_row(replace(NEW, code=(("Code", "https://github.com/x/y"),)), group)


@samples
def test_what_does_not_change_is_the_very_text(source):
    tree = parse(source.encode())
    for section in tree.sections:
        for group in section.groups:
            for row in group.rows:
                assert changed_row(row.fields, group, row, row.fields) == row.text
    assert woven(tree, shown(tree)) == source.encode()


@samples
def test_a_value_that_goes_and_comes_back_is_where_it_was(source):
    """Without code and authors the row reads so; and each field may be emptied alone."""
    tree = parse(source.encode())
    for section in tree.sections:
        for group in section.groups:
            for row in group.rows:
                for name, empty in (("code", ()), ("authors", ""), ("venue", ""), ("tldr", ""), ("date", "")):
                    if getattr(row.fields, name) == empty or (name == "venue" and "badge" in row.text):
                        continue
                    fields = replace(row.fields, **{name: empty})
                    text = changed_row(fields, group, row, row.fields)
                    (read,) = rows_of("## X\n\n" + _alone(text, group))
                    assert read == fields, (name, text)


def _alone(text: str, group: ItemList) -> str:
    indent = len(text) - len(text.lstrip(" "))
    return "".join(line[indent:] if line.startswith(" " * indent) else line for line in text.splitlines(keepends=True))


@quickly
@given(any_sample, endings, st.sampled_from(["title", "venue", "authors", "nickname"]), words, st.data())
def test_an_edit_of_one_field_changes_only_the_lines_of_its_row(source, ending, name, word, data):
    tree = parse(source.replace("\n", ending).encode())
    entries = shown(tree)
    number = data.draw(st.integers(0, len(entries) - 1))
    fields = replace(entries[number].fields, **{name: word})
    entries[number] = replace(entries[number], fields=fields)
    written = woven(tree, entries)
    rows = [row for section in tree.sections for row in section.rows]
    row = rows[number]
    before, behind = "".join(tree.lines[: row.line - 1]).encode(), "".join(tree.lines[row.end - 1 :]).encode()
    assert written.startswith(before)
    assert written.endswith(behind)
    assert len(written) >= len(before) + len(behind)


@quickly
@given(any_sample, hostile_fields, st.data())
def test_nothing_typed_into_an_item_reaches_beyond_it(source, fields, data):
    tree = parse(source.encode())
    entries = shown(tree)
    number = data.draw(st.integers(0, len(entries) - 1))
    # Without a title and a link it would be no row any more.
    typed = replace(fields, title=f"T {fields.title}", link=entries[number].fields.link, extra={})
    others = [text for place, text in enumerate(texts(source.encode())) if place != number]
    entries[number] = replace(entries[number], fields=typed)
    left = texts(woven(tree, entries))
    assert [text for text in others if text in left] == others


@quickly
@given(any_sample, hostile_fields)
def test_nothing_typed_into_a_new_item_reaches_beyond_it(source, fields):
    tree = parse(source.encode())
    entries = shown(tree)
    typed = replace(fields, title=f"T {fields.title}", link="https://arxiv.org/abs/2501.00009", extra={})
    new = ShownEntry(entries[0].section, entries[0].position + 0.5, typed)
    before = texts(source.encode())
    left = texts(woven(tree, [*entries, new]))
    assert [text for text in before if text.strip() in {each.strip() for each in left}] == before


@samples
def test_a_new_item_and_its_removal_restore_the_bytes(source):
    tree = parse(source.encode())
    entries = shown(tree)
    for place in range(len(entries)):
        new = ShownEntry(entries[place].section, entries[place].position + 0.5, NEW)
        written = woven(tree, [*entries, new])
        assert written != source.encode()
        assert len(texts(written)) == len(entries) + 1
    assert woven(tree, entries) == source.encode()


@samples
def test_a_removed_item_takes_its_lines_and_its_gap_along(source):
    tree = parse(source.encode())
    entries = shown(tree)
    for place in range(len(entries)):
        written = woven(tree, entries[:place] + entries[place + 1 :])
        assert [text.strip() for text in texts(written)] == [
            text.strip() for number, text in enumerate(texts(source.encode())) if number != place
        ]
        assert b"\n\n\n" not in written


def test_of_parts_that_share_their_place_nothing_behind_is_lost():
    text = "[A Title](https://arxiv.org/abs/2401.00001) and its own words"
    shared = [Part(Role.TITLE, 1, 8, 0, 43), Part(Role.LINK, 10, 42, 0, 43)]
    assert beside(text, shared) == "  and its own words"
