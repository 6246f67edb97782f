"""What somebody typed into the search box -> what is asked for. Any text is a query: nothing here raises.

kv cache            both words, anywhere
"gist tokens"       the phrase
-quantization       without it; also before a phrase or a field
pruning OR eviction either; binds closer than the space between words, as in web searches
quantiz*            words that begin so
title:h2o           in one field; `author:"yao fu"`, `tag:eviction*`, `year:2023-2025`
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

LONGEST = 300  # characters that are read of a query
MOST_TERMS = 24

FIELDS = ("title", "abstract", "author", "subject", "venue", "year", "tag", "category", "code")
OF_WORDS = ("title", "abstract", "author")  # the fields whose value is words to be found in a text
_SAME = {"ti": "title", "abs": "abstract", "au": "author", "authors": "author", "cat": "category", "tags": "tag"}

# Scripts that put no space between words: Chinese, Japanese and, for the particles at its words, Korean.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"
_CJK_RUN = re.compile(f"[{CJK}]+")
_MARKS = re.compile("[\u0300-\u036f]")  # accents, once they are taken apart from their letters
_JOINTS = re.compile("[-_/<>\u2010-\u2015\u2212\u00b7:~]+")  # between the parts of one word or of two, as people please

_TOKEN = re.compile(
    r"""
    (?P<no>-(?=[^\s-]))?
    (?:(?P<field>[A-Za-z]{2,9})[:：](?=\S))?
    (?:
        ["“”„«»](?P<phrase>[^"“”„«»]*)["“”„«»]?
      | (?P<word>[^\s"“”„«»]+)
    )
    """,
    re.VERBOSE,
)


class Kind(StrEnum):
    WORDS = "words"
    PHRASE = "phrase"
    PREFIX = "prefix"
    RUN = "run"  # of CJK: a phrase that nobody put in quotes


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that papers shall have, or not: words, a phrase, or a field's value."""

    text: str  # plain (see `plain`) in texts, as typed in other fields
    kind: Kind = Kind.WORDS
    field: str = ""
    negated: bool = False

    def __str__(self) -> str:
        text = whole(self.text)
        text = f'"{text}"' if self.kind is Kind.PHRASE or " " in text else text
        field = f"{self.field}:" if self.field else ""
        return f"{'-' * self.negated}{field}{text}{'*' * (self.kind is Kind.PREFIX)}"

    @property
    def is_loose(self) -> bool:
        """Whether it may be taken by its meaning, and missed by a paper that is near: a bare word."""
        return self.kind in (Kind.WORDS, Kind.RUN) and not self.field and not self.negated


@dataclass(frozen=True, slots=True)
class Query:
    """Groups of terms: a paper shall have one of each group."""

    groups: tuple[tuple[Term, ...], ...] = ()

    def __str__(self) -> str:
        return " ".join(" OR ".join(map(str, group)) for group in self.groups)

    @property
    def loose(self) -> tuple[tuple[Term, ...], ...]:
        """The groups of bare words."""
        return tuple(group for group in self.groups if all(term.is_loose for term in group))

    @property
    def strict(self) -> Query:
        """What every answer must have, near in meaning or not: all but the bare words."""
        return Query(tuple(group for group in self.groups if not all(term.is_loose for term in group)))

    @property
    def meaning(self) -> str:
        """What is asked for in words, without what only a text can be asked: the text to compare by meaning."""
        return " ".join(
            term.text
            for group in self.groups
            for term in group
            if not term.negated and term.field in ("", "title", "abstract") and term.kind is not Kind.PREFIX
        )

    def without(self, group: tuple[Term, ...]) -> Query:
        """Return the query that asks for all but this."""
        return Query(tuple(each for each in self.groups if each != group))

    def with_words(self, other: dict[str, str]) -> Query:
        """Return the query with other words in place of some."""
        return Query(tuple(tuple(_reworded(term, other) for term in group) for group in self.groups))


def parse(text: str) -> Query:
    """Return what a text asks for; what cannot be understood as asked is taken as words."""
    groups: list[tuple[Term, ...]] = []
    joins = False
    for found in list(_TOKEN.finditer(readable(text)))[: 2 * MOST_TERMS]:
        word = found["word"] or ""
        if word in ("OR", "or", "|") and not found["no"] and not found["field"] and groups and not joins:
            joins = True
            continue
        terms = _terms(found)
        if not terms:
            continue
        if joins and len(terms) == 1:
            groups[-1] = (*groups[-1], terms[0])
        else:
            groups += [(term,) for term in terms]
        joins = False
    if joins:
        groups.append((Term("or"),))  # it stood last: no paper was on its other side
    return Query(tuple(dict.fromkeys(groups[:MOST_TERMS])))


def plain(text: str) -> str:
    """Return a text as it is cut into words: no accents, no joints in words, CJK as overlapping pairs.

    The database does the same to the texts that are searched (`papers_plain` in migration 0017).
    """
    apart = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
    return " ".join(_CJK_RUN.sub(lambda run: f" {pairs(run[0])} ", _JOINTS.sub(" ", apart)).split())


def pairs(run: str) -> str:
    """Return a run of CJK characters as overlapping pairs: 缓存压缩 -> 缓存 存压 压缩. A pair is nearly a word."""
    return " ".join(run[at : at + 2] for at in range(len(run) - 1)) or run


def whole(text: str) -> str:
    """Return a text in which overlapping pairs are the runs again that they were made of."""
    kept: list[str] = []
    for word in text.split():
        if kept and len(word) == 2 and _CJK_RUN.fullmatch(kept[-1] + word) and kept[-1][-1] == word[0]:
            kept[-1] += word[1]
        else:
            kept.append(word)
    return " ".join(kept)


def readable(text: str) -> str:
    """Return what is read of a text, as a database can hold it: no NUL, no half of a character."""
    return text[:LONGEST].replace("\x00", " ").encode("utf-8", "ignore").decode()


def _terms(found: re.Match[str]) -> list[Term]:
    field, negated, word = _field(found["field"]), bool(found["no"]), found["word"] or ""
    if found["field"] and not field:
        word = f"{found['field']}:{word}"  # no field of ours: `LLMLingua:compressing`
    if field and field not in OF_WORDS:
        value = (found["phrase"] if found["phrase"] is not None else word).strip()
        kind = Kind.PREFIX if found["phrase"] is None and value.endswith("*") else Kind.WORDS
        value = value.rstrip("*")
        return [Term(value, kind, field, negated)] if value else []
    if found["phrase"] is not None:
        head = [Term(plain(found["field"]))] if found["field"] and not field else []
        return head + _said(found["phrase"], Kind.PHRASE, field, negated)
    if word.endswith("*") and len(plain(word.rstrip("*"))) > 1:
        return _said(word.rstrip("*"), Kind.PREFIX, field, negated)
    return _said(word, Kind.WORDS, field, negated)


def _said(text: str, kind: Kind, field: str, negated: bool) -> list[Term]:
    """The terms of a piece of text; words grown together are a phrase only where they are CJK, or are to be missed."""
    words = plain(text)
    if not any(char.isalnum() for char in words):
        return []
    if kind is Kind.WORDS and (" " in words or _CJK_RUN.match(words)):
        runs = plain_runs(text)
        if negated or field:
            return [Term(words, Kind.PHRASE, field, negated)]
        return [Term(run, Kind.RUN if _CJK_RUN.match(run) else kind) for run in runs]
    if kind is Kind.PREFIX and " " in words:
        *first, last = words.split()
        return [*(Term(word, Kind.WORDS, field, negated) for word in first), Term(last, kind, field, negated)]
    return [Term(words, kind, field, negated)]


def plain_runs(text: str) -> list[str]:
    """Return the words of a piece of text, a run of CJK as its pairs in one."""
    spaced = _CJK_RUN.sub(lambda run: f" {run[0]} ", _JOINTS.sub(" ", text))
    return [words for words in map(plain, spaced.split()) if any(char.isalnum() for char in words)]


def _field(name: str | None) -> str:
    name = (name or "").lower()
    return _SAME.get(name, name if name in FIELDS else "")


def _reworded(term: Term, other: dict[str, str]) -> Term:
    return replace(term, text=" ".join(other.get(word.lower(), word) for word in term.text.split()))
