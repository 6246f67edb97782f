"""Keywords in a text, as a person would find them."""

from __future__ import annotations

import pytest

from papers.keywords import found_in


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("KV Cache", "the kv-cache of a model", True),
        ("Layer-wise Budget", "with layer wise budgets", True),
        ("Attention Sinks", "an attention sink", True),
        ("Gist Tokens", "gist\ntokens", True),
        ("Review", "reviewers and previews", False),
        ("RAG", "storage", False),
        ("缓存", "丢弃缓存条目", True),
        ("C++ (code)", "in C++ (code) only", True),
        ("", "anything", False),
        (" - ", "a - b", False),
    ],
)
def test_a_keyword_is_found_as_people_write_it(keyword, text, found):
    assert found_in(text, [keyword]) == ([keyword] if found else [])


def test_the_order_is_that_of_the_keywords():
    assert found_in("b and a", ["a", "c", "b"]) == ["a", "b"]
