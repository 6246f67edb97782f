from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, connections, transaction

from ingest.models import HostPace
from ingest.sources import SourceUnavailable, pace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

DELAY = 0.1


def take_turns(host: str, turns: int, delay: float, busy: float = 0.0) -> list[tuple[float, float]]:
    times = []
    for _ in range(turns):
        with pace.turn(host, delay) as turn:
            turn.sent()
            began = time.time()
            time.sleep(busy)
            times.append((began, time.time()))
    return times


PROCESS = """
import sys, time, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from ingest.sources import pace
with pace.turn("shared", 1.0):
    print(time.time(), flush=True)
    time.sleep(600)
"""


def gaps(starts: list[float]) -> list[float]:
    starts = sorted(starts)
    return [later - earlier for earlier, later in pairwise(starts)]


def own_statement(sql: str, values: list[Any] | None = None) -> Any:
    with closing(connection.copy()) as own, own.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def store_next(host: str, moment: datetime) -> None:
    own_statement(f"INSERT INTO {HostPace._meta.db_table} (host, next_at) VALUES (%s, %s)", [host, moment])


class TestGap:
    def test_it_is_kept_from_start_to_start(self):
        starts = [began for began, _ in take_turns("here", 4, DELAY, busy=DELAY / 3)]
        assert all(DELAY <= gap < DELAY + 1 for gap in gaps(starts))

    def test_a_long_request_is_not_followed_by_another_pause(self):
        ((_, ended), (began, _)) = take_turns("here", 2, delay=0.5, busy=0.55)
        assert began - ended < 0.4

    def test_it_is_counted_from_when_the_request_was_sent(self):
        sent = []
        for connecting in (0.2, 0.0):  # the second one is quicker to connect
            with pace.turn("here", DELAY) as turn:
                time.sleep(connecting)
                turn.sent()
                sent.append(time.monotonic())
        assert sent[1] - sent[0] >= DELAY

    def test_it_is_counted_from_the_answer_when_that_came_soon(self):
        with pace.turn("here", DELAY) as turn:
            turn.sent()
            time.sleep(0.1)  # the request waits in a queue of the host's
            turn.answered()
            answered = time.monotonic()
            time.sleep(0.3)
        assert turn.passed() >= 0.3
        take_turns("here", 1, DELAY)
        assert time.monotonic() - answered >= DELAY

    def test_it_is_counted_from_the_end_of_a_request_that_nobody_saw_sent(self):
        with pace.turn("here", DELAY):
            time.sleep(0.1)
            ended = time.monotonic()
        take_turns("here", 1, DELAY)
        assert time.monotonic() - ended >= DELAY

    def test_it_is_kept_when_the_request_failed(self):
        started = time.monotonic()
        with pytest.raises(ValueError), pace.turn("here", DELAY):
            raise ValueError
        take_turns("here", 1, DELAY)
        assert time.monotonic() - started >= DELAY

    def test_hosts_do_not_wait_for_each_other(self):
        with pace.turn("one", 30):
            began = time.monotonic()
            take_turns("another", 1, 30)
        assert time.monotonic() - began < 1

    def test_it_is_kept_between_threads_with_one_in_flight(self):
        times: list[tuple[float, float]] = []

        def work() -> None:
            times.extend(take_turns("here", 3, 0.05, busy=0.08))
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        times.sort()
        assert len(times) == 9
        assert all(ended <= later for (_, ended), (later, _) in pairwise(times))

    def test_a_killed_process_gives_its_turn_back_and_the_gap_is_kept(self):
        name = connection.settings_dict["NAME"]
        other = subprocess.Popen([sys.executable, "-c", PROCESS, name], stdout=subprocess.PIPE, text=True)
        assert other.stdout
        began = float(other.stdout.readline())
        other.kill()
        other.wait()
        with pace.turn("shared", 1.0):
            waited = time.time() - began
        assert 1.0 <= waited < 5


class TestTransactions:
    def test_a_turn_inside_a_transaction_is_seen_by_all_at_once(self):
        with transaction.atomic(), pace.turn("here", 5):
            row = own_statement(f"SELECT 1 FROM {HostPace._meta.db_table} WHERE host = 'here'")
        assert row

    def test_the_callers_transaction_is_neither_committed_nor_broken(self):
        HostPace.objects.create(host="of the caller", next_at=datetime.now(UTC))
        take_turns("here", 1, 0)
        assert not own_statement(f"SELECT 1 FROM {HostPace._meta.db_table} WHERE host = 'of the caller'")
        assert HostPace.objects.filter(host="of the caller").exists()

    def test_nobody_holds_a_transaction_while_waiting(self):
        def wait_in_line() -> None:
            take_turns("here", 1, 0.3, busy=0.2)
            connections.close_all()

        threads = [threading.Thread(target=wait_in_line) for _ in range(3)]
        for thread in threads:
            thread.start()
        held = []
        while any(thread.is_alive() for thread in threads):
            held.append(
                own_statement(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state <> 'active' AND xact_start IS NOT NULL"
                )
            )
            time.sleep(0.02)
        assert len(held) > 10
        # The test's own connection may be in the transaction that pytest-django rolls back.
        assert max(held) <= (1,)


class TestPause:
    def test_nobody_asks_during_a_pause_that_the_host_asked_for(self):
        with pace.turn("here", 0) as turn:
            turn.ask_for_pause(0.3)
        began = time.monotonic()
        take_turns("here", 1, 0)
        assert 0.25 < time.monotonic() - began < 2

    def test_a_pause_longer_than_our_patience_is_said_and_not_waited_for(self):
        with pace.turn("here", 0) as turn:
            turn.ask_for_pause(pace.PATIENCE + 600)
        began = time.monotonic()
        with pytest.raises(SourceUnavailable, match="15 minutes are left"), pace.turn("here", 0):
            pass
        assert time.monotonic() - began < 1

    def test_no_pause_is_longer_than_an_hour(self):
        with pace.turn("here", 0) as turn:
            turn.ask_for_pause(10**9)
        assert HostPace.objects.get().next_at < datetime.now(UTC) + timedelta(hours=1, minutes=1)

    def test_a_time_that_a_wrong_clock_stored_is_not_waited_for(self, caplog):
        store_next("here", datetime.now(UTC) + timedelta(days=30))
        began = time.monotonic()
        take_turns("here", 1, DELAY)
        assert DELAY <= time.monotonic() - began < 2
        assert HostPace.objects.get().next_at < datetime.now(UTC) + timedelta(minutes=1)

    def test_a_host_that_others_keep_busy_is_given_up_with_a_word(self, monkeypatch):
        monkeypatch.setattr(pace, "PATIENCE", 0.2)
        with (
            pace.turn("here", 0),
            pytest.raises(SourceUnavailable, match="kept here busy"),
            pace.turn("here", 0),
        ):
            pass
