"""An installation of a benchmark's own, in a folder that is removed afterwards, and its site as users are served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def installed() -> Iterator[Path]:
    """Set Django up for a data folder of its own, and give this; the database is closed at the end."""
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        os.environ |= {"LISTKEEPER_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
        sys.path.insert(0, str(ROOT))
        import django
        from django.db import connection

        django.setup()
        try:
            yield Path(folder)
        finally:
            connection.close()


@contextmanager
def served(folder: Path, workers: int, application: str = "kbsite.wsgi") -> Iterator[str]:
    """Serve the site, or another application, by so many processes of four threads; give its address as it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"-m gunicorn {application} --workers {workers} --threads 4 --no-control-socket --bind 127.0.0.1:{port}"
    with (folder / "site.log").open("ab") as log:
        server = subprocess.Popen([sys.executable, *command.split()], cwd=ROOT, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the site does not answer")
