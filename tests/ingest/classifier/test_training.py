"""How a head is trained: what it learns, what it must not have seen, and lists with next to nothing in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.classifier.heads import Recipe
from tests.ingest.classifier.made_up import cloud, example, features, gather, learned, near, trained

CLASSES = ("kv", "prompt", "out")


def said(head, label, seed=999):
    """What the head says of a new paper of the class, by class."""
    (row,) = head.probabilities(features([near(label, seed)], [f"{label} method"]))
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
    (row,) = head.probabilities(features([near("nothing", 999)], ["a prompt method"]))
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
    new = features([near("kv", seed, spread=0.4) for seed in range(1000, 1050)], ["a method"] * 50)

    def found(**options):
        said = trained(gather(rows, CLASSES), vectors, **options).probabilities(new)
        return (said.argmax(axis=1) == CLASSES.index("kv")).sum()

    assert found() >= 20  # of 50
    assert found() > found(recipe=Recipe(balance=0.0))


def a_paper_under_the_wrong_label():
    """Twenty papers a class, and one that reads like "kv" but is labelled "prompt": twice, as title and abstract."""
    rows = [example(label, seed) for label in CLASSES for seed in range(20)]
    vectors = [near(row.label, index) for index, row in enumerate(rows)]
    odd = near("kv", 777)
    rows += [example("prompt", 777, words="kv method zebra") for _ in range(2)]
    return gather(rows, CLASSES), np.stack([*vectors, odd, odd])


def odd_one():
    return features([near("kv", 777)], ["kv method zebra"])


def test_an_example_is_told_by_a_head_that_saw_neither_it_nor_its_twin():
    found = learned(*a_paper_under_the_wrong_label())
    assert [CLASSES[i] for i in found.held_out[-2:].argmax(axis=1)] == ["kv", "kv"]
    # A head that has seen it is drawn to the label: the difference is what is tested.
    seen = found.head.scores(odd_one())[0]
    assert seen[CLASSES.index("prompt")] > found.held_out[-1][CLASSES.index("prompt")] + 0.5


def test_a_head_without_a_paper_says_what_a_head_that_never_saw_it_says():
    examples, vectors = a_paper_under_the_wrong_label()
    never = [row.key != "arxiv:prompt.777" for row in examples.rows]
    rest = gather([row for row, keep in zip(examples.rows, never, strict=True) if keep], CLASSES)
    there = learned(examples, vectors)
    apart = learned(rest, vectors[np.array(never)]).head
    # The same but for the prior, which one paper in sixty hardly moves, and the calibration, which is the whole head's.
    probe = features([near("kv", 777), near("prompt", 5)], ["kv method zebra", "prompt method"])
    expected = there.head.calibrated(apart.scores(probe))
    assert there.without("arxiv:prompt.777", probe) == pytest.approx(expected, abs=0.02)
    assert CLASSES[there.without("arxiv:prompt.777", odd_one()).argmax()] == "kv"


def test_held_out_scores_are_those_of_heads_trained_without_the_paper():
    examples, vectors = cloud(CLASSES, (6, 6, 12), spread=0.4)
    found = learned(examples, vectors)
    seen = features(vectors, examples.texts)
    for row in (0, 7, 20):
        apart = found.without(examples.keys[row], seen[row : row + 1])[0]
        assert apart == pytest.approx(found.head.calibrated(found.held_out[row : row + 1])[0], abs=2e-3)


def test_what_is_no_paper_is_held_out_alone():
    rows = [example("kv", 0, key=""), example("kv", 1, key=""), *(example("out", seed) for seed in range(5))]
    vectors = np.stack([near(row.label, index) for index, row in enumerate(rows)])
    found = learned(gather(rows, ("kv", "out")), vectors)
    assert found.held_out.shape == (7, 2) and not np.isnan(found.held_out).any()
    assert found.head.learned_from == {f"arxiv:out.{seed}" for seed in range(5)}


def test_near_copies_share_one_voice():
    rows = [example("kv", 0), example("prompt", 0), *(example("out", 9) for _ in range(3))]
    vectors = np.stack([near("kv", 1), near("prompt", 2), *(near("out", index) for index in range(3))])
    copies = [example("kv", 100 + n, words="kv method number0") for n in range(30)]
    many = gather([*rows, *copies], CLASSES)
    crowd = np.vstack([vectors, np.repeat(vectors[:1], 30, axis=0)])
    alone = learned(gather(rows, CLASSES), vectors).head
    crowded = learned(many, crowd).head
    probe = features([near("zebra", 5)], ["zebra"])
    assert crowded.scores(probe) == pytest.approx(alone.scores(probe), abs=0.02)


def test_probabilities_are_as_doubtful_as_the_labels():
    examples, vectors = cloud(("kv", "out"), (100, 100), spread=0.1)
    flipped = np.random.default_rng(0).random(200) < 0.3
    rows = [
        replace(row, label="out" if (row.label == "kv") != flip else "kv", text="a method")
        for row, flip in zip(examples.rows, ~flipped, strict=True)
    ]
    found = learned(gather(rows, ("kv", "out")), vectors)
    calibrated = found.head.calibrated(found.held_out)
    # Three labels in ten are wrong: on the mean it must be sure of seven in ten, and no surer.
    assert calibrated.max(axis=1).mean() == pytest.approx(0.7, abs=0.06)
    assert log_loss(calibrated, gather(rows, ("kv", "out")).targets) < np.log(2)


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
