"""Examples -> a head: least squares over a kernel, and a regression that makes its scores mean what they say.

Least squares has two gifts for a list that learns from every decision: the answer is exact and the same each time,
and what a head would say of an example that it had not seen is known without training another one (Rifkin and
Lippert 2007, "Notes on Regularized Least Squares", section 3). So probabilities are fitted to, and figures told of,
papers that were left out one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.evaluate import sure_from
from ingest.classifier.examples import Examples
from ingest.classifier.features import Features, kernel
from ingest.classifier.heads import Head, Probabilities, Recipe, Scores

RECIPE = Recipe()
ABSENT = -1e4  # intercept of a class without examples: its probability is 0
ALIKE = 0.97  # likeness from which two examples of a class count as one


@dataclass(frozen=True)
class Training:
    """A head with what is needed to say how it would speak had it not seen a paper."""

    head: Head
    held_out: Scores  # shape (examples, classes): of each example, by a head that saw no row of its paper
    _inverse: Scores  # of the regularised kernel matrix, shape (examples, examples)
    _rows_of: dict[str, NDArray[np.int64]]

    @property
    def keys(self) -> frozenset[str]:
        """The papers that it learned from."""
        return self.head.learned_from

    def without(self, key: str, texts: Features) -> Probabilities:
        """Return what a head that had learned all but this paper says of texts, shape (texts, classes)."""
        rows = self._rows_of[key]
        weights = self.head.weights.astype(np.float64)
        part = self._inverse[:, rows]
        # Taking rows out of the equations changes what the others say by this much (block inversion).
        weights = weights - part @ np.linalg.solve(part[rows], weights[rows])
        recipe, seen = self.head.recipe, self.head.examples
        scores = kernel(texts, seen, recipe.meaning, recipe.words) @ weights + self.head.prior
        return self.head.calibrated(scores)


def train(examples: Examples, features: Features, encoder: str, lexicon: str, recipe: Recipe = RECIPE) -> Training:
    """Return what was learned of the examples; `features` are their own, in their order. Nothing in it is random."""
    features = features.halved()
    likeness = kernel(features, features, recipe.meaning, recipe.words).astype(np.float64)
    weights = examples.weights / _copies(likeness, examples.targets)
    truth = np.where(examples.targets[:, None] == np.arange(len(examples.classes)), 1.0, -1.0)
    prior = np.average(truth, axis=0, weights=weights)
    inverse = _inverse(likeness + np.diag(recipe.ridge / weights))
    told = inverse @ (truth - prior)
    rows_of = _rows_of(examples.keys)
    held_out = truth - _left_out(inverse, told, rows_of)
    # How far a paper is believed is one thing, how often its class is met another: here each counts as one.
    met = np.where(examples.of_papers(), 1.0, weights)
    slopes, intercepts = _calibration(held_out, examples.targets, met, recipe)
    head = Head(
        classes=examples.classes,
        encoder=encoder,
        lexicon=lexicon,
        recipe=recipe,
        examples=features,
        weights=told.astype(np.float32),
        prior=prior.astype(np.float32),
        slopes=slopes.astype(np.float32),
        intercepts=intercepts.astype(np.float32),
        learned_from=frozenset(key for key in rows_of if key),
    )
    papers = examples.of_papers()
    trusted = sure_from(examples.targets[papers], head.calibrated(held_out[papers]))
    return Training(replace(head, sure_from=trusted), held_out, inverse, rows_of)


def _copies(likeness: Scores, targets: NDArray[np.int64]) -> Scores:
    """Return of each example how many of its class are all but the same, itself among them: they share one voice."""
    same: Scores = ((likeness >= ALIKE) & (targets[:, None] == targets[None])).sum(axis=1).astype(np.float64)
    return same


def _inverse(matrix: Scores) -> Scores:
    """Return the inverse of a positive definite matrix."""
    from scipy.linalg import lapack

    factor, failed = lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    inverse, failed_too = lapack.dpotri(factor, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise ArithmeticError("the kernel matrix is not positive definite")
    upper = np.triu_indices(len(inverse), 1)
    inverse[upper] = inverse.T[upper]
    return np.asarray(inverse)


def _rows_of(keys: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each paper. What is no paper (a definition, a keyword) has no key and stands under ""."""
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return {key: np.array(found) for key, found in rows.items()}


def _left_out(inverse: Scores, told: Scores, rows_of: dict[str, NDArray[np.int64]]) -> Scores:
    """Return the error at each example of the head that saw no row of its paper, shape (examples, classes)."""
    errors = told / np.diag(inverse)[:, None]
    for key, rows in rows_of.items():
        if key and len(rows) > 1:
            errors[rows] = np.linalg.solve(inverse[np.ix_(rows, rows)], told[rows])
    return errors


def _calibration(
    held_out: Scores, targets: NDArray[np.int64], weights: Scores, recipe: Recipe
) -> tuple[Scores, Scores]:
    """Return (slopes, intercepts) under which the softmax of the held-out scores gives each class its share."""
    from sklearn.linear_model import LogisticRegression

    count = held_out.shape[1]
    slopes, intercepts = np.zeros((count, count)), np.full(count, ABSENT)
    present = np.unique(targets)
    intercepts[present] = 0.0
    if len(present) > 1:
        totals = np.bincount(targets, weights, minlength=count)
        share = weights.sum() / (len(present) * totals[targets])
        model = LogisticRegression(C=1 / recipe.penalty, max_iter=1000)
        model.fit(held_out[:, present], targets, sample_weight=weights * share**recipe.balance)
        # Of two classes scikit-learn gives one row, the score of the second; the first one's is then 0.
        chosen = present[1:] if len(present) == 2 else present
        slopes[np.ix_(present, chosen)], intercepts[chosen] = model.coef_.T, model.intercept_
    return slopes, intercepts
