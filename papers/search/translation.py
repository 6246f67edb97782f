"""Words of one language for those of another, as far as the lists here teach them: their tags, keywords and headings.

A reader who looks for 缓存淘汰 finds papers that say "cache eviction", where a list in both languages has said so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from papers.search.syntax import CJK, Kind, Query, Term, whole

REMEMBERED = 60.0  # seconds
COVERED = 0.5  # of a run that must be known for its translation to be looked for, too

_RUN = re.compile(f"[{CJK}]+")
_BRACKETED = re.compile(r"[（(][^（）()]*[）)]")


def translated(query: Query) -> Query:
    """Return the query in which what is said in CJK may also be said in other words."""
    if not any(_RUN.search(term.text) for group in query.groups for term in group):
        return query
    return Query(tuple(tuple(_ways(group)) for group in query.groups))


def in_other_words(query: Query) -> str:
    """Return the text to compare by meaning, in the words of the encoder's language as far as they are known."""
    return " ".join(_RUN.sub(lambda run: f" {_other(run[0])[0]} ", whole(query.meaning)).split())


def words() -> Mapping[str, str]:
    """Return what is known: a run of CJK -> how lists say it otherwise."""
    return _words(int(time.monotonic() / REMEMBERED))


def _ways(group: tuple[Term, ...]) -> Iterator[Term]:
    for term in group:
        yield term
        if not _RUN.search(term.text) or term.negated or term.field not in ("", "title", "abstract"):
            continue
        other, share = _other(whole(term.text).replace(" ", ""))
        if other and share >= COVERED:
            yield replace(term, text=other.lower(), kind=Kind.WORDS)


def _other(run: str) -> tuple[str, float]:
    """A run in other words, the longest known piece first from its start; and which share of it is known."""
    known, found, at, covered = words(), [], 0, 0
    while at < len(run):
        piece = next((run[at:end] for end in range(len(run), at, -1) if run[at:end] in known), "")
        if piece:
            found.append(known[piece])
            covered += len(piece)
        at += len(piece) or 1
    return " ".join(dict.fromkeys(" ".join(found).split())), covered / len(run)


@lru_cache(maxsize=1)
def _words(period: int) -> Mapping[str, str]:
    found = {said: other for pair in _pairs() for said, other in [_without_common(*pair)] if _RUN.fullmatch(said)}
    for _ in "12":  # 缓存淘汰, "cache eviction", less 淘汰, "eviction": what is left is known, too
        found = dict(_rests(found)) | found
    return found


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield what lists say in CJK, and the same otherwise."""
    from papers import glossary
    from papers.models import CategoryText, Document

    for document in Document.objects.select_related("list").exclude(is_primary=True).defer("source"):
        primary = Document.objects.filter(list=document.list, is_primary=True).defer("source").first()
        if primary is None:
            continue
        yield from glossary.tags(document, primary).items()
        theirs = {text.category_id: text for text in CategoryText.objects.filter(document=primary)}
        for text in CategoryText.objects.filter(document=document):
            other = theirs.get(text.category_id)
            if other is None:
                continue
            yield _BRACKETED.sub("", text.name), _BRACKETED.sub("", other.name)
            if len(text.keywords) == len(other.keywords):
                yield from zip(text.keywords, other.keywords, strict=True)


def _without_common(said: str, other: str) -> tuple[str, str]:
    """A pair without the words that it has in common: (Token 剪枝, Token Pruning) -> (剪枝, Pruning)."""
    own, theirs = said.split(), other.replace("-", " ").split()
    common = {word.lower() for word in own} & {word.lower() for word in theirs}
    return (
        "".join(word for word in own if word.lower() not in common),
        " ".join(word for word in theirs if word.lower() not in common),
    )


def _rests(known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for said, other in known.items():
        for part, its in known.items():
            words = other.lower().split()
            rest = [word for word in words if word not in its.lower().split()]
            if part == said or len(rest) == len(words) or not rest:
                continue
            if said.startswith(part):
                yield said[len(part) :], " ".join(rest)
            elif said.endswith(part):
                yield said[: -len(part)], " ".join(rest)
