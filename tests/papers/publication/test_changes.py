"""What a publication says was done: each paper once, by what its rows are now, and who did it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers import entries
from papers.publication.changes import short_name, unpublished
from papers.publication.draft import draft
from papers.publication.message import compose, sentence
from papers.readme.row import RowFields
from papers.texts import fields_of
from tests.factories import make_paper
from tests.papers.readme.lists import both_languages, document, entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed():
    return both_languages()


def add(listed, title: str, curator, key: str = "kv"):
    row = RowFields(title=title, link="https://example.org/" + title.replace(" ", "-"))
    return entries.admit(listed.categories.get(key=key), make_paper(title), {"en": row}, curator)


def edit(listed, title: str, curator, **values) -> None:
    text = entry(listed, title).texts.get(document__language="en")
    entries.edit(text, replace(fields_of(text), **values), curator)


def test_each_verb_is_told_with_its_paper_category_and_curator(listed, curator):
    add(listed, "Fresh: A New Paper", curator)
    entries.move(entry(listed, "CaM"), listed.categories.get(key="explicit"), curator)
    edit(listed, "Quest", curator, venue="ICML 2025", tldr="Other pages")
    entries.remove(entry(listed, "LLMLingua"), curator)
    said = [sentence(change) for change in unpublished(listed)]
    assert said == [
        "Add Fresh to KV Compression (curator)",
        "Move CaM to Explicit Compression (Prompt Level) (curator)",
        "Fix venue and TL;DR of Quest (curator)",
        "Remove LLMLingua from Explicit Compression (Prompt Level) (curator)",
    ]
    assert compose(unpublished(listed), ["README.md"]).subject == "Add 1 paper, move 1, fix 1, remove 1"


def test_what_was_undone_is_not_told(listed, curator):
    entries.remove(add(listed, "Fresh", curator), curator)
    edit(listed, "Quest", curator, venue="ICML 2025")
    edit(listed, "Quest", curator, venue="ICML 2024")
    assert unpublished(listed) == []
    assert not draft(listed).has_changes


def test_taken_out_and_put_in_elsewhere_is_a_move(listed, curator):
    gone = entry(listed, "CaM")
    paper, row = gone.paper, fields_of(gone.texts.get(document__language="en"))
    entries.remove(gone, curator)
    entries.admit(listed.categories.get(key="explicit"), paper, {"en": row}, curator)
    assert [change.verb for change in unpublished(listed)] == ["move"]


def test_the_queries_do_not_grow_with_the_changes(listed, curator):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            unpublished(listed)
        return len(queries)

    add(listed, "One", curator)
    entries.remove(entry(listed, "Quest"), curator)
    few = asked()
    for number in range(5):
        add(listed, f"More {number}", curator)
    entries.remove(entry(listed, "CaM"), curator)
    assert asked() == few


def test_a_subject_of_ones_own_is_one_line(listed, curator):
    add(listed, "Fresh", curator)
    assert draft(listed, "Say it\n\nFixes: all\x1b[31m").message.subject == "Say it Fixes: all [31m"
    assert draft(listed, " \n ").message.subject == "Add 1 paper"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SnapKV: LLM Knows What You Want", "SnapKV"),
        ("**Quest**", "Quest"),
        ("标题：副标题", "标题"),
        ("A very long title " * 9, "A very long title " * 4 + "A very"),
        ("Two\nlines", "Two lines"),
    ],
)
def test_a_paper_is_called_by_what_stands_before_the_colon(title, name):
    assert short_name(title).removesuffix("…").strip() == name


def test_a_removed_language_is_no_change_of_papers(listed, curator):
    add(listed, "Fresh", curator)
    document(listed, "zh").delete()
    assert [sentence(change) for change in unpublished(listed)] == ["Add Fresh to KV Compression (curator)"]
