"""One order of several: reciprocal rank fusion.

Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
SIGIR 2009: what stands at rank r of a ranking gets 1 / (k + r) of it, with k = 60.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

K = 60


def fused(*rankings: Sequence[int]) -> list[int]:
    """Return everything that is in some ranking, the best first; of two that are equal, the first ranking's first."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, each in enumerate(ranking, 1):
            scores[each] += 1 / (K + rank)
    return sorted(scores, key=lambda each: -scores[each])  # which keeps the order of those that are equal
