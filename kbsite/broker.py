"""Asking workers for work, while a person waits for the page: one short attempt."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.canvas import Signature
from django.conf import settings
from kombu import Connection

from kbsite.celery import app

log = logging.getLogger(__name__)

IMPATIENT = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 2}


def send(task: Signature[Any]) -> bool:
    """Ask a worker to do a task; return whether the broker took it."""
    try:
        with _connection() as connection:
            task.apply_async(connection=connection, retry=False)
    except Exception as error:
        log.warning("no worker could be asked for %s: %s", task, error)
        return False
    return True


def is_reachable() -> bool:
    """Say whether the broker answers."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        return os.access(settings.BROKER_DIR / "queue", os.W_OK)
    try:
        with _connection() as connection:
            connection.default_channel.basic_qos(0, 1, False)  # type: ignore[attr-defined]
    except Exception as error:
        log.warning("the broker does not answer: %s", error)
        return False
    return True


@contextmanager
def _connection() -> Iterator[Connection]:
    with app.connection_for_write() as connection:
        connection.transport_options = (connection.transport_options or {}) | IMPATIENT
        yield connection
