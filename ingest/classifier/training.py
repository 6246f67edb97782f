"""Examples -> a head: least squares over a kernel, and a regression that makes its scores mean what they say.

Least squares has two gifts for a list that learns from every decision: the answer is exact and the same each time,
and what a head would say of an example that it had not seen is known without training another one (Rifkin and
Lippert 2007, "Notes on Regularized Least Squares", section 3). So probabilities are fitted to, and figures told of,
papers that were left out one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.classifier.calibration import calibration
from ingest.classifier.equations import Equations
from ingest.classifier.evaluate import sure_from
from ingest.classifier.examples import Examples
from ingest.classifier.features import Features, kernel
from ingest.classifier.heads import Head, Probabilities, Recipe, Scores

RECIPE = Recipe()


@dataclass(frozen=True)
class Training:
    """A head with what is needed to say how it would speak had it not seen a paper."""

    head: Head
    held_out: Scores  # shape (examples, classes): of each example, by a head that saw no row of its paper
    _inverse: Scores  # of the regularised kernel matrix, shape (examples, examples)

    @property
    def keys(self) -> frozenset[str]:
        """The papers that it learned from."""
        return self.head.learned_from

    def without(self, key: str, texts: Features) -> Probabilities:
        """Return what a head that had learned all but this paper says of texts, shape (texts, classes)."""
        rows = np.array([row for row, each in enumerate(self.head.keys) if each == key], dtype=np.int64)
        weights = self.head.weights.astype(np.float64)
        part = self._inverse[:, rows]
        # Taking rows out of the equations changes what the others say by this much (block inversion).
        weights = weights - part @ np.linalg.solve(part[rows], weights[rows])
        recipe, seen = self.head.recipe, self.head.examples
        scores = kernel(texts, seen, recipe.meaning, recipe.words) @ weights + self.head.prior
        return self.head.calibrated(scores)


def train(examples: Examples, features: Features, encoder: str, lexicon: str, recipe: Recipe = RECIPE) -> Training:
    """Return what was learned of the examples; `features` are their own, in their order. Nothing in it is random."""
    return conclude(Equations(examples.classes, examples.rows, features, recipe), encoder, lexicon)


def conclude(equations: Equations, encoder: str, lexicon: str, before: Head | None = None) -> Training:
    """Return what the equations say: the head, and of each example what a head without it says, in their order.

    `before`, the head of a decision ago, saves time and changes nothing.
    """
    recipe, classes = equations.recipe, equations.classes
    told, prior = equations.solution, equations.prior
    keys = tuple(row.key for row in equations.rows)
    held_out = equations.truth - _left_out(equations.inverse, told, keys)
    papers = np.array([bool(key) for key in keys], dtype=bool)
    # How far a paper is believed is one thing, how often its class is met another: here each counts as one.
    met = np.where(papers, 1.0, equations.weights)
    start = None if before is None else (before.slopes.astype(np.float64), before.intercepts.astype(np.float64))
    slopes, intercepts = calibration(held_out, equations.targets, met, recipe.penalty, recipe.balance, start)
    head = Head(
        classes=classes,
        encoder=encoder,
        lexicon=lexicon,
        recipe=recipe,
        examples=equations.features,
        weights=told.astype(np.float32),
        prior=prior.astype(np.float32),
        slopes=slopes.astype(np.float32),
        intercepts=intercepts.astype(np.float32),
        keys=keys,
        texts=tuple(equations.texts),
    )
    trusted = sure_from(equations.targets[papers], head.calibrated(held_out[papers]))
    return Training(replace(head, sure_from=trusted), held_out, equations.inverse)


def _left_out(inverse: Scores, told: Scores, keys: Sequence[str]) -> Scores:
    """Return the error at each example of the head that saw no row of its paper, shape (examples, classes).

    What is no paper (a definition, a keyword) has no key, and each stands for itself.
    """
    errors = told / np.diag(inverse)[:, None]
    count = Counter(keys)
    several: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        if key and count[key] > 1:
            several.setdefault(key, []).append(row)
    for rows in several.values():
        errors[rows] = np.linalg.solve(inverse[np.ix_(rows, rows)], told[rows])
    return errors
