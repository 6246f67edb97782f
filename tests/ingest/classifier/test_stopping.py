"""What is left in a queue, told by how its reading went."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.classifier.stopping import MOST, Advice, Belief, Left, advice, left


def drawn(rng: np.random.Generator, relevant: int, others: int, bias: float, tiring: float = 0.5) -> np.ndarray:
    """A whole reading of an urn: whether each paper drawn is relevant."""
    found, wanted = [], relevant
    while relevant or others:
        odds = bias * (relevant / wanted) ** tiring * relevant / max(others, 1e-9)
        found.append(bool(relevant) and bool(rng.random() < odds / (1 + odds)))
        relevant, others = relevant - found[-1], others - (not found[-1])
    return np.array(found)


def after(found: np.ndarray, share: float) -> int:
    """How many papers were read when so large a share of the relevant ones was found."""
    return int(np.searchsorted(np.cumsum(found), np.ceil(found.sum() * share))) + 1


@pytest.mark.parametrize("share", [0.4, 0.6, 0.8, 1.0])
@pytest.mark.parametrize(("relevant", "others", "bias"), [(30, 170, 40), (100, 900, 100), (20, 400, 10)])
def test_the_interval_holds_the_truth_nine_times_in_ten(relevant, others, bias, share):
    rng, held, widths = np.random.default_rng(1), [], []
    for _ in range(40):
        found = drawn(rng, relevant, others, bias)
        read = after(found, share)
        said = left(found[:read], len(found) - read)
        if said is not None:
            truth = int(found[read:].sum())
            held.append(said.low <= truth <= said.high)
            widths.append(said.high - said.low)
    assert np.mean(held) >= 0.9
    assert np.median(widths) < others / 2  # and says something


def test_the_interval_narrows_as_the_curve_flattens():
    found = drawn(np.random.default_rng(4), 40, 400, 25)
    widths = []
    for share in (0.8, 0.9, 1.0):
        read = after(found, share)
        said = left(found[:read], len(found) - read)
        widths.append(said.high - said.low)
    assert widths == sorted(widths, reverse=True)
    end = after(found, 1.0) + 100
    assert left(found[:end], len(found) - end).high <= 4


@pytest.mark.parametrize(
    ("found", "said"),
    [([], False), ([True] * 40, False), ([False] * 100, False), ([True] * 40 + [False] * 4, False),
     ([True] * 4 + [False] * 40, False), ([True] * 5 + [False] * 5, True)],
)  # fmt: skip
def test_nothing_is_said_before_enough_was_read_of_both(found, said):
    assert (left(np.array(found, dtype=bool), 100) is not None) is said


def test_nothing_waits_nothing_is_left():
    assert left(np.array([True, False] * 10), 0) == Left(0, 0, 0)


@pytest.mark.parametrize("waiting", [1, 2, 39, 40, 41, 1000, 100_000])
def test_the_interval_keeps_within_what_waits(waiting):
    for found in ([True] * 5 + [False] * 60, [True, False] * 300, [True] * 30 + [False] * 30):
        said = left(np.array(found), waiting)
        assert 0 <= said.low <= said.estimate <= said.high <= waiting


def test_papers_that_came_later_were_not_passed_over():
    """A queue read to its end, then doubled: what came is taken to hold as much as what was read."""
    found = drawn(np.random.default_rng(3), 30, 170, 40)
    come = np.full(len(found), len(found))
    passed_over, came_later = left(found, 200), left(found, 200, come)
    assert passed_over.high < 30 <= came_later.high
    assert came_later.low <= 30 and came_later.estimate > passed_over.estimate


def test_only_the_newest_readings_count():
    rng = np.random.default_rng(4)
    newest = rng.random(MOST) < 0.1
    older = np.concatenate([np.ones(2000, dtype=bool), newest])
    assert left(older, 100) == left(newest, 100)
    come = np.full(len(older), len(older) + 100)
    assert left(older, 100, come) == left(newest, 100)


def test_more_cover_is_wider():
    found = drawn(np.random.default_rng(5), 40, 200, 30)[:80]
    narrow, wide = (left(found, 160, belief=Belief(cover=cover)) for cover in (0.5, 0.95))
    assert wide.low <= narrow.low and narrow.high <= wide.high and wide != narrow


@pytest.mark.parametrize(
    ("found", "waiting", "said", "told"),
    [
        (30, 0, Left(0, 0, 0), Advice.EMPTY),
        (5, 50, None, Advice.EARLY),
        (95, 50, Left(2, 0, 5), Advice.STOP),
        (94, 50, Left(2, 0, 5), Advice.GO_ON),
        (0, 50, Left(0, 0, 1), Advice.STOP),  # all but one
        (0, 50, Left(0, 0, 2), Advice.GO_ON),
        (3, 1, Left(1, 0, 1), Advice.STOP),
    ],
)
def test_stopping_is_advised_when_19_of_20_are_found_for_all_that_is_known(found, waiting, said, told):
    assert advice(found, waiting, said) == told
