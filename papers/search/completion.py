"""What somebody may be about to type: titles, authors and tags that go on from what stands in the box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Func, TextField

from papers.models import EntryText, Paper, SearchText
from papers.search import tsquery
from papers.search.syntax import Kind, Term, plain, readable

SHORTEST = 2  # letters of the word that is being typed
TITLES, AUTHORS, TAGS = 5, 3, 3
LOOKED_AT = 40  # papers with an author whose name may go on so

_ASKING = re.compile(r"""["“”:*]|(?:^|\s)-|\bOR\b""")  # more than words: who types so needs no suggestion


@dataclass(frozen=True, slots=True)
class Completion:
    """What may be meant: a paper by its title, or an author or a tag to be searched for."""

    kind: str  # "paper", "author" or "tag"
    text: str
    query: str = ""  # what to search for
    paper: int | None = None


def complete(text: str) -> list[Completion]:
    """Return what goes on from the text: tags, authors, then titles, the newest first; nothing for less than a word."""
    said = readable(text).strip()
    words = plain(said)
    if len(words) < SHORTEST or _ASKING.search(said):
        return []
    return [*_tags(said), *_authors(words), *_titles(words)]


def _titles(words: str) -> Iterator[Completion]:
    rows = SearchText.objects.filter(title=_going_on(words, ""))
    newest = rows.order_by(F("day").desc(nulls_last=True), "-pk").values_list("pk", "paper__title")
    for pk, title in newest[:TITLES]:
        yield Completion("paper", title, paper=pk)


def _authors(words: str) -> Iterator[Completion]:
    parts = words.lower().split()
    if len(parts) > 4 or len(words) <= SHORTEST:
        return
    some = SearchText.objects.filter(names=_going_on(words, "author")).values("pk")[:LOOKED_AT]
    found: dict[str, int] = {}
    for names in Paper.objects.filter(pk__in=list(some.values_list("pk", flat=True))).values_list("authors", flat=True):
        for name in names:
            own = plain(name).lower().split()
            if own and all(any(each.startswith(part) for each in own) for part in parts):
                found[name] = found.get(name, 0) + 1
    for name in sorted(found, key=lambda name: (-found[name], name))[:AUTHORS]:
        yield Completion("author", name, f'author:"{name}"')


def _tags(said: str) -> Iterator[Completion]:
    each = EntryText.objects.annotate(tag=Func(F("tags"), function="unnest", output_field=TextField()))
    found: dict[str, None] = {}
    for tag in each.order_by("tag").values_list("tag", flat=True).distinct():
        if tag.lower().startswith(said.lower()):
            found[tag] = None
    for tag in list(found)[:TAGS]:
        yield Completion("tag", tag, f'tag:"{tag}"')


def _going_on(words: str, field: str) -> tsquery.Words:
    """All the words, of which the last may go on."""
    *first, last = words.split()
    terms = [(Term(word, Kind.WORDS, field),) for word in first]
    return tsquery.of_groups([*terms, (Term(last, Kind.PREFIX, field),)]) or tsquery.of_lexemes([])
