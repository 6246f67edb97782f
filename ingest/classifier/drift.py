"""Does what comes still look like what a head has learned from? Answered by counting.

How known a paper is to a head is its likeness to the nearest example, the greatest cosine of their meanings. A stream
is always farther from the evidence than the evidence from itself, so the stream is its own measure: strange is what is
less known than all but 5 % of the papers before. Whether too many of the new ones are strange is the precedence test
(Nelson 1963, "Tables for a precedence life test"), whose rate of false alarms is exact however likeness is
distributed. docs/classifier.md, "Drift", has what else was tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from ingest.classifier.features import Floats

STRANGE = 0.05  # of the papers before
ALARM = 0.001  # how often chance alone may look like drift
LEAST_NEW = 100  # papers; of fewer a tenth that is strange would not stand out
LEAST_BEFORE = 500
CHUNK = 1000  # papers compared at once: 1,000 by 3,200 examples take 13 MB


@dataclass(frozen=True, slots=True)
class Drift:
    """How many of the newest papers are strange, and how probable so many are if nothing has changed."""

    new: int  # papers
    before: int
    known_from: float  # a paper less like its nearest example than this is strange
    strange: int  # of the new ones
    expected: float  # strange ones among so many, if nothing has changed
    chance: float

    @property
    def is_alarming(self) -> bool:
        """Whether it is more than chance does."""
        return self.chance <= ALARM


def likeness(papers: Floats, examples: Floats) -> Floats:
    """Return how like each paper's nearest example is, the cosine; both have rows of length 1, shape (…, dimensions).

    Like nothing, 0, where there are no examples.
    """
    found = np.zeros(len(papers), dtype=np.float32)
    if len(examples):
        for start in range(0, len(papers), CHUNK):
            found[start : start + CHUNK] = (papers[start : start + CHUNK] @ examples.T).max(axis=1)
    return found


def drift(new: Floats, before: Floats) -> Drift | None:
    """Compare the likeness of the new papers and of those before; return None where there are too few of either."""
    if len(new) < LEAST_NEW or len(before) < LEAST_BEFORE:
        return None
    rank = int(STRANGE * len(before))
    known_from = float(np.partition(before, rank - 1)[rank - 1])
    strange = int((new < known_from).sum())
    return Drift(
        new=len(new),
        before=len(before),
        known_from=known_from,
        strange=strange,
        expected=len(new) * rank / (len(before) + 1),
        chance=chance(strange, len(new), len(before), rank),
    )


def chance(count: int, new: int, before: int, rank: int) -> float:
    """Return how probable it is that `count` or more of the new lie below the `rank`-th lowest of those before.

    All orders of new and before are equally probable if nothing has changed, so the number is negative hypergeometric.
    """
    orders = comb(new + before, new)
    fewer = sum(comb(k + rank - 1, k) * comb(before - rank + new - k, new - k) for k in range(count))
    return (orders - fewer) / orders
