from __future__ import annotations

import pytest

from ingest.sources.remarks import code_link, says_withdrawn


@pytest.mark.parametrize(
    ("saying", "link"),
    [
        ("Code at https://github.com/a/b.", "https://github.com/a/b"),
        ("\\url{https://github.com/a/b_c}", "https://github.com/a/b_c"),
        ("\\href{https://github.com/a/b\\_c}{here}", "https://github.com/a/b_c"),
        ("http://www.github.com/A-1/B.js/tree/main/x", "https://github.com/A-1/B.js"),
        ("github.com/a/b.git", "https://github.com/a/b"),
        ("(github.com/a/b), and", "https://github.com/a/b"),
        ("代码：https://github.com/a/b。谢谢", "https://github.com/a/b"),
        ("https://github.com/orgs/x and https://github.com/a/b?tab=readme", "https://github.com/a/b"),
        ("https://github.com/a", None),
        ("https://github.com/a/..", None),
        ("https://gist.github.com/a/b", None),
        ("https://notgithub.com/a/b", None),
        ("https://a.github.io/b", None),
        ("", None),
    ],
)
def test_code_link(saying, link):
    assert code_link(saying) == link


def test_the_first_text_that_names_one_wins():
    assert code_link("no code", "github.com/in/comment", "github.com/in/abstract") == "https://github.com/in/comment"


@pytest.mark.parametrize(
    "comment",
    [
        "This paper has been withdrawn by the author due to an error in Theorem 2",
        "this submission has been withdrawn by arXiv administrators because it is a copy",
        "This arXiv paper by A. Author is withdrawn",
        "The manuscript was temporarily withdrawn",
        "Withdrawn",
        " [Withdrawn due to an error]",
    ],
)
def test_withdrawn(comment):
    assert says_withdrawn(comment)
    assert says_withdrawn("12 pages", comment)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "12 pages",
        "Accepted at ICLR; an earlier version was withdrawn",
        "This paper was withdrawn from ICLR 2025",
        "Withdrawn from NeurIPS, now at ACL",
        "The troops have been withdrawn in our simulation",
        "We study papers that have been withdrawn",
    ],
)
def test_not_withdrawn(comment):
    assert not says_withdrawn(comment)
