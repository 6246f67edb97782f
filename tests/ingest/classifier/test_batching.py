"""Which texts are encoded together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.classifier.batching import batches
from ingest.classifier.onnxencoder import BUDGET

LENGTHS = st.lists(st.integers(2, 256), max_size=80)


@given(LENGTHS, st.integers(1, 1024))
def test_every_text_is_in_one_batch_and_no_batch_is_over_the_budget(lengths, budget):
    found = batches(lengths, budget)
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or max(lengths[place] for place in batch) * len(batch) <= budget for batch in found)


@given(LENGTHS, st.integers(1, 1024))
def test_the_longest_come_first(lengths, budget):
    inside = [lengths[place] for batch in batches(lengths, budget) for place in batch]
    assert inside == sorted(lengths, reverse=True)


def test_little_is_padded():
    lengths = [40 + place * 37 % 217 for place in range(64)]  # of a chunk of abstracts
    padded = sum(max(lengths[place] for place in batch) * len(batch) for batch in batches(lengths, BUDGET))
    assert padded <= 1.02 * sum(lengths)


def test_no_texts_make_no_batches():
    assert batches([], 256) == []
