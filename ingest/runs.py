"""The run ledger: every piece of work is a row that people can read, whatever happens to its process.

Whether a process is still at a run is told by the database: it holds a session lock named after the run's id, which
goes with its connection however it dies. `sweep` finds the runs that say "running" while nobody holds their lock.
"""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, NoReturn

from billiard.exceptions import SoftTimeLimitExceeded
from celery import signature
from celery.canvas import Signature
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from ingest.models import Run
from ingest.sources import SourceUnavailable
from papers.records import Rejected

log = logging.getLogger(__name__)

KEPT_REJECTIONS = 100
MOST_DEATHS = 3  # processes in a row that die of the same work before it is left alone
FIRST_PAUSE = timedelta(minutes=15)  # after the first failure; each one more in a row doubles it
LONGEST_PAUSE = timedelta(days=1)
PAUSE_AFTER_DEATHS = timedelta(minutes=1)  # where several share the work; each death more in a row doubles it

# Several processes may be at this work at once; they share it out by claims, and poison is parked paper by paper.
SHARED = (Run.Kind.EMBED,)
# Nobody but a person starts these, so nobody tries them again by itself.
BY_HAND = (Run.Kind.INGEST, Run.Kind.TRY)
_WENT_WRONG = (Run.State.LATE, Run.State.FAILED)

_RUN_LOCKS = 0x4C4B52  # "LKR": the first half of the lock of a run, whose id is the other
_DIED = "The process ended before its work did."


class AlreadyRunning(Exception):
    """Another process is at this very work."""


class Cancelled(Exception):
    """A person asked for this run to stop."""


# Exceptions that say nothing of the work in hand, whatever it is: nothing is to be parked for them.
NOT_THE_WORK = (Cancelled, SoftTimeLimitExceeded, OperationalError, InterfaceError)


class CannotRepeat(Exception):
    """This run is not done again from here; the message says why."""


@contextmanager
def open(kind: str, subject: str = "", longest_pause: timedelta = LONGEST_PAUSE, **fields: Any) -> Iterator[Run]:
    """Open a run; close it as what its end says.

    done          the block came to its end
    late          SourceUnavailable, which ends here; tried again after a pause that grows, up to `longest_pause`
    cancelled     Cancelled, which ends here
    interrupted   somebody stopped the process, its time was over, or the database went away; goes on
    failed        any other exception, told in `error`; goes on

    Unless several processes share this kind of work, it is held by a lock of kind and subject, and a second process
    gets AlreadyRunning. SIGTERM ends the block like Ctrl-C where nobody else listens for it.
    """
    name = f"{kind} {subject}"
    with nullcontext() if kind in SHARED else alone(name):
        run = _begin(kind, subject, fields)
        try:
            with _sigterm_stops():
                yield run
        except Cancelled:
            _close(run, Run.State.CANCELLED, note=f"A person stopped it after {run.fetched}; what came is kept.")
        except SourceUnavailable as error:
            log.warning("%s is late: %s", name, error)
            _close(run, Run.State.LATE, str(error), next_try=_after_failure(run, longest_pause, error.retry_after))
        except (KeyboardInterrupt, SystemExit, SoftTimeLimitExceeded) as stop:
            _close(run, Run.State.INTERRUPTED, note=_words(stop), next_try=timezone.now())
            raise
        except BaseException as error:
            if _database_is_gone(error):
                _close(run, Run.State.INTERRUPTED, note=f"The database went away: {error}", next_try=timezone.now())
            else:
                told = "".join(traceback.format_exception_only(error)).strip()
                _close(run, Run.State.FAILED, told, next_try=_after_failure(run, longest_pause))
            raise
        else:
            _close(run, Run.State.DONE)
        finally:
            _let_go(run)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold a lock of this name, which goes with the connection; raise AlreadyRunning when another process has it."""
    notice_lost_machines()
    if not _ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"listkeeper run {name}"]):
        raise AlreadyRunning(f"{name} is already running elsewhere")
    try:
        yield
    finally:
        with suppress(DatabaseError):
            _ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"listkeeper run {name}"])


def save(run: Run) -> None:
    """Save the run's counts, inside the transaction of what is counted: then a killed process has not miscounted."""
    run.save(update_fields=_COUNTS)


def progress(run: Run) -> None:
    """Save the run's counts for people who look at it now; raise Cancelled when one of them asked for its end."""
    save(run)
    if Run.objects.filter(pk=run.pk, cancel_asked=True).exists():
        raise Cancelled


def room(run: Run, limit: int | None, chunk: int) -> int:
    """Return how many the run may take at once: a chunk, or what its limit leaves."""
    return chunk if limit is None else min(chunk, limit - run.fetched)


def reject(run: Run, rejected: list[Rejected] | tuple[Rejected, ...]) -> None:
    """Count what could not be taken and keep the first reasons."""
    run.rejected += len(rejected)
    run.rejections = (run.rejections + [list(r) for r in rejected])[:KEPT_REJECTIONS]


def sweep() -> int:
    """Close the runs whose process died, as interrupted or parked; return how many.

    One query when there is none, so pages may ask. Safe for any number of processes at once.
    """
    held = RawSQL(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [_RUN_LOCKS],
    )
    dead = Run.objects.filter(state=Run.State.RUNNING).exclude(pk__in=held)
    return sum(_bury(run) for run in dead)


def newest(kind: str, subject: str) -> Run | None:
    """Return the last run of this work, which is running only if its process lives."""
    found = Run.objects.filter(kind=kind, subject=subject).first()
    if found is not None and found.state == Run.State.RUNNING and sweep():
        found.refresh_from_db()
    return found


def is_on_hold(kind: str, subject: str) -> bool:
    """Say whether this work is not to be started now: it is running, parked, or to be tried again later."""
    last = newest(kind, subject)
    if last is None:
        return False
    if last.state == Run.State.RUNNING:
        return kind not in SHARED
    if last.next_try is None:
        return last.state == Run.State.PARKED
    return last.next_try > timezone.now()


def cancel(run: Run) -> bool:
    """Ask a run to stop at its next page; return whether it was still running."""
    sweep()
    return bool(Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(cancel_asked=True))


def again(run: Run) -> Signature[Any]:
    """Note that a person wants the work of this run done again now; return the task to send for it.

    The note is enough: without the task, the schedule finds the work within a minute or so. Raise CannotRepeat when
    it is running, or when what it worked on is not here any more.
    """
    task = _task(run)
    last = newest(run.kind, run.subject)
    if last is not None and last.state == Run.State.RUNNING and run.kind not in SHARED:
        raise CannotRepeat(f"{run.kind} {run.subject} is running right now")
    wanted_now(run.kind, run.subject)
    return task


def wanted_now(kind: str, subject: str) -> None:
    """Note that a person wants this work done now, whatever became of it: parked, late, or done."""
    last = newest(kind, subject)
    if last is not None:
        Run.objects.filter(pk=last.pk).exclude(state=Run.State.RUNNING).update(next_try=timezone.now())


def is_parked(kind: str, subject: str) -> bool:
    """Say whether this work killed whoever did it, and no person wants it done again."""
    last = newest(kind, subject)
    return last is not None and last.state == Run.State.PARKED and last.next_try is None


_COUNTS = ["pages", "total", "fetched", "new", "changed", "same", "rejected", "rejections", "details", "note"]


def _task(run: Run) -> Signature[Any]:
    """Return the task that does the work of this run."""
    if run.topic is not None:
        if run.kind == Run.Kind.TRY:
            return signature("ingest.tasks.try_topic", (run.topic.pk,))
        days = [str(day) for day in (run.since, run.until) if day] if _is_by_hand(run) else []
        return signature("ingest.tasks.pull_now", (run.topic.pk, *days))
    match run.kind:
        case Run.Kind.EMBED | Run.Kind.PLACE:
            return signature(f"ingest.tasks.{run.kind}")
        case Run.Kind.CLASSIFY | Run.Kind.TRAIN:
            return signature(f"ingest.tasks.{run.kind}", (run.subject,))
        case Run.Kind.ENRICH:
            return signature("ingest.tasks.enrich")
        case Run.Kind.PULL if run.since is None:
            return signature("ingest.tasks.look_up_listed")
        case Run.Kind.INGEST:
            raise CannotRepeat(f"{run.subject} was a file: give it to `manage.py ingest_file` again")
        case _:
            raise CannotRepeat(f"what {run.subject} worked on is not here any more")


def _is_by_hand(run: Run) -> bool:
    """Say whether a person asked for days in the past, which no schedule will ask for."""
    return run.until is not None and run.until < run.started_at.date()


def _begin(kind: str, subject: str, fields: dict[str, Any]) -> Run:
    """Write the row and take its lock; nobody sees the one without the other."""
    notice_lost_machines()
    sweep()
    with transaction.atomic():
        run = Run.objects.create(kind=kind, subject=subject, attempt=_attempt(kind, subject), **fields)
        _ask("SELECT pg_advisory_lock(%s, %s)", [_RUN_LOCKS, run.pk])
    return run


def _attempt(kind: str, subject: str) -> int:
    """Return 1 + the processes in a row that died of this work without getting anywhere."""
    last = Run.objects.filter(kind=kind, subject=subject).first()
    if last is None or last.state != Run.State.INTERRUPTED or last.pages:
        return 1
    was_stopped = last.error == ""  # by somebody: that is no death, and no sign of life either
    return last.attempt if was_stopped else last.attempt + 1


def _bury(run: Run) -> bool:
    """Close a run whose process died; return whether nobody else had."""
    now = timezone.now()
    in_vain = run.attempt if run.pages == 0 else 0
    if in_vain >= MOST_DEATHS and run.kind not in SHARED:
        said = f"{_DIED} It was the {MOST_DEATHS}rd in a row that got nowhere: only a person starts it again."
        closed = _buried(run, state=Run.State.PARKED, error=said)
    else:
        # One more than its papers are parked after: something else kills whoever is at shared work.
        too_many = in_vain - MOST_DEATHS
        pause = _pause(too_many, first=PAUSE_AFTER_DEATHS) if too_many > 0 else timedelta()
        next_try = None if run.kind in BY_HAND else now + pause
        closed = _buried(run, state=Run.State.INTERRUPTED, error=_DIED, next_try=next_try)
    if closed:
        log.warning("%s %s (run %s): its process died", run.kind, run.subject, run.pk)
    return closed


def _buried(run: Run, **fields: Any) -> bool:
    return bool(_still_running(run).update(finished_at=timezone.now(), **fields))


def _close(run: Run, state: Run.State, error: str = "", note: str = "", next_try: datetime | None = None) -> None:
    """Write how the run ended, unless it was given up for dead meanwhile; without a database, `sweep` will."""
    run.state, run.error, run.finished_at = state, error, timezone.now()
    run.note = note or run.note
    run.next_try = None if run.kind in BY_HAND else next_try
    names = [*_COUNTS, "state", "error", "finished_at", "next_try"]
    try:
        _reconnect()
        _still_running(run).update(**{name: getattr(run, name) for name in names})
    except DatabaseError as gone:
        log.error("how run %s ended (%s) could not be written: %s", run.pk, state, gone)


def _still_running(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(pk=run.pk, state=Run.State.RUNNING)


def _after_failure(run: Run, longest: timedelta, wanted: float | None = None) -> datetime | None:
    """Return when to try again: after a pause that doubles with each failure in a row, or as the source said."""
    try:
        _reconnect()
        states = (
            Run.objects.filter(kind=run.kind, subject=run.subject, pk__lt=run.pk)
            .exclude(state=Run.State.INTERRUPTED)
            .values_list("state", flat=True)[:20]
        )
        earlier = len(list(takewhile(lambda state: state in _WENT_WRONG, states)))
    except DatabaseError:
        earlier = 0
    return timezone.now() + max(_pause(earlier + 1, longest), timedelta(seconds=wanted or 0))


def _pause(failures: int, longest: timedelta = LONGEST_PAUSE, first: timedelta = FIRST_PAUSE) -> timedelta:
    pause: timedelta = first * 2 ** (failures - 1)
    return min(pause, longest)


def _words(stop: BaseException) -> str:
    if isinstance(stop, SoftTimeLimitExceeded):
        return "Its time was over; what came is kept, and the next run goes on."
    return "It was stopped; what came is kept, and the next run goes on."


@contextmanager
def _sigterm_stops() -> Iterator[None]:
    is_main = threading.current_thread() is threading.main_thread()
    is_ours = is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if is_ours:
        signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(*_: Any) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def _database_is_gone(error: BaseException) -> bool:
    """Say whether an error means a lost connection, which may be another one than ours, as that of a pace."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)  # none, where no server was left to say why
    return state is None or state.startswith(("08", "57P"))  # connection exceptions, the server's shutdown


def _reconnect() -> None:
    """Have a connection that answers: the old one may be lost, or have been stopped in the middle of a statement."""
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()


def _let_go(run: Run) -> None:
    with suppress(DatabaseError):
        _ask("SELECT pg_advisory_unlock(%s, %s)", [_RUN_LOCKS, run.pk])


def notice_lost_machines() -> None:
    """Let the server notice within a minute that our machine is gone, not within TCP's two hours."""
    _ask(
        "SELECT set_config('tcp_keepalives_' || name, value, false)"
        " FROM (VALUES ('idle', '30'), ('interval', '10'), ('count', '3')) AS given (name, value)"
    )


def _ask(sql: str, values: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return row and row[0]
