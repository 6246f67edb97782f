"""The vectors of queries. A process of its own makes them (ingest/queryencoder.py); here they are asked for and read.

The database is what the two speak through: a question is told by NOTIFY, the answer is a row, and rows stay, so that
what was asked before is there at once. Whoever asks waits a moment and no longer: without an answer a search goes by
words alone.
"""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
from django.db import connection
from django.utils import timezone
from pgvector import HalfVector

from papers import vectors
from papers.models import QueryVector
from papers.vectors import Array

CHANNEL = "listkeeper_queries"
LOCK = 0x4C4B_0004  # "LK": the query encoder that leads
PATIENCE = 0.15  # seconds
LONGEST = 400  # characters of a question
KEPT = 20_000  # answers, the newest

_PAUSE = 0.003  # seconds between two looks for an answer

_LIVES = """
SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = 0
    AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def vector_of(text: str, patience: float = PATIENCE) -> tuple[str, Array] | None:
    """Return the encoder's name and the text's vector; None where no query encoder lives, or answers in time."""
    said = " ".join(text.split())[:LONGEST]
    if not said:
        return None
    answer = _answer(said)
    if answer is not None or connection.in_atomic_block or not lives():  # a question would wait for the commit
        return answer
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, said])
    until = time.monotonic() + patience
    while answer is None and time.monotonic() < until:
        time.sleep(_PAUSE)
        answer = _answer(said)
    return answer


def lives() -> bool:
    """Say whether a query encoder is there to be asked."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVES, [LOCK])
        return bool(cursor.fetchone()[0])


def keep(text: str, encoder: str, vector: Array) -> None:
    """Store an answer."""
    QueryVector.objects.update_or_create(
        text=text, defaults={"encoder": encoder, "vector": HalfVector(np.asarray(vector, dtype=np.float16))}
    )


def forget(encoder: str) -> None:
    """Forget the answers of other encoders, and the oldest of those beyond KEPT."""
    QueryVector.objects.exclude(encoder=encoder).delete()
    oldest = QueryVector.objects.order_by("-made_at").values_list("made_at", flat=True)[KEPT : KEPT + 1].first()
    if oldest is not None:
        QueryVector.objects.filter(made_at__lte=oldest, made_at__lt=timezone.now() - timedelta(seconds=1)).delete()


def _answer(said: str) -> tuple[str, Array] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT encoder, halfvec_send(vector) FROM papers_queryvector WHERE text = %s", [said])
        row = cursor.fetchone()
    return None if row is None else (row[0], vectors.from_wire([row[1]])[0])
