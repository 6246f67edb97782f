"""Examples without a database or an encoder: clouds of vectors, one word per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest.classifier.examples import Example, Examples

DIMENSIONS = 16


def centre(label: str) -> np.ndarray:
    """Return the direction in which the vectors of a class lie."""
    vector = np.random.default_rng(sum(label.encode())).normal(size=DIMENSIONS)
    return vector / np.linalg.norm(vector)


def near(label: str, seed: int, spread: float = 0.1) -> np.ndarray:
    """Return a unit vector near the centre of a class."""
    vector = centre(label) + np.random.default_rng(seed).normal(size=DIMENSIONS) * spread
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def example(label: str, seed: int, key: str | None = None, words: str | None = None, weight: float = 1.0) -> Example:
    """Return a paper of the class; its words are the class's own unless given."""
    key = f"arxiv:{label}.{seed}" if key is None else key
    return Example(words or f"{label} method number{seed}", label, weight, "entry" if key else "definition", key)


def gather(rows: Sequence[Example], classes: Sequence[str]) -> Examples:
    return Examples(tuple(classes), tuple(rows), {row.key: row.key for row in rows if row.key})


def cloud(classes: Sequence[str], counts: Sequence[int], spread: float = 0.1) -> tuple[Examples, np.ndarray]:
    """Return so many examples of each class, with their vectors."""
    rows = [example(label, seed) for label, count in zip(classes, counts, strict=True) for seed in range(count)]
    vectors = [near(row.label, index, spread) for index, row in enumerate(rows)]
    return gather(rows, classes), np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), np.float32)
