"""The equations of a head, solved, and kept solved while examples come and go.

A head is regularised least squares: (K + D) w = y, K how alike the examples are, D how little each is believed. The
inverse of K + D answers everything: the weights, and what a head without an example would say. An example that comes
borders the matrix by a row, one that goes takes its row along, and both change the inverse by a product of two
vectors (Sherman, Morrison, Woodbury; Hager 1989, "Updating the Inverse of a Matrix"): O(n²) where solving is O(n³).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.examples import Example
from ingest.classifier.features import Features, kernel
from ingest.classifier.heads import Recipe, Scores
from papers import identity

ALIKE = 0.97  # likeness from which two examples of a class count as one
ROOM = 256  # examples that fit in before everything is moved


class Equations:
    """Examples, what a head sees of them, and the inverse of their regularised kernel matrix."""

    def __init__(self, classes: Sequence[str], rows: Sequence[Example], features: Features, recipe: Recipe) -> None:
        self.classes = tuple(classes)
        self.recipe = recipe
        self.rows = list(rows)
        self.texts = [identity.text_hash(row.text) for row in rows]
        self._room = _exact(features)  # as long as there is room for examples
        self._given = np.array([row.weight for row in rows], dtype=np.float64)
        self._targets = np.array([self.classes.index(row.label) for row in rows], dtype=np.int64)
        likeness = self._likeness(self._seen)
        # Near-copies of one class share one voice.
        same = self._targets[:, None] == self._targets[None]
        self._copies = ((likeness >= ALIKE) & same).sum(axis=1).astype(np.float64)
        self._inverse = _inverse(likeness + np.diag(self._doubt(slice(None))))
        # What the inverse says of the truth and of ones: kept beside it, since the product alone takes as long as all
        # else that a decision changes. Told of ones, it gives the answer for any prior.
        self._asked = np.column_stack([self._truth(self._targets), np.ones(len(rows))])
        self._answers = self._inverse @ self._asked
        self._make_room(len(rows) + 1)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def features(self) -> Features:
        """What a head sees of the examples, shape (examples, …)."""
        return Features(self._seen.meaning.astype(np.float32), self._seen.words.astype(np.float32))

    @property
    def targets(self) -> NDArray[np.int64]:
        """The place of each example's label in `classes`."""
        return self._targets

    @property
    def weights(self) -> Scores:
        """How much each example counts, its near-copies considered."""
        weights: Scores = self._given / self._copies
        return weights

    @property
    def prior(self) -> Scores:
        """What is said of a text that is like no example: the mean of the truth, shape (classes,)."""
        mean: Scores = np.average(self.truth, axis=0, weights=self.weights)
        return mean

    @property
    def truth(self) -> Scores:
        """What is to be said of each example: 1 for its class, -1 for others, shape (examples, classes)."""
        return self._asked[: len(self), :-1]

    @property
    def solution(self) -> Scores:
        """What each example says: the inverse times (truth - prior), shape (examples, classes)."""
        answers = self._answers[: len(self)]
        solution: Scores = answers[:, :-1] - answers[:, -1:] * self.prior
        return solution

    @property
    def inverse(self) -> Scores:
        """The inverse of the regularised kernel matrix, shape (examples, examples)."""
        return self._inverse[: len(self), : len(self)]

    def add(self, row: Example, features: Features) -> None:
        """Take in one more example; `features` has its one row."""
        one = _exact(features)
        likeness = self._likeness(one)[0]
        target = self.classes.index(row.label)
        copies = np.flatnonzero((likeness >= ALIKE) & (self._targets == target))
        for position in copies:
            self._change_copies(int(position), +1)
        count = len(self)
        self._make_room(count + 1)
        self.rows.append(row)
        self.texts.append(identity.text_hash(row.text))
        self._room.meaning[count], self._room.words[count] = one.meaning[0], one.words[0]
        self._given = np.append(self._given, row.weight)
        self._targets = np.append(self._targets, target)
        self._copies = np.append(self._copies, 1.0 + len(copies))
        bordered = np.zeros(len(self._inverse))
        bordered[:count] = self._inverse[:count, :count] @ likeness
        left = 1.0 + self._doubt(slice(count, None))[0] - bordered[:count] @ likeness  # Schur's complement
        bordered[count] = -1.0
        self._asked[count] = [*self._truth(self._targets[count:])[0], 1.0]
        self._bend(bordered, 1 / left)

    def remove(self, position: int) -> None:
        """Let go of one example; the last one takes its place."""
        likeness = self._likeness(self._seen[position : position + 1])[0]
        copies = (likeness >= ALIKE) & (self._targets == self._targets[position])
        copies[position] = False
        column = self._inverse[:, position].copy()
        self._bend(column, -1 / column[position])
        last = len(self) - 1
        self._inverse[position], self._inverse[:, position] = self._inverse[last], self._inverse[:, last]
        self._inverse[position, position] = self._inverse[last, last]
        self._inverse[last], self._inverse[:, last] = 0.0, 0.0
        for kept in (self._asked, self._answers):
            kept[position], kept[last] = kept[last], 0.0
        for each in (self._room.meaning, self._room.words, self._given, self._targets, self._copies, copies):
            each[position] = each[last]
        self.rows[position], self.texts[position] = self.rows[last], self.texts[last]
        self.rows.pop()
        self.texts.pop()
        self._given, self._targets, self._copies = self._given[:last], self._targets[:last], self._copies[:last]
        for other in np.flatnonzero(copies[:last]):
            self._change_copies(int(other), -1)

    def _change_copies(self, position: int, by: int) -> None:
        """One copy more or fewer changes how little an example is believed: one number of the matrix's diagonal."""
        before = self._doubt(slice(position, position + 1))[0]
        self._copies[position] += by
        change = self._doubt(slice(position, position + 1))[0] - before
        column = self._inverse[:, position].copy()
        self._bend(column, -change / (1 + change * column[position]))

    def _bend(self, vector: Scores, factor: float) -> None:
        """Add factor · vector vectorᵀ to the inverse, and to what it says."""
        _add_product(self._inverse, vector, factor)
        self._answers += np.outer(factor * vector, vector @ self._asked)

    def _truth(self, targets: NDArray[np.int64]) -> Scores:
        return np.where(targets[:, None] == np.arange(len(self.classes)), 1.0, -1.0)

    def _doubt(self, part: slice) -> Scores:
        """Return what stands on the diagonal beside the likeness of an example with itself."""
        doubt: Scores = self.recipe.ridge * self._copies[part] / self._given[part]
        return doubt

    def _likeness(self, some: Features) -> Scores:
        """Return how alike these are to all examples, in double precision: what is added must equal what was."""
        return np.asarray(kernel(some, self._seen, self.recipe.meaning, self.recipe.words), dtype=np.float64)

    @property
    def _seen(self) -> Features:
        return self._room[: len(self)]

    def _make_room(self, count: int) -> None:
        if count > len(self._inverse):
            held, size = len(self), count + ROOM
            larger = np.zeros((size, size))
            larger[:held, :held] = self.inverse
            self._inverse = larger
            self._asked, self._answers = _longer(self._asked, size), _longer(self._answers, size)
            self._room = Features(_longer(self._room.meaning, size), _longer(self._room.words, size))


def _longer(rows: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.zeros((size, rows.shape[1]), rows.dtype)
    longer[: len(rows)] = rows
    return longer


def _exact(features: Features) -> Features:
    """Return what is stored of them, in double precision."""
    halved = features.halved()
    return Features(halved.meaning.astype(np.float64), halved.words.astype(np.float64))


def _add_product(matrix: Scores, vector: Scores, factor: float) -> None:
    """Add factor · vector vectorᵀ to a symmetric matrix, in place."""
    from scipy.linalg.blas import dger

    dger(factor, vector, vector, a=matrix.T, overwrite_a=1, overwrite_x=0, overwrite_y=0)


def _inverse(matrix: Scores) -> Scores:
    """Return the inverse of a positive definite matrix."""
    from scipy.linalg import lapack

    factor, failed = lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    inverse, failed_too = lapack.dpotri(factor, lower=True, overwrite_c=True)
    if failed or failed_too:
        raise ArithmeticError("the kernel matrix is not positive definite")
    upper = np.triu_indices(len(inverse), 1)
    inverse[upper] = inverse.T[upper]
    return np.ascontiguousarray(inverse)
