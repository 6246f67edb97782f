"""The query encoder: what is asked is answered by its process, and by nobody where it does not live."""

from __future__ import annotations

import threading

import pytest

from ingest import queryencoder
from ingest.classifier import encoder as encoders
from papers.search import meaning

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def living():
    """A query encoder with the bundled model, in a thread with a connection of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=queryencoder.run, args=[stop.is_set])
    thread.start()
    try:
        for _ in range(600):
            if meaning.lives():
                break
            stop.wait(0.1)
        yield
    finally:
        stop.set()
        thread.join(30)


def test_what_is_asked_is_answered_and_kept(living):
    encoder = encoders.load()
    name, found = meaning.vector_of("  gist   tokens ", patience=10.0)
    assert name == encoder.name
    assert found == pytest.approx(encoder.encode(["gist tokens"])[0], abs=2e-3)
    assert meaning.vector_of("gist tokens", patience=0.0) is not None


def test_where_none_lives_nobody_waits():
    assert not meaning.lives()
    assert meaning.vector_of("gist tokens", patience=60.0) is None
    assert meaning.vector_of("", patience=60.0) is None


def test_without_an_encoder_it_stands_by(settings, caplog):
    settings.ENCODER = "/no/such/folder"
    stop = iter([False, False, True])
    queryencoder.run(lambda: next(stop, True))
    assert not meaning.lives()
