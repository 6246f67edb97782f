"""How a head is trained: what it learns, what it must not have seen, and lists with next to nothing in them."""

from __future__ import annotations

import numpy as np
import pytest

from ingest.classifier import training
from ingest.classifier.heads import Recipe, softmax
from tests.ingest.classifier.made_up import cloud, example, gather, near

CLASSES = ("kv", "prompt", "out")


def trained(examples, vectors, **options):
    held_out = training.out_of_fold(examples, vectors)
    return training.train(examples, vectors, "an encoder", held_out, **options)


def said(head, label, seed=999):
    """What the head says of a new paper of the class, by class."""
    (row,) = head.probabilities(near(label, seed)[None], [f"{label} method"])
    return dict(zip(head.classes, row, strict=True))


def log_loss(probabilities, targets):
    return -np.log(probabilities[np.arange(len(targets)), targets]).mean()


def test_it_tells_new_papers_of_each_class():
    head = trained(*cloud(CLASSES, (20, 20, 40)))
    for label in CLASSES:
        answer = said(head, label)
        assert max(answer, key=answer.get) == label
        assert sum(answer.values()) == pytest.approx(1.0)


def test_it_learns_from_words_as_well_as_from_vectors():
    rows = [example(label, seed) for label in CLASSES for seed in range(40)]
    # Vectors that say nothing: only the words tell.
    vectors = np.stack([near("nothing", index) for index in range(len(rows))])
    head = trained(gather(rows, CLASSES), vectors)
    (row,) = head.probabilities(near("nothing", 999)[None], ["a prompt method"])
    assert head.classes[row.argmax()] == "prompt"


def test_the_order_of_classes_is_data():
    rows = [example(label, seed) for label in CLASSES for seed in range(10)]
    vectors = np.stack([near(row.label, index) for index, row in enumerate(rows)])
    there = trained(gather(rows, CLASSES), vectors)
    back = trained(gather(rows, CLASSES[::-1]), vectors)
    assert back.classes == ("out", "prompt", "kv")
    assert said(back, "kv") == pytest.approx(said(there, "kv"), abs=1e-3)


def test_the_same_examples_give_the_same_head_to_the_last_bit():
    first, second = (trained(*cloud(CLASSES, (15, 10, 30))).save() for _ in range(2))
    assert first[0] == second[0]
    assert first[1] == second[1]


def test_a_rare_class_is_not_drowned():
    counts = {"kv": 4, "prompt": 4, "out": 300}
    rows = [example(label, seed, words="a method") for label, count in counts.items() for seed in range(count)]
    vectors = np.stack([near(row.label, index, spread=0.4) for index, row in enumerate(rows)])
    head = trained(gather(rows, CLASSES), vectors)
    new = np.stack([near("kv", seed, spread=0.4) for seed in range(1000, 1050)])
    found = head.probabilities(new, ["a method"] * 50).argmax(axis=1) == CLASSES.index("kv")
    assert found.sum() >= 30  # of 50; 17 when every example weighs the same


def test_all_texts_of_a_paper_are_in_one_fold_and_each_label_in_all():
    keys = [f"{label}{number // 2}" for label in "ab" for number in range(40)]
    labels = [key[0] for key in keys]
    folds = training.folds(keys, labels, 5, seed=0)
    assert all(folds[i] == folds[i + 1] for i in range(0, 80, 2))
    for label in "ab":
        counts = np.bincount(folds[[its == label for its in labels]], minlength=5)
        assert counts.tolist() == [8] * 5


def test_labels_with_one_paper_do_not_share_a_fold():
    folds = training.folds(list("abcde"), list("abcde"), 5, seed=0)
    assert sorted(folds) == [0, 1, 2, 3, 4]


def test_what_is_no_paper_is_never_held_out():
    assert training.folds(["", "a", ""], ["x", "x", "y"], 2, seed=0)[[0, 2]].tolist() == [training.ALWAYS] * 2
    rows = [example("kv", 0, key=""), *(example("kv", seed) for seed in range(1, 6)), example("out", 9)]
    vectors = np.stack([near(row.label, index) for index, row in enumerate(rows)])
    scores = training.out_of_fold(gather(rows, ("kv", "out")), vectors)
    assert np.isnan(scores).any(axis=1).tolist() == [True] + [False] * 6


def a_paper_under_the_wrong_label():
    """Twenty papers a class, and one that reads like "kv" but is labelled "prompt": twice, as title and abstract."""
    rows = [example(label, seed) for label in CLASSES for seed in range(20)]
    vectors = [near(row.label, index) for index, row in enumerate(rows)]
    odd = near("kv", 777)
    rows += [example("prompt", 777, words="kv method zebra") for _ in range(2)]
    return gather(rows, CLASSES), np.stack([*vectors, odd, odd])


def test_an_example_is_told_by_heads_that_saw_neither_it_nor_its_twin():
    examples, vectors = a_paper_under_the_wrong_label()
    held_out = training.out_of_fold(examples, vectors)
    assert [CLASSES[i] for i in held_out[-2:].argmax(axis=1)] == ["kv", "kv"]
    # A head that has seen it believes the label: the difference is what is tested.
    head = training.train(examples, vectors, "", held_out)
    assert CLASSES[head.probabilities(vectors[-1:], ["kv method zebra"]).argmax()] == "prompt"


def test_a_head_trained_without_a_paper_has_not_seen_it():
    examples, vectors = a_paper_under_the_wrong_label()
    head = trained(examples, vectors, without={"arxiv:prompt.777"})
    assert CLASSES[head.probabilities(vectors[-1:], ["kv method zebra"]).argmax()] == "kv"
    assert "arxiv:prompt.777" not in head.learned_from
    assert "arxiv:prompt.776" not in head.learned_from and "arxiv:prompt.1" in head.learned_from


def test_the_temperature_makes_doubtful_predictions_doubtful():
    examples, vectors = cloud(("kv", "out"), (100, 100), spread=0.1)
    flipped = np.random.default_rng(0).random(200) < 0.3
    rows = [
        example("out" if (row.label == "kv") == flip else "kv", index, words="a method")
        for index, (row, flip) in enumerate(zip(examples.rows, ~flipped, strict=True))
    ]
    # Three labels in ten are wrong; a head of many terms and a weak penalty is far too sure of itself.
    doubtful, recipe = gather(rows, ("kv", "out")), Recipe(c=1e4)
    held_out = training.out_of_fold(doubtful, vectors, recipe)
    head = training.train(doubtful, vectors, "", held_out, recipe)
    assert head.temperature > 1.2
    calibrated = log_loss(softmax(held_out / head.temperature), doubtful.targets)
    assert calibrated < log_loss(softmax(held_out), doubtful.targets) - 0.01


def test_without_predictions_to_go_by_the_temperature_is_one():
    rows = [example("kv", 0, key=""), example("out", 1, key="")]
    vectors = np.stack([near("kv", 0), near("out", 1)])
    assert trained(gather(rows, ("kv", "out")), vectors).temperature == 1.0


def test_a_category_with_one_paper_and_its_definition_is_learned():
    rows = [example("kv", seed) for seed in range(20)] + [example("out", seed) for seed in range(20)]
    rows += [example("survey", 0), example("survey", 1, key="", words="survey")]
    vectors = np.stack([near(row.label, index) for index, row in enumerate(rows)])
    answer = said(trained(gather(rows, ("kv", "survey", "out")), vectors), "survey")
    assert max(answer, key=answer.get) == "survey"


def test_a_list_with_one_category_is_told_from_what_is_out():
    head = trained(*cloud(("kv", "out"), (8, 30)))
    assert said(head, "kv")["kv"] > 0.5 > said(head, "out")["kv"]


def test_without_background_nothing_is_out():
    head = trained(*cloud(CLASSES, (10, 10, 0)))
    answer = said(head, "kv")
    assert answer["out"] == 0.0
    assert sum(answer.values()) == pytest.approx(1.0)
    assert max(answer, key=answer.get) == "kv"


def test_a_single_class_with_examples_takes_all():
    assert said(trained(*cloud(("kv", "out"), (3, 0))), "kv") == {"kv": 1.0, "out": 0.0}
