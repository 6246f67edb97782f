"""A trained head: vectors and words of a text -> probability of each category and of "out".

What a head is and how it speaks; how one is trained is in training.py. A head is saved as arrays and JSON, so
reading one runs no code.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.features import Lexicon

OUT = "out"  # the class of what belongs in no category
FORMAT = 1

Floats = NDArray[np.float32]
Probabilities = NDArray[np.float64]  # shape (texts, classes), rows sum to 1


class HeadError(Exception):
    """A saved head cannot be read by this version."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained. Chosen by cross-validation on the bundled list's own examples."""

    c: float = 10.0  # inverse strength of the ridge penalty
    embedding_scale: float = 1.0  # length of the embedding's part of a row
    lexical_scale: float = 1.0  # length of the TF-IDF part
    min_documents: int = 3
    max_terms: int = 8000
    folds: int = 5
    seed: int = 0


@dataclass(frozen=True)
class Head:
    """Multinomial logistic regression over [embedding, TF-IDF], its scores divided by a temperature."""

    classes: tuple[str, ...]  # the order of rows below and of columns in what it says
    encoder: str  # the name whose vectors it understands
    recipe: Recipe
    lexicon: Lexicon
    embedding_weights: Floats  # shape (classes, dimensions)
    term_weights: Floats  # shape (classes, terms)
    intercepts: Floats  # shape (classes,)
    temperature: float = 1.0
    learned_from: frozenset[str] = frozenset()  # keys of the papers among its examples

    def scores(self, vectors: Floats, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the scores before temperature and softmax, shape (texts, classes)."""
        lexical = self.lexicon.transform(texts) @ self.term_weights.T
        return np.asarray(vectors @ self.embedding_weights.T + lexical + self.intercepts, dtype=np.float64)

    def probabilities(self, vectors: Floats, texts: Sequence[str]) -> Probabilities:
        """Return the probability of each class, shape (texts, classes); `vectors` are the texts' own, unit length."""
        return softmax(self.scores(vectors, texts) / self.temperature)

    def telling_terms(self, text: str, category: str, limit: int = 5) -> list[tuple[str, float]]:
        """Return the terms of the text that speak loudest for the category and against all else, strongest first.

        A weight is the term's part in the score of the category less its mean part in the scores of the others.
        """
        row = self.lexicon.transform([text])
        if category not in self.classes or row.nnz == 0:
            return []
        wanted = self.classes.index(category)
        weights = self.term_weights[:, row.indices]
        others = np.delete(weights, wanted, axis=0)
        parts = row.data * (weights[wanted] - (others.mean(axis=0) if len(others) else 0.0))
        strongest = np.argsort(-parts, kind="stable")[:limit]
        return [(self.lexicon.terms[row.indices[i]], float(parts[i])) for i in strongest if parts[i] > 0]

    def save(self) -> tuple[dict[str, Any], bytes]:
        """Return (meta as JSON values, arrays as an .npz)."""
        meta = {
            "format": FORMAT,
            "classes": list(self.classes),
            "encoder": self.encoder,
            "recipe": asdict(self.recipe),
            "temperature": self.temperature,
            "terms": list(self.lexicon.terms),
            "learned_from": sorted(self.learned_from),
        }
        file = io.BytesIO()
        np.savez_compressed(
            file,
            idf=self.lexicon.idf,
            embedding_weights=self.embedding_weights,
            term_weights=self.term_weights,
            intercepts=self.intercepts,
        )
        return meta, file.getvalue()

    @classmethod
    def load(cls, meta: Mapping[str, Any], arrays: bytes | memoryview) -> Head:
        """Return the head that was saved; raise HeadError when it is of another format or damaged."""
        if meta.get("format") != FORMAT:
            raise HeadError(f"the head has format {meta.get('format')}, this version reads {FORMAT}; train again")
        try:
            with np.load(io.BytesIO(bytes(arrays)), allow_pickle=False) as stored:
                held = {name: stored[name] for name in stored.files}
            return cls(
                classes=tuple(meta["classes"]),
                encoder=meta["encoder"],
                recipe=Recipe(**meta["recipe"]),
                lexicon=Lexicon(tuple(meta["terms"]), held["idf"]),
                embedding_weights=held["embedding_weights"],
                term_weights=held["term_weights"],
                intercepts=held["intercepts"],
                temperature=float(meta["temperature"]),
                learned_from=frozenset(meta["learned_from"]),
            )._checked()
        except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise HeadError(f"the head cannot be read ({error}); train again") from error

    def _checked(self) -> Head:
        classes, terms = len(self.classes), len(self.lexicon.terms)
        fits = (
            self.lexicon.idf.shape == (terms,)
            and self.term_weights.shape == (classes, terms)
            and self.embedding_weights.shape[:1] == self.intercepts.shape == (classes,)
        )
        if not fits:
            raise ValueError("its arrays and its lists of classes and terms differ in length")
        return self


def softmax(scores: NDArray[np.float64]) -> Probabilities:
    """Return exp(scores) with rows that sum to 1, without overflow."""
    powers: Probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers
