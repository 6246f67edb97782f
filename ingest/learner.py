"""The learner: a process that learns from each decision in a moment, while the curator reads the next title.

It listens to what decisions tell on commit, holds the lists that are being worked on (learnerstate.py), and first
writes what a reader can see. It computes with stored vectors and never loads an encoder; where one is needed it asks
a worker to train, which is what happens, too, where no learner lives. Of several one leads: a session lock of the
database tells, and goes with its connection.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import psycopg
from django.db import DatabaseError, connection
from django.utils import timezone

from ingest import learnerrows, learning, runs
from ingest.classifier import lexicon as lexicons
from ingest.classifier import training
from ingest.classifier.heads import HeadError
from ingest.learnerstate import CannotLearn, Lesson, ListState
from ingest.models import Head
from papers.models import PaperList

log = logging.getLogger(__name__)

CHANNEL = "listkeeper_decisions"
STAND_BY = 5.0  # seconds between two looks whether there is a leader
FORGOTTEN_AFTER = 900.0  # seconds without a decision after which a list is read anew
REFRESHED_EVERY = 10.0  # seconds between two looks for papers that came to a queue
CALM = timedelta(minutes=1)  # without a new version: what is not written by then, a worker writes
CHUNK = 500  # rows written at once: a decision waits for no more
MOST_LISTS = 4  # held at once: some 300 MB each for a list with much evidence

_LOCK = 0x4C4B_0003  # "LK": the learner

Ask = Callable[[str], object]  # a worker to train this list


def tell(slug: str) -> None:
    """Tell the learner of a decision on this list, once the transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, slug])


def lives() -> bool:
    """Say whether some learner leads, on this machine or another one."""
    return _ask(
        "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = 0"
        " AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )


def is_writing(paper_list: PaperList) -> bool:
    """Say whether a learner may be about to write what the list's newest head says; a worker need not do it, too."""
    newest = paper_list.heads.only("trained_at").first()
    return newest is not None and timezone.now() - newest.trained_at < CALM and lives()


class Learner:
    """The lists in hand, and what is still to be written of each."""

    def __init__(self, ask_for_training: Ask) -> None:
        self._ask_for_training = ask_for_training
        self._states: dict[str, ListState] = {}
        self._used: dict[str, float] = {}
        self._unfinished: dict[str, tuple[Lesson, learnerrows.Ints]] = {}  # and the rows that are
        self._untold: list[Lesson] = []  # whose figures nobody has told yet
        self._in_vain: dict[str, int] = {}  # with which version of its head a list could not be read
        self._refreshed_at = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._unfinished or self._untold)

    def prepare(self) -> None:
        """Read the list that is being decided on, so that its next decision need not wait; once a head, if in vain."""
        since = timezone.now() - timedelta(seconds=FORGOTTEN_AFTER)
        lately = PaperList.objects.filter(decisions__at__gt=since).order_by("-decisions__id").first()
        newest = None if lately is None else lately.heads.only("version").first()
        if lately is None or newest is None or self._in_vain.get(lately.slug) == newest.version:
            return
        try:
            self._state(lately.slug)
        except (CannotLearn, HeadError, learning.NoHead) as reason:
            log.info("%s: cannot be read before a worker has trained (%s)", lately.slug, reason)
            self._in_vain[lately.slug] = newest.version

    def learn(self, slug: str) -> Lesson | None:
        """Learn what was decided on this list; where that takes more than this process has, ask a worker."""
        began = time.monotonic()
        try:
            state = self._state(slug)
            self._used[slug] = time.monotonic()
            lesson = state.learn() if state is not None else None
        except (CannotLearn, HeadError, learning.NoHead) as reason:
            log.info("%s: a worker trains (%s)", slug, reason)
            self._forget(slug)
            self._ask_for_training(slug)
            return None
        except BaseException:
            self._forget(slug)  # it may be half changed
            raise
        if lesson is not None:
            self._unfinished[slug] = lesson, lesson.unwritten
            self._untold.append(lesson)
            log.info("%s: %s learned in %.2f s", slug, lesson.version, time.monotonic() - began)
        return lesson

    def go_on(self) -> None:
        """Write one chunk more of what the newest versions say; when all is written, the figures of a version."""
        if not self._unfinished:
            _tell_figures(self._untold.pop(0))
            return
        slug, (lesson, rows) = next(iter(self._unfinished.items()))
        paper_list = self._states[slug].list
        if len(rows) and not paper_list.heads.filter(version__gt=lesson.version.version).exists():
            learnerrows.write(paper_list, lesson.answers, rows[:CHUNK])
            self._unfinished[slug] = lesson, rows[CHUNK:]
        else:
            del self._unfinished[slug]

    def rest(self) -> None:
        """Look for new papers, and forget lists that nobody works on."""
        now = time.monotonic()
        for slug in [slug for slug, used in self._used.items() if now - used > FORGOTTEN_AFTER]:
            self._forget(slug)
        if now - self._refreshed_at >= REFRESHED_EVERY:
            self._refreshed_at = now
            self.prepare()
            for state in self._states.values():
                state.refresh()

    def _state(self, slug: str) -> ListState | None:
        """Return the list in hand, read where it is not or where a training has made a head of its own meanwhile."""
        state = self._states.get(slug)
        if state is not None and _is_current(state):
            return state
        self._forget(slug)
        paper_list = PaperList.objects.filter(slug=slug).first()
        if paper_list is None:
            return None
        while len(self._states) >= MOST_LISTS:
            self._forget(min(self._states, key=lambda each: self._used.get(each, 0.0)))
        began = time.monotonic()
        self._states[slug] = ListState(paper_list)
        self._used[slug] = time.monotonic()
        log.info("%s: read in %.1f s", slug, time.monotonic() - began)
        return self._states[slug]

    def _forget(self, slug: str) -> None:
        for held in (self._states, self._used, self._unfinished):
            held.pop(slug, None)


def run(ask_for_training: Ask, is_stopped: Callable[[], bool]) -> None:
    """Lead, as soon as nobody else does, and learn until we are told to stop."""
    with _on_one_thread():
        _run(ask_for_training, is_stopped)


def _run(ask_for_training: Ask, is_stopped: Callable[[], bool]) -> None:
    while not is_stopped():
        try:
            runs.notice_lost_machines()
            if _ask("SELECT pg_try_advisory_lock(%s)"):
                log.info("This learner leads.")
                _lead(Learner(ask_for_training), is_stopped)
            else:
                time.sleep(STAND_BY)
        except (DatabaseError, psycopg.Error) as error:
            log.warning("the learner waits for the database: %s", error)
            connection.close()  # and with it the lock
            time.sleep(1.0)
    connection.close()


def _on_one_thread() -> AbstractContextManager[object]:
    """Compute on one thread: what a decision costs waits for memory, not for the processor.

    Two threads took twice the processor time of one, and longer by the clock wherever something else runs, as the
    site and the database do here.
    """
    import scipy.linalg  # noqa: F401  (its BLAS is its own, and must be there to be told)
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")  # type: ignore[no-any-return]


def _lead(learner: Learner, is_stopped: Callable[[], bool]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
        # No wait for the disk: what goes with the power is learned again of the decisions, which did wait.
        cursor.execute("SET synchronous_commit TO off")
    for slug in PaperList.objects.values_list("slug", flat=True):  # what was decided while nobody led
        if learning.has_news(PaperList.objects.get(slug=slug)):
            learner.learn(slug)
    learner.prepare()
    while not is_stopped():
        told = _told(0.0 if learner.is_busy else 1.0)
        for slug in told:
            learner.learn(slug)
        if not told:
            if learner.is_busy:
                learner.go_on()
            else:
                learner.rest()


def _told(wait: float) -> list[str]:
    """Return the lists that were decided on, each once; wait so many seconds for the first."""
    found: list[str] = []
    for notify in connection.connection.notifies(timeout=wait, stop_after=1):
        found.append(notify.payload)
    if found:
        found += [notify.payload for notify in connection.connection.notifies(timeout=0)]
    return list(dict.fromkeys(found))


def _is_current(state: ListState) -> bool:
    """Say whether nothing was learned since by others: the newer versions, if any, are older ones that speak again."""
    newer = state.list.heads.filter(version__gt=state.version.version).exclude(meta__has_key="again")
    return not newer.exists()


def _tell_figures(lesson: Lesson) -> None:
    """Store what a version is told by: its figures, and of what it learned."""
    found = lesson.examples
    Head.objects.filter(pk=lesson.version.pk).update(
        examples_hash=found.hash(lesson.version.encoder, lexicons.load().name, training.RECIPE),
        metrics=learning.own_metrics(found, lesson.held_out, lesson.sure_from),
    )


def _ask(sql: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_LOCK] if "%s" in sql else [])
        return bool(cursor.fetchone()[0])
