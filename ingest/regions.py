"""Regions of the map: parts of the plane, each with the terms that tell it from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.projection import Places

FEWEST, MOST = 4, 24
PAPERS_OF_ONE = 40
TERMS = 3
RAREST = 3  # texts that a term must stand in
MOST_TERMS = 20_000
WORD = r"(?u)\b[^\W\d_][\w-]+\b"  # begins with a letter, and may hold hyphens


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the plane: what stands nearer to its middle than to another's."""

    x: float
    y: float
    terms: tuple[str, ...]  # the most telling first

    @property
    def stored(self) -> dict[str, Any]:
        """The region as a layout keeps it."""
        return asdict(self)


def regions(places: Places, texts: Sequence[str]) -> list[Region]:
    """Return the regions of landmarks by k-means over their places, with the terms of their texts.

    In the plane, not among the vectors: a region that is scattered over the map names nothing on it.
    """
    from sklearn.cluster import KMeans

    count = min(max(len(places) // PAPERS_OF_ONE, FEWEST), MOST, len(places))
    model = KMeans(count, n_init=4, random_state=0).fit(places)
    terms = telling(texts, model.labels_, count)
    return [
        Region(round(float(x), 5), round(float(y), 5), own)
        for (x, y), own in zip(model.cluster_centers_, terms, strict=True)
    ]


def region_of(places: Places, middles: Places) -> NDArray[np.int64]:
    """Return the number of each place's region, from 1, shape (places,)."""
    apart = ((places[:, None] - middles[None]) ** 2).sum(axis=-1)
    return np.asarray(apart.argmin(axis=1) + 1)


def telling(texts: Sequence[str], groups: NDArray[np.int32], count: int) -> list[tuple[str, ...]]:
    """Return for each group the words and pairs of words that stand out in it.

    A term counts by its mean TF-IDF in the group times the logarithm of how much more that is than everywhere, as
    class-based TF-IDF has it (Grootendorst 2022). Of terms that share a word the most telling one is taken.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        sublinear_tf=True,
        stop_words="english",
        ngram_range=(1, 2),
        min_df=min(RAREST, len(texts)),
        max_features=MOST_TERMS,
        token_pattern=WORD,
        dtype=np.float32,
    )
    try:
        rows = vectorizer.fit_transform(texts)
    except ValueError:  # no term stands in enough texts
        return [() for _ in range(count)]
    names = vectorizer.get_feature_names_out()
    everywhere = np.asarray(rows.mean(axis=0)).ravel()
    found = []
    for group in range(count):
        here = np.asarray(rows[groups == group].mean(axis=0)).ravel()
        score = here * np.log(np.maximum(here, 1e-12) / everywhere)
        best = np.argsort(-score, kind="stable")[: TERMS * 6]
        found.append(_apart([str(names[each]) for each in best if score[each] > 0]))
    return found


def _apart(terms: Sequence[str]) -> tuple[str, ...]:
    """Return the first terms of which no two share a word, blind to an English plural."""
    chosen: list[str] = []
    seen: set[str] = set()
    for term in terms:
        words = {word.rstrip("s") for word in term.split()}
        if not words & seen:
            chosen.append(term)
            seen |= words
    return tuple(chosen[:TERMS])
