"""The owner of the server: `python -m kbsite.embedded.supervisor DATA_DIR`, started by the first client.

It starts PostgreSQL, restarts it after a crash, and stops it when the last client has gone. Its imports stay
small: a first connection waits for them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

from kbsite.embedded import cluster, locks
from kbsite.embedded.account import Account, account_for, give
from kbsite.embedded.logfile import rotate
from kbsite.embedded.place import PORT, Place, UnusableDatabase
from kbsite.embedded.server import is_ready
from kbsite.orphans import dies_with_parent

POLL = 0.3  # seconds between two looks for clients
START_TIMEOUT = 120.0
STOP_TIMEOUT = 30.0
MOST_CRASHES, CRASH_WINDOW = 5, 60.0

SETTINGS = {
    "listen_addresses": "",  # no TCP
    "port": PORT,
    "unix_socket_permissions": "0700",
    # Only what is touched is taken. The index of 100,000 vectors is 120 MB: read through the system's cache instead, a
    # search by meaning took 10 ms more of the processor (benchmarks/searchspeed.py).
    "shared_buffers": "512MB",
    "max_connections": 60,
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",  # clients read some messages
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


class Supervisor:
    """Keeps one server running on one cluster."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.account: Account | None = None
        self.engine = Path()
        self.server: subprocess.Popen[bytes] | None = None
        self.crashes: deque[float] = deque(maxlen=MOST_CRASHES)
        self.waker, waking = socket.socketpair()
        waking.setblocking(False)
        self._waking = waking  # kept: the signal module only borrows it
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        self.told_to_stop = False
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sign, self._stop_soon)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _stop_soon(self, *_: Any) -> None:
        self.told_to_stop = True

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        self.account = account_for(self.place.cluster)
        self.engine = cluster.prepare(self.place, self.account)
        rotate(self.place.server_log)
        settings = SETTINGS | {"unix_socket_directories": self.place.socket_dir}
        with self.place.server_log.open("ab") as log:
            begins = log.tell()
            give(self.account, self.place.server_log)
            self.server = subprocess.Popen(  # noqa: S603
                [
                    str(self.engine / "postgres"),
                    "-D",
                    str(self.place.cluster),
                    *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                ],
                env=dict(cluster.ENVIRONMENT),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dies_with_parent(signal.SIGINT),  # a fast shutdown
                **cluster.run_as(self.account),
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not is_ready(self.place):
            if self.server.poll() is not None:
                raise UnusableDatabase(f"PostgreSQL does not start on {self.place.cluster}: {self._reason(begins)}")
            if time.monotonic() > deadline:
                self.stop()
                raise UnusableDatabase(
                    f"PostgreSQL is not ready after {START_TIMEOUT:.0f} s; see {self.place.server_log}"
                )
            time.sleep(0.005)
        log_line(f"server {self.server.pid} is ready")

    def keep_running(self) -> None:
        """Return when the server should stop: nobody needs it, we are told to, or the data folder is gone."""
        clients = locks.open_lock(self.place.clients_lock)  # never closed: held until the server has stopped
        looked_at_log = time.monotonic()
        while not self.told_to_stop:
            if locks.take(clients, fcntl.LOCK_EX):
                return log_line("nobody is left")
            if not locks.is_this_file(clients, self.place.clients_lock):
                return log_line("the data folder is gone")
            if self.server is None or self.server.poll() is not None:
                self._restart()
            if time.monotonic() - looked_at_log > 60:
                looked_at_log = time.monotonic()
                rotate(self.place.server_log)
            if select.select([self.waker], [], [], POLL)[0]:
                self.waker.recv(4096)

    def _restart(self) -> None:
        code = self.server.returncode if self.server else None
        now = time.monotonic()
        log_line(f"server ended with code {code}; starting it again")
        if len(self.crashes) == MOST_CRASHES and now - self.crashes[0] < CRASH_WINDOW:
            raise UnusableDatabase(f"PostgreSQL crashed {MOST_CRASHES} times in a minute; see {self.place.server_log}")
        self.crashes.append(now)
        try:
            self.start()
        except UnusableDatabase as error:
            log_line(str(error))
            time.sleep(min(0.2 * 2 ** len(self.crashes), 5))

    def stop(self) -> None:
        """Stop the server: fast, then at once, then by force."""
        if self.server is None:
            return
        for sign, patience in ((signal.SIGINT, STOP_TIMEOUT), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self.server.poll() is not None:
                break
            self.server.send_signal(sign)
            try:
                self.server.wait(patience)
            except subprocess.TimeoutExpired:
                log_line(f"server does not stop on {sign.name}")
        log_line("server has stopped")

    def _reason(self, begins: int) -> str:
        """Return the last complaint in the server's log since it was started."""
        with self.place.server_log.open("rb") as log:
            log.seek(begins)
            lines = log.read().decode(errors="replace").splitlines()
        complaints = [line for line in lines if "FATAL" in line or "ERROR" in line or "PANIC" in line]
        return (complaints or lines or [f"see {self.place.server_log}"])[-1]


def log_line(text: str) -> None:
    """Write a line to the supervisor's log, which is our standard error."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} [{os.getpid()}] {text}", file=sys.stderr, flush=True)


def tell_client(**word: str) -> None:
    """Say to the client that started us how it went, and let it go."""
    with contextlib.suppress(BrokenPipeError):  # it has been killed meanwhile; others may need us
        os.write(1, json.dumps(word).encode() + b"\n")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def main(data_dir: Path) -> int:
    """Own the database of this data folder until nobody needs it."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    place = Place(data_dir)
    rotate(place.supervisor_log)
    lock = locks.open_lock(place.supervisor_lock)
    # Clients that only ask whether a supervisor lives hold this lock for some microseconds.
    if not locks.take(lock, fcntl.LOCK_EX, 2.0):
        tell_client(lost="another supervisor was first")
        return 0
    os.truncate(lock, 0)
    os.pwrite(lock, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
    supervisor = Supervisor(place)
    try:
        supervisor.start()
        tell_client(ready="yes")
        supervisor.keep_running()
        return 0
    except UnusableDatabase as error:
        log_line(str(error))
        tell_client(error=str(error))
        return 1
    except OSError as error:
        log_line(repr(error))
        tell_client(error=f"The database folder {place.base} cannot be used: {error.strerror}: {error.filename}")
        return 1
    finally:
        supervisor.stop()


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    sys.exit(main(Path(sys.argv[1])))
