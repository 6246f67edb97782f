"""A head as it is kept: arrays and JSON, read back to the bit, refused when it is not what it says."""

from __future__ import annotations

import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from ingest.classifier.heads import Base, Head, HeadError
from tests.ingest.classifier.made_up import LEXICON, cloud, features, near, trained

CLASSES = ("kv", "prompt", "out")


@pytest.fixture(scope="module")
def head():
    return trained(*cloud(CLASSES, (20, 20, 40)))


def told(head, text, category="kv", **options):
    return head.telling_terms(text, features([near("kv", 3)], [text]), category, LEXICON, **options)


def arrays_of(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_a_head_read_back_says_the_very_same(head):
    meta, arrays = head.save()
    back = Head.load(json.loads(json.dumps(meta)), arrays)
    seen = features([near("kv", 1), near("out", 2)], ["kv method", "zebra"])
    assert np.array_equal(back.probabilities(seen), head.probabilities(seen))
    assert told(back, "kv method") == told(head, "kv method")
    assert (back.classes, back.encoder, back.lexicon, back.recipe) == (CLASSES, "an encoder", "four words", head.recipe)
    assert back.learned_from == head.learned_from and "arxiv:kv.3" in back.learned_from


def test_it_is_read_from_what_the_database_gives(head):
    meta, arrays = head.save()
    assert Head.load(meta, memoryview(arrays)).classes == CLASSES


def test_upon_a_base_it_is_small_and_says_the_very_same(head):
    earlier = trained(*cloud(CLASSES, (19, 20, 40)))  # without one of its examples
    meta, arrays = head.save(earlier.base)
    back = Head.load(json.loads(json.dumps(meta)), arrays, Base.load(earlier.base.arrays))
    seen = features([near("kv", 1), near("out", 2)], ["kv method", "zebra"])
    assert np.array_equal(back.probabilities(seen), head.probabilities(seen))
    assert (back.keys, back.texts) == (head.keys, head.texts)


def test_what_is_the_same_in_the_base_is_not_stored_again(head):
    _, arrays = head.save(head.base)
    with np.load(io.BytesIO(arrays)) as stored:
        assert stored["meaning"].size == stored["words"].size == stored["keys"].size == 0
        assert len(stored["weights"]) == len(head.examples)


def test_without_its_base_or_with_another_one_it_is_refused(head):
    meta, arrays = head.save(head.base)
    with pytest.raises(HeadError, match="what it compares with is missing"):
        Head.load(meta, arrays)
    with pytest.raises(HeadError, match="cannot be read"):
        Head.load(meta, arrays, trained(*cloud(CLASSES, (2, 2, 2))).base)


def test_a_damaged_base_is_refused(head):
    with pytest.raises(HeadError, match="what the head compares with cannot be read"):
        Base.load(head.base.arrays[:-200])


def test_a_pickle_among_the_arrays_is_not_executed(head):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    meta, _ = head.save()
    assert b"pytest" in pickle.dumps(Bomb())  # it would go off
    with pytest.raises(HeadError, match="train again"):
        Head.load(meta, arrays_of(meaning=np.array([Bomb()], dtype=object)))


def test_another_format_is_refused(head):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="format 99, this version reads 3"):
        Head.load(meta | {"format": 99}, arrays)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"PK" + b[10:]])
def test_damaged_arrays_are_refused(head, damage):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="cannot be read"):
        Head.load(meta, damage(arrays))


@pytest.mark.parametrize(
    "change", [{"classes": ["kv", "out"]}, {"lexicon": "another", "classes": []}, {"recipe": {"ridge": 1, "d": 2}}]
)
def test_a_meta_that_does_not_fit_its_arrays_is_refused(head, change):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="cannot be read"):
        Head.load(meta | change, arrays)


def test_telling_terms_are_words_of_the_text_that_speak_for_the_category(head):
    terms = told(head, "a kv method, and a prompt")
    assert terms[0][0] == "kv" and terms[0][1] > 0
    assert "prompt" not in [term for term, _ in terms]
    assert [weight for _, weight in terms] == sorted((weight for _, weight in terms), reverse=True)


def test_a_telling_term_is_one_without_which_the_category_would_be_less_likely(head):
    for category, word in (("kv", "kv"), ("prompt", "prompt")):
        text = "a kv prompt method"
        without = text.replace(word, "zebra")
        seen = features([near("kv", 3)] * 2, [text, without])
        more, less = head.scores(seen)[:, head.classes.index(category)]
        assert told(head, text, category)[0][0] == word and more > less


def test_a_text_without_known_words_has_no_telling_terms(head):
    assert told(head, "crossing") == []
    assert told(head, "kv", "a category of another list") == []


def test_words_of_another_lexicon_are_not_told(head):
    other = replace(LEXICON, name="another")
    assert head.telling_terms("kv", features([near("kv", 3)], ["kv"]), "kv", other) == []


def test_at_most_so_many_terms_are_told(head):
    assert len(told(head, "kv method kv method", limit=1)) == 1
