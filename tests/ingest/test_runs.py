"""The run ledger tells the truth, whatever happens to the work."""

import threading

import pytest
from django.db import connection, connections

from ingest import runs
from ingest.models import Run
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
