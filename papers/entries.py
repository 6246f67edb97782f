"""What can be done to a list's entries. Every verb reaches all languages of the list and writes history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from papers import acts, agreement, texts
from papers.following import TRANSLATED_FIELDS as TRANSLATED_FIELDS
from papers.following import Languages, Shown, spread, translated
from papers.models import Act, Category, Decision, Document, Entry, EntryChange, EntryText, Origin, Paper, PaperList
from papers.readme import placement
from papers.readme.row import RowFields as RowFields
from papers.texts import fields_of

LOOKED_AT = "to look at"  # in the history: the translations that were flagged as stale or untranslated


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

    `rows` holds at least one row by language; the primary one's, else the first, is what the others are made from.
    Where another language's tags or TL;DR are not given, tags are translated by the list's own glossary and the
    rest is copied and flagged as untranslated. Raise AlreadyListed when the paper already stands there.
    """
    documents = list(category.list.documents.all())
    languages = Languages(documents, category)
    source = next(language for language in (documents[0].language, *rows) if language in rows)
    with acts.act(category.list, user, Act.Kind.ADD):
        try:
            with transaction.atomic():
                entry = Entry.objects.create(category=category, paper=paper, decision=decision)
        except IntegrityError as error:
            raise AlreadyListed(
                _("“%(paper)s” already stands in %(category)s.") % {"paper": paper, "category": category}
            ) from error
        for document in documents:
            own = rows.get(document.language)
            shown = (
                Shown(rows[source])
                if document.language == source
                else translated(source, rows[source], document.language, own, languages)
            )
            text = EntryText(entry=entry, document=document)
            text.position = placement.position(document, category, paper)
            _show(text, shown)
        _record(EntryChange.Verb.ADMIT, category.list, entry, user, origin, after=_snapshot(entry))
        agreement.after_change(category.list, paper, user)
    return entry


def edit(text: EntryText, fields: RowFields, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> bool:
    """Change what one document shows of an entry, as `edit_rows` does; return False when nothing differs."""
    others = [other for other in _texts(text.entry) if other.pk != text.pk]
    shown = sorted([text, *others], key=lambda each: (not each.document.is_primary, each.document.language))
    return _edit(text.entry, shown, {text.document.language: fields}, user, origin)


def edit_rows(
    entry: Entry, rows: Mapping[str, RowFields], user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR
) -> bool:
    """Change what the documents of these languages show of an entry, as one change; return False for none.

    What was the same in other languages follows, and so do copies that await translation; a translation whose
    original changed is flagged as stale until it is changed or confirmed. What a README itself says changes no
    row that another README said itself.
    """
    return _edit(entry, _texts(entry), rows, user, origin)


def _edit(
    entry: Entry,
    shown: Sequence[EntryText],
    rows: Mapping[str, RowFields],
    user: AbstractBaseUser | None,
    origin: Origin,
) -> bool:
    before = {text.document.language: Shown.of(text) for text in shown}
    changed = {language: row for language, row in rows.items() if row != before[language].fields}
    if not changed:
        return False
    reached = {text.document.language for text in shown if origin == Origin.CURATOR or text.imported is None}
    languages = Languages([text.document for text in shown], entry.category)
    after = spread(before, rows, languages, frozenset(reached))
    with acts.act(entry.category.list, user, Act.Kind.EDIT):
        for text in shown:
            if after[text.document.language] != before[text.document.language]:
                _show(text, after[text.document.language])
        told = [language for language in before if after[language].fields != before[language].fields]
        _record(
            EntryChange.Verb.EDIT,
            entry.category.list,
            entry,
            user,
            origin,
            before={language: before[language].fields.as_json() for language in told},
            after={language: after[language].fields.as_json() for language in told},
        )
        agreement.after_change(entry.category.list, entry.paper, user)
    return True


def confirm(text: EntryText, names: Iterable[str], user: AbstractBaseUser | None) -> bool:
    """Say that these fields are right as they stand in this language; return False when none of them was in doubt."""
    wanted = set(names)
    doubted = [name for name in (*text.untranslated, *text.stale) if name in wanted]
    if not doubted:
        return False
    text.untranslated = [name for name in text.untranslated if name not in wanted]
    text.stale = [name for name in text.stale if name not in wanted]
    with acts.act(text.document.list, user, Act.Kind.CONFIRM):
        text.save(update_fields=["untranslated", "stale"])
        before = {LOOKED_AT: [f"{text.document.language}: {name}" for name in doubted]}
        _record(
            EntryChange.Verb.EDIT,
            text.document.list,
            text.entry,
            user,
            Origin.CURATOR,
            before=before,
            after={LOOKED_AT: []},
        )
    return True


def fill(entry: Entry, document: Document, user: AbstractBaseUser | None) -> EntryText:
    """Give a document that lacks the entry a row of it, made from another language's and flagged as untranslated."""
    documents = list(document.list.documents.all())
    text, change = filled(entry, document, _texts(entry), Languages(documents, entry.category), user)
    with acts.act(document.list, user, Act.Kind.IN_STEP):
        text.position = placement.position(document, entry.category, entry.paper)
        text.save()
        change.save()
    return text


def filled(
    entry: Entry,
    document: Document,
    shown: Sequence[EntryText],
    languages: Languages,
    user: AbstractBaseUser | None,
) -> tuple[EntryText, EntryChange]:
    """Return, unsaved and without a position, the row that fills a gap of a document, and how its history begins.

    `shown` is what other documents show of the entry, the primary one first.
    """
    source = next((text for text in shown if not text.untranslated), shown[0])
    row = translated(source.document.language, fields_of(source), document.language, None, languages)
    text = EntryText(entry=entry, document=document, position=0.0, untranslated=list(row.untranslated))
    texts.write(text, row.fields)
    change = EntryChange(
        list=document.list,
        paper=entry.paper,
        verb=EntryChange.Verb.ADMIT,
        after={"category": entry.category.key, document.language: row.fields.as_json()},
        user=user,  # type: ignore[misc]
    )
    return text, change


def move(entry: Entry, category: Category, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> None:
    """Put the entry into another category of its list; raise AlreadyListed when its paper stands there already."""
    before = _snapshot(entry)
    with acts.act(category.list, user, Act.Kind.MOVE):
        if Entry.objects.filter(category=category, paper=entry.paper).exists():
            raise AlreadyListed(
                _("“%(paper)s” already stands in %(category)s.") % {"paper": entry.paper, "category": category}
            )
        entry.category = category
        entry.save()
        for text in _texts(entry):
            text.position = placement.position(text.document, category, entry.paper)
            text.save(update_fields=["position"])
        _record(EntryChange.Verb.MOVE, category.list, entry, user, origin, before=before, after=_snapshot(entry))
        agreement.after_change(category.list, entry.paper, user)


def reorder(entry: Entry, after: Entry | None, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> bool:
    """Put the entry behind another one of its category, or before all of them, in every language that has both.

    Return False when it stands there already. Raise ValueError when the other one is of another category.
    """
    if after is not None and (after.category_id != entry.category_id or after.pk == entry.pk):
        raise ValueError(_("An entry goes behind another one of its own category."))
    moved = False
    with acts.act(entry.category.list, user, Act.Kind.REORDER):
        # One at a time, or two would take the same place.
        Category.objects.select_for_update(no_key=True).get(pk=entry.category_id)
        shown = _texts(entry)
        stood = _behind(shown[0]) if shown else None
        for text in shown:
            other = text.document.texts.filter(entry=after).first() if after is not None else None
            if (after is None or other is not None) and placement.put_behind(text, other):
                moved = True
        if moved:
            told = [{"category": entry.category.key, "behind": each} for each in (stood, _behind(shown[0]))]
            _record(EntryChange.Verb.MOVE, entry.category.list, entry, user, origin, before=told[0], after=told[1])
    return moved


def _behind(text: EntryText) -> str:
    """The title of the row above, empty for the first."""
    above = text.document.texts.filter(entry__category=text.entry.category_id, position__lt=text.position)
    return above.order_by("-position", "-pk").values_list("title", flat=True).first() or ""


def remove(entry: Entry, user: AbstractBaseUser | None, origin: Origin = Origin.CURATOR) -> None:
    """Take the entry out of the list; its history and its paper stay."""
    with acts.act(entry.category.list, user, Act.Kind.REMOVE):
        _record(EntryChange.Verb.REMOVE, entry.category.list, entry, user, origin, before=_snapshot(entry))
        entry.delete()
        agreement.after_change(entry.category.list, entry.paper, user)


def unite(entry: Entry, other: Entry) -> None:
    """Make one entry of two that one category has of one paper: the other's rows go where the first has none.

    All of the other's words are in its history, as of an entry that was taken out.
    """
    with transaction.atomic():
        _record(EntryChange.Verb.REMOVE, other.category.list, other, None, Origin.CURATOR, before=_snapshot(other))
        shown = entry.texts.values("document")
        other.texts.exclude(document__in=shown).update(entry=entry)
        other.findings.update(entry=entry)
        if entry.decision is None and other.decision is not None:
            entry.decision = other.decision
            entry.save(update_fields=["decision"])
        other.delete()


def _texts(entry: Entry) -> list[EntryText]:
    """What the documents show of the entry, the primary one first."""
    shown = entry.texts.select_related("document__list").defer("document__source")
    shown = shown.order_by("-document__is_primary", "document__language")
    for text in shown:
        text.entry = entry
    return list(shown)


def _show(text: EntryText, shown: Shown) -> None:
    texts.write(text, shown.fields)
    text.untranslated, text.stale = list(shown.untranslated), list(shown.stale)
    # Where it stands, and what it was imported as, may have changed since it was read.
    text.save(update_fields=None if text._state.adding else [*texts.COLUMNS, "untranslated", "stale"])


def _snapshot(entry: Entry) -> dict[str, Any]:
    return {"category": entry.category.key} | {
        text.document.language: fields_of(text).as_json() for text in _texts(entry)
    }


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
