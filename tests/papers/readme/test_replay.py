"""A real list's history, taken in version by version as its authors wrote it, with and without changes made here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from papers import entries, review
from papers.models import Decision, Document, Entry, EntryChange, EntryText, Finding, Paper, PaperList
from papers.readme.document import parse
from papers.readme.exporter import diff, export
from papers.readme.listfile import read_list_file
from papers.readme.row import RowFields
from papers.shelves import differences
from papers.texts import fields_of
from tests.conftest import ROOT
from tests.papers.readme.lists import document, new_list, take_in

pytestmark = pytest.mark.django_db

LISTFILE = read_list_file(ROOT / "lists/context-compression/list.toml")


def versions(shared: Path) -> list[tuple[str, bytes]]:
    """Every version of both languages as (language, bytes), in the order of the commits."""
    files = sorted((shared / "data/upstream-history").glob("*-README.md"))
    chinese = {path.name.split("-")[1]: path for path in (shared / "data/upstream-history").glob("*-README_CN.md")}
    found = []
    for path in files:
        found.append(("en", path.read_bytes()))
        if other := chinese.pop(path.name.split("-")[1], None):
            found.append(("zh", other.read_bytes()))
    assert not chinese, "every Chinese version belongs to a commit that has an English one"
    return found


def rows_of(source: bytes) -> Counter[tuple[str, object]]:
    """How often each paper stands in each section of a README."""
    return Counter((section.name, row.identifier) for section in parse(source).sections for row in section.rows)


def text_of(paper_list: PaperList, identifier: str, category: str, language: str = "en") -> EntryText:
    return EntryText.objects.get(
        entry__paper__identifiers__value=identifier,
        entry__category__key=category,
        document=document(paper_list, language),
    )


def changed_rows(stored: Document) -> tuple[list[str], list[str]]:
    """The lines that the export lacks and has in comparison with the imported README."""
    lines = diff(stored).splitlines()[2:]
    return [line[1:] for line in lines if line[0] == "-"], [line[1:] for line in lines if line[0] == "+"]


def test_the_history_in_both_languages_ends_with_the_bytes_of_its_last_commit(shared):
    paper_list = new_list()
    for language, source in versions(shared):
        report = take_in(paper_list, source, language, listfile=LISTFILE)
        assert not report.conflicts
        if language == "en":
            assert export(document(paper_list)) == source
    assert not Finding.objects.exists()
    assert set(rows_of(source).values()) == {1}
    shown = {
        language: set(document(paper_list, language).texts.values_list("entry", flat=True)) for language in ("en", "zh")
    }
    assert shown["en"] == shown["zh"] == set(Entry.objects.values_list("pk", flat=True))
    assert len(shown["en"]) == sum(rows_of(source).values())
    english, chinese = (
        [row.identifier for section in parse(export(stored)).sections for row in section.rows]
        for stored in (document(paper_list), document(paper_list, "zh"))
    )
    assert Counter(chinese) == Counter(english)


def test_the_history_of_each_entry_says_how_it_came_and_what_was_done_to_it(shared):
    paper_list = new_list()
    for language, source in versions(shared):
        take_in(paper_list, source, language, listfile=LISTFILE)
    for entry in Entry.objects.select_related("paper"):
        told = list(EntryChange.objects.filter(paper=entry.paper).order_by("pk"))
        assert told[0].verb in ("import", "admit") and told[0].before is None
        assert {change.who for change in told} == {"README"}
        assert all(change.before != change.after for change in told)
        assert all(differences(change) for change in told if change.verb in ("edit", "move"))
    decisions = Decision.objects.all()
    assert {(each.kind, each.origin, each.note) for each in decisions} == {("accept", "readme", "As README.md has it")}
    admitted = EntryChange.objects.filter(verb="admit").values_list("paper", flat=True)
    assert sorted(admitted) == sorted(decisions.values_list("paper", flat=True))


def test_the_history_of_an_entry_reads_as_its_authors_changed_it(shared):
    """CLaRa came in one version; a later one gave it its own words and the right repository, in both languages."""
    paper_list = new_list()
    for language, source in versions(shared):
        take_in(paper_list, source, language, listfile=LISTFILE)
    came, edited = EntryChange.objects.filter(paper__title__startswith="CLaRa").order_by("pk")
    assert (came.verb, came.who, came.after["category"]) == ("admit", "README", "implicit")
    assert [(each.field, each.after) for each in differences(came)][:1] == [("category", "implicit")]
    assert ("en", "title", "") in {(each.language, each.field, each.before) for each in differences(came)}
    assert edited.verb == "edit"
    told = [(each.language, each.field) for each in differences(edited)]
    assert {("en", "code"), ("en", "tldr"), ("zh", "code")} <= set(told)


def new_paper() -> Paper:
    paper = Paper.objects.create(title="Ours Alone", title_key="oursalone", source="arxiv", text_hash="")
    paper.identifiers.create(scheme="arxiv", value="2411.99999")
    return paper


def test_changes_made_here_survive_the_whole_history(shared, curator):
    paper_list = new_list()
    (_, first), (_, chinese), *later = versions(shared)
    take_in(paper_list, first, listfile=LISTFILE)
    take_in(paper_list, chinese, "zh", listfile=LISTFILE)
    edited = text_of(paper_list, "2304.08467", "implicit")
    entries.edit(edited, RowFields.from_json(fields_of(edited).as_json() | {"venue": "NeurIPS, ours"}), curator)
    row = RowFields(title="Ours Alone", link="https://arxiv.org/abs/2411.99999", tldr="Only here")
    review.accept(paper_list.categories.get(key="kv"), new_paper(), {"en": row}, curator)
    steady = [entry for entry in Entry.objects.filter(category__key="kv") if is_steady(entry, later)]
    moved, removed = steady[0], steady[1]
    entries.move(moved, paper_list.categories.get(key="explicit"), curator)
    entries.remove(removed, curator)
    for language, source in later:
        report = take_in(paper_list, source, language, listfile=LISTFILE)
        assert not report.conflicts, report.conflicts
    assert text_of(paper_list, "2304.08467", "implicit").venue == "NeurIPS, ours"
    assert text_of(paper_list, "2411.99999", "kv").tldr == "Only here"
    assert Entry.objects.get(paper=moved.paper).category.key == "explicit"
    assert not Entry.objects.filter(paper=removed.paper).exists()
    gone, new = changed_rows(document(paper_list))
    ours = ("2304.08467", "2411.99999", moved.paper.link.rpartition("/")[2], removed.paper.link.rpartition("/")[2])
    assert len(gone) == 3 and len(new) == 3
    assert all(any(identifier in line for identifier in ours) for line in gone + new)


def is_steady(entry: Entry, later: list[tuple[str, bytes]]) -> bool:
    """Whether every later English version has the paper once, in one and the same line."""
    needle = entry.paper.link.rpartition("/")[2].encode()
    lines = {line for language, source in later if language == "en" for line in source.splitlines() if needle in line}
    return len(lines) == 1 and all(source.count(needle) == 1 for language, source in later if language == "en")


def test_three_seeded_conflicts_become_findings(shared, curator):
    """A field changed on both sides, a row removed there and edited here, a row moved to different sections."""
    paper_list = new_list()
    source = versions(shared)[-1][1]
    take_in(paper_list, source, listfile=LISTFILE)
    texts = list(document(paper_list).texts.filter(entry__category__key="kv").order_by("line"))
    field, removed, moved = texts[0], texts[1], texts[2]
    for text in (field, removed):
        entries.edit(text, RowFields.from_json(fields_of(text).as_json() | {"venue": "Ours"}), curator)
    entries.move(moved.entry, paper_list.categories.get(key="explicit"), curator)
    lines = source.decode().splitlines(keepends=True)
    theirs = lines[field.line - 1].replace(f"| {fields_before(field).venue} |", "| Theirs |")
    assert theirs != lines[field.line - 1]
    into = text_of_category(paper_list, "implicit").line
    newer = [line for number, line in enumerate(lines, 1) if number not in (removed.line, moved.line)]
    newer[newer.index(lines[field.line - 1])] = theirs
    newer.insert(newer.index(lines[into - 1]), lines[moved.line - 1])
    report = take_in(paper_list, "".join(newer), listfile=LISTFILE)
    assert sorted(conflict.field for conflict in report.conflicts) == ["row", "row", "venue"]
    found = {(finding.paper_id, finding.field): finding for finding in Finding.objects.all()}
    assert len(found) == 3
    values = found[field.entry.paper_id, "venue"].values
    assert values == {"base": fields_before(field).venue, "here": "Ours", "readme": "Theirs"}
    values = found[removed.entry.paper_id, "row"].values
    assert values["readme"] is None and values["here"]["fields"]["venue"] == "Ours"
    values = found[moved.entry.paper_id, "row"].values
    assert [values[side]["category"] for side in ("base", "here", "readme")] == ["kv", "explicit", "implicit"]
    assert Entry.objects.get(paper=moved.entry.paper).category.key == "explicit"
    assert EntryText.objects.get(pk=field.pk).venue == EntryText.objects.get(pk=removed.pk).venue == "Ours"
    assert take_in(paper_list, "".join(newer), listfile=LISTFILE).unchanged
    assert Finding.objects.count() == 3


def fields_before(text: EntryText) -> RowFields:
    return RowFields.from_json(text.imported)


def text_of_category(paper_list: PaperList, key: str) -> EntryText:
    return document(paper_list).texts.filter(entry__category__key=key).order_by("line")[2]
