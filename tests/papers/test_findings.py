"""What was changed here and in a README awaits a word, and settling it makes the list what was chosen."""

from __future__ import annotations

import threading

import pytest
from django.db import connections, transaction

from papers import entries, findings
from papers.models import Category, Entry, EntryChange, EntryText, Finding, Review
from papers.readme.exporter import export
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.papers.readme.lists import document, entry, new_list, take_in

pytestmark = pytest.mark.django_db

HEAD = "| Title | Venue |\n| --- | --- |\n"


def row(number: int, venue: str = "V") -> str:
    return f"| [P{number}](https://arxiv.org/abs/2401.{number:05d}) | {venue} |\n"


def readme(first: list[str], second: list[str]) -> str:
    return f"## A\n\n{HEAD}{''.join(first)}\n## B\n\n{HEAD}{''.join(second)}"


BASE = readme([row(1), row(2), row(3)], [row(4), row(5)])


@pytest.fixture
def listed():
    paper_list = new_list()
    take_in(paper_list, BASE)
    return paper_list


def edit(paper_list, title, curator, **values):
    text = entry(paper_list, title).texts.get()
    entries.edit(text, RowFields.from_json(fields_of(text).as_json() | values), curator)


def exported(paper_list):
    return export(document(paper_list)).decode()


def conflict(paper_list, newer: str) -> Finding:
    take_in(paper_list, newer)
    return Finding.objects.get()


def test_taking_the_readmes_value_makes_the_row_the_readmes(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    newer = BASE.replace(row(2), row(2, "theirs"))
    found = conflict(listed, newer)
    assert [(value.side, value.fields) for value in findings.values(found)] == [
        ("here", (("venue", "ours"),)),
        ("readme", (("venue", "theirs"),)),
        ("base", (("venue", "V"),)),
    ]
    findings.settle(found, "readme", curator)
    assert exported(listed) == newer
    assert (found.state, found.choice, found.settled_by) == ("settled", "readme", curator)
    assert EntryChange.objects.filter(verb="edit", origin="readme", user=curator).count() == 1


def test_keeping_ours_changes_nothing_and_asks_no_more(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    before = exported(listed)
    findings.settle(found, "here", curator)
    assert exported(listed) == before
    take_in(listed, BASE.replace(row(2), row(2, "theirs")) + row(9))
    assert not findings.waiting(listed).exists()


def test_a_row_that_the_readme_removed_leaves_when_its_word_is_taken(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    paper = entry(listed, "P2").paper
    newer = BASE.replace(row(2), "")
    found = conflict(listed, newer)
    assert [value.is_absent for value in findings.values(found)] == [False, True, False]
    findings.settle(found, "readme", curator)
    assert exported(listed) == newer
    assert Review.objects.get(paper=paper).state == "rejected"


def test_a_row_that_was_removed_here_returns_to_its_very_line(listed, curator):
    entries.remove(entry(listed, "P2"), curator)
    newer = BASE.replace(row(2), row(2, "theirs"))
    findings.settle(conflict(listed, newer), "readme", curator)
    assert exported(listed) == newer
    assert entry(listed, "P2").decision.origin == "readme"


def test_a_row_that_both_moved_goes_where_the_readme_has_it(listed, curator):
    third = f"\n## C\n\n{HEAD}{row(7)}"
    take_in(listed, BASE + third)
    entries.move(entry(listed, "P4"), listed.categories.get(key="c"), curator)
    newer = readme([row(1), row(4), row(2), row(3)], [row(5)]) + third
    found = conflict(listed, newer)
    assert [dict(value.fields)["category"] for value in findings.values(found)] == ["c", "a", "b"]
    findings.settle(found, "readme", curator)
    assert exported(listed) == newer


def test_what_was_settled_is_not_settled_again(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    findings.settle(found, "here", curator)
    with pytest.raises(findings.NotOpen):
        findings.settle(Finding.objects.get(), "readme", curator)
    with pytest.raises(findings.NotOpen):
        findings.dismiss(Finding.objects.get(), curator)
    assert EntryText.objects.get(title="P2").venue == "ours"


def test_a_value_without_a_place_is_refused_and_stays_open(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    entries.remove(entry(listed, "P2"), curator)
    found = Finding.objects.get()
    with pytest.raises(findings.CannotSettle, match="no longer in the list"):
        findings.settle(found, "readme", curator)
    assert findings.count(listed) == 1
    findings.dismiss(Finding.objects.get(), curator)
    assert findings.count(listed) == 0


def test_a_category_that_is_gone_takes_no_row(listed, curator):
    entries.remove(entry(listed, "P2"), curator)
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    Category.objects.filter(key="a").update(key="renamed")
    with pytest.raises(findings.CannotSettle, match="no longer has the category “a”"):
        findings.settle(found, "readme", curator)
    assert not Entry.objects.filter(paper__title="P2").exists()


def test_two_rows_of_a_paper_that_disagree_are_asked_about_one_by_one(curator):
    paper_list = new_list()
    take_in(paper_list, readme([row(1), row(2)], [row(1)]))
    for text in EntryText.objects.filter(title="P1"):
        entries.edit(text, RowFields.from_json(fields_of(text).as_json() | {"venue": "ours"}), curator)
    newer = readme([row(1, "theirs in A"), row(2)], [row(1, "theirs in B")])
    report = take_in(paper_list, newer)
    assert [each.field for each in report.conflicts] == ["venue", "venue"]
    assert {(findings.field_of(each), each.values["readme"]) for each in findings.waiting(paper_list)} == {
        ("venue", "theirs in A"),
        ("venue", "theirs in B"),
    }
    for found in findings.waiting(paper_list):
        findings.settle(found, "readme", curator)
    assert exported(paper_list) == newer


def test_what_came_back_here_meanwhile_becomes_the_readmes(listed, curator):
    paper = entry(listed, "P2").paper
    entries.remove(entry(listed, "P2"), curator)
    newer = BASE.replace(row(2), row(2, "theirs"))
    found = conflict(listed, newer)
    ours = RowFields(title="P2 again", link="https://arxiv.org/abs/2401.00002")
    entries.admit(listed.categories.get(key="a"), paper, {"en": ours}, curator)
    findings.settle(found, "readme", curator)
    assert exported(listed) == newer
    assert Entry.objects.filter(paper=paper).count() == 1


def test_what_was_moved_there_here_meanwhile_stands_on_the_readmes_line(listed, curator):
    third = f"\n## C\n\n{HEAD}{row(7)}"
    take_in(listed, BASE + third)
    entries.move(entry(listed, "P4"), listed.categories.get(key="c"), curator)
    newer = readme([row(1), row(4), row(2), row(3)], [row(5)]) + third
    found = conflict(listed, newer)
    entries.move(entry(listed, "P4"), listed.categories.get(key="a"), curator)
    findings.settle(found, "readme", curator)
    assert exported(listed) == newer


@pytest.mark.django_db(transaction=True)
def test_an_import_waits_for_what_is_being_settled(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    newest = BASE.replace(row(2), row(2, "theirs")).replace(row(3), row(3, "newest"))

    def take_in_the_newest():
        try:
            take_in(listed, newest)
        finally:
            connections.close_all()

    importing = threading.Thread(target=take_in_the_newest)
    with transaction.atomic():
        findings.settle(found, "readme", curator)
        importing.start()
        importing.join(1.0)
        assert importing.is_alive(), "it waits"
    importing.join(60.0)
    assert exported(listed) == newest
    assert not findings.waiting(listed).exists()
