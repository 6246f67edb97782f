"""Words as TF-IDF rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from ingest.classifier.features import Lexicon

TEXTS = [
    "Quantizing the KV cache of language models",
    "Evicting tokens from the KV cache",
    "Pruning prompts, and pruning prompts again",
]


def test_it_knows_words_and_pairs_of_words_but_no_stop_words():
    lexicon = Lexicon.fit(TEXTS, min_documents=1, max_terms=1000)
    assert {"cache", "kv cache", "pruning prompts"} <= set(lexicon.terms)
    assert not {"the", "of", "from"} & set(lexicon.terms)


def test_a_lexicon_that_was_stored_says_what_scikit_learn_said():
    fitted = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english")
    expected = fitted.fit_transform(TEXTS).toarray()
    lexicon = Lexicon.fit(TEXTS, min_documents=1, max_terms=1000)
    stored = Lexicon(tuple(lexicon.terms), np.array(lexicon.idf.tolist(), dtype=np.float32))
    assert list(stored.terms) == list(fitted.get_feature_names_out())
    assert stored.transform(TEXTS).toarray() == pytest.approx(expected, abs=1e-6)


def test_rows_have_length_one_and_unknown_words_none():
    rows = Lexicon.fit(TEXTS, 1, 1000).transform(["the KV cache", "zebra crossing"]).toarray()
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 0.0], abs=1e-6)


def test_texts_without_words_give_a_lexicon_without_terms():
    lexicon = Lexicon.fit(["the", "", "42 of"], 1, 1000)
    assert lexicon.transform(["anything", "at all"]).shape == (2, len(lexicon.terms))
    assert Lexicon.fit(["the", ""], 1, 1000).terms == ()


def test_rare_terms_are_left_out_only_where_there_are_many_texts():
    few, many = [*TEXTS], TEXTS * 40
    assert "zebra" in Lexicon.fit([*few, "zebra"], 3, 1000).terms
    assert "zebra" not in Lexicon.fit([*many, "zebra"], 3, 1000).terms


def test_at_most_so_many_terms_are_kept_the_most_frequent_ones():
    assert Lexicon.fit([*TEXTS, "cache", "cache"], 1, 1).terms == ("cache",)
