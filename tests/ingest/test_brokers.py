"""The same work over files on one machine and over a real Redis, by real workers that are killed.

No beat runs here: `remind` sends what it sends every minute, so that no test waits for one.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.installation import ROOT, Installation
from tests.servers import Asked, Reply, Server, in_json

CELERY = str(Path(sys.executable).parent / "celery")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(is_so: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait until something is so and return it."""
    until = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)
    return found


class Redis:
    """A Redis of the test's own."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
        self.process = subprocess.Popen([*command, "--dir", str(self.folder)], stdout=subprocess.DEVNULL)
        eventually(self.answers, "Redis answers", 10)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Hub:
    """Hugging Face with one paper for each query; for some of them something happens before it answers."""

    def __init__(self) -> None:
        self.before: dict[str, Callable[[], None]] = {}
        self.numbers = itertools.count(1)
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> Reply:
        query = asked.params.get("q", "")
        self.asked.append(query)
        self.before.get(query, lambda: None)()
        paper = {
            "id": f"2601.{next(self.numbers):05}",
            "title": f"A paper on {query}",
            "summary": "We compress the key-value cache of a language model.",
            "authors": [{"name": "Ada Lovelace"}],
            "publishedAt": "2026-01-01T00:00:00.000Z",
        }
        return in_json([{"paper": paper}])


class Site:
    """An installation, its broker, its source, and its workers."""

    def __init__(self, installation: Installation, redis: Redis | None, hub: Hub) -> None:
        self.installation, self.redis, self.hub = installation, redis, hub
        self.workers: list[subprocess.Popen[bytes]] = []

    def work(self, queues: str = "default") -> subprocess.Popen[bytes]:
        """Start a worker with one child."""
        name = f"worker{len(self.workers)}@test"
        worker = self.installation.start(
            CELERY,
            "-A",
            "kbsite",
            "worker",
            "-Q",
            queues,
            "-c",
            "1",
            "-n",
            name,
            "--without-mingle",
            "-l",
            "INFO",
        )
        self.workers.append(worker)
        return worker

    def child(self) -> psutil.Process:
        """The process that does the tasks of the newest worker."""
        return eventually(lambda: psutil.Process(self.workers[-1].pid).children(), "a child of the worker")[0]

    def remind(self) -> None:
        """Send what the beat sends every minute."""
        for name in ("pull_due", "catch_up"):
            self.send(name)

    def send(self, name: str) -> None:
        command = [CELERY, "-A", "kbsite", "call", f"ingest.tasks.{name}"]
        subprocess.run(
            command, env=self.installation.environment, cwd=ROOT, check=True, capture_output=True, timeout=60
        )

    def topic(self, query: str) -> None:
        self.installation.ask(f"Topic.objects.create(slug={query!r}, source='hf_search', query={query!r}).pk")

    def states(self, topic: str) -> list[str]:
        """The states of a topic's pulls, the oldest first."""
        return self.installation.ask(
            f"list(Run.objects.filter(topic__slug={topic!r}).order_by('pk').values_list('state', flat=True))"
        )

    def titles(self) -> list[str]:
        return self.installation.ask("sorted(Paper.objects.values_list('title', flat=True))")

    def stop(self) -> None:
        for worker in self.workers:
            with_children = [worker, *psutil.Process(worker.pid).children()] if worker.poll() is None else []
            for process in with_children:
                process.kill()
            worker.wait()
        self.workers.clear()


@pytest.fixture(scope="module", params=["files", "redis"])
def place(request, tmp_path_factory) -> Iterator[Site]:
    """An installation over each broker; one for all tests, since making it takes longest."""
    folder = tmp_path_factory.mktemp(request.param)
    redis = Redis(folder) if request.param == "redis" else None
    hub = Hub()
    with Server(respond=hub) as server:
        url = redis.url if redis else ""
        installation = Installation(folder / "data", HF_ENDPOINT=server.url, CELERY_BROKER_URL=url)
        installation.manage("migrate")
        yield Site(installation, redis, hub)
    if redis:
        redis.stop()


@pytest.fixture
def site(place) -> Iterator[Site]:
    yield place
    place.stop()
    place.installation.ask("[Topic.objects.all().delete(), Run.objects.all().delete(), Paper.objects.all().delete()]")


def test_a_topic_is_pulled_and_embedded_by_a_worker(site):
    site.topic("caches")
    site.work("default,gpu")
    site.remind()
    eventually(lambda: site.installation.ask("Embedding.objects.count()"), "the paper has its vector", 90)
    assert site.titles() == ["A paper on caches"]
    assert site.states("caches") == ["done"]


def test_a_killed_child_loses_nothing_and_nobody_need_be_told(site):
    """Its message is given back at once, by the main process."""
    site.topic("caches")
    site.hub.before["caches"] = once(lambda: site.child().kill())
    site.work()
    site.send("pull_due")
    eventually(lambda: site.states("caches") == ["interrupted", "done"], "the pull is made up for")
    assert site.titles() == ["A paper on caches"]


def test_children_that_are_killed_while_they_wait_leave_a_worker_that_works(site):
    worker = site.work()
    for _ in range(3):
        child = site.child()
        time.sleep(1)  # it waits by now, whatever for
        child.kill()
        eventually(lambda gone=child: not gone.is_running(), "it is gone")
    site.topic("caches")
    site.send("pull_due")
    eventually(lambda: site.states("caches") == ["done"], "the topic is pulled")
    assert worker.poll() is None


def test_a_killed_worker_loses_nothing_once_another_is_there(site):
    """The broker may hold its message back for an hour or have lost it: the tables know."""
    site.topic("caches")
    worker = site.work()
    site.hub.before["caches"] = once(lambda: os.killpg(worker.pid, signal.SIGKILL))
    site.send("pull_due")
    worker.wait(60)
    site.work()
    site.remind()
    eventually(lambda: site.states("caches") == ["interrupted", "done"], "the pull is made up for")
    assert site.titles() == ["A paper on caches"]


def test_a_worker_that_is_stopped_closes_its_run(site):
    """As `serve` stops one that does not finish in time; its run says so, and counts as no death."""
    site.topic("caches")
    worker = site.work()
    site.hub.before["caches"] = once(lambda: [worker.send_signal(signal.SIGQUIT), time.sleep(20)])
    site.send("pull_due")
    worker.wait(60)
    told = "list(Run.objects.values_list('state', 'error', 'note'))"
    ((state, error, note),) = eventually(lambda: site.installation.ask(told), "its run")
    assert (state, error) == ("interrupted", "")
    assert "It was stopped" in note


def test_a_task_that_kills_its_worker_three_times_is_parked_and_others_go_on(site):
    site.topic("poison")
    site.hub.before["poison"] = lambda: site.child().kill()
    worker = site.work()
    site.send("pull_due")
    eventually(lambda: site.states("poison") == ["interrupted", "interrupted", "parked"], "the poison is parked")
    site.topic("caches")
    site.remind()
    eventually(lambda: site.states("caches") == ["done"], "another topic is pulled")
    assert len(site.states("poison")) == 3, "it was begun again"
    assert worker.poll() is None
    del site.hub.before["poison"]
    site.installation.ask("__import__('ingest.runs').runs.wanted_now('pull', 'poison')")
    site.remind()
    eventually(lambda: site.states("poison")[3:] == ["done"], "it is replayed")


def test_a_worker_takes_up_its_work_after_its_broker_was_away(site):
    if site.redis is None:
        pytest.skip("files are never away")
    site.topic("caches")
    site.work()
    site.remind()
    eventually(lambda: site.states("caches") == ["done"], "the worker works")
    site.redis.stop()
    time.sleep(3)
    site.redis.start()
    site.topic("prompts")
    site.remind()
    eventually(lambda: site.states("prompts") == ["done"], "it works again")


def test_four_workers_at_five_topics_keep_the_pace_and_store_each_paper_once(shared, tmp_path):
    """All of them ask arXiv, and arXiv counts."""
    delay, count = 0.4, 400
    sys.path.insert(0, str(shared))
    try:
        from fake_sources import FakeSources
    finally:
        sys.path.remove(str(shared))
    names = ("cs.CL", "cs.LG", "cs.CV", "cs.AI", "cs.IR")
    first = date.today() - timedelta(days=20)
    papers = [
        {
            "arxiv_id": f"2610.{number:05}",
            "title": f"Paper {number}",
            "abstract": "We compress.",
            "authors": ["Ada Lovelace"],
            "categories": [names[number % 5], names[(number + 2) % 5]],
            "published": f"{first + timedelta(days=number * 18 // count)}T00:00:00Z",
        }
        for number in range(count)
    ]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    redis = Redis(tmp_path)
    with FakeSources(str(tmp_path / "corpus.jsonl"), min_gap=delay, enforce_gap=True, oai_page=40) as arxiv:
        installation = Installation(
            tmp_path / "data",
            ARXIV_API_URL=arxiv.url,
            ARXIV_OAI_URL=arxiv.url,
            ARXIV_DELAY_SECONDS=str(delay),
            CELERY_BROKER_URL=redis.url,
        )
        installation.manage("migrate")
        site = Site(installation, redis, Hub())
        queries = [
            ("arxiv_oai", "cs:cs:CL"),
            ("arxiv_oai", "cs:cs:LG"),
            *(("arxiv", f"cat:{n} AND ti:Paper") for n in names[2:]),
        ]
        rows = [f"Topic(slug='t{n}', source={source!r}, query={query!r})" for n, (source, query) in enumerate(queries)]
        try:
            for _ in range(4):
                site.work()
            installation.ask(f"len(Topic.objects.bulk_create([{', '.join(rows)}]))")
            site.send("pull_due")
            states = "sorted(Run.objects.filter(kind='pull').values_list('state', flat=True))"
            eventually(lambda: installation.ask(states) == ["done"] * 5, "all topics are pulled", 120)
        finally:
            site.stop()
            redis.stop()
        told = arxiv.stats()["arxiv_family"]
        assert installation.ask("[IdentifierRow.objects.count(), Paper.objects.count()]") == [count, count]
    assert told["requests"] >= 5
    assert told["min_gap_s"] >= delay
    assert told["max_in_flight"] == 1
    logs = (tmp_path / "data" / "celery.log").read_text()
    assert sum(f"worker{n}@test ready" in logs for n in range(4)) == 4


def once(act: Callable[[], None]) -> Callable[[], None]:
    """Return a function that acts the first time only."""
    acts = iter([act])
    return lambda: next(acts, lambda: None)()
