"""Rows copied in are the rows that were given."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from papers.bulk import copy_in
from papers.models import EntryChange, EntryText, IdentifierRow
from tests.factories import make_paper
from tests.papers.readme.lists import both_languages

pytestmark = pytest.mark.django_db


def test_every_kind_of_value_arrives_as_it_was():
    paper_list = both_languages()
    told = {"title": "tab\t, line\n, \\N, 中文 and “quotes”", "tags": ["a,b", "{c}", 'd"e', ""]}
    copy_in([EntryChange(list=paper_list, verb="import", after=told, origin="readme") for _ in range(3)])
    changes = EntryChange.objects.filter(list=paper_list, paper=None, after=told)
    assert changes.count() == 3
    assert all(change.before is None and change.at <= timezone.now() for change in changes)
    text = EntryText.objects.filter(document__language="en").first()
    EntryText.objects.filter(pk=text.pk).delete()
    text.pk, text.tags, text.title, text.code = (
        None,
        ["a,b", "{c}", 'd"e', "NULL"],
        "\\N \t \n",
        [["", "https://x.org"]],
    )
    copy_in([text])
    stored = EntryText.objects.get(entry=text.entry, document=text.document)
    assert (stored.tags, stored.title, stored.code, stored.imported) == (
        text.tags,
        text.title,
        text.code,
        text.imported,
    )


def test_a_broken_constraint_is_said_as_ever_and_nothing_is_stored():
    row = make_paper("One").identifiers.get()
    new = [
        IdentifierRow(paper=row.paper, scheme="doi", value="10.1/x"),
        IdentifierRow(paper=row.paper, scheme=row.scheme, value=row.value),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in(new)
    assert IdentifierRow.objects.count() == 1


def test_nothing_is_written_for_no_rows(django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_in([])
