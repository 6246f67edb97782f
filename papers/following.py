"""What a row in one language means for the same entry in the others.

Titles, links and the like are the same in every language; tags and TL;DR are translated, and until they are, a
copy stands in for them that is flagged as untranslated. A translation whose original changed is flagged as stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from papers import glossary
from papers.models import Category, Document, EntryText
from papers.readme.columns import columns
from papers.readme.headerwords import header_in
from papers.readme.roles import Role
from papers.readme.row import RowFields
from papers.texts import fields_of

SAME_FIELDS = ("title", "link", "venue", "code", "nickname", "authors", "date")
TRANSLATED_FIELDS = ("tags", "tldr")


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in one language: its row, and which fields of it are still copies or may no longer be right."""

    fields: RowFields
    untranslated: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: EntryText) -> Shown:
        """Return what a stored text shows."""
        return cls(fields_of(text), tuple(text.untranslated), tuple(text.stale))

    def with_value(self, name: str, value: Any, *, untranslated: bool = False) -> Shown:
        """Return it with another value of a field, which is a translation unless it is flagged."""
        waiting = {*self.untranslated, name} if untranslated else set(self.untranslated) - {name}
        return Shown(
            replace(self.fields, **{name: value}),
            tuple(each for each in TRANSLATED_FIELDS if each in waiting),
            tuple(each for each in self.stale if each != name),
        )


class Languages:
    """The documents of a list, the primary one first, and what is asked of them when a row is translated."""

    def __init__(self, documents: list[Document], category: Category) -> None:
        self.documents = {document.language: document for document in documents}
        self.category = category
        self._glossaries: dict[tuple[str, str], dict[str, str]] = {}

    def glossary(self, source: str, target: str) -> Mapping[str, str]:
        """Return the tags of one language in another; read once."""
        if (source, target) not in self._glossaries:
            self._glossaries[source, target] = glossary.tags(self.documents[source], self.documents[target])
        return self._glossaries[source, target]

    def can_say(self, language: str, name: str) -> bool:
        """Whether the rows there have a place for a field; without any table nothing is known to be lost."""
        roles = {column.role for column in self._columns[language]}
        places = {"code": (Role.CODE, Role.LINK)}.get(name, (Role(name),))  # links to code stand with the paper's too
        return not roles or name in ("title", "link") or any(role in roles for role in places)

    def headers(self, language: str) -> frozenset[str]:
        """Return the headers of the further columns there."""
        return frozenset(column.name for column in self._columns[language] if column.role == Role.EXTRA)

    @cached_property
    def _columns(self) -> dict[str, tuple[Any, ...]]:
        return {language: columns(document, self.category) for language, document in self.documents.items()}


def translated(source: str, fields: RowFields, target: str, given: RowFields | None, languages: Languages) -> Shown:
    """Return the row of another language for an entry written in `source`.

    What is the same in every language is taken from there. Tags and TL;DR are those given, else translated by the
    glossary, else copied and flagged; further columns are those given, else those of the same header.
    """
    own = given or RowFields()
    shown = Shown(replace(fields, tags=own.tags, tldr=own.tldr, extra=_extra(fields, target, own, languages)))
    for name in TRANSLATED_FIELDS:
        if not getattr(own, name) or (name == "tldr" and own.tldr == fields.tldr):
            shown = _copied(shown, name, getattr(fields, name), source, target, languages)
    return shown


def retranslated(shown: Shown, name: str, original: RowFields, source: str, target: str, languages: Languages) -> Shown:
    """Return a row with its copy of a field made again from the original's, by what the glossary says now."""
    return _copied(shown, name, getattr(original, name), source, target, languages)


def as_copies(fields: RowFields, words: Mapping[str, str]) -> Shown:
    """Return a row as a new language shows it: tags by these words where they are known, the rest as copies."""
    waiting = [name for name in TRANSLATED_FIELDS if getattr(fields, name)]
    if all(tag in words for tag in fields.tags):
        waiting = [name for name in waiting if name != "tags"]
    tags = tuple(dict.fromkeys(words.get(tag, tag) for tag in fields.tags))
    return Shown(replace(fields, tags=tags), tuple(waiting))


def _extra(fields: RowFields, target: str, own: RowFields, languages: Languages) -> dict[str, str]:
    headers = languages.headers(target)
    copied = {}
    for header, value in fields.extra.items():
        there = next((each for each in (header, header_in(header, target)) if each in headers), None)
        if there and value:
            copied[there] = value
    return copied | {header: value for header, value in own.extra.items() if value or header not in copied}


def _copied(shown: Shown, name: str, value: Any, source: str, target: str, languages: Languages) -> Shown:
    """Give a language the original's tags or TL;DR: translated by the glossary as far as it goes, else as they are."""
    if not value or not languages.can_say(target, name):
        return shown.with_value(name, type(value)())
    if name != "tags":
        return shown.with_value(name, value, untranslated=True)
    known = languages.glossary(source, target)
    words = tuple(dict.fromkeys(known.get(tag, tag) for tag in value))
    return shown.with_value(name, words, untranslated=any(tag not in known for tag in value))


def spread(
    before: Mapping[str, Shown], rows: Mapping[str, RowFields], languages: Languages, reached: frozenset[str]
) -> dict[str, Shown]:
    """Return what every language shows once these rows were written.

    `before` holds every language of the entry, the primary one first. A language whose own row says otherwise
    keeps it. Only in `reached` ones are values written; translations are flagged as stale in all.
    """
    after = {language: _written(shown, rows.get(language, shown.fields)) for language, shown in before.items()}
    for language in rows:
        for other in before:
            if other != language and other in reached:
                step = (before[language].fields, after[language].fields)
                after[other] = _with_the_same(after[other], before[other].fields, *step, other, languages)
    for name in TRANSLATED_FIELDS:
        original = next((each for each, shown in before.items() if name not in shown.untranslated), "")
        if original in rows and _differs(name, before[original], after[original]):
            value = getattr(after[original].fields, name)
            for other in before:
                if other != original and not _differs(name, before[other], after[other]):
                    after[other] = _followed(after[other], name, value, original, other, languages, reached)
    return after


def _written(shown: Shown, fields: RowFields) -> Shown:
    """A row as somebody wrote it: what they changed is translated, and right."""
    kept = [name for name in TRANSLATED_FIELDS if getattr(shown.fields, name) == getattr(fields, name)]
    return Shown(
        fields,
        tuple(name for name in shown.untranslated if name in kept),
        tuple(name for name in shown.stale if name in kept),
    )


def _differs(name: str, before: Shown, after: Shown) -> bool:
    return bool(getattr(before.fields, name) != getattr(after.fields, name))


def _with_the_same(
    shown: Shown, own: RowFields, old: RowFields, new: RowFields, language: str, languages: Languages
) -> Shown:
    """Let a language follow from `old` to `new` in what was the same in both and was not changed in its own row."""
    fields = shown.fields
    for name in SAME_FIELDS:
        was, becomes, mine = (getattr(each, name) for each in (old, new, own))
        is_same = getattr(fields, name) == mine and _addresses(name, mine) == _addresses(name, was)
        if was != becomes and is_same and languages.can_say(language, name):
            value: Any = _labelled_as(mine, becomes) if name == "code" else becomes
            fields = replace(fields, **{name: value})
    extra = dict(fields.extra)
    for header in old.extra.keys() | new.extra.keys():
        was, becomes = old.extra.get(header, ""), new.extra.get(header, "")
        there = next((each for each in (header, header_in(header, language)) if each in extra), None)
        if there and was != becomes and extra[there] == own.extra.get(there, "") == was:
            extra[there] = becomes
    return replace(shown, fields=replace(fields, extra=extra))


def _addresses(name: str, value: Any) -> Any:
    """What of a value is the same in every language: of links to code the address, whatever their label."""
    return [address for _, address in value] if name == "code" else value


def _labelled_as(own: tuple[tuple[str, str], ...], code: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    labels = {address: label for label, address in own}
    return tuple((labels.get(address, label), address) for label, address in code)


def _followed(
    shown: Shown, name: str, value: Any, source: str, target: str, languages: Languages, reached: frozenset[str]
) -> Shown:
    """Let a copy follow its original; say of a translation that it may no longer be right."""
    if name in shown.untranslated or not getattr(shown.fields, name):
        return _copied(shown, name, value, source, target, languages) if target in reached else shown
    return replace(shown, stale=tuple(each for each in TRANSLATED_FIELDS if each == name or each in shown.stale))
