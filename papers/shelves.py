"""A list as readers see it: its sections with their entries in one language, and what awaits translation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from papers.cards import categories
from papers.models import Category, CategoryText, Document, EntryChange, EntryText, Paper, PaperList
from papers.readme.fieldwise import values_of
from papers.readme.row import RowFields


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category with the entries that one document shows in it."""

    category: Category
    text: CategoryText | None  # what this document says of it; None when it has no such section
    entries: tuple[EntryText, ...]

    @property
    def name(self) -> str:
        """The section's heading in this document, else in the primary one."""
        return self.text.name if self.text else self.category.name


def shelves(document: Document, tag: str = "") -> list[Shelf]:
    """Return the document's sections in the list's order; with a tag, only the entries that carry it."""
    texts = document.texts.select_related("entry").order_by("position", "pk")
    texts = texts.annotate(withdrawn=F("entry__paper__withdrawn"))
    if tag:
        texts = texts.filter(tags__contains=[tag])
    by_category: dict[int, list[EntryText]] = {}
    for text in texts:
        by_category.setdefault(text.entry.category_id, []).append(text)
    return [
        Shelf(
            category,
            next((text for text in category.texts.all() if text.document_id == document.pk), None),
            tuple(by_category.get(category.pk, ())),
        )
        for category in categories(document.list)
    ]


def tags(document: Document) -> list[tuple[str, int]]:
    """Return the document's tags with how many entries carry each, the most frequent first."""
    found = Counter(tag for row in document.texts.values_list("tags", flat=True) for tag in row)
    return sorted(found.items(), key=lambda item: (-item[1], item[0].casefold()))


def untranslated(document: Document) -> QuerySet[EntryText]:
    """Return the rows of a document that hold fields in another language."""
    return document.texts.exclude(untranslated=[]).select_related("entry").order_by("position", "pk")


def changes(paper_list: PaperList, paper: Paper) -> QuerySet[EntryChange]:
    """Return what was done to a paper's entries in a list, the newest first."""
    return EntryChange.objects.filter(list=paper_list, paper=paper).select_related("user")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that a change altered, in one language ("" for what has none)."""

    language: str
    field: str
    before: str
    after: str


def differences(change: EntryChange) -> list[Difference]:
    """Return what a change altered, in the order of a row; of what made or ended an entry, its category and titles."""
    if change.before is None or change.after is None:
        return [*_titles(change.before, is_gone=True), *_titles(change.after, is_gone=False)]
    found = []
    for language, after in sorted(change.after.items(), key=lambda item: item[0] != "category"):
        before = change.before.get(language)
        if isinstance(after, dict) and isinstance(before, dict):
            was, became = (values_of(RowFields.from_json(fields)) for fields in (before, after))
            found += [
                Difference(language, field, as_text(was.get(field)), as_text(became.get(field)))
                for field in dict.fromkeys((*became, *was))
                if (was.get(field) or None) != (became.get(field) or None)
            ]
        elif before != after:
            found.append(Difference("", language, as_text(before), as_text(after)))
    return found


def _titles(told: Mapping[str, Any] | None, is_gone: bool) -> Iterator[Difference]:
    for key, value in sorted((told or {}).items(), key=lambda item: item[0] != "category"):
        text = as_text(value.get("title")) if isinstance(value, dict) else as_text(value) if key == "category" else ""
        if text:
            names = ("", key) if key == "category" else (key, "title")
            yield Difference(*names, *((text, "") if is_gone else ("", text)))


def as_text(value: Any) -> str:
    """Return a value of a row as people read it: tags between commas, links to code with their labels."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {text}" for key, text in value.items())
    if isinstance(value, list):
        return ", ".join(" ".join(filter(None, each)) if isinstance(each, list) else str(each) for each in value)
    return str(value or "")
