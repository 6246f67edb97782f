"""Texts -> unit vectors of their words: the second of the two views in which a head compares papers.

An embedding blurs the very words that tell neighbouring categories apart ("KV cache" against "weights"). Words alone
miss that two words mean the same. Latent semantic analysis (Deerwester et al. 1990) stands between: TF-IDF weights,
projected onto the main directions in which words of a large corpus go together. The lexicon that comes with
Listkeeper was made from arXiv papers on language models by `manage.py make_lexicon`; it is data, like an encoder's
weights, and its name says which one made a vector.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUNDLED = Path(__file__).parent / "lexicon.npz"
DIMENSIONS = 128  # 256 and 512 tell classes no better (docs/classifier.md)
RAREST = 10  # documents that a term must stand in
MOST_TERMS = 20_000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Lexicon:
    """The words that are known, how rare each is, and where each points."""

    terms: tuple[str, ...]
    idf: Floats  # shape (terms,)
    directions: NDArray[np.int8]  # shape (terms, dimensions): a term's place, in steps of `step`
    step: Floats  # shape (dimensions,)
    name: str  # vectors of two lexicons are never compared

    @property
    def dimensions(self) -> int:
        return int(self.directions.shape[1])

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return one row of length 1 per text, shape (texts, dimensions); of a text without a known word, zeros."""
        projected = self.project(texts)
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.where(lengths > 0, lengths, 1), dtype=np.float32)

    def project(self, texts: Sequence[str]) -> Floats:
        """Return the texts' places before they are brought to length 1, shape (texts, dimensions)."""
        return np.asarray(self.weigh(texts) @ self._places, dtype=np.float32)

    def weigh(self, texts: Sequence[str]) -> csr_matrix:
        """Return each text's TF-IDF weights, rows of length 1 or 0, shape (texts, terms)."""
        from scipy.sparse import csr_matrix

        if not texts:
            return csr_matrix((0, len(self.terms)), dtype=np.float32)
        return self._vectorizer.transform(texts)

    def words(self, text: str) -> list[str]:
        """Return the words of a text as they stand in `terms`, known or not, in their order."""
        return list(self._analyzer(text))

    def place(self, terms: NDArray[np.int32]) -> Floats:
        """Return where these terms (positions in `terms`) point, shape (terms, dimensions)."""
        return self._places[terms]

    def save(self, path: Path) -> None:
        """Write the lexicon to a file, which then is there whole."""
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(_packed(self.terms, self.idf, self.directions, self.step))
        partial.replace(path)

    @cached_property
    def _places(self) -> Floats:
        return self.directions.astype(np.float32) * self.step

    @cached_property
    def _analyzer(self) -> Any:
        return self._vectorizer.build_analyzer()

    @cached_property
    def _vectorizer(self) -> Any:
        vectorizer = _vectorizer(vocabulary=list(self.terms))
        vectorizer.idf_ = self.idf
        return vectorizer


def load(path: Path = BUNDLED) -> Lexicon:
    """Return a lexicon from its file; raise OSError or ValueError when it cannot be read."""
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _load(path: Path, _: int) -> Lexicon:
    data = path.read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        terms = tuple(stored["terms"].tobytes().decode().split("\n"))
        idf, directions, step = stored["idf"], stored["directions"], stored["step"]
    if not len(terms) == len(idf) == len(directions) or directions.shape[1:] != step.shape:
        raise ValueError(f"{path}: its terms and directions differ in length")
    return Lexicon(terms, idf, directions, step, _name(data, directions.shape[1]))


def learn(texts: Sequence[str], dimensions: int = DIMENSIONS, seed: int = 0) -> Lexicon:
    """Return the lexicon of a corpus of titles with abstracts; the same texts and seed give the same lexicon.

    Raise ValueError when fewer terms stand in RAREST texts than there are to be dimensions.
    """
    from sklearn.decomposition import TruncatedSVD

    vectorizer = _vectorizer(min_df=RAREST, max_features=MOST_TERMS)
    try:
        rows = vectorizer.fit_transform(texts)
        count = rows.shape[1]
    except ValueError:  # no term stands in enough texts
        count = 0
    if count <= dimensions:
        raise ValueError(f"{count} terms stand in {RAREST} texts or more: too few for {dimensions} dimensions")
    found = TruncatedSVD(dimensions, n_iter=3, random_state=seed).fit(rows).components_.T
    # Eight bits a number: the classes of papers are told as well as by 32, in a fourth of the space.
    step = (np.abs(found).max(axis=0) / 127).astype(np.float32)
    directions = np.rint(found / step).astype(np.int8)
    terms, idf = tuple(vectorizer.get_feature_names_out()), vectorizer.idf_.astype(np.float32)
    return Lexicon(terms, idf, directions, step, _name(_packed(terms, idf, directions, step), dimensions))


def _packed(terms: Sequence[str], idf: Floats, directions: NDArray[np.int8], step: Floats) -> bytes:
    file = io.BytesIO()
    words = np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)
    np.savez_compressed(file, terms=words, idf=idf, directions=directions, step=step)
    return file.getvalue()


def _name(data: bytes, dimensions: int) -> str:
    return f"lexicon@{hashlib.sha256(data).hexdigest()[:8]}/{dimensions}"


def _vectorizer(**options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, stop_words="english", dtype=np.float32, **options)
