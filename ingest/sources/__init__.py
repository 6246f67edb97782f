"""Sources: one module each, `fetch(topic, window)` yields pages of records. Network and parsing only.

To add a source, copy a neighbour and name it in `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from papers.records import PaperRecord, Rejected

if TYPE_CHECKING:
    from ingest.models import Topic

SOURCES = {
    "arxiv": "ingest.sources.arxiv_api",
    "hf_daily": "ingest.sources.hf_daily",
    "hf_search": "ingest.sources.hf_search",
}


class Window(NamedTuple):
    """Days asked for, both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a source's answer; stored in one transaction."""

    records: tuple[PaperRecord, ...]
    rejected: tuple[Rejected, ...] = ()
    total: int | None = None  # records in the whole window, where the source says so


class SourceUnavailable(Exception):
    """The source could not be reached, refused, or answered something that is no whole answer."""


class Source(Protocol):
    """What a source module offers."""

    def fetch(self, topic: Topic, window: Window) -> Iterator[Page]:
        """Yield the pages of the window, oldest first where the source can; raise SourceUnavailable."""


def source(name: str) -> Source:
    """Return the source module of this name; KeyError when there is none."""
    return cast(Source, import_module(SOURCES[name]))
