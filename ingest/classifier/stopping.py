"""Decisions in the order of reading -> how many relevant papers are left among those that wait, and whether to go on.

Reading by relevance is drawing from an urn with a bias: a relevant paper is likelier to be drawn than another one. Of
`left` relevant papers and `others` that wait before a reading, the odds that the next one read is relevant are

    bias · (left / all)^tiring · left / others

where `all` are the relevant papers that have come so far. `tiring` lets the bias fade as the relevant papers that are
easy to tell are used up. The urn without a bias is the stopping criterion of Callaghan and Müller-Hansen (2020,
doi.org/10.1186/s13643-020-01521-4); a bias is their later "biased urn". Here bias, tiring and what is left are not
set but weighed against what was found, as Bayes has it, on a grid; the answer is about what is left alone.

Papers come while others are read. A paper that came later could not have been read before, and relevant papers are
taken to come as the others do, in proportion.

Readings are no independent draws, since near-copies are read together, so the likelihood is tempered (Grünwald 2012):
each reading counts as less than one. How much less, and what is believed of the bias beforehand, was chosen on other
lists than those of the reported figures; see docs/stopping.md. Arrays in, numbers out: no text, no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ENOUGH = 5  # relevant papers found, and others read, before which nothing is said
MOST = 500  # readings that are looked at, the newest
EXACT, STEPS = 40, 40  # numbers left that are weighed one by one; beyond, so many more at growing distances
GOOD_ENOUGH = 0.95  # of the relevant papers: when that many are found for all that is known, stopping is advised
BATCH = 0.5  # what is left at least where only its proportion is known


@dataclass(frozen=True, slots=True)
class Belief:
    """What is held of a queue beforehand, and how much a reading counts."""

    bias: float = -1.8  # mean of log(bias / papers): those that compete do not grow with the queue's tail
    spread: float = 1.3  # its standard deviation
    tiring: tuple[float, ...] = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # equally likely
    weight: float = 0.5  # of a reading, in readings
    fewer: float = 0.75  # how much fewer papers left are likelier than more: 0 all alike, 1 by the logarithm
    cover: float = 0.9  # probability that the interval holds what is left


@dataclass(frozen=True, slots=True)
class Left:
    """Relevant papers among those that wait: the middle estimate, and the interval that holds it 90 times in 100."""

    estimate: int
    low: int
    high: int


class Advice(StrEnum):
    """What a curator is told."""

    EARLY = "early"  # too little was read to say
    GO_ON = "go-on"
    STOP = "stop"  # what is left is not worth the reading
    EMPTY = "empty"  # nothing waits


def advice(found: int, waiting: int, left: Left | None) -> Advice:
    """Return what to do after `found` relevant papers: stop once GOOD_ENOUGH of them, or all but one, are found.

    How many there are is taken from the upper end of the interval, which is passed about 5 times in 100.
    """
    if waiting == 0:
        return Advice.EMPTY
    if left is None:
        return Advice.EARLY
    missing = 1 - GOOD_ENOUGH
    return Advice.STOP if left.high <= max(1, missing * (found + left.high)) else Advice.GO_ON


def left(found: Flags, waiting: int, come: Ints | None = None, belief: Belief | None = None) -> Left | None:
    """Return how many relevant papers wait among `waiting`; None before ENOUGH of both were read.

    `found` has shape (readings,): whether each paper read was relevant, in the order of reading. `come`, of the same
    shape, is how many of all these papers, those read and those that wait, had come before each reading; without it
    all had.
    """
    if min(found.sum(), (~found).sum()) < ENOUGH:
        return None
    if waiting == 0:
        return Left(0, 0, 0)
    belief = belief or Belief()
    earlier = max(0, len(found) - MOST)
    read = found[earlier:]
    papers = len(read) + waiting
    here = np.full(len(read), papers) if come is None else np.clip(come[earlier:] - earlier, 1, papers)
    counts, widths = _counts(waiting)
    weights = np.exp(_log_posterior(read, here, papers, counts, belief)) * widths
    return _summary(counts, widths, weights / weights.sum(), waiting, belief.cover)


def _counts(waiting: int) -> tuple[Ints, Floats]:
    """Return numbers from none to all of the waiting papers, and how many numbers each stands for."""
    far = np.geomspace(EXACT, max(waiting, EXACT), STEPS).round().astype(np.int64)
    counts = np.unique(np.concatenate([np.arange(EXACT), far]))
    counts = counts[counts <= waiting]
    edges = np.concatenate([[-0.5], (counts[1:] + counts[:-1]) / 2, [waiting + 0.5]])
    return counts, np.diff(edges)


def _log_posterior(found: Flags, here: Ints, papers: int, counts: Ints, belief: Belief) -> Floats:
    """Return the logarithm of how likely each count is, shape (counts,), up to a constant."""
    before = np.concatenate([[0], np.cumsum(found)[:-1]])
    all_relevant = (counts[:, None] + int(found.sum())) * (here / papers)[None]
    floor = np.where(here < papers, BATCH, 1e-9)[None]
    relevant = np.maximum(all_relevant - before[None], floor)
    others = np.maximum(here - np.arange(len(found)) - relevant, 1e-9)
    odds = np.log(relevant / others)
    share = np.log(np.minimum(relevant / np.maximum(all_relevant, 1e-9), 1))
    middle = np.log(papers) + belief.bias
    biases = middle + belief.spread * np.linspace(-2.4, 2.4, 9)
    each = []
    for tiring in belief.tiring:
        log_odds = odds + tiring * share
        of_found, unbiased = log_odds[:, found].sum(axis=1), np.exp(log_odds)
        for bias in biases:
            read = of_found + bias * found.sum() - _log_of_sums(np.exp(bias) * unbiased)
            each.append(belief.weight * read - 0.5 * ((bias - middle) / belief.spread) ** 2)
    likelihood = np.logaddexp.reduce(each, axis=0)
    posterior: Floats = likelihood - likelihood.max() - belief.fewer * np.log(counts + 1)
    return posterior


def _log_of_sums(odds: Floats) -> Floats:
    """Return the sum over readings of log(1 + odds), shape (counts,); logarithms are dear, so of ten at once."""
    factors = np.ones((len(odds), -(-odds.shape[1] // 10) * 10))
    factors[:, : odds.shape[1]] += odds
    logs: Floats = np.log(factors.reshape(len(odds), 10, -1).prod(axis=1)).sum(axis=1)
    return logs


def _summary(counts: Ints, widths: Floats, shares: Floats, waiting: int, cover: float) -> Left:
    """Return the median and the shortest interval that covers so much."""
    order = np.argsort(-shares / widths, kind="stable")
    needed = int(np.searchsorted(np.cumsum(shares[order]), cover)) + 1
    chosen = order[:needed]
    ends = np.cumsum(widths) - 0.5
    low, high = int(chosen.min()), int(chosen.max())
    middle = int(counts[min(int(np.searchsorted(np.cumsum(shares), 0.5)), len(counts) - 1)])
    first = 0 if low == 0 else int(np.ceil(ends[low - 1]))
    return Left(middle, first, min(int(ends[high]), waiting))
