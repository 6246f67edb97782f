"""Replays a task as screening sessions: a model proposes, the known label answers, the model learns from it.

As in ASReview's simulation: a session begins with one relevant and one irrelevant paper drawn by its seed, then the
paper that the model rates highest is read, one at a time, and the model is refitted before the next. What was known
beforehand counts in no figure. When the last relevant paper is found the rest is left unread. A test holds that a
model of ASReview's reads here the very papers that it reads there, in the same order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.classifier import screening
from ingest.classifier.ranker import Floats


class Model(Protocol):
    """What a session needs of a model of a pool."""

    def label(self, paper: int, relevant: bool) -> None:
        """Learn the label of a paper."""

    def scores(self) -> Floats:
        """Return how likely each paper of the pool is wanted, the labelled ones too, shape (papers,)."""


@dataclass(frozen=True)
class Session:
    """What was read, in order, from one seed."""

    seed: int
    prior: tuple[int, ...]  # positions in the pool of what was known beforehand
    read: tuple[int, ...]  # positions in the pool
    found: tuple[bool, ...]  # whether each of them was relevant
    papers: int  # to be read: the pool without what was known
    seconds: float  # that the model took to learn and to rate, in all

    @property
    def labels(self) -> list[int]:
        """The label of every paper to be read, in the order of reading, what stayed unread at the end."""
        return [*map(int, self.found), *[0] * (self.papers - len(self.found))]

    @property
    def figures(self) -> screening.Figures:
        return screening.figures(self.labels)

    @property
    def found_after(self) -> list[int]:
        """How many papers were read when each relevant one was found: the recall curve, exactly."""
        return [number for number, relevant in enumerate(self.found, start=1) if relevant]

    @property
    def seconds_per_label(self) -> float:
        return self.seconds / len(self.read)


def prior_knowledge(relevant: NDArray[np.bool_], seed: int) -> tuple[int, int]:
    """Return a relevant and an irrelevant paper to begin with, drawn by the seed.

    They are those of `asreview simulate --n-prior-included 1 --n-prior-excluded 1 --prior-seed SEED`.
    """
    return _drawn(relevant, seed), _drawn(~relevant, seed)


def _drawn(kind: NDArray[np.bool_], seed: int) -> int:
    return int(np.random.RandomState(seed).choice(np.flatnonzero(kind), 1, replace=False)[0])


def session(
    relevant: NDArray[np.bool_], seed: int, model: Model, progress: Callable[[int, int], None] | None = None
) -> Session:
    """Return one session with a model that knows no label yet; `progress` is told (read, papers) after each paper.

    Raise ValueError unless the pool has two relevant and two irrelevant papers.
    """
    prior = prior_knowledge(relevant, seed)
    wanted = int(relevant.sum()) - 1
    if wanted < 1 or len(relevant) - wanted < 3:
        raise ValueError("a session needs two relevant and two irrelevant papers: one of each is known beforehand")
    known = np.zeros(len(relevant), dtype=np.bool_)
    read: list[int] = []
    seconds = 0.0
    newest: Sequence[int] = prior
    while wanted:
        started = time.perf_counter()
        for paper in newest:
            model.label(paper, bool(relevant[paper]))
            known[paper] = True
        scores = model.scores()
        scores[known] = -np.inf
        newest = [int(scores.argmax())]  # of equals, the first in the file
        seconds += time.perf_counter() - started
        read += newest
        wanted -= int(relevant[newest[0]])
        if progress:
            progress(len(read), len(relevant) - len(prior))
    found = tuple(bool(relevant[paper]) for paper in read)
    return Session(seed, prior, tuple(read), found, len(relevant) - len(prior), seconds)


def mean(sessions: Sequence[Session]) -> dict[str, float]:
    """Return the means over sessions of the figures and of the seconds per label."""
    each = [one.figures.as_json() | {"seconds_per_label": one.seconds_per_label} for one in sessions]
    return {figure: float(np.mean([figures[figure] for figures in each])) for figure in each[0]}


def mean_curve(sessions: Sequence[Session]) -> NDArray[np.float64]:
    """Return the recall after each paper, the mean over sessions of one pool, shape (papers,)."""
    curve: NDArray[np.float64] = np.mean([screening.recall_curve(one.labels) for one in sessions], axis=0)
    return curve
