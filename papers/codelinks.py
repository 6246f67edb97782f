"""Where a paper's code is: each address once, with who told of it and how many stars it had when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from papers.authority import rank
from papers.models import EntryText, Fact, Paper


@dataclass(frozen=True, slots=True)
class CodeLink:
    """An address of code."""

    address: str
    told_by: tuple[tuple[str, datetime | None], ...]  # sources with the day; a list by its name, without
    stars: int | None = None
    stars_at: datetime | None = None


def code_links(paper: Paper, rows: Iterable[EntryText]) -> list[CodeLink]:
    """Return the code that sources and lists know of a paper, the most believed source's first; facts prefetched."""
    facts = sorted(paper.facts.all(), key=lambda fact: rank(fact.source))
    told: dict[str, list[tuple[str, datetime | None]]] = {}
    for fact in facts:
        if fact.kind == "code" and _is_web(fact.value):
            told.setdefault(_bare(fact.value), []).append((fact.source, fact.observed_at))
    for row in rows:
        for _, address in row.code:
            if _is_web(address):
                told.setdefault(_bare(address), []).append((row.entry.category.list.name, None))
    return [_link(address, sources, facts) for address, sources in told.items()]


def _link(address: str, sources: list[tuple[str, datetime | None]], facts: list[Fact]) -> CodeLink:
    """The link with the stars that one of its sources counted: a source tells of one address."""
    names = {name for name, _ in sources}
    stars = max((each for each in facts if each.kind == "stars" and each.source in names), key=_day, default=None)
    return CodeLink(
        address,
        tuple(dict(reversed(sources)).items())[::-1],
        stars.value if stars and isinstance(stars.value, int) else None,
        stars.observed_at if stars else None,
    )


def _day(fact: Fact) -> datetime:
    return fact.observed_at


def _is_web(value: Any) -> bool:
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))


def _bare(address: str) -> str:
    return address.rstrip("/").removesuffix(".git")
