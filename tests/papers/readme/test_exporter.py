"""A list written back: the bytes nobody touched, and one line for what somebody did."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from papers import entries
from papers.models import Entry, EntryText, Paper
from papers.readme.exporter import changed_lines, diff, export
from papers.readme.row import RowFields
from tests.papers.readme import samples, strategies
from tests.papers.readme.lists import both_languages, document, entry, new_list, take_in

pytestmark = pytest.mark.django_db


def new_paper(value: str = "2409.00001", title: str = "A New Paper") -> Paper:
    paper = Paper.objects.create(title=title, title_key=title, source="arxiv", text_hash="")
    paper.identifiers.create(scheme="arxiv", value=value)
    return paper


NEW = RowFields(
    title="A New Paper",
    link="https://arxiv.org/abs/2409.00001",
    tags=("Sparse", "Unheard"),
    code=(("", "https://github.com/o/r"),),
    tldr="New.",
)
ENGLISH_ROW = "| [A New Paper](https://arxiv.org/abs/2409.00001) | - | `Sparse`, `Unheard` | [Github](https://github.com/o/r) | New. |\n"
CHINESE_ROW = "| [A New Paper](https://arxiv.org/abs/2409.00001) | - | `稀疏`, `Unheard` | [GitHub](https://github.com/o/r) | New. |\n"


def test_an_accepted_paper_is_one_new_line_in_every_language(curator):
    paper_list = both_languages()
    kv = paper_list.categories.get(key="kv")
    entries.admit(kv, new_paper(), {"en": NEW}, curator)
    for language, source, row in (("en", samples.ENGLISH, ENGLISH_ROW), ("zh", samples.CHINESE, CHINESE_ROW)):
        exported = export(document(paper_list, language)).decode()
        assert exported.replace(row, "", 1) == source
        assert changed_lines(document(paper_list, language)) == 1


def test_admit_then_remove_restores_the_bytes(curator):
    paper_list = both_languages()
    admitted = entries.admit(paper_list.categories.get(key="kv"), new_paper(), {"en": NEW}, curator)
    entries.remove(admitted, curator)
    assert export(document(paper_list)) == samples.ENGLISH.encode()
    assert changed_lines(document(paper_list)) == 0
    assert diff(document(paper_list)) == ""


def test_a_removed_entry_is_one_line_less(curator):
    paper_list = both_languages()
    entries.remove(entry(paper_list, "Quest"), curator)
    lines = samples.ENGLISH.splitlines(keepends=True)
    assert export(document(paper_list)).decode() == "".join(line for line in lines if "[Quest]" not in line)


def test_an_edit_back_to_what_was_there_restores_the_line(curator):
    paper_list = both_languages()
    text = entry(paper_list, "Quest").texts.get(document__language="en")
    before = entries.fields_of(text)
    entries.edit(text, replace(before, venue="ICML 2024 Oral"), curator)
    assert export(document(paper_list)) == samples.ENGLISH.replace("| ICML 2024 |", "| ICML 2024 Oral |").encode()
    entries.edit(text, before, curator)
    assert export(document(paper_list)) == samples.ENGLISH.encode()


def test_a_moved_entry_changes_its_table_in_every_language(curator):
    paper_list = both_languages()
    quest = entry(paper_list, "Quest")
    entries.move(quest, paper_list.categories.get(key="explicit"), curator)
    exported = export(document(paper_list)).decode()
    explicit, kv = exported.split("## ⚡")[0], exported.split("## ⚡")[1]
    assert "| [Quest](https://arxiv.org/abs/2406.10774) | ICML 2024 | `Sparse`, `Query-Aware` | [GitHub]" in explicit
    assert "Quest" not in kv.split("## Surveys")[0]
    assert "[Quest]" in export(document(paper_list, "zh")).decode().split("## ⚡")[0]
    entries.move(quest, paper_list.categories.get(key="kv"), curator)
    EntryText.objects.filter(entry=quest).update(position=1.0)
    EntryText.objects.filter(title="CaM").update(position=2.0)
    assert export(document(paper_list)) == samples.ENGLISH.encode()


def test_a_category_that_is_missing_in_a_language_is_not_written_there(curator):
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH)
    chinese = samples.CHINESE.partition("## 综述")[0]
    take_in(paper_list, chinese, "zh")
    survey = paper_list.categories.get(key="surveys")
    entries.admit(survey, new_paper(), {"en": NEW}, curator)
    assert export(document(paper_list, "zh")) == chinese.encode()
    assert changed_lines(document(paper_list, "en")) == 1


def test_the_same_data_give_the_same_bytes():
    paper_list = both_languages()
    EntryText.objects.update(position=1.0)
    assert export(document(paper_list)) == export(document(paper_list))


def test_exporting_takes_three_queries_however_long_the_list_is():
    def queries(rows: int) -> int:
        paper_list = new_list(f"list-{rows}")
        take_in(
            paper_list,
            "## A\n\n| Title |\n| --- |\n"
            + "".join(f"| [P](https://arxiv.org/abs/2401.{n:05d}) |\n" for n in range(rows)),
        )
        EntryText.objects.update(title="edited")
        shown = document(paper_list)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            export(shown)
        return len(captured)

    assert queries(3) == queries(30) == 3


def test_a_diff_can_be_applied(tmp_path, curator):
    for name, source in (("a", samples.ENGLISH), ("b", samples.UNCLOSED), ("c", samples.BADGES.replace("\n", "\r\n"))):
        paper_list = new_list(name)
        take_in(paper_list, source, allow_empty=True)
        for text in EntryText.objects.filter(document__list=paper_list):
            entries.edit(text, replace(entries.fields_of(text), title=f"{text.title} edited"), curator)
        (tmp_path / "README.md").write_bytes(source.encode())
        (tmp_path / "change").write_bytes(diff(document(paper_list)).encode())
        subprocess.run(
            ["git", "apply", "change"], cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin", "GIT_DIR": "none"}
        )
        assert (tmp_path / "README.md").read_bytes() == export(document(paper_list))


def test_a_later_reader_of_rows_changes_no_bytes(monkeypatch):
    """The fields decide, not what today's reader makes of the kept line."""
    paper_list = both_languages()
    monkeypatch.setattr("papers.readme.table.read_text", lambda cell: "read otherwise")
    assert export(document(paper_list)) == samples.ENGLISH.encode()


class Generated(TestCase):
    """Whatever README is imported, its export is its bytes, and one edit is one line."""

    @settings(max_examples=20, deadline=None)
    @given(strategies.documents(), st.data())
    def test_import_edit_and_export(self, source, data):
        paper_list = new_list()
        report = take_in(paper_list, source, allow_empty=True)
        shown = document(paper_list)
        assert export(shown) == source
        assert take_in(paper_list, source).unchanged
        if report.rows == 0:
            return
        chosen = data.draw(st.integers(0, report.rows - 1))
        text = EntryText.objects.order_by("line")[chosen]
        text.title = "An edited title"
        text.save()
        assert changed_lines(shown) == 1
        Entry.objects.filter(pk=text.entry_id).delete()
        kept = [line for number, line in enumerate(source.splitlines(), 1) if number != text.line]
        assert len(export(shown).splitlines()) == len(kept)
