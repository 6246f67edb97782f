"""The rows of a pool: four views of a paper, each with its share."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.classifier import pool

TITLES = [
    "KVQuant: Quantized KV Caches for Long Contexts",
    "Quantization of Key-Value Caches in Large Language Models",
    "Prompt Compression by Token Pruning",
    "A Pruning Method for Prompt Tokens",
    "Weather Forecasts with Graph Networks",
]


def likeness(rows) -> np.ndarray:
    return np.stack([rows.along(rows.one(paper)) for paper in range(len(rows))])


def test_papers_of_one_subject_are_more_alike_than_others():
    alike = likeness(pool.rows(TITLES, TITLES))

    assert alike[0, 1] > max(alike[0, 2], alike[0, 3], alike[0, 4])
    assert alike[2, 3] > max(alike[2, 0], alike[2, 1], alike[2, 4])


def test_the_mean_square_length_is_one_with_and_without_an_encoder():
    meaning = np.random.default_rng(0).normal(size=(len(TITLES), 12)).astype(np.float32)

    assert pool.rows(TITLES, TITLES).squares().mean() == pytest.approx(1, abs=1e-3)
    assert pool.rows(TITLES, TITLES, meaning).squares().mean() == pytest.approx(1, abs=1e-3)


def test_the_meaning_counts_where_it_is_given():
    meaning = np.eye(len(TITLES), dtype=np.float32)
    meaning[4] = meaning[0]

    with_meaning = likeness(pool.rows(TITLES, TITLES, meaning))

    assert with_meaning[0, 4] > likeness(pool.rows(TITLES, TITLES))[0, 4] + 0.1


def test_abstracts_are_read_where_the_texts_hold_them():
    texts = [*TITLES[:4], TITLES[4] + "\nWe quantize the key-value cache of a large language model."]

    assert likeness(pool.rows(TITLES, texts))[0, 4] > likeness(pool.rows(TITLES, TITLES))[0, 4]


@pytest.mark.parametrize("titles", [["", ""], ["same words", "same words"], ["一", "二"], ["abc", "xyz"]])
def test_a_pool_in_which_nothing_can_be_told_apart_has_rows_nevertheless(titles):
    rows = pool.rows(titles, titles)

    assert len(rows) == len(titles)
    assert np.isfinite(likeness(rows)).all()
