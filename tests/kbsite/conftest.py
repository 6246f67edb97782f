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


@pytest.fixture
def office(client, maintainer):
    """A browser in which the maintainer is signed in."""
    client.force_login(maintainer)
    return client


@pytest.fixture
def no_broker(monkeypatch):
    """A broker at an address where nobody answers."""
    from kbsite import broker
    from kbsite.celery import app

    monkeypatch.setattr(broker, "_connection", lambda: app.connection_for_write("redis://127.0.0.1:9"))
