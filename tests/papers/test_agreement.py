"""A conflict closes by itself once both sides say the same, and only then."""

from __future__ import annotations

import pytest

from papers import agreement, entries
from papers.models import Entry, Finding, Paper, PaperList
from papers.readme.exporter import export
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.papers.readme.lists import document, entry, new_list, take_in

pytestmark = pytest.mark.django_db

HEAD = "| Title | Venue | TL;DR |\n| --- | --- | --- |\n"


def row(number: int, venue: str = "V", tldr: str = "-") -> str:
    return f"| [P{number}](https://arxiv.org/abs/2401.{number:05d}) | {venue} | {tldr} |\n"


def readme(first: list[str], second: list[str], third: str = row(9)) -> str:
    return f"## A\n\n{HEAD}{''.join(first)}\n## B\n\n{HEAD}{''.join(second)}\n## C\n\n{HEAD}{third}"


BASE = readme([row(1), row(2), row(3)], [row(4), row(5)])
WITHOUT_2 = BASE.replace(row(2), "")


@pytest.fixture
def listed() -> PaperList:
    paper_list = new_list()
    take_in(paper_list, BASE)
    return paper_list


def edit(paper_list, title, user, **values):
    text = entry(paper_list, title).texts.get()
    entries.edit(text, RowFields.from_json(fields_of(text).as_json() | values), user)


def conflict(paper_list, newer: str) -> Finding:
    take_in(paper_list, newer)
    return Finding.objects.get(state="open")


def is_open(finding: Finding) -> bool:
    finding.refresh_from_db()
    return finding.state == Finding.State.OPEN


def test_a_curator_who_writes_the_readmes_value_has_settled_it(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    edit(listed, "P2", curator, tldr="else")
    assert is_open(found)
    edit(listed, "P2", curator, venue="theirs")
    assert not is_open(found)
    assert (found.state, found.choice, found.settled_by) == ("settled", agreement.AGREED, curator)
    assert found.message.endswith("; the list says so too now")


def test_a_newer_readme_that_has_our_value_has_settled_it(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    newer = BASE.replace(row(2), row(2, "theirs"))
    found = conflict(listed, newer)
    take_in(listed, newer + row(6))
    assert is_open(found)
    take_in(listed, BASE.replace(row(2), row(2, "ours")))
    assert not is_open(found)
    assert found.message.endswith("; README.md says so too now")
    assert export(document(listed)).decode() == BASE.replace(row(2), row(2, "ours"))


def test_our_export_committed_as_it_is_settles_all_that_was_asked(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    entries.remove(entry(listed, "P4"), curator)
    take_in(listed, BASE.replace(row(2), row(2, "theirs")).replace(row(4), row(4, "theirs")))
    assert Finding.objects.filter(state="open").count() == 2
    take_in(listed, export(document(listed)))
    assert set(Finding.objects.values_list("state", "choice")) == {("settled", agreement.AGREED)}


def test_a_row_that_the_readme_removed_and_now_is_removed_here_too(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, WITHOUT_2)
    edit(listed, "P2", curator, venue="ours again")
    assert is_open(found)
    entries.remove(entry(listed, "P2"), curator)
    assert not is_open(found)


def test_a_row_that_the_readme_removed_and_has_again(listed, curator):
    edit(listed, "P2", curator, venue="ours")
    found = conflict(listed, WITHOUT_2)
    take_in(listed, BASE.replace(row(2), row(2, "ours")))
    assert not is_open(found)
    assert not Finding.objects.filter(state="open").exists()


def test_a_row_that_was_removed_here_and_now_is_removed_from_the_readme(listed, curator):
    entries.remove(entry(listed, "P2"), curator)
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    take_in(listed, WITHOUT_2)
    assert not is_open(found)


@pytest.mark.parametrize(("venue", "agrees"), [("theirs", True), ("ours", False)])
def test_a_row_that_was_removed_here_and_returns_agrees_when_its_words_do(listed, curator, venue, agrees):
    entries.remove(entry(listed, "P2"), curator)
    found = conflict(listed, BASE.replace(row(2), row(2, "theirs")))
    fields = RowFields(title="P2", link="https://arxiv.org/abs/2401.00002", venue=venue)
    entries.admit(listed.categories.get(key="a"), Paper.objects.get(title="P2"), {"en": fields}, curator)
    assert is_open(found) is not agrees


def test_a_row_that_both_moved_agrees_where_either_follows_the_other(listed, curator):
    there = readme([row(1), row(4), row(2), row(3)], [row(5)])
    entries.move(entry(listed, "P4"), listed.categories.get(key="c"), curator)
    found = conflict(listed, there)
    take_in(listed, there + row(6))
    assert is_open(found)
    entries.move(entry(listed, "P4"), listed.categories.get(key="a"), curator)
    take_in(listed, there + row(6) + row(7))
    assert not is_open(found)
    assert Entry.objects.get(paper__title="P4").category.key == "a"


def test_a_readme_that_follows_our_move_agrees(listed, curator):
    entries.move(entry(listed, "P4"), listed.categories.get(key="c"), curator)
    found = conflict(listed, readme([row(1), row(4), row(2), row(3)], [row(5)]))
    take_in(listed, readme([row(1), row(2), row(3)], [row(5)], row(9) + row(4)))
    assert not is_open(found)
    assert Entry.objects.get(paper__title="P4").category.key == "c"


def test_another_row_of_the_same_paper_settles_nothing(curator):
    paper_list = new_list()
    take_in(paper_list, readme([row(1), row(2)], [row(1), row(3)]))
    first = entry(paper_list, "P1", "a").texts.get()
    entries.edit(first, RowFields.from_json(fields_of(first).as_json() | {"venue": "ours"}), curator)
    found = conflict(paper_list, readme([row(1, "theirs"), row(2)], [row(1), row(3)]))
    second = entry(paper_list, "P1", "b").texts.get()
    entries.edit(second, RowFields.from_json(fields_of(second).as_json() | {"venue": "theirs"}), curator)
    assert is_open(found)
    entries.remove(entry(paper_list, "P1", "b"), curator)
    assert is_open(found)
