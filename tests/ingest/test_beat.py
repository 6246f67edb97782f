"""The schedule runs once, however often it is started, and goes on when its leader dies."""

from __future__ import annotations

import time
from pathlib import Path

from tests.ingest.test_brokers import CELERY, eventually
from tests.installation import Installation

BEAT = (CELERY, "-A", "tests.ingest.quick_beat", "beat", "--pidfile=", "--loglevel=INFO")


def test_of_two_schedules_one_sends_and_the_other_takes_over(tmp_path):
    installation = Installation(tmp_path / "data", PYTHONPATH=str(Path(__file__).parents[2]))
    installation.manage("migrate")
    log = tmp_path / "data" / "celery.log"

    def sent() -> int:
        return len(list((tmp_path / "data" / "broker" / "queue").glob("*.msg")))

    def says(words: str) -> bool:
        return words in log.read_text()

    first = installation.start(*BEAT)
    try:
        eventually(lambda: says("This schedule leads"), "the first leads")
        second = installation.start(*BEAT)
        try:
            eventually(lambda: says("this one stands by"), "the second stands by")
            before, began = sent(), time.monotonic()
            time.sleep(4)
            passed = time.monotonic() - began
            assert passed - 2 <= sent() - before <= passed + 2, "a message each second, not two"
            first.kill()
            first.wait()
            after = sent()
            eventually(lambda: sent() > after + 1, "the second has taken over", 20)
        finally:
            second.kill()
            second.wait()
    finally:
        first.kill()
        first.wait()
