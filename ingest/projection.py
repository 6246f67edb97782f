"""Vectors -> places in the plane, by a transform that is fitted once: t-SNE of landmarks, new papers beside them.

A linear map keeps one paper in thirty beside its true neighbours, t-SNE one in three (docs/map.md has the measures).
But t-SNE (van der Maaten and Hinton 2008) has no transform, and a new run turns all about. So it is run once, on
landmarks; a paper that comes later is placed among the landmarks most like it, and moves only with its text.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.float64]  # shape (papers, 2)

STRETCH = 0.25  # how much what parts categories counts, beside the vectors themselves
SHRINKAGE = 0.3  # of the scatter within categories towards a ball: papers are fewer than dimensions
FEWEST_OF_A_CATEGORY = 5
NEAREST = 10  # landmarks that say where a new paper goes
SHARPNESS = 8.0  # how much more a landmark says that is more alike, per unit of cosine
REACH = 0.1  # in standard deviations of the landmarks: within it neighbours agree on a place
SAME = 0.999  # the cosine from which a paper is a landmark itself: rounding to half precision costs some 1e-5
PERPLEXITY = 30.0
ROUNDS = 1000
BEGINNING = 1e-4  # the standard deviation at which t-SNE begins (van der Maaten)
WIDTH = 0.45  # times the root of the number of landmarks: the one at which it ends, about
CHUNK = 2000  # papers placed at once: likenesses to 3,000 landmarks are 24 MB


class ProjectionError(Exception):
    """A saved projection cannot be read by this version."""


@dataclass(frozen=True)
class Projection:
    """Landmarks with their places, and the directions in which vectors are stretched before they are compared."""

    landmarks: Floats  # shape (landmarks, dimensions + directions): stretched, of length 1
    places: Places  # shape (landmarks, 2)
    directions: Floats  # shape (dimensions, directions): where categories part; of no column where they cannot be told
    middle: Floats  # shape (directions,)

    def place(self, vectors: Floats) -> Places:
        """Return where papers go, shape (papers, 2)."""
        if not len(vectors):
            return np.zeros((0, 2))
        chunks = (vectors[start : start + CHUNK] for start in range(0, len(vectors), CHUNK))
        return np.concatenate([self._place(stretched(chunk, self.directions, self.middle)) for chunk in chunks])

    def save(self) -> bytes:
        """Return the projection as an .npz, vectors in half precision."""
        file = io.BytesIO()
        np.savez(
            file,
            landmarks=self.landmarks.astype(np.float16),
            places=self.places,
            directions=self.directions,
            middle=self.middle,
        )
        return file.getvalue()

    @classmethod
    def load(cls, arrays: bytes | memoryview) -> Projection:
        """Return the projection that was saved; raise ProjectionError when it is damaged."""
        try:
            with np.load(io.BytesIO(arrays), allow_pickle=False) as held:
                landmarks = held["landmarks"].astype(np.float32)
                return cls(landmarks, held["places"], held["directions"], held["middle"])
        except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ProjectionError(f"the map's layout cannot be read ({error}); fit it anew") from error

    def _place(self, own: Floats) -> Places:
        """Return the mean place of the landmarks most like each paper, of those that stand together.

        The plain mean of ten neighbours falls between their clusters, into the company of none (measured: a new
        paper then keeps half as many true neighbours).
        """
        count = min(NEAREST, len(self.landmarks))
        likeness = own @ self.landmarks.T
        nearest = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        closest = np.take_along_axis(likeness, nearest, axis=1)
        weights = np.exp((closest - closest.max(axis=1, keepdims=True)) * SHARPNESS).astype(np.float64)
        where = self.places[nearest]  # shape (papers, count, 2)
        apart = ((where[:, :, None] - where[:, None]) ** 2).sum(axis=-1)
        reach = max(REACH * float(self.places.std()), 1e-9)
        together = np.exp(-apart / (2 * reach**2))
        middle = ((together * weights[:, None]).sum(axis=-1) * weights).argmax(axis=1)
        weights *= together[np.arange(len(own)), middle]
        weights /= weights.sum(axis=1, keepdims=True)
        found = (where * weights[..., None]).sum(axis=1)
        itself = closest.max(axis=1) >= SAME
        found[itself] = where[itself, closest[itself].argmax(axis=1)]
        return np.asarray(found)


def fit(vectors: Floats, categories: Sequence[str | None], former: Places | None = None) -> Projection:
    """Return the projection of landmarks: their vectors, the category of each that is listed, and former places.

    Rows of `former`, shape (landmarks, 2), are NaN for landmarks that had no place. t-SNE then only settles what it
    came to before: it begins at the former places, as wide as it ends, without the exaggeration that lets clusters
    find each other, and is turned back upon them. So a map that is fitted anew looks like the old one.
    """
    from sklearn.manifold import TSNE

    directions, middle = parting(vectors, categories)
    own = stretched(vectors, directions, middle)
    if former is None or np.isnan(former).any(axis=1).all():
        start, width = _principal(own), BEGINNING
        options: dict[str, Any] = {"max_iter": ROUNDS}
    else:
        start, width = _filled(own, former), WIDTH * len(own) ** 0.5
        options = {"max_iter": ROUNDS // 2, "early_exaggeration": 1.0}
    start = (start - start.mean(axis=0)) / max(float(start.std()), 1e-9) * width
    perplexity = min(PERPLEXITY, (len(own) - 1) / 3)
    model = TSNE(2, perplexity=perplexity, init=start, metric="cosine", random_state=0, n_jobs=1, **options)
    found = model.fit_transform(own).astype(np.float64)
    found = _to_unit(found) if former is None else aligned(found, former)
    return Projection(own, found, directions, middle)


def parting(vectors: Floats, categories: Sequence[str | None]) -> tuple[Floats, Floats]:
    """Return the directions in which categories part most for their scatter (Fisher's, shrunk), and their middle.

    Shapes (dimensions, categories - 1) and (categories - 1,), of no column where fewer than two categories have
    enough papers. Projections on them have a mean square of one in all.
    """
    labels = np.array([category or "" for category in categories])
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    names = names[counts >= FEWEST_OF_A_CATEGORY]
    if len(names) < 2:
        return np.zeros((vectors.shape[1], 0), np.float32), np.zeros(0, np.float32)
    groups = [vectors[labels == name].astype(np.float64) for name in names]
    listed = np.concatenate(groups)
    scatters = np.stack([np.cov(group.T, bias=True) * len(group) for group in groups])
    within = scatters.sum(axis=0) / len(listed)
    ball = np.eye(within.shape[0]) * np.trace(within) / within.shape[0]
    whiten = np.linalg.cholesky(np.linalg.inv((1 - SHRINKAGE) * within + SHRINKAGE * ball))
    means = np.stack([np.sqrt(len(group) / len(listed)) * (group.mean(0) - listed.mean(0)) for group in groups])
    found = whiten @ np.linalg.svd(means @ whiten, full_matrices=False)[2][: len(names) - 1].T
    middle = (vectors @ found).mean(axis=0)
    size = np.sqrt(((vectors @ found - middle) ** 2).sum(axis=1).mean())
    return (found / size).astype(np.float32), (middle / size).astype(np.float32)


def stretched(vectors: Floats, directions: Floats, middle: Floats) -> Floats:
    """Return the vectors with what parts categories beside them, of length 1."""
    both = np.concatenate([vectors, STRETCH * (vectors @ directions - middle)], axis=1)
    return np.asarray(both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def aligned(places: Places, former: Places) -> Places:
    """Return the places turned, mirrored, scaled and shifted upon the former ones (Procrustes; Schönemann 1966)."""
    both = ~np.isnan(former).any(axis=1)
    if both.sum() < 3:
        return _to_unit(places)
    own, other = places[both], former[both]
    left, strengths, right = np.linalg.svd((own - own.mean(0)).T @ (other - other.mean(0)))
    scale = strengths.sum() / max(((own - own.mean(0)) ** 2).sum(), 1e-12)
    return np.asarray((places - own.mean(0)) @ (left @ right) * scale + other.mean(0))


def _principal(own: Floats) -> Places:
    centred = own - own.mean(axis=0)
    left, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    found: Places = (left[:, :2] * strengths[:2]).astype(np.float64)
    return found


def _filled(own: Floats, former: Places) -> Places:
    """Return the former places, and for landmarks that had none one among those like them."""
    missing = np.isnan(former).any(axis=1)
    none = np.zeros((own.shape[1], 0), np.float32), np.zeros(0, np.float32)
    found = former.copy()
    found[missing] = Projection(own[~missing], former[~missing], *none).place(own[missing])
    return found


def _to_unit(places: Places) -> Places:
    """Return the places around the origin, 98 of 100 of them within 1 of it."""
    centred = places - np.median(places, axis=0)
    return np.asarray(centred / max(float(np.percentile(np.linalg.norm(centred, axis=1), 98)), 1e-9))
