"""Papers of a pool -> rows whose products say how alike two papers are, in four views.

Characters: runs of two to four within the words of the title, which know that "quantized" and "KVQuant" have to do
with "quantization" though no dictionary holds them. Words: TF-IDF over what text there is. Topics: the same words
where the bundled lexicon places them, so that words that go together count as alike. Meaning: the encoder's vectors,
where they are given. Each view is brought to the mean length that its share says; how the shares were chosen is in
docs/classifier.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ingest.classifier import lexicon
from ingest.classifier.ranker import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]

NOTHING = 1e-6  # a mean square length that is rounding


@dataclass(frozen=True, slots=True)
class Shares:
    """The mean square length of a row's part, by view."""

    characters: float = 1.0
    words: float = 0.5
    topics: float = 0.5
    meaning: float = 0.5


def rows(
    titles: Sequence[str], texts: Sequence[str], meaning: Floats | None = None, shares: Shares | None = None
) -> Rows:
    """Return the rows of a pool, a mean square length of 1 each; `texts` are the titles or more than that.

    `meaning` has shape (papers, dimensions): vectors of the texts, or None to do without an encoder.
    """
    from scipy.sparse import hstack

    shares = shares or Shares()
    known = lexicon.load()
    total = shares.characters + shares.words + shares.topics + (0 if meaning is None else shares.meaning)
    terms = hstack(
        [
            _sparse_view(_characters(titles), shares.characters / total),
            _sparse_view(known.weigh(texts), shares.words / total),
        ],
        format="csr",
    )
    vectors = [_dense_view(known.encode(texts), shares.topics / total)]
    if meaning is not None:
        vectors.append(_dense_view(meaning, shares.meaning / total))
    return Rows(terms, _mean(terms), np.hstack(vectors))


def _characters(titles: Sequence[str]) -> csr_matrix:
    """Return the TF-IDF weights of the runs of characters that stand in two titles or more, rows of length 1 or 0."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, dtype=np.float32)
    try:
        return vectorizer.fit_transform(titles)
    except ValueError:  # no two titles have anything in common
        return csr_matrix((len(titles), 0), dtype=np.float32)


def _sparse_view(rows: csr_matrix, share: float) -> csr_matrix:
    """Return the rows at the scale at which, once their mean is taken off, their mean square length is the share."""
    mean = _mean(rows)
    return rows * _scale(float(rows.multiply(rows).sum()) / rows.shape[0] - float(mean @ mean), share)


def _dense_view(rows: Floats, share: float) -> Floats:
    """Return the rows less their mean, their mean square length the share."""
    centred: Floats = rows - rows.mean(axis=0)
    return centred * _scale(float((centred**2).sum()) / len(rows), share)


def _scale(square: float, share: float) -> np.float32:
    return np.float32((share / square) ** 0.5 if square > NOTHING else 0)  # where all are the same, nothing is told


def _mean(rows: csr_matrix) -> Floats:
    return np.asarray(rows.mean(axis=0), dtype=np.float32).ravel()
