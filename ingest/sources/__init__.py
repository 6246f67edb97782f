"""Sources: one module each, `fetch(topic, window)` yields pages of records. Network and parsing only.

To add a source, copy a neighbour and name it in `SOURCES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from papers.records import PaperRecord, Rejected

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from ingest.models import Topic

SOURCES = {
    "arxiv": "ingest.sources.arxiv_api",
    "arxiv_oai": "ingest.sources.arxiv_oai",
    "arxiv_daily": "ingest.sources.arxiv_daily",
    "hf_daily": "ingest.sources.hf_daily",
    "hf_search": "ingest.sources.hf_search",
    "peer_list": "ingest.sources.peer_list",
    "files": "ingest.sources.files",
}


class Window(NamedTuple):
    """Days asked for, both included."""

    since: date
    until: date

    def halves(self) -> tuple[Window, Window]:
        """Return the two halves of a window of more than one day."""
        middle = self.since + (self.until - self.since) // 2
        return Window(self.since, middle), Window(middle + timedelta(days=1), self.until)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a source's answer; stored in one transaction."""

    records: tuple[PaperRecord, ...]
    rejected: tuple[Rejected, ...] = ()
    total: int | None = None  # records in the whole window, where the source says so
    complete_to: date | None = None  # with this page, every paper up to this day has come: the watermark may move
    validator: str = ""  # the source's mark of this answer, which it understands as "nothing new since"
    note: str = ""  # in words, what there is to say of it: not modified since, nothing is announced on weekends
    updates: tuple[PaperRecord, ...] = ()  # of older papers: taken where the paper is known, else left alone


class SourceUnavailable(Exception):
    """The source could not be reached, refused, or answered something that is no whole answer."""

    retry_after: float | None = None  # seconds, where the source says when to come back


class BadQuery(ValueError):
    """A topic's query is nothing that its source understands; the message says what would be."""


class Source(Protocol):
    """What a source module offers."""

    LABEL: StrOrPromise  # its name for people
    QUERY: StrOrPromise  # what a query is to it, in a sentence; "" when it takes none
    OVERLAP_DAYS: int  # how much of what came before a watermark is asked for again: records arrive that late

    def check(self, query: str) -> None:
        """Raise BadQuery for a query that cannot be asked, without asking."""

    def fetch(self, topic: Topic, window: Window) -> Iterator[Page]:
        """Yield the pages of the window, oldest first where the source can; raise SourceUnavailable.

        A page with `complete_to` lets the watermark move before the window is done, so that a long harvest which
        breaks off goes on from there. Without any, the window is complete when the last page has come.
        """


def source(name: str) -> Source:
    """Return the source module of this name; KeyError when there is none."""
    return cast(Source, import_module(SOURCES[name]))
