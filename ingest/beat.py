"""The schedule: Celery's beat, of which one leads and every other stands by.

Who leads is told by a session lock of the database. It goes with its connection, so when the leader dies, or its
machine does, another one takes over within seconds. Nothing is kept between starts: the tables say what is due.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from celery.beat import Scheduler as Beat
from django.db import DatabaseError, connection

from ingest import runs

log = logging.getLogger(__name__)

STAND_BY = 5.0  # seconds between two looks whether there is a leader
SWEPT_EVERY = 60.0  # seconds
LONG_AGO = timedelta(days=30)

_LOCK = 0x4C4B_0002  # "LK": the schedule


class Scheduler(Beat):
    """Sends what is due while it leads; buries runs whose process died."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._leads: bool | None = None  # None: not known yet
        self._swept_at = 0.0
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due and return the seconds until there is more to do."""
        if not self._is_leader():
            return STAND_BY
        return min(super().tick(*args, **kwargs), STAND_BY)

    def close(self) -> None:
        connection.close()  # and with it the lock
        super().close()

    def _is_leader(self) -> bool:
        """Say whether we hold the lock, taking it where nobody does; without a database nobody leads."""
        try:
            leads = _holds_lock() or _takes_lock()
            if leads and time.monotonic() - self._swept_at >= SWEPT_EVERY:
                runs.sweep()
                self._swept_at = time.monotonic()
        except DatabaseError as error:
            log.warning("the schedule waits for the database: %s", error)
            connection.close()
            return False
        if leads != self._leads:
            log.info("This schedule leads." if leads else "Another schedule leads; this one stands by.")
            self._leads = leads
            self._send_all_at_once()
        return leads

    def _send_all_at_once(self) -> None:
        """Take every entry for due: who begins to lead knows not what was sent before, and asking the tables is cheap.

        Else a schedule that dies every minute would never send anything.
        """
        for entry in self.schedule.values():
            entry.last_run_at = entry.default_now() - LONG_AGO
        self._heap = None


def is_led() -> bool:
    """Say whether some schedule leads, on this machine or another one."""
    return _ask(
        "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = 0"
        " AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )


def _holds_lock() -> bool:
    """Say whether this connection has the lock; a new connection has none."""
    return _ask(
        "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
        " AND objsubid = 1 AND classid = 0 AND objid = %s"
    )


def _takes_lock() -> bool:
    runs.notice_lost_machines()
    return _ask("SELECT pg_try_advisory_lock(%s)")


def _ask(sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_LOCK])
        return bool(cursor.fetchone()[0])
