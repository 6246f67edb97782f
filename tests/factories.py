"""Rows for tests, as plain functions: each makes what it needs, and says only what the test is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from ingest.models import Run, Topic
from kbsite.models import Membership
from papers import catalog, identity
from papers.models import Category, CategoryText, Document, Entry, EntryText, Paper, PaperList, Suggestion
from papers.records import FactRecord, Identifier, PaperRecord

_numbers = count(1)


def make_list(slug: str = "small", categories: Sequence[str] = ("alpha", "beta"), **fields: Any) -> PaperList:
    """A list in English with these categories, whose names are their keys with a capital."""
    fields.setdefault("name", f"The {slug} list")
    paper_list = PaperList.objects.create(slug=slug, **fields)
    document = Document.objects.create(
        list=paper_list, language="en", path="README.md", source=b"# A list\n", is_primary=True
    )
    for position, key in enumerate(categories):
        category = Category.objects.create(list=paper_list, key=key, position=position)
        CategoryText.objects.create(
            category=category,
            document=document,
            name=key.capitalize(),
            heading_line=position + 1,
            definition=f"What belongs under {key}.",
        )
    return paper_list


def make_paper(
    title: str = "",
    *,
    abstract: str = "We make caches of language models small.",
    identifiers: Sequence[tuple[str, str]] | None = None,
    published: date | None = date(2026, 11, 1),
    facts: Sequence[tuple[str, Any]] = (),
    **fields: Any,
) -> Paper:
    """A paper from arXiv, through the catalogue as every paper."""
    number = next(_numbers)
    record = PaperRecord(
        source=fields.pop("source", "arxiv"),
        identifiers=tuple(Identifier(*each) for each in identifiers or (("arxiv", f"2611.{number:05}"),)),
        title=title or f"Paper {number} on small caches",
        abstract=abstract,
        authors=tuple(fields.pop("authors", ("Ada Lovelace", "Alan Turing"))),
        subjects=tuple(fields.pop("subjects", ("cs.CL",))),
        published=published,
        facts=tuple(FactRecord(kind, value) for kind, value in facts),
        **fields,
    )
    found = catalog.upsert([record])
    assert not found.rejected, found.rejected
    return found.papers[record.identifiers[0]]


def make_entry(category: Category, paper: Paper | None = None, **fields: Any) -> Entry:
    """A paper that stands in a category, in every language of its list."""
    paper = paper or make_paper()
    entry = Entry.objects.create(category=category, paper=paper)
    for document in category.list.documents.all():
        position = EntryText.objects.filter(document=document, entry__category=category).count() + 1.0
        shown: dict[str, Any] = {"title": paper.title, "link": identity.link(paper.main_identifier)} | fields
        EntryText.objects.create(entry=entry, document=document, position=position, **shown)
    return entry


def make_suggestion(
    paper_list: PaperList,
    paper: Paper | None = None,
    relevance: float = 0.8,
    category: Category | None = None,
    head: str = "v1",
    **fields: Any,
) -> Suggestion:
    """What a classifier says of a paper; the first category unless another is given."""
    paper = paper or make_paper()
    category = category or paper_list.categories.first()
    assert category is not None
    others = [each.key for each in paper_list.categories.all() if each.pk != category.pk]
    shares = dict.fromkeys(others, relevance * 0.2 / max(len(others), 1))
    fields.setdefault("probabilities", shares | {category.key: relevance * 0.8, "out": 1 - relevance})
    return Suggestion.objects.create(
        list=paper_list,
        paper=paper,
        head=head,
        text_hash=paper.text_hash,
        relevance=relevance,
        category=category,
        **fields,
    )


def make_user(
    name: str = "", *, curator: bool = False, role: str = "", of: PaperList | None = None, **fields: Any
) -> AbstractBaseUser:
    """A person; with a role of one list or of all, or a curator of all, if asked for."""
    user = get_user_model().objects.create_user(name or f"person{next(_numbers)}", password="a long password", **fields)
    if curator or role:
        Membership.objects.create(user=user, list=of, role=role or "curator")
    return user


def make_topic(slug: str = "", paper_list: PaperList | None = None, **fields: Any) -> Topic:
    """A saved query against arXiv."""
    fields = {"source": "arxiv", "query": "all:cache"} | fields
    return Topic.objects.create(slug=slug or f"topic-{next(_numbers)}", list=paper_list, **fields)


def make_run(state: str = "done", **fields: Any) -> Run:
    """A run of the ledger, finished unless it is still running."""
    fields = {"kind": "pull", "subject": "a topic"} | fields
    if state != "running":
        fields.setdefault("finished_at", datetime(2026, 11, 20, 6, tzinfo=UTC))
    return Run.objects.create(state=state, **fields)
