"""Decisions are learned one at a time: what comes of it is what training anew on the same examples gives."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.classifier import training
from ingest.classifier.equations import Equations
from ingest.classifier.features import Features
from tests.ingest.classifier.made_up import LEXICON, cloud, example, features, gather, near

CLASSES = ("kv", "prompt", "out")


def a_list(counts=(12, 15, 40), spread=0.3):
    """Return (rows, their features): clouds that overlap, and three all-but copies."""
    found, vectors = cloud(CLASSES, counts, spread)
    rows = [*found.rows, *(example("kv", 900 + n, words="kv method number0", weight=0.5) for n in range(3))]
    return rows, Features(
        np.vstack([vectors, np.repeat(vectors[:1], 3, axis=0)]), LEXICON.encode([row.text for row in rows])
    )


def anew(rows, seen):
    return training.train(gather(rows, CLASSES), seen, "an encoder", LEXICON.name)


def said(learned, rows):
    """Return what it says of new papers, and of each example without itself, by key."""
    probe = features(
        [near(label, seed, 0.5) for label in CLASSES for seed in range(50)],
        [f"{label} zebra" for label in CLASSES for _ in range(50)],
    )
    held_out = learned.head.calibrated(learned.held_out)
    return (
        learned.head.probabilities(probe),
        {row.key: told for row, told in zip(rows, held_out, strict=True)},
        learned.head.sure_from,
    )


def assert_same(equations, rows, seen, before=None):
    updated = said(training.conclude(equations, "an encoder", LEXICON.name, before), equations.rows)
    fresh = said(anew(rows, seen), rows)
    assert np.abs(updated[0] - fresh[0]).max() < 1e-6
    assert updated[1].keys() == fresh[1].keys()
    for key, told in fresh[1].items():
        assert np.abs(updated[1][key] - told).max() < 1e-6
    assert updated[2] == pytest.approx(fresh[2], abs=1e-6)


def of(rows, seen, chosen):
    chosen = np.array(chosen)
    return [rows[position] for position in chosen], seen[chosen]


def test_what_is_added_one_at_a_time_is_as_if_learned_at_once():
    rows, seen = a_list()
    order = np.random.default_rng(1).permutation(len(rows))
    some = list(order[:40])
    equations = Equations(CLASSES, *of(rows, seen, some), training.RECIPE)
    before = training.conclude(equations, "an encoder", LEXICON.name).head
    for position in order[40:]:
        equations.add(rows[position], seen[position : position + 1])
    assert_same(equations, rows, seen, before)


def test_what_is_removed_is_as_if_never_learned():
    rows, seen = a_list()
    equations = Equations(CLASSES, rows, seen, training.RECIPE)
    gone = [rows[position].key for position in (0, 69, 30, 5, 68)]  # copies of others among them, and the last
    for key in gone:
        equations.remove(next(place for place, row in enumerate(equations.rows) if row.key == key))
    left = [place for place, row in enumerate(rows) if row.key not in gone]
    assert_same(equations, *of(rows, seen, left))


def test_undone_is_unlearned():
    rows, seen = a_list()
    equations = Equations(CLASSES, rows, seen, training.RECIPE)
    first = training.conclude(equations, "an encoder", LEXICON.name).head
    for seed in range(20):
        equations.add(example("out", 5000 + seed, words="kv zebra"), features([near("kv", seed, 0.4)], ["kv zebra"]))
    late = training.conclude(equations, "an encoder", LEXICON.name, first).head
    probe = features([near("kv", 3, 0.3)], ["kv zebra"])
    assert np.abs(late.probabilities(probe) - first.probabilities(probe)).max() > 0.05  # it had learned something
    for _ in range(20):
        equations.remove(len(rows))
    assert_same(equations, rows, seen, late)


def test_thousands_of_changes_do_not_drift():
    rows, seen = a_list()
    equations = Equations(CLASSES, rows, seen, training.RECIPE)
    for turn in range(3000):
        equations.remove(turn % len(rows))
        key = next(row.key for row in rows if row.key not in {each.key for each in equations.rows})
        place = next(place for place, row in enumerate(rows) if row.key == key)
        equations.add(rows[place], seen[place : place + 1])
    assert_same(equations, rows, seen)


def test_the_first_example_of_a_class_is_learned_from_no_other():
    rows, seen = a_list((12, 1, 40))
    equations = Equations(CLASSES, *of(rows, seen, [i for i in range(len(rows)) if i != 12]), training.RECIPE)
    before = training.conclude(equations, "an encoder", LEXICON.name).head
    assert before.calibrated(np.zeros((1, 3)))[0][1] == 0.0
    equations.add(rows[12], seen[12:13])
    assert_same(equations, rows, seen, before)
