"""An installation of a benchmark's own, in a folder that is removed afterwards, and its site as users are served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
def served(folder: Path, workers: int) -> Iterator[str]:
    """Serve the site by so many processes of four threads, and give its address; it may need a moment to answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"-m gunicorn kbsite.wsgi --workers {workers} --threads 4 --no-control-socket --bind 127.0.0.1:{port}"
    with (folder / "site.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, *command.split()], cwd=ROOT, stdout=log, stderr=log)  # noqa: S603
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
