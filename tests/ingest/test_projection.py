"""Vectors to places: new papers come beside their like, and a map that is fitted anew stays what it was."""

from __future__ import annotations

import numpy as np
import pytest

from ingest import projection
from ingest.projection import Projection, ProjectionError, aligned, fit, parting


def clusters(of_each: int = 40, count: int = 4, seed: int = 0, dimensions: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around a few middles, and the number of each one's middle."""
    middles = np.random.default_rng(0).normal(size=(count, dimensions))
    groups = np.repeat(np.arange(count), of_each)
    rows = middles[groups] + np.random.default_rng(seed).normal(size=(len(groups), dimensions)) * 0.4
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), groups


@pytest.fixture(scope="module")
def fitted():
    rows, groups = clusters()
    return rows, groups, fit(rows, [f"c{group}" for group in groups])


def test_a_new_paper_comes_to_stand_among_its_like(fitted):
    _, groups, found = fitted
    new, own = clusters(of_each=10, seed=1)
    where = found.place(new)
    middles = np.stack([found.places[groups == group].mean(axis=0) for group in range(4)])
    nearest = ((where[:, None] - middles[None]) ** 2).sum(axis=-1).argmin(axis=1)
    assert (nearest == own).mean() == 1.0


def test_a_landmark_stands_where_it_was_fitted_also_after_it_was_stored(fitted):
    rows, _, found = fitted
    again = Projection.load(found.save())
    assert np.allclose(again.place(rows), found.places)
    assert np.percentile(np.linalg.norm(found.places, axis=1), 98) == pytest.approx(1)


def test_the_same_papers_give_the_same_layout(fitted):
    rows, groups, found = fitted
    assert np.array_equal(fit(rows, [f"c{group}" for group in groups]).places, found.places)


def test_fitted_anew_with_more_papers_it_looks_like_the_old_one(fitted):
    rows, groups, found = fitted
    more, their = clusters(of_each=15, seed=2)
    former = np.concatenate([found.places, np.full((len(more), 2), np.nan)])
    labels = [f"c{group}" for group in np.concatenate([groups, their])]
    again = fit(np.concatenate([rows, more]), labels, former)
    moved = np.linalg.norm(again.places[: len(rows)] - found.places, axis=1)
    assert np.median(moved) < 0.1, "of a map whose radius is 1"


def test_turned_mirrored_scaled_and_shifted_places_come_back():
    former = np.random.default_rng(0).normal(size=(30, 2))
    turned = former @ np.array([[0.6, 0.8], [0.8, -0.6]]) * 7 + [3, -40]
    some = former.copy()
    some[10:] = np.nan
    assert np.allclose(aligned(turned, some), former)


def test_directions_part_categories_and_there_are_none_without_them():
    rows, groups = clusters(count=3)
    directions, middle = parting(rows, [f"c{group}" for group in groups])
    assert directions.shape == (24, 2)
    assert ((rows @ directions - middle) ** 2).sum(axis=1).mean() == pytest.approx(1, rel=1e-4)
    assert parting(rows, [None] * len(rows))[0].shape == (24, 0)
    assert parting(rows, ["only"] * len(rows))[0].shape == (24, 0)


def test_what_is_damaged_is_said():
    with pytest.raises(ProjectionError, match="fit it anew"):
        Projection.load(b"PK\x03\x04 no arrays")


def test_a_few_papers_have_a_map_too():
    rows, _ = clusters(of_each=2, count=3)
    assert np.isfinite(fit(rows, [None] * 6).places).all()
    assert fit(rows, [None] * 6).place(rows[:0]).shape == (0, 2)
    assert projection.NEAREST > 6
