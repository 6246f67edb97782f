"""Which sentence of an abstract speaks loudest, and what a sentence is."""

from __future__ import annotations

import pytest

from ingest.classifier import sentences
from tests.ingest.classifier.made_up import LEXICON, cloud, features, near, trained


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("We beat it by 3.5 points. See arXiv.", ["We beat it by 3.5 points.", "See arXiv."]),
        ("Methods (e.g. KVzip) fail, i.e. Never.", ["Methods (e.g. KVzip) fail, i.e. Never."]),
        ("As Li et al. Show. J. Doe agrees.", ["As Li et al. Show.", "J. Doe agrees."]),
        ("It ends vs. goes on with small letters. so.", ["It ends vs. goes on with small letters. so."]),
        ('He said "no." Then (yes.) 12 won.', ['He said "no."', "Then (yes.)", "12 won."]),
        ("我们压缩缓存。效果很好！", ["我们压缩缓存。", "效果很好！"]),
        ("A line.\nAnother\nline.", ["A line.", "Another\nline."]),
        ("  ", []),
    ],
)
def test_a_text_is_split_as_people_read_it(text, split):
    assert sentences.split(text) == split
    assert all(sentence in text for sentence in split)


def test_the_loudest_sentence_is_the_one_whose_words_pull_most():
    head = trained(*cloud(("kv", "prompt", "out"), (20, 20, 40)))
    abstract = "A prompt is long. Our kv method is short. A zebra is neither."
    seen = features([near("kv", 3)], [abstract])
    for category, sentence in (("kv", "Our kv method is short."), ("prompt", "A prompt is long.")):
        pulls = head.pulls(abstract, seen, category, LEXICON)
        assert sentences.trigger(abstract, pulls, LEXICON) == sentence


def test_a_word_counts_once_and_words_against_it_count_too():
    pulls = {"kv": 1.0, "method": 0.3, "zebra": -0.4}
    assert sentences.trigger("A kv zebra. A kv.", pulls, LEXICON) == "A kv."
    assert sentences.trigger("A kv. A kv kv kv.", pulls, LEXICON) == "A kv."  # the first of equals
    assert sentences.trigger("A kv. A kv method.", pulls, LEXICON) == "A kv method."


@pytest.mark.parametrize("abstract", ["", "Nothing known here.", "A prompt against it."])
def test_where_nothing_speaks_for_it_there_is_no_sentence(abstract):
    assert sentences.trigger(abstract, {"prompt": -0.5, "kv": 1.0}, LEXICON) == ""
