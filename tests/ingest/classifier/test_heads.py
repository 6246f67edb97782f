"""A head as it is kept: arrays and JSON, read back to the bit, refused when it is not what it says."""

from __future__ import annotations

import io
import json
import pickle

import numpy as np
import pytest

from ingest.classifier import training
from ingest.classifier.heads import Head, HeadError
from tests.ingest.classifier.made_up import cloud, near

CLASSES = ("kv", "prompt", "out")


@pytest.fixture(scope="module")
def head():
    examples, vectors = cloud(CLASSES, (20, 20, 40))
    return training.train(examples, vectors, "an encoder", training.out_of_fold(examples, vectors))


def arrays_of(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_a_head_read_back_says_the_very_same(head):
    meta, arrays = head.save()
    back = Head.load(json.loads(json.dumps(meta)), arrays)
    vectors, texts = np.stack([near("kv", 1), near("out", 2)]), ["kv method", "zebra"]
    assert np.array_equal(back.probabilities(vectors, texts), head.probabilities(vectors, texts))
    assert back.telling_terms("kv method", "kv") == head.telling_terms("kv method", "kv")
    assert (back.classes, back.encoder, back.recipe) == (CLASSES, "an encoder", head.recipe)
    assert back.learned_from == head.learned_from and "arxiv:kv.3" in back.learned_from


def test_it_is_read_from_what_the_database_gives(head):
    meta, arrays = head.save()
    assert Head.load(meta, memoryview(arrays)).classes == CLASSES


def test_a_pickle_among_the_arrays_is_not_executed(head):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    meta, _ = head.save()
    assert b"pytest" in pickle.dumps(Bomb())  # it would go off
    with pytest.raises(HeadError, match="train again"):
        Head.load(meta, arrays_of(idf=np.array([Bomb()], dtype=object)))


def test_another_format_is_refused(head):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="format 99, this version reads 1"):
        Head.load(meta | {"format": 99}, arrays)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"PK" + b[10:]])
def test_damaged_arrays_are_refused(head, damage):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="cannot be read"):
        Head.load(meta, damage(arrays))


@pytest.mark.parametrize("change", [{"classes": ["kv", "out"]}, {"terms": ["kv"]}, {"recipe": {"c": 1, "d": 2}}])
def test_a_meta_that_does_not_fit_its_arrays_is_refused(head, change):
    meta, arrays = head.save()
    with pytest.raises(HeadError, match="cannot be read"):
        Head.load(meta | change, arrays)


def test_telling_terms_are_words_of_the_text_that_speak_for_the_category(head):
    terms = head.telling_terms("a kv method, and a prompt", "kv")
    assert terms[0][0] == "kv" and terms[0][1] > 0
    assert "prompt" not in [term for term, _ in terms]
    assert [weight for _, weight in terms] == sorted((weight for _, weight in terms), reverse=True)


def test_a_text_without_known_words_has_no_telling_terms(head):
    assert head.telling_terms("zebra crossing", "kv") == []
    assert head.telling_terms("kv", "a category of another list") == []


def test_at_most_so_many_terms_are_told(head):
    assert len(head.telling_terms("kv method number1 number2 number3 kv method", "kv", limit=1)) == 1
