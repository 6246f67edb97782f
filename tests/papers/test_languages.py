"""The languages of a list beside each other: counts, bringing in step, and READMEs made in a new language."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from papers import entries, glossary, instep, languages, newlanguage
from papers.models import EntryChange, EntryText, PaperList
from papers.readme.document import parse
from papers.readme.exporter import diff, export
from papers.readme.listfile import CategorySetting
from papers.readme.table import Table
from papers.texts import fields_of
from tests.conftest import ROOT
from tests.papers.readme import samples
from tests.papers.readme.lists import SETTINGS, both_languages, document, entry, new_list, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed():
    """English has Nugget and CaM, which Chinese lacks."""
    return both_languages()


def told(**numbers: int) -> dict[str, int]:
    return {"missing": 0, "homeless": 0, "untranslated": 0, "stale": 0, "out_of_order": 0} | numbers


def counts(listed, language: str) -> dict[str, int]:
    return {each.document.language: each for each in languages.standings(listed)}[language].counts


def ids(listed, language: str) -> list[str]:
    """The papers of an export in their order, each section's on its own line."""
    tree = parse(export(document(listed, language)))
    return [row.identifier.value for section in tree.sections for row in section.rows if row.identifier]


def test_what_each_language_lacks_is_counted(listed, curator):
    assert counts(listed, "en") == told(rows=6)
    assert counts(listed, "zh") == told(rows=4, missing=2)
    quest = entry(listed, "Quest").texts.get(document__language="en")
    entries.edit(quest, replace(fields_of(quest), tldr="Other"), curator)
    entries.fill(entry(listed, "CaM"), document(listed, "zh"), curator)
    last = entry(listed, "LLMLingua").texts.get(document__language="zh")
    EntryText.objects.filter(pk=last.pk).update(position=-1)
    standing = languages.standings(listed)[1]
    assert standing.counts == told(rows=5, missing=1, untranslated=1, stale=1, out_of_order=1)
    assert [(row.title, row.fields) for row in standing.stale] == [("Quest", ("tldr",))]
    assert [(row.title, row.fields) for row in standing.untranslated] == [("CaM", ("tags", "tldr"))]
    assert standing.to_do == 4 and languages.to_do(listed) == 3, "the order is not looked at for a mere number"


def test_an_entry_whose_section_a_language_lacks_is_told_apart(listed, curator):
    document(listed, "zh").category_texts.get(category__key="survey").delete()
    EntryText.objects.filter(document__language="zh", entry__category__key="survey").update(line=None)
    assert counts(listed, "zh")["homeless"] == 1
    assert instep.bring_in_step(document(listed, "zh"), curator).filled == 2
    assert counts(listed, "zh") == told(rows=5, homeless=1, untranslated=2)


def test_the_queries_do_not_grow_with_the_list(listed):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            languages.standings(listed)
            languages.to_do(listed)
        return len(queries)

    few = asked()
    take_in(listed, samples.ENGLISH.replace("# A list", "# Eine Liste"), "de")
    assert asked() == few == 6


def test_the_fewest_rows_move():
    assert languages.misplaced([1, 2, 3], {1: 1, 2: 2, 3: 3}) == []
    assert languages.misplaced([9, 1, 2, 3], {1: 1, 2: 2, 3: 3, 9: 9}) == [9]
    assert len(languages.misplaced([3, 2, 1], {1: 1, 2: 2, 3: 3})) == 2


def test_bringing_in_step_fills_what_is_missing_and_changes_no_other_line(listed, curator):
    before = EntryChange.objects.count()
    report = instep.bring_in_step(document(listed, "zh"), curator)
    assert (report.filled, report.filled_in_primary, report.reordered, report.homeless) == (2, 0, 0, 0)
    assert ids(listed, "zh") == ids(listed, "en")
    assert diff(document(listed, "en")) == ""
    lines = [line for line in diff(document(listed, "zh")).splitlines()[2:] if line[:1] in "+-"]
    assert [line[:12] for line in lines] == ["+| [Nugget: ", "+| [CaM](htt"]
    nugget = entry(listed, "Nugget: Neural Compression").texts.get(document__language="zh")
    assert (nugget.tags, nugget.untranslated) == (["剪枝"], ["tldr"])
    assert EntryChange.objects.count() == before + 2
    assert instep.bring_in_step(document(listed, "zh"), curator).changed == 0


def test_a_row_that_only_another_language_has_comes_to_the_primary_one(curator):
    listed = new_list()
    row = "| [{0}](https://arxiv.org/abs/2401.0000{0}) | {0} |\n"
    head = "## A\n\n| Title | TL;DR |\n| - | - |\n"
    take_in(listed, head + row.format(1))
    take_in(listed, head + row.format(2) + row.format(1), "zh")
    report = instep.bring_in_step(document(listed, "zh"), curator)
    assert (report.filled_in_primary, report.filled) == (1, 0)
    assert ids(listed, "zh") == ids(listed, "en")
    assert document(listed, "en").texts.get(title="2").untranslated == ["tldr"]


def test_rows_that_stand_otherwise_are_put_in_the_primary_order(listed, curator):
    chinese = samples.CHINESE.splitlines(keepends=True)
    first = next(place for place, line in enumerate(chinese) if "TokenSkip" in line)
    chinese[first], chinese[first + 1] = chinese[first + 1], chinese[first]
    other = new_list("other")
    take_in(other, samples.ENGLISH)
    take_in(other, "".join(chinese), "zh")
    assert counts(other, "zh")["out_of_order"] == 1
    report = instep.bring_in_step(document(other, "zh"), curator)
    assert (report.filled, report.reordered) == (2, 1)
    assert ids(other, "zh") == ids(other, "en")
    moved = EntryChange.objects.filter(list=other, verb="move").get()
    assert moved.before["behind"] != moved.after["behind"] and moved.user == curator


def readme(sections: list[list[int]], words: str) -> str:
    """A README with these papers in its sections."""
    parts = [f"# {words}\n"]
    for number, papers in enumerate(sections):
        parts.append(f"\n## Section {number}\n\n| Title | Tags | TL;DR |\n| :--- | :--- | :--- |\n")
        parts += [f"| [P{n}](https://arxiv.org/abs/2401.{n:05}) | `{words}` | {words} {n} |\n" for n in papers]
    return "".join(parts)


SECTIONS = replace(SETTINGS, categories=tuple(CategorySetting(f"s{n}", (f"Section {n}",)) for n in range(2)))
papers = st.lists(st.lists(st.integers(1, 9), max_size=6, unique=True), min_size=2, max_size=2)


@settings(max_examples=15, deadline=None)
@given(english=papers, chinese=papers)
def test_after_bringing_in_step_both_exports_have_the_same_rows_in_the_same_order(english, chinese):
    with transaction.atomic():
        listed = new_list("drawn")
        # A paper in each section makes all of them categories of both.
        take_in(listed, readme([[10, *english[0]], [11, *english[1]]], "words"), listfile=SECTIONS)
        take_in(listed, readme([[*chinese[0], 10], [*chinese[1], 11]], "字"), "zh", listfile=SECTIONS)
        rows = [fields_of(text) for text in document(listed, "en").texts.order_by("pk")]
        instep.bring_in_step(document(listed, "zh"), None)
        assert ids(listed, "zh") == ids(listed, "en")
        assert counts(listed, "zh") | {"untranslated": 0} == counts(listed, "en") | {"untranslated": 0}
        assert rows == [fields_of(text) for text in document(listed, "en").texts.order_by("pk")[: len(rows)]]
        transaction.set_rollback(True)


def test_a_readme_in_a_new_language_has_the_same_rows_in_the_same_order(curator):
    listed = new_list()
    take_in(listed, samples.ENGLISH)
    glossary.say(listed, "zh", {"Pruning": "剪枝", "Merging": "合并"})
    history = EntryChange.objects.count()
    made = newlanguage.create(listed, "zh", "README_CN.md", curator)
    assert not made.is_primary
    assert ids(listed, "zh") == ids(listed, "en")
    assert diff(document(listed, "en")) == diff(document(listed, "zh")) == ""
    text = bytes(made.source).decode()
    assert "| 论文标题 | 发表/日期 | 标签 | 代码 | 简述 |" in text
    assert "**定义**: Methods that work on the **input text**." in text
    assert "**关键词**: `Token Pruning`" in text
    assert "| ICLR 2024 | `剪枝` | - | Keeps" in text
    rows = {row.title: row.untranslated for row in made.texts.all()}
    assert rows["LLMLingua"] == ["tldr"], "its only tag is in the glossary"
    assert rows["Quest"] == ["tags", "tldr"]
    assert counts(listed, "zh") == told(rows=6, untranslated=6)
    assert EntryChange.objects.count() > history
    prose = newlanguage.untranslated_prose(made, document(listed, "en"))
    assert "Explicit Compression (Prompt Level)" in {line.text.replace("📝 ", "") for line in prose}
    assert newlanguage.untranslated_prose(document(both_languages_of("two"), "zh"), document(listed, "en")) == []


def both_languages_of(slug: str) -> PaperList:
    listed = new_list(slug)
    take_in(listed, samples.ENGLISH)
    take_in(listed, samples.CHINESE, "zh")
    return listed


def test_a_new_language_is_made_from_the_list_as_it_is_now(listed, curator):
    entries.remove(entry(listed, "Quest"), curator)
    cam = entry(listed, "CaM").texts.get(document__language="en")
    entries.edit(cam, replace(fields_of(cam), venue="ICML 2024"), curator)
    made = newlanguage.create(listed, "de", "README_DE.md", curator)
    assert ids(listed, "de") == ids(listed, "en")
    assert made.texts.get(title="CaM").venue == "ICML 2024"
    assert "| Paper Title | Venue/Date |" in bytes(made.source).decode(), "nobody taught it German"


@pytest.mark.parametrize(
    ("language", "path", "reason"),
    [
        ("zh", "OTHER.md", "already: README_CN.md"),
        ("de", "README.md", "is the README in “en” already"),
        ("Deutsch!", "README_DE.md", "must be a language code"),
        ("de", "../README_DE.md", "must be the name of a file"),
        ("de", "/etc/README", "must be the name of a file"),
        ("de", "", "must be the name of a file"),
    ],
)
def test_a_language_that_cannot_be_made_is_refused_and_nothing_is_written(listed, curator, language, path, reason):
    before = EntryChange.objects.count()
    with pytest.raises(newlanguage.CannotCreate, match=reason):
        newlanguage.create(listed, language, path, curator)
    assert (listed.documents.count(), EntryChange.objects.count()) == (2, before)


def test_a_list_without_a_readme_has_nothing_to_make_one_from(curator):
    with pytest.raises(newlanguage.CannotCreate, match="import one first"):
        newlanguage.create(new_list(), "zh", "README_CN.md", curator)


@pytest.mark.parametrize("name", [name for name in samples.ALL if name != "chinese"])
def test_every_form_of_table_is_made_again(curator, name):
    listed = new_list()
    take_in(listed, samples.ALL[name])
    made = newlanguage.create(listed, "zh", "README_CN.md", curator)
    assert ids(listed, "zh") == ids(listed, "en")
    roles = [[table.columns for table in section.groups if isinstance(table, Table)] for section in parse(
        bytes(made.source), PaperList.objects.get().columns).sections]  # fmt: skip
    assert roles


def test_the_bundled_list_is_made_again_in_the_other_language(curator):
    listed = new_list()
    take_in(listed, (ROOT / "lists/context-compression/README.md").read_bytes())
    newlanguage.create(listed, "zh", "README_CN.md", curator)
    assert ids(listed, "zh") == ids(listed, "en")
    assert diff(document(listed, "en")) == ""


@pytest.mark.parametrize(
    "name",
    [
        "pprp__Awesome-LLM-Quantization.md",
        "multimodal-art-projection__LatentCoT-Horizon.md",
        "bailynlove__Awesome-OCR-Vision-Based-Context-Compression.md",
    ],
)
def test_a_real_list_is_made_again_in_another_language(shared, name):
    listed = new_list()
    take_in(listed, (shared / "data/lists" / name).read_bytes())
    made = newlanguage.create(listed, "zh", "README_CN.md", None)
    assert made.texts.count() > 20
    assert ids(listed, "zh") == ids(listed, "en")
    assert diff(document(listed, "en")) == diff(document(listed, "zh")) == ""


def test_the_real_list_is_brought_in_step(shared):
    listed = new_list()
    history = shared / "data/upstream-history"
    for language, name in (("en", "README"), ("zh", "README_CN")):
        take_in(listed, max(history.glob(f"*-{name}.md")).read_bytes(), language)
    behind = counts(listed, "zh")
    report = instep.bring_in_step(document(listed, "zh"), None)
    assert report.filled == behind["missing"]
    assert report.reordered <= behind["out_of_order"] + report.filled_in_primary, "the primary order is everybody's"
    now = counts(listed, "zh")
    assert (now["missing"], now["out_of_order"], now["homeless"]) == (0, 0, 0)
    assert ids(listed, "zh") == ids(listed, "en")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_language_one_is_told(curator):
    listed, outcomes = both_languages(), []

    def make():
        try:
            newlanguage.create(listed, "de", "README_DE.md", curator)
            outcomes.append("made")
        except newlanguage.CannotCreate as problem:
            outcomes.append(str(problem))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["The list has a README in “de” already: README_DE.md.", "made"]
