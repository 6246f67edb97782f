"""The client's side: make sure that the embedded server runs, and hold it while this process lives."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from kbsite.embedded import locks
from kbsite.embedded.place import Place, UnusableDatabase

START_TIMEOUT = 150.0  # a first initdb on a slow disk, or the recovery of a large database
STOP_TIMEOUT = 60.0
PARTING = 1.5  # seconds

# One open lock file per data folder, kept for the life of the process and of the processes it forks.
_held: dict[Path, int] = {}


def ensure_running(data_dir: Path) -> Path:
    """Return the folder of the socket of a server that runs; start the server if none does."""
    place = Place(data_dir)
    _hold(place)
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        if not locks.is_held_exclusively(place.supervisor_lock):
            _start_supervisor(place)
        elif is_ready(place):
            return place.socket_dir
        elif time.monotonic() > deadline:
            raise UnusableDatabase(
                f"The database in {place.base} is kept by {_owner(place)}, which does not answer: "
                "stop it, or point LISTKEEPER_DATA_DIR at another folder."
            )
        else:
            time.sleep(0.01)


def is_ready(place: Place) -> bool:
    """Say whether the server has written that it accepts connections."""
    try:
        lines = place.pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def release(data_dir: Path) -> None:
    """Let go of the server, so that it stops when we were the last to use it."""
    handle = _held.pop(data_dir, None)
    if handle is not None:
        os.close(handle)


def wait_until_stopped(data_dir: Path, timeout: float = STOP_TIMEOUT) -> bool:
    """After release(): wait for the server to stop. False when others still use it, or at the timeout."""
    place = Place(data_dir)
    deadline = time.monotonic() + timeout
    alone_at = time.monotonic()
    while time.monotonic() < deadline:
        if not locks.is_held_exclusively(place.supervisor_lock):
            return True
        if not _others_use(place):
            alone_at = time.monotonic()
        elif time.monotonic() - alone_at > PARTING:  # not just somebody who is leaving, too
            return False
        time.sleep(0.05)
    return False


def _others_use(place: Place) -> bool:
    handle = locks.open_lock(place.clients_lock)
    try:
        # Free: the supervisor has not looked yet. Exclusive: it is stopping. Shared: somebody is there.
        return not locks.take(handle, fcntl.LOCK_EX) and locks.take(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _hold(place: Place) -> None:
    """Register this process as a client."""
    held = _held.get(place.data_dir)
    if held is not None and locks.is_this_file(held, place.clients_lock):
        return
    try:
        place.base.mkdir(parents=True, exist_ok=True)
        handle = locks.open_lock(place.clients_lock)
    except OSError as error:
        raise UnusableDatabase(
            f"The database folder {place.base} cannot be used ({error.strerror}){_whose(place.base)}: run as "
            "its owner, or point LISTKEEPER_DATA_DIR at another folder."
        ) from error
    # While a supervisor stops the server it holds this lock; afterwards we start a new one.
    if not locks.take(handle, fcntl.LOCK_SH, STOP_TIMEOUT):
        os.close(handle)
        raise UnusableDatabase(f"The database in {place.base} is being stopped by {_owner(place)} and does not end.")
    _held[place.data_dir] = handle


def _start_supervisor(place: Place) -> None:
    """Start the supervisor, unless somebody else just does, and wait for its word that it is ready."""
    with locks.exclusive(place.spawn_lock, START_TIMEOUT) as alone:
        if not alone or locks.is_held_exclusively(place.supervisor_lock):
            return
        project = Path(__file__).resolve().parents[2]
        search_path = os.pathsep.join(filter(None, [str(project), os.environ.get("PYTHONPATH", "")]))
        with place.supervisor_log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "kbsite.embedded.supervisor", str(place.data_dir)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env=os.environ | {"PYTHONPATH": search_path},
                start_new_session=True,
            )
        with process:  # it forks and goes on alone, so that it is nobody's child and leaves no zombie here
            word = _read_line(process, START_TIMEOUT)
    error = word.get("error")
    if error:
        raise UnusableDatabase(error)


def _read_line(process: subprocess.Popen[bytes], timeout: float) -> dict[str, str]:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], timeout)
    line = process.stdout.readline() if readable else b""
    try:
        word: dict[str, str] = json.loads(line)
        return word
    except ValueError:
        return {"error": "The database's supervisor ended without a word; see postgres/supervisor.log."}


def _owner(place: Place) -> str:
    try:
        owner = json.loads(place.supervisor_lock.read_text())
        return f"process {owner['pid']} on {owner['host']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def _whose(path: Path) -> str:
    while not os.path.exists(path):  # Path.exists() would raise where we may not look
        path = path.parent
    try:
        return f"; {path} belongs to {path.owner()}"
    except (OSError, KeyError):
        return ""
