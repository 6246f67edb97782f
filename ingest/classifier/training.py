"""Examples -> a head: logistic regression, and a temperature that makes its probabilities mean what they say.

A modern classifier trained on little is too sure of itself or not sure enough; dividing its scores by one number,
fitted on predictions it made of examples it had not seen, corrects that and changes no ranking of classes
(Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.examples import Examples
from ingest.classifier.features import Lexicon
from ingest.classifier.heads import Floats, Head, Recipe, softmax

Scores = NDArray[np.float64]  # shape (examples, classes); NaN where an example was never held out

ALWAYS = -1  # the fold of examples that are in every training set
RECIPE = Recipe()
ABSENT = -1e4  # score of a class without examples: its probability is 0
TEMPERATURES = (0.2, 5.0)  # a handful of examples, all told right, would ask for 0


def train(
    examples: Examples,
    vectors: Floats,
    encoder: str,
    held_out: Scores,
    recipe: Recipe = RECIPE,
    without: Collection[str] = (),
) -> Head:
    """Return a head that learned from the examples, less those of the papers whose keys are in `without`.

    `vectors` are the examples' own, in their order; `held_out` are the scores of `out_of_fold`, from which the
    temperature comes. The same arguments give the same head.
    """
    kept = np.array([key not in without for key in examples.keys], dtype=bool)
    head = _fit(examples, vectors, encoder, recipe, kept)
    seen = kept & ~np.isnan(held_out).any(axis=1)
    return replace(head, temperature=_temperature(held_out[seen], examples.targets[seen], examples.weights[seen]))


def out_of_fold(examples: Examples, vectors: Floats, recipe: Recipe = RECIPE) -> Scores:
    """Return what heads say of the examples that they did not learn from.

    All rows of one paper are held out together: its title must not give away its abstract. What is no paper (a
    category's definition and keywords) is never held out, so every category is always known.
    """
    scores = np.full((len(examples.rows), len(examples.classes)), np.nan)
    fold_of = folds(examples.keys, examples.labels, recipe.folds, recipe.seed)
    for fold in range(recipe.folds):
        held = fold_of == fold
        if held.any() and not held.all():
            head = _fit(examples, vectors, "", recipe, ~held)
            scores[held] = head.scores(vectors[held], examples.texts_where(held))
    return scores


def folds(keys: Sequence[str], labels: Sequence[str], count: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each row: one fold per key, every label's keys spread over all; no key, no fold."""
    label_of = {key: label for key, label in zip(reversed(keys), reversed(labels), strict=True) if key}
    random = np.random.default_rng(seed)
    fold_of: dict[str, int] = {"": ALWAYS}
    dealt = 0
    for label in sorted(set(label_of.values())):
        of_label = sorted(key for key, its in label_of.items() if its == label)
        # One counter for all labels, or every label with a single paper would land in the first fold.
        for index in random.permutation(len(of_label)):
            fold_of[of_label[index]] = dealt % count
            dealt += 1
    return np.array([fold_of[key] for key in keys], dtype=np.int64)


def _fit(examples: Examples, vectors: Floats, encoder: str, recipe: Recipe, kept: NDArray[np.bool_]) -> Head:
    texts, targets, weights = examples.texts_where(kept), examples.targets[kept], examples.weights[kept]
    lexicon = Lexicon.fit(texts, recipe.min_documents, recipe.max_terms)
    coefficients, intercepts = _regress(
        vectors[kept] * np.float32(recipe.embedding_scale),
        lexicon.transform(texts) * np.float32(recipe.lexical_scale),
        targets,
        _balanced(targets, weights),
        len(examples.classes),
        recipe.c,
    )
    dimensions = vectors.shape[1]
    return Head(
        classes=examples.classes,
        encoder=encoder,
        recipe=recipe,
        lexicon=lexicon,
        # The scales go into the weights, so that speaking needs no recipe.
        embedding_weights=(coefficients[:, :dimensions] * recipe.embedding_scale).astype(np.float32),
        term_weights=(coefficients[:, dimensions:] * recipe.lexical_scale).astype(np.float32),
        intercepts=intercepts.astype(np.float32),
        learned_from=frozenset(key for key, keep in zip(examples.keys, kept, strict=True) if keep and key),
    )


def _regress(
    vectors: Floats, lexical: object, targets: NDArray[np.int64], weights: Scores, classes: int, c: float
) -> tuple[Scores, Scores]:
    """Return (coefficients, intercepts) with a row for each of `classes`, for those without examples too."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    rows = hstack([csr_matrix(vectors), lexical]).tocsr()
    coefficients = np.zeros((classes, rows.shape[1]))
    intercepts = np.full(classes, ABSENT)
    present = np.unique(targets)
    intercepts[present] = 0.0
    if len(present) > 1:
        model = LogisticRegression(C=c, max_iter=2000).fit(rows, targets, sample_weight=weights)
        # Of two classes scikit-learn gives one row, the score of the second; the first one's is then 0.
        chosen = present[1:] if len(present) == 2 else present
        coefficients[chosen], intercepts[chosen] = model.coef_, model.intercept_
    return coefficients, intercepts


def _balanced(targets: NDArray[np.int64], weights: Scores) -> Scores:
    """Return the weights scaled so that every class weighs the same and the sum stays."""
    totals = np.bincount(targets, weights)
    present = np.count_nonzero(totals)
    balanced: Scores = weights * weights.sum() / (present * totals[targets])
    return balanced


def _temperature(scores: Scores, targets: NDArray[np.int64], weights: Scores) -> float:
    """Return the divisor of the scores under which the targets are most likely; 1 when there is nothing to go by."""
    from scipy.optimize import minimize_scalar

    if len(targets) == 0:
        return 1.0

    def surprise(log_temperature: float) -> float:
        said = softmax(scores / np.exp(log_temperature))[np.arange(len(targets)), targets]
        return float(-(weights * np.log(np.maximum(said, 1e-12))).sum())

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(surprise, bounds=(low, high), method="bounded").x))
