"""Scores -> probabilities: a multinomial regression on scores of papers that were left out.

It is solved by Newton's method to the end of what the numbers can tell, not to a tolerance: from wherever it starts,
it arrives at the same place, so a head that was refined decision by decision says what a head trained anew says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ABSENT = -1e4  # intercept of a class without examples: its probability is 0
MOST_STEPS = 100
STEADY = 1e-12  # of the weights' sum: a step that promises less has arrived


def calibration(
    scores: Floats,
    targets: NDArray[np.int64],
    weights: Floats,
    penalty: float,
    balance: float,
    start: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Return (slopes, intercepts) under which softmax(scores @ slopes + intercepts) gives each class its share.

    `scores` has shape (examples, classes). `start`, the answer to a neighbouring question, saves steps. A class
    without examples gets no share; of two classes that have some, the first one's score is 0.
    """
    count = scores.shape[1]
    slopes, intercepts = np.zeros((count, count)), np.full(count, ABSENT)
    present = np.unique(targets)
    intercepts[present] = 0.0
    if len(present) < 2:
        return slopes, intercepts
    totals = np.bincount(targets, weights, minlength=count)
    share = weights.sum() / (len(present) * totals[targets])
    chosen = present[1:] if len(present) == 2 else present
    seen = np.column_stack([scores[:, present], np.ones(len(scores))])
    wanted = (targets[:, None] == chosen[None]).astype(np.float64)
    first = np.zeros((len(present) + 1, len(chosen)))
    if start is not None and (start[1][present] != ABSENT).all():
        first[:-1], first[-1] = start[0][np.ix_(present, chosen)], start[1][chosen]
        if len(chosen) == len(present):
            first -= first.mean(axis=1, keepdims=True)
    found = _newton(seen, wanted, weights * share**balance, penalty, first)
    slopes[np.ix_(present, chosen)], intercepts[chosen] = found[:-1], found[-1]
    return slopes, intercepts


def _newton(seen: Floats, wanted: Floats, weights: Floats, penalty: float, at: Floats) -> Floats:
    """Return the coefficients, shape (columns of `seen`, classes), of the least loss; the last row has no penalty."""
    columns, classes = at.shape
    pull = np.full((columns, 1), penalty)
    pull[-1] = 0.0
    is_whole = bool((wanted.sum(axis=1) == 1).all())
    loss, shares = _loss(seen, wanted, weights, pull, at, is_whole)
    for _ in range(MOST_STEPS):
        gradient = seen.T @ (weights[:, None] * (shares - wanted)) + pull * at
        curvature = np.zeros((classes, columns, classes, columns))
        for one in range(classes):
            for other in range(one + 1):
                bend = weights * shares[:, one] * ((one == other) - shares[:, other])
                block = seen.T @ (bend[:, None] * seen)
                curvature[one, :, other], curvature[other, :, one] = block, block
            curvature[one, :, one] += np.diag(pull[:, 0])
        if is_whole:  # adding the same to all classes' intercepts changes nothing: that direction is closed
            curvature[:, -1, :, -1] += weights.sum() / classes
        step = np.linalg.solve(curvature.reshape(classes * columns, -1), gradient.T.ravel())
        promise = float(gradient.T.ravel() @ step)
        step = step.reshape(classes, columns).T
        size = 1.0
        while True:
            ahead, shares_ahead = _loss(seen, wanted, weights, pull, at - size * step, is_whole)
            if ahead <= loss - 0.25 * size * promise + 1e-9 * abs(loss) or size < 1e-6:
                break
            size /= 2
        at, loss, shares = at - size * step, ahead, shares_ahead
        if promise <= STEADY * weights.sum() and size == 1.0:
            break
    return at


def _loss(
    seen: Floats, wanted: Floats, weights: Floats, pull: Floats, at: Floats, is_whole: bool
) -> tuple[float, Floats]:
    """Return the penalised loss and the probabilities of the classes that have coefficients."""
    logits = seen @ at
    every = logits if is_whole else np.column_stack([np.zeros(len(seen)), logits])
    top = every.max(axis=1, keepdims=True)
    total = np.exp(every - top).sum(axis=1, keepdims=True)
    surprise = np.log(total[:, 0]) + top[:, 0] - (logits * wanted).sum(axis=1)
    return float(weights @ surprise + (pull * at * at).sum() / 2), np.exp(logits - top) / total
