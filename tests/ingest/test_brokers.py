"""The same tasks over files on one machine and over a real Redis: a topic is pulled by a real worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.installation import Installation

CELERY = str(Path(sys.executable).parent / "celery")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def hugging_face():
    """A server with one paper on its search page."""
    paper = {
        "id": "2601.00001",
        "title": "Compressing Caches by Example",
        "summary": "We compress the key-value cache of a language model.",
        "authors": [{"name": "Ada Lovelace"}],
        "publishedAt": "2026-01-01T00:00:00.000Z",
        "upvotes": 7,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps([{"paper": paper}]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["files", "redis"])
def broker(request, tmp_path):
    """The broker's address; Redis is a process of this test alone."""
    if request.param == "files":
        yield ""
        return
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_topic_is_pulled_and_embedded_by_a_worker(broker, hugging_face, tmp_path):
    installation = Installation(tmp_path / "data", HF_ENDPOINT=hugging_face, CELERY_BROKER_URL=broker)
    installation.manage("migrate")
    installation.ask("Topic.objects.create(slug='hf', source='hf_search', query='cache compression').pk")
    worker = installation.start(CELERY, "-A", "kbsite", "worker", "-Q", "default,gpu", "--concurrency", "1")
    try:
        # What beat sends every few minutes.
        sent = subprocess.run(
            [CELERY, "-A", "kbsite", "call", "ingest.tasks.pull_due"],
            env=installation.environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert sent.returncode == 0, sent.stderr
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and installation.ask("Embedding.objects.count()") == 0:
            assert worker.poll() is None, (tmp_path / "data" / "celery.log").read_text()
            time.sleep(0.5)
        assert installation.ask("list(Paper.objects.values_list('title', flat=True))") == [
            "Compressing Caches by Example"
        ]
        assert installation.ask("Embedding.objects.count()") == 1
        assert installation.ask("Run.objects.filter(kind='pull').values_list('state', 'new')[0]") == [
            "done",
            1,
        ]
    finally:
        stop(worker)
