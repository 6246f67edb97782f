"""Papers that may be the same as another one: by title, then by what their texts say."""

from __future__ import annotations

import numpy as np
import pytest

from papers import cards, vectors
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_the_same_title_comes_first_then_the_most_alike():
    paper = make_paper("Small caches")
    nearer, farther, other = (make_paper() for _ in range(3))
    twin = make_paper("Small Caches")
    likeness = np.zeros((4, 384), dtype=np.float32)
    likeness[:, 0] = 1, 0.95, 0.99, 0.5
    likeness[:, 1] = np.sqrt(1 - likeness[:, 0] ** 2)
    vectors.store("e", [paper, farther, nearer, other], likeness)
    found = cards.lookalikes(paper)
    assert [(each.paper, each.why) for each in found] == [
        (twin, "the same title"), (nearer, "99% the same text"), (farther, "95% the same text"),
    ]  # fmt: skip
