"""`manage.py serve` as a person meets it: real processes on a data folder of their own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A running `manage.py serve`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = data_dir.with_name(f"{data_dir.name}.out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--skip-bootstrap", "--port", str(self.port)],
                cwd=ROOT,
                env=environment(data_dir),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_running(self) -> None:
        eventually(lambda: "Listkeeper is running" in self.said or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.said

    def health(self) -> int:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=5).status_code
        except httpx.HTTPError:
            return 0

    def find(self, words: str) -> psutil.Process:
        """Return the oldest of our processes whose command line has these words."""
        found = [one for one in processes_of(self.data_dir) if words in command_of(one)]
        return min(found, key=lambda one: one.create_time())


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def environment(data_dir: Path) -> dict[str, str]:
    return os.environ | {"LISTKEEPER_DATA_DIR": str(data_dir)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.1)


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every living process that has the data folder in its command line or in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("LISTKEEPER_DATA_DIR", "")]
            if any(str(data_dir) in words for words in told) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """One folder for all tests here, so that the database is made once; each test must leave it unused."""
    path = Path(tempfile.mkdtemp(prefix="lk-serve-"))
    yield path
    shutil.rmtree(path)
    path.with_name(f"{path.name}.out").unlink(missing_ok=True)


@pytest.fixture
def served(data_dir: Path) -> Iterator[Served]:
    one = Served(data_dir)
    try:
        one.wait_until_running()
        yield one
    finally:
        one.process.kill()
        one.process.wait()
        eventually(lambda: not processes_of(data_dir))


def test_it_runs_says_where_is_alone_and_stops_completely(served: Served):
    assert served.health() == 200
    assert f"http://127.0.0.1:{served.port}/" in served.said

    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(free_port())],
        cwd=ROOT,
        env=environment(served.data_dir),
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert re.search(
        rf"Listkeeper is already running on {served.data_dir} "
        rf"\(process {served.process.pid}, http://127.0.0.1:{served.port}/\)\. Stop it with Ctrl-C there, "
        "or point LISTKEEPER_DATA_DIR at another folder.",
        second.stderr,
    )
    assert served.health() == 200

    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    assert served.said.rstrip().endswith("Stopped.")
    assert processes_of(served.data_dir) == []


def test_what_dies_is_started_again(served: Served):
    site, worker = served.find("gunicorn"), served.find("celery --app kbsite worker")
    site.kill()
    worker.kill()
    served.find("postgres -D").kill()
    eventually(lambda: "The site ended (killed by SIGKILL); starting it again" in served.said)
    eventually(lambda: served.health() == 200)
    eventually(lambda: served.find("celery --app kbsite worker").pid != worker.pid)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(30) == 0
    assert processes_of(served.data_dir) == []


def test_a_second_interrupt_does_not_wait(served: Served):
    served.find("celery --app kbsite worker").suspend()  # it will not answer a polite signal
    served.process.send_signal(signal.SIGINT)
    eventually(lambda: "Stopping" in served.said)
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(5) == 130
    eventually(lambda: not processes_of(served.data_dir))


def test_nothing_outlives_a_serve_that_is_killed(served: Served):
    assert len(processes_of(served.data_dir)) > 5
    served.process.kill()
    eventually(lambda: not processes_of(served.data_dir))


def test_a_port_in_use_is_said(data_dir: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(data_dir),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port} (Address already in use)" in done.stderr
    assert "Traceback" not in done.stderr
    assert processes_of(data_dir) == []
