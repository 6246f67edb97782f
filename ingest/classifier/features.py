"""Texts -> TF-IDF rows: the words beside the meaning.

An embedding blurs the very words that tell neighbouring categories apart ("KV cache" against "weights"), so a
head sees both. The weighting is scikit-learn's: 1 + log(count), times the inverse document frequency, rows of
length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FEW_TEXTS = 100  # below this, every term counts, for none can be common


@dataclass(frozen=True)
class Lexicon:
    """The terms (one or two words) that a head knows, and how rare each is."""

    terms: tuple[str, ...]
    idf: NDArray[np.float32]  # shape (terms,)

    @classmethod
    def fit(cls, texts: Sequence[str], min_documents: int, max_terms: int) -> Lexicon:
        """Return the terms found in at least `min_documents` texts, the most frequent `max_terms` of them."""
        vectorizer = _vectorizer(min_df=min_documents if len(texts) >= FEW_TEXTS else 1, max_features=max_terms)
        try:
            vectorizer.fit(texts)
        except ValueError:  # no text holds a word that counts
            return cls((), np.zeros(0, dtype=np.float32))
        return cls(tuple(vectorizer.get_feature_names_out()), vectorizer.idf_.astype(np.float32))

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row per text, shape (texts, terms), of length 1 or, without a known term, 0."""
        from scipy.sparse import csr_matrix

        if not self.terms or not texts:
            return csr_matrix((len(texts), len(self.terms)), dtype=np.float32)
        return self._fitted.transform(texts)

    @cached_property
    def _fitted(self) -> Any:
        vectorizer = _vectorizer(vocabulary=list(self.terms))
        vectorizer.idf_ = self.idf
        return vectorizer


def _vectorizer(**options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english", dtype=np.float32, **options)
