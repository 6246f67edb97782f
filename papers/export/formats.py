"""What a format is, and the rows that formats other than Markdown are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from papers.models import Category, CategoryText, Document, EntryText, Paper, PaperList
from papers.readme.row import RowFields
from papers.texts import fields_of


class NoSuchDocument(LookupError):
    """The list has no README in this language."""


class Exported(NamedTuple):
    """A file to save or send."""

    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a list: how people and addresses call it, and what writes it.

    `render(paper_list, language)` raises NoSuchDocument. The same data give the same bytes.
    """

    identifier: str
    name: str
    render: Callable[[PaperList, str], Exported]


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry: its category, its paper, what it shows, and in which language."""

    category: Category
    paper: Paper
    fields: RowFields
    language: str


def document_of(paper_list: PaperList, language: str) -> Document:
    """Return the list's README in a language; raise NoSuchDocument, which names those there are."""
    documents = list(paper_list.documents.all())
    for document in documents:
        if document.language == language:
            return document
    known = ", ".join(document.language for document in documents) or "none yet"
    raise NoSuchDocument(f"{paper_list.slug}: no README in {language}; there are: {known}")


def listed(paper_list: PaperList, language: str) -> list[Listed]:
    """Return every entry of the list in its order, in this language or else in the primary one.

    Raise NoSuchDocument. Takes a fixed number of queries.
    """
    document_of(paper_list, language)
    texts = EntryText.objects.filter(entry__category__list=paper_list).select_related(
        "document", "entry__category", "entry__paper"
    )
    shown: dict[int, EntryText] = {}
    for text in texts.prefetch_related("entry__paper__identifiers").order_by("document__is_primary", "document_id"):
        current = shown.get(text.entry_id)
        if current is None or current.document.language != language:
            shown[text.entry_id] = text
    in_order = sorted(shown.values(), key=lambda text: (text.entry.category.position, text.position, text.pk))
    return [Listed(t.entry.category, t.entry.paper, fields_of(t), t.document.language) for t in in_order]


def category_texts(paper_list: PaperList, language: str) -> list[tuple[Category, CategoryText | None]]:
    """Return the categories in order, each with what its README says of it, in this language if it does."""
    texts: dict[int, CategoryText] = {}
    found = CategoryText.objects.filter(category__list=paper_list).select_related("document")
    for text in found.order_by("document__is_primary", "document_id"):
        current = texts.get(text.category_id)
        if current is None or current.document.language != language:
            texts[text.category_id] = text
    return [(category, texts.get(category.pk)) for category in paper_list.categories.order_by("position")]


def file_name(paper_list: PaperList, language: str, ending: str) -> str:
    """Return the name of an export: `my-list.json`, and `my-list.zh.json` in another than the primary language."""
    is_primary = document_of(paper_list, language).is_primary
    return f"{paper_list.slug}{'' if is_primary else f'.{language}'}.{ending}"
