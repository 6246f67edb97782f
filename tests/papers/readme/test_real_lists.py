"""Real READMEs: whatever they hold comes back byte for byte."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from papers.models import Entry, EntryText
from papers.readme.document import parse
from papers.readme.exporter import changed_lines, export
from papers.readme.items import ItemList
from papers.readme.listfile import read_list_file
from papers.readme.table import Table
from papers.readme.write import changed_row
from tests.conftest import ROOT, SHARED
from tests.papers.readme.lists import document, new_list, take_in
from tests.papers.readme.test_document import assert_nothing_lost

REAL = sorted([*SHARED.glob("data/upstream-history/*.md"), *SHARED.glob("data/lists/*.md")])
BUNDLED = sorted(ROOT.glob("lists/*/README*.md"))
ALL = REAL + BUNDLED
named = [path.name for path in ALL]  # the bundled ones are always here


@pytest.mark.parametrize("path", ALL, ids=named)
def test_no_line_is_lost_and_kept_rows_are_the_very_lines(path: Path):
    tree = assert_nothing_lost(path.read_bytes())
    for section in tree.sections:
        for group in section.groups:
            for row in group.rows:
                lines = "".join(tree.lines[row.line - 1 : row.end - 1])
                assert changed_row(row.fields, group, row, row.fields) == row.text == lines


ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})", re.IGNORECASE)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ALL, ids=named)
def test_nearly_all_arxiv_ids_of_a_file_become_identifiers_of_its_entries(path: Path):
    """All ids count, also those that only a text mentions: that is why it is not every one."""
    source = path.read_bytes()
    take_in(new_list(), source)
    named = set(ARXIV.findall(source.decode("utf-8", "replace")))
    known = Entry.objects.filter(paper__identifiers__scheme="arxiv").values_list("paper__identifiers__value", flat=True)
    assert len(named & set(known)) >= 0.98 * len(named), sorted(named - set(known))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ALL, ids=named)
def test_import_and_export_give_the_same_bytes(path: Path):
    paper_list = new_list()
    source = path.read_bytes()
    take_in(paper_list, source)
    assert export(document(paper_list)) == source
    assert take_in(paper_list, source).unchanged


def test_every_row_of_a_real_list_may_be_edited_alone(shared):
    """Each column of each row, one at a time: never more than one line."""
    for path in (shared / "data/lists").glob("*.md"):
        tree = parse(path.read_bytes())
        for section in tree.sections:
            for group in section.groups:
                said = {column.role.value for column in group.says}
                for row in group.rows[:3]:
                    for name in ("title", "venue", "authors", "date", "tldr"):
                        fields = row.fields.from_json(row.fields.as_json() | {name: "edited"})
                        text = changed_row(fields, group, row, row.fields)
                        assert (text != row.text) == (name in said or isinstance(group, ItemList)), (path.name, name)
                        assert text.count("\n") == row.text.count("\n") or row.end > len(tree.lines)


@pytest.mark.django_db
def test_the_upstream_history_is_taken_in_version_by_version(shared):
    listfile = read_list_file(ROOT / "lists/context-compression/list.toml")
    paper_list = new_list()
    for path in sorted((shared / "data/upstream-history").glob("*-README.md")):
        source = path.read_bytes()
        report = take_in(paper_list, source, listfile=listfile)
        assert all(kept.reason.startswith("the same paper as line") for kept in report.kept_as_text)
        assert export(document(paper_list)) == source
        assert [category.key for category in paper_list.categories.all()] == ["explicit", "implicit", "kv", "survey"]
    assert Entry.objects.count() == report.rows == 48


@pytest.mark.django_db
def test_a_chinese_version_shares_the_categories(shared):
    history = shared / "data/upstream-history"
    paper_list = new_list()
    take_in(paper_list, (history / "01-1d1e15f-README.md").read_bytes())
    take_in(paper_list, (history / "01-1d1e15f-README_CN.md").read_bytes(), "zh")
    assert paper_list.categories.count() == 4
    assert all(category.texts.count() == 2 for category in paper_list.categories.all())


@pytest.mark.django_db
def test_an_edit_in_a_long_list_is_one_line(shared):
    paper_list = new_list()
    take_in(paper_list, (shared / "data/lists/xlite-dev__Awesome-LLM-Inference.md").read_bytes())
    text = EntryText.objects.order_by("line")[100]
    text.title = "Edited"
    text.save()
    assert changed_lines(document(paper_list)) == 1


COLUMNS = {
    "MosBest__Awesome-KV-Cache-In-LLM.md": "date extra title link code extra",
    "Zefan-Cai__Awesome-LLM-KV-Cache.md": "date title link code extra tldr",
    "horseee__Awesome-Efficient-LLM.md": "title extra link",
    "multimodal-art-projection__LatentCoT-Horizon.md": "title venue date link",
    "pprp__Awesome-LLM-Quantization.md": "title tldr",
    "xlite-dev__Awesome-LLM-Inference.md": "date title link code extra",
    "yzh-han__awesome-kvcache.md": "date title venue tldr extra extra code",
    "zwxandy__Awesome-Efficient-CoT-Reasoning-Summary.md": "title venue code tldr",
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_of_real_lists_are_known(shared, name):
    tree = parse((shared / "data/lists" / name).read_bytes())
    tables = [group for section in tree.sections for group in section.groups if group.rows and isinstance(group, Table)]
    assert " ".join(column.role for column in tables[0].columns) == COLUMNS[name]


def test_reading_keeps_pace_with_the_longest_list(shared):
    """Time grows with the length: four copies take about four times as long, and sixteen times if it were squared."""
    source = (shared / "data/lists/xlite-dev__Awesome-LLM-Inference.md").read_bytes()

    def seconds(text: bytes) -> float:
        started = time.process_time()
        parse(text)
        return time.process_time() - started

    once = min(seconds(source) for _ in range(3))
    assert min(seconds(source * 4) for _ in range(2)) < 12 * once
