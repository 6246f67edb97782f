"""What a head sees of a text: the vector of its meaning and the vector of its words, and how alike two texts are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """Texts in two views; rows of length 1, or 0 where a text has no known word."""

    meaning: Floats  # shape (texts, dimensions of the encoder)
    words: Floats  # shape (texts, dimensions of the lexicon)

    def __len__(self) -> int:
        return len(self.meaning)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Features:
        return Features(self.meaning[rows], self.words[rows])

    def halved(self) -> Features:
        """Return the same in the precision that is stored, so that a head says the same before and after storing."""
        return Features(_halved(self.meaning), _halved(self.words))


def kernel(texts: Features, others: Features, of_meaning: float, of_words: float) -> Floats:
    """Return how alike the texts are, shape (texts, others): 1 the same, towards 0 the farther in either view.

    The product of two Gaussian kernels, whose widths the two factors give: a paper speaks for its neighbourhood only.
    """
    distance = of_meaning * _distances(texts.meaning, others.meaning)
    distance += of_words * _distances(texts.words, others.words)
    likeness: Floats = np.exp(-distance)
    return likeness


def _distances(rows: Floats, others: Floats) -> Floats:
    """Return the squared Euclidean distances, shape (rows, others)."""
    products: Floats = -2 * (rows @ others.T)
    products += np.einsum("ij,ij->i", rows, rows)[:, None]
    products += np.einsum("ij,ij->i", others, others)[None]
    distances: Floats = np.maximum(products, 0)
    return distances


def _halved(rows: Floats) -> Floats:
    return rows.astype(np.float16).astype(np.float32)
