"""The order in which papers were read -> the figures by which screening is compared.

A screening session is a sequence of labels, in the order of reading: 1 for a relevant paper, 0 for any other. What
was known beforehand is not part of it. A session ends when the last relevant paper is found, so what was never read
stands at the end of the sequence as 0. The figures are defined as in asreview-insights 1.6.1 (recall, WSS, time to
discovery, loss) and asreview 3 (NDCG), and a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

EARLY = 0.10  # of the papers: where recall is asked for


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a session was. Higher is better for recall, WSS and NDCG; lower for loss and time to discovery."""

    recall_at_10_percent: float
    wss_at_95: float
    wss_at_100: float
    average_time_to_discovery: float  # papers read until a relevant one is found, on average
    loss: float  # 0: every relevant paper first; 1: every one last
    ndcg: float

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def figures(labels: Sequence[int]) -> Figures:
    """Return the figures of a session; raise ValueError unless it has a relevant and an irrelevant paper."""
    sequence = np.asarray(labels, dtype=np.int64)
    relevant, papers = int(sequence.sum()), len(sequence)
    if relevant == 0 or relevant == papers:
        raise ValueError("a session without relevant papers, or with nothing else, has no figures")
    return Figures(
        recall_at_10_percent=recall_at(sequence, EARLY),
        wss_at_95=work_saved(sequence, 0.95),
        wss_at_100=work_saved(sequence, 1.0),
        average_time_to_discovery=float(_found_at(sequence).mean()) + 1,
        loss=_loss(sequence),
        ndcg=_ndcg(sequence),
    )


def recall_curve(labels: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of the relevant papers that is found after each paper, shape (papers,)."""
    found = np.cumsum(labels)
    curve: NDArray[np.float64] = found / found[-1]
    return curve


def recall_at(labels: Sequence[int] | NDArray[np.int64], share: float) -> float:
    """Return the recall after reading this share of the papers, rounded down; 0 if that is less than one paper."""
    shares = np.arange(1, len(labels) + 1) / len(labels)
    read = int(np.searchsorted(shares, share, side="right"))
    return float(recall_curve(labels)[read - 1]) if read else 0.0


def work_saved(labels: Sequence[int] | NDArray[np.int64], recall: float) -> float:
    """Return the work saved over sampling at a recall (Cohen et al. 2006), as a share of all papers.

    It is how much earlier than in an order by chance the last paper was found that the recall asks for, rounded down
    to whole papers; by chance, relevant papers lie at equal distances.
    """
    sequence = np.asarray(labels)
    total = int(sequence.sum())
    by_chance = np.round(np.linspace(0, total, len(sequence)))
    nth = np.arange(1, total + 1)
    earlier = np.searchsorted(by_chance, nth) - _found_at(sequence)
    # With fewer relevant papers than the recall can tell apart there is no "last but five percent": the last counts.
    asked = int(np.searchsorted(nth / total, recall, side="right")) - 1
    return float(earlier[asked] / len(sequence))


def _found_at(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the relevant papers, from 0."""
    return np.flatnonzero(labels)


def _loss(labels: NDArray[np.int64]) -> float:
    """Return how much of the area under the best possible recall curve was lost, of what can be lost."""
    papers, relevant = len(labels), int(labels.sum())
    best = relevant * (papers - (relevant - 1) / 2)
    return float((best - np.cumsum(labels).sum()) / (relevant * (papers - relevant)))


def _ndcg(labels: NDArray[np.int64]) -> float:
    """Return the normalised discounted cumulative gain of the whole order (Järvelin and Kekäläinen 2002)."""
    discounts = 1 / np.log2(np.arange(2, len(labels) + 2))
    return float(discounts[labels == 1].sum() / discounts[: int(labels.sum())].sum())
