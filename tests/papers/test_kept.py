"""What takes long is made by one of those who ask, and the others get what was there before."""

from __future__ import annotations

import threading

import pytest
from django.core.cache import cache

from papers.kept import kept


def test_it_is_made_once_and_again_when_it_is_old_or_of_another_version():
    made = iter(range(9))

    def make():
        return next(made)

    assert [kept("a", 60, make), kept("a", 60, make)] == [0, 0]
    assert kept("a", 0, make) == 1
    assert kept("a", 60, make, version="later") == 2
    assert kept("b", 60, make) == 3, "each name has its own"


def test_who_comes_while_it_is_made_gets_the_one_before():
    begun, go_on = threading.Event(), threading.Event()
    assert kept("a", 60, lambda: "old") == "old"

    def slowly():
        begun.set()
        assert go_on.wait(30)
        return "new"

    maker = threading.Thread(target=kept, args=("a", 0, slowly))
    maker.start()
    assert begun.wait(30)
    assert kept("a", 0, pytest.fail) == "old"
    go_on.set()
    maker.join()
    assert kept("a", 60, pytest.fail) == "new"


def test_who_fails_to_make_it_holds_up_nobody():
    assert kept("a", 60, lambda: "old") == "old"
    with pytest.raises(ZeroDivisionError):
        kept("a", 0, lambda: 1 / 0)
    assert kept("a", 0, lambda: "new") == "new"


def test_nothing_is_kept_that_the_cache_lost():
    assert kept("a", 60, lambda: None) is None
    cache.clear()
    assert kept("a", 60, lambda: 1) == 1
