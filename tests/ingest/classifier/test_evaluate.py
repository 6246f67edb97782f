"""Figures, against hand-made cases and scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from ingest.classifier.evaluate import relevance, score

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
