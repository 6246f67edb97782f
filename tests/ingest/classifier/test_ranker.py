"""The ranker: ridge regression, solved in few steps, in which near-copies count once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ingest.classifier import ranker
from ingest.classifier.ranker import Ranker, Recipe, Rows, solve, weigh

CLOSE = 1e-3


def dense(rows: Rows) -> np.ndarray:
    return np.hstack([rows.terms.toarray() - rows.mean_terms, rows.vectors]).astype(np.float64)


def pool(papers: int = 60, terms: int = 40, dimensions: int = 8, seed: int = 0) -> Rows:
    """Papers of two subjects, each with words and a direction of its own; the first half is the first subject."""
    rng = np.random.default_rng(seed)
    subject = np.arange(papers) >= papers // 2
    chances = np.where(np.arange(terms) < terms // 2, 0.35, 0.1)
    chances = np.where(subject[:, None], chances[::-1], chances)
    words = csr_matrix((rng.random((papers, terms)) < chances).astype(np.float32)) * np.float32(0.3)
    vectors = rng.normal(size=(papers, dimensions)) * 0.2
    vectors[subject, 0] += 0.5
    vectors = (vectors - vectors.mean(axis=0)).astype(np.float32)
    return Rows(words, np.asarray(words.mean(axis=0), dtype=np.float32).ravel(), vectors)


def learned(rows: Rows, labels: dict[int, bool], recipe: Recipe | None = None) -> Ranker:
    model = Ranker(rows, recipe)
    for paper, relevant in labels.items():
        model.label(paper, relevant)
    return model


LABELS = {0: True, 3: True, 31: False, 40: False, 7: True, 55: False, 12: False}


def test_rows_are_less_their_mean_though_the_terms_stay_sparse():
    rows = pool()
    written_out = dense(rows)
    amounts = np.random.default_rng(1).normal(size=len(rows)).astype(np.float32)

    direction = rows.combined(amounts)

    assert np.concatenate([direction.terms, direction.vectors]) == pytest.approx(amounts @ written_out, abs=CLOSE)
    assert rows.along(direction) == pytest.approx(written_out @ written_out.T @ amounts, abs=CLOSE)
    assert rows.along(rows.one(5)) == pytest.approx(written_out @ written_out[5], abs=CLOSE)
    assert rows.squares() == pytest.approx((written_out**2).sum(axis=1), abs=CLOSE)


def test_the_scores_are_those_of_weighted_ridge_regression_written_out():
    rows, recipe = pool(), Recipe(near_copy=2)
    x = dense(rows)
    labelled, relevant = list(LABELS), np.array(list(LABELS.values()))
    weights = np.where(relevant, 1, relevant.sum() / (recipe.balance * (~relevant).sum()))
    xl, targets = x[labelled], np.where(relevant, 1.0, -1.0)
    direction = np.linalg.solve(
        xl.T @ (weights[:, None] * xl) + recipe.ridge * np.eye(x.shape[1]), xl.T @ (weights * targets)
    )

    assert learned(rows, LABELS, recipe).scores() == pytest.approx(x @ direction, abs=CLOSE)


def test_two_labels_of_a_kind_put_their_kind_first():
    scores = learned(pool(), {0: True, 1: True, 58: False}).scores()

    assert scores[2:30].mean() > scores[30:58].mean() + 0.1


def test_refitting_after_every_label_ends_where_one_fit_ends():
    rows = pool()
    step_by_step = Ranker(rows)
    for paper, relevant in LABELS.items():
        step_by_step.label(paper, relevant)
        step_by_step.scores()

    assert step_by_step.scores() == pytest.approx(learned(rows, LABELS).scores(), abs=CLOSE)


def test_without_the_matrix_of_products_the_answer_is_the_same(monkeypatch):
    rows = pool()
    kept = learned(rows, LABELS).scores()
    monkeypatch.setattr(ranker, "LARGEST_GRAM", 3)

    assert learned(rows, LABELS).scores() == pytest.approx(kept, abs=CLOSE)


def test_the_matrix_of_products_grows():
    rows = pool(papers=200)
    labels = {paper: paper < 100 for paper in range(0, 200, 2)}
    scores = learned(rows, labels).scores()

    assert scores[1:100:2].mean() > scores[101:200:2].mean()


@pytest.mark.parametrize("relevant", [True, False])
def test_labels_of_one_kind_alone_are_enough_to_rank(relevant):
    scores = learned(pool(), {0: relevant, 1: relevant}).scores()

    liked = scores[2:30].mean() > scores[30:].mean()
    assert liked == relevant


def test_near_copies_weigh_as_much_as_one():
    """Twenty copies of a paper read in vain leave the order of the others as one copy does."""
    rows = pool()
    copied = np.concatenate([np.arange(60), np.full(19, 12)])
    with_copies = Rows(rows.terms[copied], rows.mean_terms, rows.vectors[copied])
    labels = dict(LABELS)
    once = learned(with_copies, labels).scores()
    twenty_times = learned(with_copies, labels | dict.fromkeys(range(60, 79), False)).scores()

    assert twenty_times[:60] == pytest.approx(once[:60], abs=5 * CLOSE)


def test_a_copy_with_the_other_label_is_no_copy():
    rows = pool()
    twice = np.concatenate([np.arange(60), [0]])
    with_copy = Rows(rows.terms[twice], rows.mean_terms, rows.vectors[twice])
    labels = {0: True, 60: False, 1: True}

    assert learned(with_copy, labels).scores() == pytest.approx(
        learned(with_copy, labels, Recipe(near_copy=2)).scores(), abs=CLOSE
    )


def test_irrelevant_papers_weigh_a_share_of_the_relevant_ones_however_many_they_are():
    relevant = np.array([True, True, *[False] * 40])
    weights = weigh(relevant, np.ones(42, dtype=np.float32), balance=10)

    assert weights[relevant].tolist() == [1, 1]
    assert weights[~relevant].sum() == pytest.approx(0.2)


def test_conjugate_gradients_solve_what_they_say():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(30, 30)).astype(np.float32)
    k = root @ root.T
    penalty = rng.uniform(0.1, 5, size=30).astype(np.float32)
    targets = np.sign(rng.normal(size=30)).astype(np.float32)

    found = solve(lambda a: k @ a, k.diagonal(), penalty, targets, np.zeros(30, dtype=np.float32))

    assert (k + np.diag(penalty)) @ found == pytest.approx(targets, abs=1e-2)
