"""The test for drift: exact where it can be counted, silent where nothing has changed, loud where something has."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from ingest.classifier import drift
from ingest.classifier.drift import ALARM, LEAST_BEFORE, LEAST_NEW, STRANGE


@pytest.mark.parametrize(("new", "before", "rank"), [(3, 4, 1), (4, 5, 2), (2, 6, 5), (5, 3, 3)])
def test_the_chance_is_that_of_all_orders_counted_one_by_one(new, before, rank):
    found = dict.fromkeys(range(new + 1), 0)
    for places in combinations(range(new + before), new):  # of the new ones, in one row of all
        others = [place for place in range(new + before) if place not in places]
        found[sum(place < others[rank - 1] for place in places)] += 1
    for count in range(new + 1):
        at_least = sum(n for each, n in found.items() if each >= count) / comb(new + before, new)
        assert drift.chance(count, new, before, rank) == pytest.approx(at_least)


def test_few_strange_ones_are_certain_and_all_strange_impossible():
    assert drift.chance(0, 300, 2000, 100) == 1.0
    assert drift.chance(300, 300, 2000, 100) < 1e-100
    chances = [drift.chance(count, 300, 2000, 100) for count in range(0, 60, 5)]
    assert chances == sorted(chances, reverse=True)


def test_false_alarms_are_as_rare_as_it_says():
    rng = np.random.default_rng(0)
    chances = []
    for _ in range(2000):
        found = drift.drift(rng.normal(size=LEAST_NEW), rng.normal(size=LEAST_BEFORE))
        assert found is not None
        chances.append(found.chance)
    for level in (0.2, 0.05, 0.01):
        share = np.mean(np.array(chances) <= level)
        assert share <= level + 3 * np.sqrt(level * (1 - level) / 2000)
        assert share >= level / 4, "it can alarm"


@pytest.mark.parametrize(("strangers", "alarms"), [(0, False), (15, True), (60, True)])
def test_a_tenth_of_another_field_is_told_and_the_same_field_is_not(strangers, alarms):
    rng = np.random.default_rng(1)
    before, new = rng.normal(0.6, 0.1, 1000), rng.normal(0.6, 0.1, 150)
    new[:strangers] = 0.1
    found = drift.drift(new.astype(np.float32), before.astype(np.float32))
    assert found is not None
    assert found.is_alarming == alarms == (found.chance <= ALARM)
    assert found.strange >= strangers
    assert found.expected == pytest.approx(150 * STRANGE, rel=0.01)


def test_more_of_what_is_well_known_is_no_drift():
    before = np.linspace(0, 1, 1000, dtype=np.float32)
    found = drift.drift(np.full(200, 0.99, np.float32), before)
    assert found is not None and found.strange == 0 and found.chance == 1.0


def test_equals_are_not_strange():
    found = drift.drift(np.zeros(LEAST_NEW, np.float32), np.zeros(LEAST_BEFORE, np.float32))
    assert found is not None and found.strange == 0 and not found.is_alarming


@pytest.mark.parametrize(("new", "before"), [(LEAST_NEW - 1, 5000), (5000, LEAST_BEFORE - 1), (0, 0)])
def test_of_too_few_nothing_is_said(new, before):
    assert drift.drift(np.zeros(new, np.float32), np.zeros(before, np.float32)) is None


def test_likeness_is_the_cosine_with_the_nearest_example(monkeypatch):
    monkeypatch.setattr(drift, "CHUNK", 2)
    rng = np.random.default_rng(2)
    papers, examples = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.normal(size=(2, 5, 8)))
    found = drift.likeness(papers.astype(np.float32), examples.astype(np.float32))
    assert found == pytest.approx((papers @ examples.T).max(axis=1), abs=1e-6)
    assert drift.likeness(papers.astype(np.float32), np.zeros((0, 8), np.float32)).tolist() == [0.0] * 5
