"""Words as vectors: learned from a corpus, kept in a file, the same wherever they are read."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from sklearn.feature_extraction.text import TfidfVectorizer

from ingest.classifier import lexicon as lexicons

CACHE, PROMPT, OTHER = (
    ["cache", "eviction", "keys", "values", "decoding"],
    ["prompt", "pruning", "compressor", "sentences", "summaries"],
    ["robots", "laundry", "folding", "grippers", "cameras"],
)


def corpus(count=150, seed=0):
    """Texts on three subjects, each with words of its own and some that all have."""
    pick = random.Random(seed)
    return [
        " ".join(["models", *pick.sample(words, 3), f"name{n}"])
        for n in range(count)
        for words in (CACHE, PROMPT, OTHER)
    ]


@pytest.fixture(scope="module")
def lexicon():
    return lexicons.learn(corpus(), dimensions=6)


def likeness(lexicon, one, other):
    rows = lexicon.encode([one, other])
    return float(rows[0] @ rows[1])


def test_words_that_go_together_are_near_each_other(lexicon):
    assert likeness(lexicon, "cache eviction", "decoding keys") > 0.9
    assert likeness(lexicon, "cache eviction", "prompt pruning") < 0.3


def test_it_knows_words_that_stand_in_enough_texts_and_no_stop_words(lexicon):
    assert {"cache", "models"} <= set(lexicon.terms)
    assert not {"name7", "the"} & set(lexicon.terms)


def test_rows_have_length_one_and_unknown_words_none(lexicon):
    rows = lexicon.encode(["The cache", "a zebra", ""])
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0], abs=1e-6)
    assert lexicon.encode([]).shape == (0, 6)


def test_weights_are_those_of_scikit_learn(lexicon):
    texts = corpus()
    fitted = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=lexicons.RAREST).fit(texts)
    assert list(lexicon.terms) == list(fitted.get_feature_names_out())
    assert lexicon.weigh(texts[:5]).toarray() == pytest.approx(fitted.transform(texts[:5]).toarray(), abs=1e-6)


def test_kept_in_a_file_it_is_the_same_and_has_the_same_name(lexicon, tmp_path):
    lexicon.save(tmp_path / "lexicon.npz")
    back = lexicons.load(tmp_path / "lexicon.npz")
    assert back.name == lexicon.name
    assert np.array_equal(back.encode(corpus(3)), lexicon.encode(corpus(3)))


def test_the_same_texts_give_the_same_lexicon_and_others_another(lexicon):
    assert lexicons.learn(corpus(), dimensions=6).name == lexicon.name
    assert lexicons.learn(corpus(seed=1), dimensions=6).name != lexicon.name


def test_too_few_words_are_refused():
    with pytest.raises(ValueError, match="too few for 128 dimensions"):
        lexicons.learn(corpus())


def test_a_damaged_file_is_refused(lexicon, tmp_path):
    path = tmp_path / "lexicon.npz"
    np.savez(path, terms=np.frombuffer(b"a\nb", np.uint8), idf=np.ones(1), directions=np.ones((2, 3)), step=np.ones(3))
    with pytest.raises(ValueError, match="differ in length"):
        lexicons.load(path)


def test_the_one_that_comes_along_tells_neighbouring_subjects_apart():
    bundled = lexicons.load()
    assert bundled.dimensions == lexicons.DIMENSIONS
    eviction = "Evicting tokens from the KV cache while decoding"
    assert likeness(bundled, eviction, "Quantization of cached keys and values") > likeness(
        bundled, eviction, "Quantization of model weights"
    )


def test_the_command_learns_from_a_file(tmp_path, capsys):
    path = tmp_path / "corpus.jsonl"
    pick = random.Random(0)
    words = [f"word{n}" for n in range(300)]
    lines = [
        json.dumps(
            {
                "arxiv_id": f"2601.{n:05}",
                "title": " ".join(pick.sample(words, 40)),
                "published": f"2026-0{n % 2 + 1}-01",
            }
        )
        for n in range(400)
    ]
    path.write_text("\n".join(lines))
    made = tmp_path / "made.npz"
    call_command("make_lexicon", str(path), "--output", str(made), "--before", "2026-02-01")
    assert "300 terms of 200 papers" in capsys.readouterr().out
    assert lexicons.load(made).dimensions == lexicons.DIMENSIONS
    with pytest.raises(CommandError, match="0 terms stand in 10 texts or more: too few for 128 dimensions"):
        call_command("make_lexicon", str(path), "--output", str(made), "--before", "2025-02-01")
    assert lexicons.load(made), "what was there stays"
