"""The papers that await a decision, compared with every example of a list once, and with each new one as it comes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.features import Features, Floats, kernel
from ingest.classifier.heads import Head, Probabilities, Recipe

ROOM = 256  # examples and papers that fit in before everything is moved


class Pending:
    """Papers by id, and how alike each is to each example (single precision: 10,000 papers by 3,200 take 128 MB)."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self.ids: list[int] = []
        self.hashes: list[str] = []  # of the texts
        self.row_of: dict[int, int] = {}
        self._features = Features(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
        self._likeness: Floats = np.zeros((0, 0), np.float32)
        self._examples = 0

    def __len__(self) -> int:
        return len(self.ids)

    def join(self, ids: Sequence[int], hashes: Sequence[str], features: Features, examples: Features) -> None:
        """Take in more papers; `examples` are all that there are now. A paper of a new text takes its row anew."""
        self._examples = len(examples)
        likeness = kernel(features, examples, self._recipe.meaning, self._recipe.words)
        new = [place for place, paper in enumerate(ids) if paper not in self.row_of]
        self._make_room(len(self) + len(new), self._examples)
        for place in new:
            self.row_of[ids[place]] = len(self.ids)
            self.ids.append(ids[place])
            self.hashes.append("")
        if new:
            self._features = _stacked(self._features, features[np.array(new)])
        rows = np.array([self.row_of[paper] for paper in ids], dtype=np.int64)
        self._likeness[rows, : self._examples] = likeness
        self._features.meaning[rows], self._features.words[rows] = features.meaning, features.words
        for row, text_hash in zip(rows, hashes, strict=True):
            self.hashes[row] = text_hash

    def features(self, paper: int, text_hash: str) -> Features | None:
        """Return the two views of a paper's text, where it is the one that is known, shape (1, …)."""
        row = self.row_of.get(paper)
        return self._features[row : row + 1] if row is not None and self.hashes[row] == text_hash else None

    def add_example(self, features: Features) -> None:
        """Compare all papers with one more example."""
        self._make_room(len(self), self._examples + 1)
        if self.ids:
            likeness = kernel(self._features, features, self._recipe.meaning, self._recipe.words)
            self._likeness[: len(self), self._examples] = likeness[:, 0]
        self._examples += 1

    def remove_example(self, position: int) -> None:
        """Forget one example; the last one takes its place, as in the equations."""
        self._examples -= 1
        self._likeness[:, position] = self._likeness[:, self._examples]

    def probabilities(self, head: Head) -> Probabilities:
        """Return what the head says of each paper, shape (papers, classes)."""
        likeness = self._likeness[: len(self), : self._examples]
        products = (head.weights.T @ likeness.T).T  # as it lies in memory, which it waits for: a fifth less
        return head.calibrated(np.asarray(products + head.prior, dtype=np.float64))

    def _make_room(self, papers: int, examples: int) -> None:
        rows, columns = self._likeness.shape
        if papers > rows or examples > columns:
            # By columns, since a decision writes one.
            larger: NDArray[np.float32] = np.zeros(
                (max(rows, papers + ROOM), max(columns, examples + ROOM)), np.float32, order="F"
            )
            larger[:rows, :columns] = self._likeness
            self._likeness = larger


def _stacked(some: Features, more: Features) -> Features:
    if len(some) == 0:
        return Features(more.meaning.copy(), more.words.copy())
    return Features(np.vstack([some.meaning, more.meaning]), np.vstack([some.words, more.words]))
