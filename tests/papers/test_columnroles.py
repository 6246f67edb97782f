"""What the columns of a list's tables tell: found, fixed, and read anew by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papers import columnroles, entries
from papers.models import EntryText
from papers.readme.exporter import export
from papers.texts import fields_of
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages, document, entry, new_list, take_in

pytestmark = pytest.mark.django_db

TABLE = """\
## KV

| Remark | Title | Where |
| :--- | :--- | :--- |
| Short | [Quest](https://arxiv.org/abs/2406.10774) | ICML 2024 |
| - | [CaM](https://arxiv.org/abs/2406.10775) | arXiv |
"""


@pytest.fixture
def listed():
    made = new_list()
    take_in(made, TABLE)
    return made


def quest(listed) -> EntryText:
    return entry(listed, "Quest").texts.get(document__language="en")


def test_each_header_is_found_with_what_it_tells_and_examples(listed):
    found = {column.header: column for column in columnroles.found(listed)}
    assert list(found) == ["Remark", "Title", "Where"]
    assert [found[name].role for name in found] == ["extra", "title", "extra"]
    assert (found["Where"].examples, found["Where"].paths) == (("ICML 2024", "arXiv"), ("README.md",))
    take_in(other := both_languages_of("other"), samples.CHINESE, "zh")
    assert not {column.header for column in columnroles.found(other) if column.tells_papers} & {"Legend", "Meaning"}


def both_languages_of(slug: str):
    made = new_list(slug)
    take_in(made, samples.ENGLISH)
    return made


def test_what_is_fixed_is_read_anew_and_changes_no_byte(listed, curator):
    before = export(document(listed))
    (report,) = columnroles.fix(listed, {"Where": "venue", "Remark": "tldr"}, curator)
    assert report.read_anew == 2
    assert fields_of(quest(listed)).venue == "ICML 2024"
    assert (quest(listed).tldr, quest(listed).extra) == ("Short", {})
    assert export(document(listed)) == before
    found = {column.header: column for column in columnroles.found(listed)}
    assert (found["Where"].fixed, found["Where"].detected, found["Where"].role) == ("venue", "extra", "venue")
    columnroles.fix(listed, {}, curator)
    assert quest(listed).extra == {"Where": "ICML 2024", "Remark": "Short"}


def test_what_was_changed_here_stays(listed, curator):
    text = quest(listed)
    entries.edit(text, replace(fields_of(text), title="Quest, edited"), curator)
    columnroles.fix(listed, {"Where": "venue"}, curator)
    text.refresh_from_db()
    assert (text.title, text.venue) == ("Quest, edited", "ICML 2024")
    lines = export(document(listed)).decode().splitlines()
    assert "| Short | [Quest, edited](https://arxiv.org/abs/2406.10774) | ICML 2024 |" in lines


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"Title": "extra"}, "README.md, line 3: no column of this table would tell the papers' titles"),
        ({"Remark": "venue", "Where": "venue"}, "“Where” cannot tell the venue: “Remark” does"),
        ({"Remark": "wisdom"}, "“wisdom” is nothing that a column tells"),
    ],
)
def test_a_wrong_mapping_is_refused_and_nothing_is_changed(listed, curator, columns, reason):
    with pytest.raises(columnroles.WrongColumns, match=reason):
        columnroles.fix(listed, columns, curator)
    listed.refresh_from_db()
    assert listed.columns == {}
    assert quest(listed).extra == {"Where": "ICML 2024", "Remark": "Short"}


def test_all_languages_are_read_anew(curator):
    listed = both_languages()
    reports = columnroles.fix(listed, {"TL;DR": "extra", "简述": "extra"}, curator)
    assert [report.language for report in reports] == ["en", "zh"]
    assert entry(listed, "Quest").texts.get(document__language="zh").extra == {"简述": "页"}


@pytest.mark.parametrize("columns", [{"Note": "title"}, {"Note": "title", "Title": "venue"}])
def test_a_mapping_that_would_leave_no_paper_is_refused(curator, columns):
    take_in(listed := new_list(), TABLE.replace("Remark", "Note").replace("Short", " ").replace("| - |", "| |"))
    with pytest.raises(columnroles.WrongColumns, match=r"README.md: no row names a paper"):
        columnroles.fix(listed, columns, curator)
    listed.refresh_from_db()
    assert listed.columns == {}
    assert EntryText.objects.filter(document__list=listed).count() == 2


def test_what_is_fixed_of_a_header_that_no_table_has_stays(listed, curator):
    listed.columns = {"Elsewhere": "venue", "Where": "venue"}
    listed.save()
    columnroles.fix(listed, {"Remark": "tldr"}, curator)
    listed.refresh_from_db()
    assert listed.columns == {"Elsewhere": "venue", "Remark": "tldr"}
