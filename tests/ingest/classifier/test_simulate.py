"""A screening session: begins with what its seed draws, reads what the model rates highest, and ends when all is found."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.classifier import pool, screening, simulate
from ingest.classifier.ranker import Ranker

RELEVANT = np.array([paper % 7 == 0 for paper in range(70)])


class Oracle:
    """Knows the answers, or the opposite of them, and remembers what it was told."""

    def __init__(self, relevant: np.ndarray, sign: int = 1) -> None:
        self.truth = (sign * relevant).astype(np.float32)
        self.told: list[tuple[int, bool]] = []

    def label(self, paper: int, relevant: bool) -> None:
        self.told.append((paper, relevant))

    def scores(self) -> np.ndarray:
        return self.truth.copy()


def test_a_model_that_knows_the_answers_reads_nothing_in_vain():
    one = simulate.session(RELEVANT, 0, Oracle(RELEVANT))

    assert one.found == (True,) * 9
    assert (one.figures.loss, one.figures.ndcg) == (0, 1)
    assert one.found_after == list(range(1, 10))
    assert one.papers == 68


def test_a_model_that_is_always_wrong_reads_everything_and_saves_nothing():
    one = simulate.session(RELEVANT, 0, Oracle(RELEVANT, sign=-1))

    assert len(one.read) == one.papers == 68
    assert one.figures.loss == 1
    assert one.figures.wss_at_95 < 0


def test_the_model_learns_what_is_known_beforehand_and_then_each_answer_before_the_next_question():
    model = Oracle(RELEVANT)
    one = simulate.session(RELEVANT, 3, model)

    assert [relevant for _, relevant in model.told[:2]] == [True, False]
    assert model.told[:2] == [(paper, bool(RELEVANT[paper])) for paper in one.prior]
    assert model.told[2:] == list(zip(one.read, one.found, strict=True))[:-1]  # the last answer ends the session


def test_no_paper_is_read_twice_nor_one_that_was_known():
    one = simulate.session(RELEVANT, 1, Oracle(RELEVANT, sign=-1))

    assert len({*one.prior, *one.read}) == 70


def test_a_seed_draws_what_is_known_beforehand_and_decides_nothing_else():
    rows = pool.rows(TITLES, TITLES)
    first, again = (simulate.session(TAKEN, 4, Ranker(rows)) for _ in range(2))

    assert (first.prior, first.read) == (again.prior, again.read)
    assert len({simulate.prior_knowledge(RELEVANT, seed) for seed in range(10)}) > 5


def test_what_stays_unread_counts_as_irrelevant_at_the_end():
    one = simulate.session(RELEVANT, 0, Oracle(RELEVANT))

    assert one.labels == [1] * 9 + [0] * 59


def test_a_ranker_finds_papers_of_one_subject_before_it_reads_the_others():
    sessions = [simulate.session(TAKEN, seed, Ranker(pool.rows(TITLES, TITLES))) for seed in range(3)]

    assert simulate.mean(sessions)["loss"] < 0.1
    assert simulate.mean(sessions)["wss_at_95"] > 0.5


def test_means_are_over_sessions():
    sessions = [simulate.session(RELEVANT, seed, Oracle(RELEVANT, sign)) for seed, sign in ((0, 1), (1, -1))]

    assert simulate.mean(sessions)["loss"] == pytest.approx(0.5)
    curve = simulate.mean_curve(sessions)
    assert curve[8] == pytest.approx((1 + screening.recall_curve(sessions[1].labels)[8]) / 2)
    assert curve[-1] == 1


def test_progress_is_told_after_every_paper():
    told: list[tuple[int, int]] = []
    simulate.session(RELEVANT, 0, Oracle(RELEVANT), lambda read, papers: told.append((read, papers)))

    assert told == [(number, 68) for number in range(1, 10)]


@pytest.mark.parametrize("relevant", [[1, 0, 0, 0], [1, 1, 1, 0]])
def test_a_pool_too_small_for_a_session_is_refused(relevant):
    labels = np.array(relevant, dtype=bool)
    with pytest.raises(ValueError, match="two relevant and two irrelevant"):
        simulate.session(labels, 0, Oracle(labels))


SUBJECTS = ("Quantized KV cache number {} for long contexts", "Image synthesis study {} with diffusion")
TITLES = [SUBJECTS[paper % 5 > 0].format(f"v{paper}") for paper in range(60)]
TAKEN = np.array([paper % 5 == 0 for paper in range(60)])
