"""What can be done to the entries of a list: admit, edit, move, remove. Each writes its own history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from papers import glossary, texts
from papers.models import Category, Decision, Document, Entry, EntryChange, EntryText, Origin, Paper, PaperList
from papers.readme import placement
from papers.readme.table import RowFields
from papers.texts import fields_of

TRANSLATED_FIELDS = ("tags", "tldr")  # titles, links, venues and code are the same in every language


class AlreadyListed(Exception):
    """The paper already stands in this category."""


def admit(
    category: Category,
    paper: Paper,
    rows: Mapping[str, RowFields],
    user: AbstractBaseUser | None,
    decision: Decision | None = None,
    origin: Origin = Origin.CURATOR,
) -> Entry:
    """Put the paper into the category, a row in every language of the list, in one transaction.

    `rows` holds the row by language and must have the primary one. Where another language's tags or TL;DR
    are not given, tags are translated by the list's own glossary and the rest is copied and flagged as
    untranslated. Raise AlreadyListed when the paper already stands there.
    """
    documents = list(category.list.documents.all())
    with transaction.atomic():
        try:
            with transaction.atomic():
                entry = Entry.objects.create(category=category, paper=paper, decision=decision)
        except IntegrityError as error:
            raise AlreadyListed(f"“{paper}” already stands in {category}.") from error
        primary = documents[0]
        for document in documents:
            fields, untranslated = _in_language(rows, primary, document)
            text = EntryText(
                entry=entry,
                document=document,
                position=placement.position(document, category, paper),
                untranslated=untranslated,
            )
            texts.write(text, fields)
            text.save()
        _record(EntryChange.Verb.ADMIT, category.list, entry, user, origin, after=_snapshot(entry))
    return entry


def _in_language(rows: Mapping[str, RowFields], primary: Document, document: Document) -> tuple[RowFields, list[str]]:
    """Return the row for this document and which of its fields still await translation."""
    source = rows[primary.language]
    if document.pk == primary.pk:
        return source, []
    given = rows.get(document.language)
    tags = given.tags if given and given.tags else ()
    tldr = given.tldr if given else ""
    untranslated = []
    if source.tags and not tags:
        known = glossary.tags(primary, document)
        tags = tuple(known.get(tag, tag) for tag in source.tags)
        if any(tag not in known for tag in source.tags):
            untranslated.append("tags")
    if source.tldr and (not tldr or tldr == source.tldr):
        tldr = source.tldr
        untranslated.append("tldr")
    return replace(source, tags=tags, tldr=tldr, extra=given.extra if given else {}), untranslated


def edit(text: EntryText, fields: RowFields, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> bool:
    """Change what one document shows of an entry; return False when nothing differs.

    A field that awaited translation and was changed no longer does. Tags and TL;DR of the primary language reach
    the other documents where those have none of their own.
    """
    before = fields_of(text)
    if before == fields:
        return False
    texts.write(text, fields)
    text.untranslated = [name for name in text.untranslated if getattr(before, name) == getattr(fields, name)]
    with transaction.atomic():
        text.save()
        _record(
            EntryChange.Verb.EDIT,
            text.document.list,
            text.entry,
            user,
            origin,
            before={text.document.language: before.as_json()},
            after={text.document.language: fields.as_json()},
        )
        if text.document.is_primary:
            for other in text.entry.texts.exclude(pk=text.pk).select_related("document"):
                _follow(other, text.document, fields)
    return True


def _follow(text: EntryText, primary: Document, fields: RowFields) -> None:
    """Give a document the primary language's tags and TL;DR in place of what it lacks or still has untranslated."""
    own = fields_of(text)
    translated = replace(
        own,
        tags=() if "tags" in text.untranslated else own.tags,
        tldr="" if "tldr" in text.untranslated else own.tldr,
    )
    row, untranslated = _in_language(
        {primary.language: fields, text.document.language: translated}, primary, text.document
    )
    if (row.tags, row.tldr) != (own.tags, own.tldr) or untranslated != text.untranslated:
        text.tags, text.tldr, text.untranslated = list(row.tags), row.tldr, untranslated
        text.save()


def move(entry: Entry, category: Category, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> None:
    """Put the entry into another category of its list; raise AlreadyListed when its paper stands there already."""
    before = _snapshot(entry)
    with transaction.atomic():
        if Entry.objects.filter(category=category, paper=entry.paper).exists():
            raise AlreadyListed(f"“{entry.paper}” already stands in {category}.")
        entry.category = category
        entry.save()
        for text in entry.texts.select_related("document"):
            text.position = placement.position(text.document, category, entry.paper)
            text.save()
        _record(EntryChange.Verb.MOVE, category.list, entry, user, origin, before=before, after=_snapshot(entry))


def remove(entry: Entry, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> None:
    """Take the entry out of the list; its history and its paper stay."""
    with transaction.atomic():
        _record(EntryChange.Verb.REMOVE, entry.category.list, entry, user, origin, before=_snapshot(entry))
        entry.delete()


def _snapshot(entry: Entry) -> dict[str, Any]:
    shown = entry.texts.select_related("document")
    return {"category": entry.category.key} | {text.document.language: fields_of(text).as_json() for text in shown}


def _record(
    verb: EntryChange.Verb,
    paper_list: PaperList,
    entry: Entry,
    user: AbstractBaseUser | None,
    origin: Origin,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    EntryChange.objects.create(
        list=paper_list,
        paper=entry.paper,
        verb=verb,
        before=before,
        after=after,
        origin=origin,
        user=user,  # type: ignore[misc]
    )
