"""The run ledger: every piece of work is a row that people can read, whatever happens to its process."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from ingest.models import Run
from ingest.sources import SourceUnavailable
from papers.records import Rejected

log = logging.getLogger(__name__)

KEPT_REJECTIONS = 100


class AlreadyRunning(Exception):
    """Another process is at this very work."""


@contextmanager
def open(kind: str, subject: str = "", **fields: Any) -> Iterator[Run]:
    """Open a run; close it as done, late (a source's fault) or failed (ours, and the error goes on).

    The work is held by a session lock of the database, named after kind and subject: a second process gets
    AlreadyRunning, and a run still marked "running" while its lock is free was cut off, so it is marked
    interrupted. The lock goes with its connection: nothing is left behind by a killed process.
    """
    name = f"{kind} {subject}"
    if not _lock(name):
        raise AlreadyRunning(f"{name} is already running elsewhere")
    try:
        Run.objects.filter(kind=kind, subject=subject, state=Run.State.RUNNING).update(
            state=Run.State.INTERRUPTED,
            finished_at=timezone.now(),
            error="The process ended before its work did.",
        )
        run = Run.objects.create(kind=kind, subject=subject, **fields)
        try:
            yield run
        except SourceUnavailable as error:
            _close(run, Run.State.LATE, str(error))
            log.warning("%s is late: %s", name, error)
        except BaseException as error:
            _close(run, Run.State.FAILED, "".join(traceback.format_exception_only(error)).strip())
            raise
        else:
            _close(run, Run.State.DONE)
    finally:
        _unlock(name)


def progress(run: Run) -> None:
    """Save the run's counts so far, for people who look at it now."""
    run.save(update_fields=["total", "fetched", "new", "changed", "same", "rejected", "rejections", "note"])


def reject(run: Run, rejected: list[Rejected] | tuple[Rejected, ...]) -> None:
    """Count what could not be taken and keep the first reasons."""
    run.rejected += len(rejected)
    run.rejections = (run.rejections + [list(r) for r in rejected])[:KEPT_REJECTIONS]


def _close(run: Run, state: Run.State, error: str = "") -> None:
    run.state, run.error, run.finished_at = state, error, timezone.now()
    run.save()


def _lock(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"listkeeper run {name}"])
        return bool(cursor.fetchone()[0])


def _unlock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"listkeeper run {name}"])
