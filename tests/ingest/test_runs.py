"""The run ledger tells the truth, whatever happens to the work."""

import os
import signal
import threading
from datetime import date, timedelta

import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import connection, connections
from django.utils import timezone

from ingest import pipeline, runs, tasks
from ingest.models import Run, Topic
from ingest.sources import SourceUnavailable
from papers.records import Rejected

pytestmark = pytest.mark.django_db


def test_work_that_ends_is_done():
    with runs.open(Run.Kind.PULL, "a topic") as run:
        run.fetched = 3
    run = Run.objects.get()
    assert (run.state, run.fetched) == ("done", 3)
    assert run.finished_at >= run.started_at


def test_an_outage_is_late_and_no_crash():
    with runs.open(Run.Kind.PULL, "a topic"):
        raise SourceUnavailable("arXiv answered 503")
    run = Run.objects.get()
    assert (run.state, run.error) == ("late", "arXiv answered 503")


def test_our_own_error_is_failed_and_goes_on():
    with pytest.raises(ZeroDivisionError), runs.open(Run.Kind.PULL, "a topic"):
        1 / 0  # noqa: B018
    run = Run.objects.get()
    assert run.state == "failed"
    assert "ZeroDivisionError" in run.error


def test_a_run_that_was_cut_off_is_marked_when_any_work_begins():
    dead = Run.objects.create(kind=Run.Kind.PULL, subject="a topic")
    with runs.open(Run.Kind.PULL, "another topic") as alive:
        dead.refresh_from_db()
        assert dead.state == "interrupted"
        assert runs.sweep() == 0
        alive.refresh_from_db()
        assert alive.state == "running"


@pytest.mark.django_db(transaction=True)
def test_the_same_work_does_not_run_twice_at_once():
    outcomes = []

    def second():
        try:
            with runs.open(Run.Kind.PULL, "a topic"):
                outcomes.append("ran")
        except runs.AlreadyRunning:
            outcomes.append("refused")
        finally:
            connections.close_all()

    with runs.open(Run.Kind.PULL, "a topic"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert outcomes == ["refused"]
    with runs.open(Run.Kind.PULL, "a topic"):
        pass
    assert list(Run.objects.values_list("state", flat=True)) == ["done", "done"]


def test_only_the_first_hundred_rejections_are_kept_but_all_are_counted():
    with runs.open(Run.Kind.INGEST, "a file") as run:
        for line in range(250):
            runs.reject(run, [Rejected(f"line {line}", "no title")])
    run = Run.objects.get()
    assert run.rejected == 250
    assert len(run.rejections) == 100
    assert run.rejections[0] == ["line 0", "no title"]


def test_the_database_refuses_a_state_that_does_not_exist():
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Run.objects.create(kind=Run.Kind.PULL, state="happy")
    assert connection.needs_rollback


# --- deaths ---------------------------------------------------------------------------------------------------


def die(kind=Run.Kind.PULL, subject="a topic", pages=0) -> Run:
    """Leave a run as a killed process leaves it: its row says running, and nobody holds its lock."""
    run = Run.objects.create(kind=kind, subject=subject, attempt=runs._attempt(kind, subject), pages=pages)
    assert runs.sweep() == 1
    run.refresh_from_db()
    return run


def test_the_third_process_in_a_row_that_dies_of_the_same_work_parks_it():
    assert [(run.state, run.attempt) for run in (die(), die(), die())] == [
        ("interrupted", 1),
        ("interrupted", 2),
        ("parked", 3),
    ]
    assert runs.is_on_hold(Run.Kind.PULL, "a topic")
    assert not runs.is_on_hold(Run.Kind.PULL, "another topic")


def test_a_page_is_a_sign_of_life():
    assert [run.state for run in (die(), die(), die(pages=1), die(), die())] == ["interrupted"] * 5
    assert die().state == "parked"


def test_being_stopped_is_no_death_and_no_sign_of_life():
    die()
    die()
    with pytest.raises(SystemExit), runs.open(Run.Kind.PULL, "a topic"):
        raise SystemExit
    assert die().state == "parked"


def test_what_is_parked_is_done_again_only_when_a_person_says_so():
    for _ in range(3):
        parked = die()
    assert runs.is_parked(Run.Kind.PULL, "a topic")
    runs.wanted_now(Run.Kind.PULL, "a topic")
    parked.refresh_from_db()
    assert parked.state == "parked"
    assert not runs.is_on_hold(Run.Kind.PULL, "a topic")
    assert die().attempt == 1, "and it has its three lives again"


def test_shared_work_is_not_parked_but_waits_when_it_kills_whoever_begins_it():
    deaths = [die(Run.Kind.EMBED, "a model") for _ in range(4)]
    assert [run.state for run in deaths] == ["interrupted"] * 4
    now = timezone.now()
    assert [run.next_try > now + timedelta(seconds=30) for run in deaths] == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_a_run_is_alive_as_long_as_its_connection():
    begun, over = threading.Event(), threading.Event()
    work = runs.open(Run.Kind.PULL, "a topic")

    def elsewhere():
        work.__enter__()
        begun.set()
        over.wait(10)
        connection.close()  # as when the process is killed

    thread = threading.Thread(target=elsewhere)
    thread.start()
    begun.wait(10)
    assert runs.sweep() == 0
    over.set()
    thread.join()
    deadline = timezone.now() + timedelta(seconds=10)
    while not runs.sweep():
        assert timezone.now() < deadline, "the server has not noticed"
    assert Run.objects.get().state == "interrupted"


# --- stops ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit(1), SoftTimeLimitExceeded()], ids=repr)
def test_a_run_that_is_stopped_says_so_and_is_due_at_once(stop):
    with pytest.raises(type(stop)), runs.open(Run.Kind.PULL, "a topic"):
        raise stop
    run = Run.objects.get()
    assert (run.state, run.error) == ("interrupted", "")
    assert "what came is kept" in run.note
    assert run.next_try <= timezone.now()


def test_sigterm_ends_a_run_in_order():
    with pytest.raises(SystemExit), runs.open(Run.Kind.PULL, "a topic"):
        os.kill(os.getpid(), signal.SIGTERM)
    assert Run.objects.get().state == "interrupted"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_database_went_away_is_interrupted():
    def elsewhere(pid):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    from django.db import OperationalError

    with pytest.raises(OperationalError), runs.open(Run.Kind.PULL, "a topic") as run:
        thread = threading.Thread(target=elsewhere, args=[connection.connection.info.backend_pid])
        thread.start()
        thread.join()
        runs.progress(run)
    run = Run.objects.get()
    assert (run.state, run.error) == ("interrupted", "")
    assert "The database went away" in run.note


@pytest.mark.django_db(transaction=True)
def test_another_connection_that_was_lost_is_no_failure_of_the_work():
    """The pace towards a host has a connection of its own, which may be the first to notice."""
    from django.db import OperationalError

    other = connection.copy()
    with pytest.raises(OperationalError), runs.open(Run.Kind.PULL, "a topic"), other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    other.close()
    assert Run.objects.get().state == "interrupted"


def test_a_person_stops_a_run_at_its_next_page():
    with runs.open(Run.Kind.PULL, "a topic") as run:
        runs.progress(run)
        assert runs.cancel(run)
        run.fetched = 5
        runs.progress(run)
        pytest.fail("it went on")
    run = Run.objects.get()
    assert (run.state, run.fetched) == ("cancelled", 5)
    assert not runs.cancel(run), "it is over"


# --- next tries -----------------------------------------------------------------------------------------------


def late(retry_after=None, longest=timedelta(days=1)) -> timedelta:
    """Return the pause after a run that was late."""
    error = SourceUnavailable("503")
    error.retry_after = retry_after
    with runs.open(Run.Kind.PULL, "a topic", longest):
        raise error
    run = Run.objects.first()
    return run.next_try - run.finished_at


def about(**duration) -> "pytest.approx":
    return pytest.approx(timedelta(**duration), abs=timedelta(seconds=2))


def test_pauses_grow_with_each_failure_in_a_row_up_to_the_longest():
    longest = timedelta(hours=1)
    pauses = [late(longest=longest) for _ in range(4)]
    assert pauses == [about(minutes=15), about(minutes=30), about(hours=1), about(hours=1)]
    with runs.open(Run.Kind.PULL, "a topic"):
        pass
    assert late() == about(minutes=15)


def test_a_source_that_says_when_is_not_asked_before():
    assert late(retry_after=7200) == about(hours=2)
    assert late(retry_after=1) == about(minutes=30)


def test_what_a_person_started_is_not_tried_again_by_itself():
    with pytest.raises(ZeroDivisionError), runs.open(Run.Kind.INGEST, "a file"):
        1 / 0  # noqa: B018
    assert Run.objects.get().next_try is None


# --- again ----------------------------------------------------------------------------------------------------


@pytest.fixture
def topic() -> Topic:
    return Topic.objects.create(slug="caches", source="arxiv", query="x")


def test_a_pull_that_is_repeated_is_due_even_if_no_message_comes_through(topic):
    with runs.open(Run.Kind.PULL, topic.slug, topic=topic):
        raise SourceUnavailable("503")
    assert not pipeline.is_due(topic)
    task = runs.again(Run.objects.get())
    assert (task.task, task.args) == ("ingest.tasks.pull_now", (topic.pk,))
    assert pipeline.is_due(topic)


def test_a_pull_of_days_in_the_past_is_repeated_with_its_days(topic):
    days = {"since": date(2020, 1, 1), "until": date(2020, 1, 31)}
    with runs.open(Run.Kind.PULL, topic.slug, topic=topic, **days):
        raise SourceUnavailable("503")
    assert runs.again(Run.objects.get()).args == (topic.pk, "2020-01-01", "2020-01-31")


@pytest.mark.parametrize(
    ("kind", "subject", "task"),
    [
        (Run.Kind.EMBED, "a model", ("ingest.tasks.embed", ())),
        (Run.Kind.CLASSIFY, "a-list", ("ingest.tasks.classify", ("a-list",))),
        (Run.Kind.TRAIN, "a-list", ("ingest.tasks.train", ("a-list",))),
        (Run.Kind.ENRICH, "semantic_scholar", ("ingest.tasks.enrich", ())),
        (Run.Kind.PULL, "papers listed in a-list", ("ingest.tasks.look_up_listed", ())),
    ],
)
def test_every_kind_of_work_has_its_task(kind, subject, task):
    with pytest.raises(ZeroDivisionError), runs.open(kind, subject):
        1 / 0  # noqa: B018
    assert runs.is_on_hold(kind, subject)
    found = runs.again(Run.objects.get())
    assert (found.task, found.args) == task
    assert found.task == getattr(tasks, found.task.rpartition(".")[2]).name, "no worker knows it"
    assert not runs.is_on_hold(kind, subject)


def test_what_runs_right_now_is_not_repeated(topic):
    with runs.open(Run.Kind.PULL, topic.slug, topic=topic) as run, pytest.raises(runs.CannotRepeat, match="right now"):
        runs.again(run)


def test_a_file_is_not_repeated():
    with runs.open(Run.Kind.INGEST, "papers.jsonl") as run:
        pass
    with pytest.raises(runs.CannotRepeat, match="ingest_file"):
        runs.again(run)


def test_a_topic_that_is_gone_is_not_repeated(topic):
    with runs.open(Run.Kind.PULL, topic.slug, topic=topic, since=date(2026, 1, 1)):
        pass
    topic.delete()
    with pytest.raises(runs.CannotRepeat, match="not here any more"):
        runs.again(Run.objects.get())
