"""How often a host is asked, by all processes and machines together.

One request at a time, and at least `delay` seconds from the start of one to the start of the next. What is
shared is in PostgreSQL: an advisory lock held while a request is under way, and the time before which nobody
may ask (`HostPace.next_at`, by the database's clock), which is stored before the request starts. So a process
that is killed gives its turn back with its connection, and the gap is kept all the same.

Each turn has a connection of its own, so a transaction of the caller's does not hide the row from others.
Nothing here holds a transaction open: waiting is sleeping between short statements.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error, connection

from ingest.models import HostPace
from ingest.sources import SourceUnavailable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

log = logging.getLogger(__name__)

PATIENCE = 300.0  # seconds; whoever would wait longer is told so and tries again on schedule
LONGEST_PAUSE = 3600.0  # seconds; a host that asks for more is asked again after an hour

_ON_THE_WAY = 0.25  # seconds; the longest that a request is taken to be on its way, in a network or a queue
_UNTIL_SENT = 1.0  # seconds; what a process that is killed is taken to have needed until its request was sent
_TABLE = HostPace._meta.db_table


@dataclass(slots=True)
class Turn:
    """One's turn to ask a host."""

    pause: float = 0.0
    _sent_at: float | None = None
    _answered_at: float | None = None

    def sent(self) -> None:
        """Note that the request is on its way. Connecting may have taken long, and the next may be quicker at it."""
        self._sent_at, self._answered_at = time.monotonic(), None

    def answered(self) -> None:
        """Note that the answer began to come, so the host had begun on the request."""
        self._answered_at = time.monotonic()

    def passed(self) -> float:
        """Return how many seconds ago the host began on the request, at the latest."""
        now = time.monotonic()
        if self._sent_at is None:
            return 0.0
        return now - min(self._answered_at or now, self._sent_at + _ON_THE_WAY)

    def ask_for_pause(self, seconds: float) -> None:
        """Let nobody ask this host for so long after this turn, because it said so."""
        self.pause = max(self.pause, min(seconds, LONGEST_PAUSE))


@contextmanager
def turn(host: str, delay: float) -> Iterator[Turn]:
    """Wait until `host` may be asked; the block is the request, which nobody else makes meanwhile.

    `host` is the name of everything that shares one budget: arXiv's API, OAI and feeds are all "arxiv". The gap
    is counted from when the host got the request, as well as `Turn` was told, else from the end of the block.
    Raise SourceUnavailable when the turn does not come within `PATIENCE`.
    """
    with closing(connection.copy()) as own:
        _take_lock(own, host, min(max(delay / 10, 0.01), 0.25))
        try:
            _wait(own, host, delay)
            mine = Turn()
            try:
                yield mine
            finally:
                _set_next(own, host, max(delay - mine.passed(), mine.pause))
        finally:
            _give_lock(own, host)


def _take_lock(own: BaseDatabaseWrapper, host: str, interval: float) -> None:
    # A lost machine would keep its lock for the two hours that TCP takes by default to notice.
    _ask(
        own,
        "SELECT set_config('tcp_keepalives_' || name, value, false)"
        " FROM (VALUES ('idle', '30'), ('interval', '10'), ('count', '3')) AS given (name, value)",
    )
    until = time.monotonic() + PATIENCE
    # Asked again and again rather than waited for: a waiting statement has a snapshot, which holds up vacuum.
    while not _ask(own, "SELECT pg_try_advisory_lock(%s)", [_lock(host)]):
        if time.monotonic() > until:
            raise SourceUnavailable(f"others kept {host} busy for {PATIENCE:.0f} s; this will be tried again")
        time.sleep(interval)


def _wait(own: BaseDatabaseWrapper, host: str, delay: float) -> None:
    """Sleep until the host may be asked, and store that it is asked now."""
    until = f"SELECT extract(epoch FROM next_at - clock_timestamp())::float FROM {_TABLE} WHERE host = %s"  # noqa: S608
    while (left := _ask(own, until, [host]) or 0.0) > 0:
        if left > LONGEST_PAUSE + delay + 60:
            log.warning("%s seems paused for %.0f s, so the clock was set back: not waiting for that", host, left)
            time.sleep(delay)
            break
        if left > PATIENCE:
            outage = SourceUnavailable(f"{host} asked for a pause, {left / 60:.0f} minutes are left of it")
            outage.retry_after = left
            raise outage
        time.sleep(left)
    _ask(
        own,
        f"INSERT INTO {_TABLE} (host, next_at) VALUES (%s, clock_timestamp() + %s * interval '1 second')"  # noqa: S608
        " ON CONFLICT (host) DO UPDATE SET next_at = EXCLUDED.next_at RETURNING 1",
        [host, delay + _UNTIL_SENT],
    )


def _set_next(own: BaseDatabaseWrapper, host: str, seconds: float) -> None:
    """Let the host be asked again in so many seconds: it is known now when the request was sent."""
    try:
        _ask(
            own,
            f"UPDATE {_TABLE} SET next_at = clock_timestamp() + %s * interval '1 second'"  # noqa: S608
            " WHERE host = %s RETURNING 1",
            [seconds, host],
        )
    except Error as error:
        log.warning("the pause after a request to %s could not be stored: %s", host, error)


def _give_lock(own: BaseDatabaseWrapper, host: str) -> None:
    try:
        _ask(own, "SELECT pg_advisory_unlock(%s)", [_lock(host)])
    except Error as error:
        log.warning("the turn at %s ended with its connection: %s", host, error)


def _lock(host: str) -> int:
    return int.from_bytes(hashlib.sha256(f"pace of {host}".encode()).digest()[:8], "big", signed=True)


def _ask(own: BaseDatabaseWrapper, sql: str, values: list[Any] | None = None) -> Any:
    with own.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row and row[0]
