"""What is left in a list's queue that belongs in the list, by how the reading went; and whether to go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Count, Sum
from django.db.models.functions import TruncHour

from ingest.classifier import stopping
from ingest.classifier.stopping import Advice, Left
from papers import progress, review
from papers.models import PaperList

RECENT = 20  # readings by which it is told what reading on brings


@dataclass(frozen=True, slots=True)
class Outlook:
    """What waits, what was found, and what is likely left."""

    waiting: int
    expected: float  # relevant papers among those that wait, by the classifier's own probabilities
    read: int  # accepted and rejected ones that the estimate looked at
    found: int  # of these, accepted
    recent: int  # the newest of these, RECENT at most
    recently: int  # of the newest, accepted
    left: Left | None  # None while too little was read to say
    advice: Advice

    @property
    def recall(self) -> float | None:
        """The share of the relevant papers that is found already, were as many left as the interval allows."""
        if self.left is None or not self.found + self.left.high:
            return None
        return self.found / (self.found + self.left.high)


def outlook(paper_list: PaperList) -> Outlook:
    """Return what is left in the list's queue, in two queries."""
    decided = progress.readings(paper_list, stopping.MOST)
    found = np.array([each.accepted for each in decided], dtype=np.bool_)
    arrivals = list(
        review.queue(paper_list)
        .order_by()
        .annotate(hour=TruncHour("paper__added_at"))
        .values_list("hour")
        .annotate(n=Count("pk"), expected=Sum("relevance"))
    )
    waiting = sum(n for _, n, _ in arrivals)
    left = stopping.left(found, waiting, _come(decided, [(hour, n) for hour, n, _ in arrivals]))
    return Outlook(
        waiting=waiting,
        expected=sum(expected for _, _, expected in arrivals),
        read=len(found),
        found=int(found.sum()),
        recent=len(found[-RECENT:]),
        recently=int(found[-RECENT:].sum()),
        left=left,
        advice=stopping.advice(int(found.sum()), waiting, left),
    )


def _come(decided: list[progress.Reading], arrivals: list[tuple[datetime, int]]) -> stopping.Ints:
    """Return how many of the papers read and of those that wait had come before each reading, shape (readings,)."""
    moments = np.array([each.at.timestamp() for each in decided])
    hours = np.array([hour.timestamp() for hour, _ in sorted(arrivals)])
    numbers = np.concatenate([[0], np.cumsum([n for _, n in sorted(arrivals)])]).astype(np.int64)
    read = np.sort([min(each.came, each.at).timestamp() for each in decided])
    come: stopping.Ints = np.searchsorted(read, moments, side="right")
    return come + numbers[np.searchsorted(hours, moments, side="right")]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the queue says of its progress in one line."""

    today: int  # decided today
    outlook: Outlook


def summary(paper_list: PaperList) -> Summary:
    """Return what the queue says of its progress in one line, in three queries."""
    return Summary(progress.decided_today(paper_list), outlook(paper_list))
