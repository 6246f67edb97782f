"""What a source says, as frozen values: the only way data about papers enters Listkeeper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple


class Identifier(NamedTuple):
    """A paper's name in one scheme: ("arxiv", "2407.12345"), ("doi", "10.1000/xyz"), ("url", "https://…")."""

    scheme: str
    value: str


class Rejected(NamedTuple):
    """A record that could not be taken, and why."""

    record: str
    reason: str


@dataclass(frozen=True, slots=True)
class FactRecord:
    """One observed value of a paper that changes without the paper changing: stars, upvotes, a code link."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One paper as one source tells it. Text is whatever the source sent; `identity.normalise` cleans it."""

    source: str
    identifiers: tuple[Identifier, ...]
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()  # the primary one first
    published: date | None = None  # the day of the first version
    updated: date | None = None  # the day of this version
    version: int | None = None
    comment: str = ""
    journal_ref: str = ""
    withdrawn: bool | None = None  # None: the source does not say
    facts: tuple[FactRecord, ...] = ()
