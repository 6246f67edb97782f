"""Figures, against hand-made cases and scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from ingest.classifier.evaluate import relevance, score, sure_from

CLASSES = ("kv", "prompt", "out")


def said(*rows):
    return np.array(rows, dtype=float)


def by_chance(count: int, seed: int = 0):
    random = np.random.default_rng(seed)
    return [CLASSES[i] for i in random.integers(0, 3, count)], random.dirichlet(np.ones(3), count)


def test_figures_agree_with_scikit_learn():
    labels, probabilities = by_chance(200)
    answer = score(labels, probabilities, CLASSES)
    predicted = [CLASSES[i] for i in probabilities.argmax(axis=1)]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, labels=CLASSES)
    assert answer["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert answer["macro_f1"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    for index, name in enumerate(CLASSES):
        assert answer["per_class"][name] == pytest.approx(
            {"precision": precision[index], "recall": recall[index], "f1": f1[index], "support": support[index]}
        )
    assert answer["confusion"]["classes"] == list(CLASSES)
    assert answer["confusion"]["matrix"] == metrics.confusion_matrix(labels, predicted, labels=CLASSES).tolist()
    indices = [CLASSES.index(label) for label in labels]
    assert answer["log_loss"] == pytest.approx(metrics.log_loss(indices, probabilities, labels=[0, 1, 2]))
    assert answer["relevance"]["average_precision"] == pytest.approx(
        metrics.average_precision_score([label != "out" for label in labels], 1 - probabilities[:, 2])
    )


def test_a_class_that_occurs_nowhere_does_not_count_into_macro_f1():
    answer = score(["kv", "out"], said([0.9, 0.0, 0.1], [0.1, 0.0, 0.9]), CLASSES)
    assert answer["macro_f1"] == 1.0
    assert answer["per_class"]["prompt"]["support"] == 0


def test_calibration_error_is_the_gap_between_sure_and_right():
    # Ten answers, 0.85 sure each, eight right: the one bin is off by 0.05.
    labels = ["kv"] * 8 + ["out"] * 2
    answer = score(labels, said(*[[0.85, 0.10, 0.05]] * 10), CLASSES)
    assert answer["expected_calibration_error"] == pytest.approx(0.05)


def test_an_impossible_answer_costs_much_but_not_infinitely():
    assert 30 < score(["kv"], said([0.0, 0.0, 1.0]), CLASSES)["log_loss"] < 40


def ranked(*labels):
    """Probabilities that put the labels in the order given."""
    return list(labels), said(*[[1 - place / 1000, 0.0, place / 1000] for place in range(len(labels))])


def test_a_perfect_order_saves_all_work_but_the_relevant_papers():
    labels, probabilities = ranked(*["kv"] * 10, *["out"] * 90)
    found = relevance(labels, probabilities, CLASSES)
    assert found["average_precision"] == 1.0
    assert found["recall_at_1_percent"] == pytest.approx(0.1)
    assert found["recall_at_10_percent"] == 1.0
    # 95 % of ten papers are found with the tenth: 90 need not be read, of which chance would have saved 5.
    assert found["wss_at_95"] == pytest.approx(0.90 - 0.05)


def test_one_late_paper_costs_the_work_until_it_is_found():
    labels, probabilities = ranked(*["kv"] * 9, *["out"] * 80, "kv", *["out"] * 10)
    assert relevance(labels, probabilities, CLASSES)["wss_at_95"] == pytest.approx(0.10 - 0.05)


def test_equals_do_not_flatter():
    labels, probabilities = ["kv", "out", "out", "out"], said(*[[0.5, 0.0, 0.5]] * 4)
    assert relevance(labels, probabilities, CLASSES)["average_precision"] == pytest.approx(0.25)


@pytest.mark.parametrize("labels", [["kv", "prompt"], ["out", "out"]])
def test_without_both_kinds_there_is_no_order_to_judge(labels):
    assert score(labels, said([0.5, 0.3, 0.2], [0.2, 0.3, 0.5]), CLASSES)["relevance"] is None


def test_nothing_to_score_is_an_error():
    with pytest.raises(ValueError, match="no labels"):
        score([], np.zeros((0, 3)), CLASSES)


def test_brier_is_the_squared_distance_to_the_truth():
    answer = score(["kv", "out"], said([0.8, 0.1, 0.1], [0.0, 1.0, 0.0]), CLASSES)
    assert answer["brier"] == pytest.approx(((0.04 + 0.01 + 0.01) + 2.0) / 2)


def test_categories_are_told_from_each_other_whatever_is_out():
    labels = ["kv", "prompt", "prompt", "out"]
    probabilities = said([0.2, 0.1, 0.7], [0.1, 0.2, 0.7], [0.3, 0.2, 0.5], [0.9, 0.0, 0.1])
    assert score(labels, probabilities, CLASSES)["among"] == {"papers": 3, "accuracy": pytest.approx(2 / 3)}
    assert score(labels, probabilities, CLASSES, among=["kv"])["among"] == {"papers": 1, "accuracy": 1.0}
    assert score(["out"], probabilities[3:], CLASSES)["among"] == {"papers": 0, "accuracy": None}


def test_reliability_tells_in_tenths_how_sure_it_was_and_how_often_right():
    answer = score(["kv", "kv", "out"], said([0.95, 0.0, 0.05], [0.0, 0.0, 1.0], [0.2, 0.2, 0.6]), CLASSES)
    assert answer["reliability"] == [
        {"from": 0.6, "papers": 1, "sure": pytest.approx(0.6), "right": 1.0},
        {"from": 0.9, "papers": 2, "sure": pytest.approx(0.975), "right": 0.5},
    ]


def test_the_unsure_band_is_what_is_less_probable_than_may_be_trusted():
    labels, probabilities = ["kv", "kv", "out"], said([0.9, 0.0, 0.1], [0.1, 0.3, 0.6], [0.1, 0.1, 0.8])
    assert score(labels, probabilities, CLASSES, sure_from=0.7)["unsure"] == {
        "below": 0.7,
        "share": pytest.approx(1 / 3),
        "accuracy_outside": 1.0,
        "accuracy_inside": 0.0,
    }
    assert score(labels, probabilities, CLASSES, sure_from=1.0)["unsure"]["accuracy_outside"] is None


def test_answers_may_be_trusted_from_where_on_nearly_all_are_right():
    truth = np.zeros(100, dtype=int)
    confidence = np.linspace(1.0, 0.51, 100)
    right = np.ones(100, dtype=bool)
    right[[60, 61, 70, 80, 90]] = False  # the first 61 hold one error, and so on
    first = np.where(right, confidence, 1 - confidence)
    probabilities = np.stack([first, 1 - first], axis=1)
    bound = sure_from(truth, probabilities)
    sure = probabilities.max(axis=1) >= bound
    assert (probabilities[sure].argmax(axis=1) == 0).mean() >= 0.97
    assert 60 <= sure.sum() < 100
    assert sure_from(truth, 1 - np.stack([confidence, 1 - confidence], axis=1)) == 1.0
    assert sure_from(truth[:0], probabilities[:0]) == 1.0


def test_recall_is_told_at_every_depth():
    labels = ["kv"] * 4 + ["out"] * 96
    relevant = np.r_[0.99, 0.98, 0.50, 0.01, np.linspace(0.9, 0.02, 96)]
    found = relevance(labels, np.stack([relevant, 0 * relevant, 1 - relevant], axis=1), CLASSES)
    assert [found[f"recall_at_{depth}_percent"] for depth in (1, 2, 3, 5, 10)] == [0.25, 0.5, 0.5, 0.5, 0.5]
