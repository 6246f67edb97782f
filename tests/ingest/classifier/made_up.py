"""Examples without a database or an encoder: clouds of vectors, one word per class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest.classifier import training
from ingest.classifier.examples import Example, Examples
from ingest.classifier.features import Features
from ingest.classifier.heads import Head
from ingest.classifier.lexicon import Lexicon
from ingest.classifier.training import Training

DIMENSIONS = 16
WORDS = ("kv", "prompt", "zebra", "method")
# A lexicon of four words, each with a direction of its own.
LEXICON = Lexicon(
    WORDS, np.ones(4, np.float32), (np.eye(4) * 100).astype(np.int8), np.full(4, 0.01, np.float32), "four words"
)


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


def features(vectors: Sequence[np.ndarray], texts: Sequence[str]) -> Features:
    """Return the two views of texts: vectors as given, words by the lexicon of four."""
    return Features(np.stack(vectors).astype(np.float32), LEXICON.encode(list(texts)))


def learned(examples: Examples, vectors: np.ndarray, **options: object) -> Training:
    seen = Features(vectors.astype(np.float32), LEXICON.encode(examples.texts))
    return training.train(examples, seen, "an encoder", LEXICON.name, **options)  # type: ignore[arg-type]


def trained(examples: Examples, vectors: np.ndarray, **options: object) -> Head:
    return learned(examples, vectors, **options).head
