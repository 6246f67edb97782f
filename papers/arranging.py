"""Arranging a list's entries: a step up or down as one document shows them, and a second place for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import AbstractBaseUser

from papers import acts, entries
from papers.following import TRANSLATED_FIELDS
from papers.models import Act, Category, Document, Entry, EntryText
from papers.readme.row import RowFields
from papers.texts import fields_of

UP, DOWN = -1, 1
MOST = 500  # entries that are moved at once


def step(entry: Entry, document: Document, way: int, user: AbstractBaseUser | None) -> bool:
    """Let an entry change places with the one above it (UP) or below it (DOWN), as this document orders them.

    Return False for the first, that goes no further up, and the last.
    """
    rows = EntryText.objects.filter(document=document, entry__category=entry.category_id)
    order = list(rows.order_by("position", "pk").values_list("entry_id", flat=True))
    place = order.index(entry.pk) if entry.pk in order else -1
    if place < 0 or not 0 <= place + way < len(order):
        return False
    behind = place + way - (1 if way == UP else 0)
    return entries.reorder(entry, Entry.objects.get(pk=order[behind]) if behind >= 0 else None, user)


def move_all(chosen: Sequence[Entry], category: Category, user: AbstractBaseUser | None) -> list[Entry]:
    """Put entries into another category as one act; return those that moved: not whose paper stands there already."""
    moved = []
    with acts.act(category.list, user, Act.Kind.MOVE):
        for entry in chosen:
            if not Entry.objects.filter(category=category, paper=entry.paper_id).exists():
                entries.move(entry, category, user)
                moved.append(entry)
    return moved


def place_too(
    entry: Entry, category: Category, user: AbstractBaseUser | None, rows: Mapping[str, RowFields] | None = None
) -> Entry:
    """Put an entry's paper into another category as well; raise AlreadyListed when it stands there.

    A language that no row is given for gets the entry's own. What is taken over keeps the doubts about it.
    """
    texts = entry.texts.select_related("document__list").defer("document__source")
    shown = {text.document.language: text for text in texts}
    copied = {language: fields_of(text) for language, text in shown.items()}
    with acts.act(category.list, user, Act.Kind.ADD):
        made = entries.admit(category, entry.paper, copied | dict(rows or {}), user)
        for text in made.texts.select_related("document").defer("document__source"):
            if text.document.language in shown:
                _doubt_as(text, shown[text.document.language])
    return made


def _doubt_as(text: EntryText, first: EntryText) -> None:
    """Flag as untranslated or stale what stands there as it does in the first one, which is flagged so."""
    same = [name for name in TRANSLATED_FIELDS if getattr(text, name) == getattr(first, name)]
    for flag in ("untranslated", "stale"):
        kept = [name for name in getattr(text, flag) if name not in same]
        setattr(text, flag, [*kept, *(name for name in getattr(first, flag) if name in same)])
    text.save(update_fields=["untranslated", "stale"])
