"""What the tests of pages start from."""

from __future__ import annotations

import pytest

from tests.kbsite.bilingual import make_bilingual_list


@pytest.fixture
def caches():
    """A list in two languages."""
    return make_bilingual_list()


@pytest.fixture
def desk(client, curator):
    """A browser in which the curator is signed in."""
    client.force_login(curator)
    return client
