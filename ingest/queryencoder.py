"""The query encoder: a small process that turns what people search for into vectors, so that no web process has to.

It hears questions by NOTIFY and writes the answers where the site reads them (papers/search/meaning.py). Of several one
leads, by a session lock of the database, which also tells the site whether anybody is there to be asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import psycopg
from django.db import DatabaseError, connection

from ingest.classifier import encoder as encoders
from ingest.classifier.encoder import Encoder, EncoderError
from papers.search import meaning

log = logging.getLogger(__name__)

TRIED_EVERY = 60.0  # seconds, while no encoder can be loaded
STAND_BY = 5.0  # seconds between two looks whether there is a leader
TIDIED_EVERY = 3600.0  # seconds


def run(is_stopped: Callable[[], bool]) -> None:
    """Lead, as soon as nobody else does, and answer until we are told to stop."""
    encoder = _loaded(is_stopped)
    while encoder is not None and not is_stopped():
        try:
            if _takes_the_lead():
                log.info("This query encoder leads, with %s.", encoder.name)
                _lead(encoder, is_stopped)
            else:
                time.sleep(STAND_BY)
        except (DatabaseError, psycopg.Error) as error:
            log.warning("the query encoder waits for the database: %s", error)
            connection.close()  # and with it the lock
            time.sleep(1.0)
    connection.close()


def _loaded(is_stopped: Callable[[], bool]) -> Encoder | None:
    """Return the encoder, as soon as it can be had; without one the site searches by words, and says so."""
    tried_at = float("-inf")
    while not is_stopped():
        if time.monotonic() - tried_at > TRIED_EVERY:
            try:
                encoder = encoders.load()
                encoder.encode(["a question"])  # what is made at the first use is made before somebody waits
                return encoder
            except EncoderError as error:
                log.warning("there is no encoder for queries: %s", error)
                tried_at = time.monotonic()
        time.sleep(1.0)
    return None


def answer(encoder: Encoder, questions: Sequence[str]) -> None:
    """Store the vectors of these questions."""
    for question, vector in zip(questions, encoder.encode(questions), strict=True):
        meaning.keep(question, encoder.name, vector)


def _lead(encoder: Encoder, is_stopped: Callable[[], bool]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {meaning.CHANNEL}")
        cursor.execute("SET synchronous_commit TO off")  # an answer that is lost is asked for again
    tidied_at = float("-inf")
    while not is_stopped():
        if questions := _told():
            answer(encoder, questions)
        elif time.monotonic() - tidied_at > TIDIED_EVERY:
            meaning.forget(encoder.name)
            tidied_at = time.monotonic()


def _told() -> list[str]:
    """Return what was asked, each once; wait a second for the first."""
    found = [notify.payload for notify in connection.connection.notifies(timeout=1.0, stop_after=1)]
    if found:
        found += [notify.payload for notify in connection.connection.notifies(timeout=0)]
    return list(dict.fromkeys(found))


def _takes_the_lead() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [meaning.LOCK])
        return bool(cursor.fetchone()[0])
