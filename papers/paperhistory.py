"""What happened to one paper: when each source told of it, what curators did with it, what it was merged with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import QuerySet

from papers import identity
from papers.models import Decision, EntryChange, Merge, Paper, SourceRecord
from papers.records import Identifier
from papers.shelves import Difference, differences

HISTORY = ("source_records", "merges", "decisions", "entry_changes")
MOST = 100  # events of a kind; a paper has a handful


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a paper on arXiv; its day where it is known, which is of the first and the current one."""

    number: int
    link: str
    day: date | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, of exactly one kind; `name` says which."""

    at: datetime
    name: str  # "told", "told anew", "decision", "entry", "merge"
    record: SourceRecord | None = None
    decision: Decision | None = None
    change: EntryChange | None = None
    merge: Merge | None = None
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_undone(self) -> bool:
        """Whether the act that it was part of is undone."""
        of = self.decision or self.change
        return of is not None and of.act is not None and of.act.undone_by_id is not None


def versions(paper: Paper) -> list[Version]:
    """Return the versions of a paper on arXiv, the current one first; none of a paper that is not there.

    Its identifiers prefetched, it asks the database nothing.
    """
    number = next((row.value for row in paper.identifiers.all() if row.scheme == "arxiv"), None)
    if number is None or not paper.version:
        return []
    days = {paper.version: paper.updated, 1: paper.published}
    return [
        Version(n, f"{identity.link(Identifier('arxiv', number))}v{n}", days.get(n), n == paper.version)
        for n in range(paper.version, 0, -1)
    ]


def events(paper: Paper) -> list[Event]:
    """Return what happened to a paper, the newest first, in a number of queries that does not depend on how much.

    With HISTORY hanging on it, a paper of which nobody decided asks the database nothing.
    """
    return sorted(_events(paper), key=lambda event: event.at, reverse=True)


def _events(paper: Paper) -> Iterator[Event]:
    for record in sorted(paper.source_records.all(), key=lambda record: record.pk)[:MOST]:
        yield Event(record.first_seen, "told", record=record)
        if (record.changed_at - record.first_seen).total_seconds() > 1:  # both are set when it is first seen
            yield Event(record.changed_at, "told anew", record=record)
    acts = set()
    for decision in _decisions(paper) if paper.decisions.all() else ():
        decision.paper = paper  # it is at hand, with its identifiers
        acts.add(decision.act_id)
        yield Event(decision.at, "decision", decision=decision)
    for change in _changes(paper) if paper.entry_changes.all() else ():
        # That an accepted paper entered the list is told by its decision.
        if change.verb != EntryChange.Verb.ADMIT or change.act_id not in acts:
            yield Event(change.at, "entry", change=change, differences=differences(change))
    for merge in paper.merges.all()[:MOST]:
        yield Event(merge.at, "merge", merge=merge)


def _decisions(paper: Paper) -> QuerySet[Decision]:
    found = Decision.objects.filter(paper=paper).select_related(
        "list", "user", "act", "category", "duplicate_of", "undoes__category", "undone_by"
    )
    return found.prefetch_related("category__texts__document", "undoes__category__texts__document")[:MOST]


def _changes(paper: Paper) -> QuerySet[EntryChange]:
    return EntryChange.objects.filter(paper=paper).select_related("list", "user", "act")[:MOST]
