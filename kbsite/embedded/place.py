"""Where the embedded database keeps its files, and the one error that says why they cannot be used."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

PORT = 5432  # only part of the socket's name: no TCP port is opened
MAJOR = 18
SOCKET_PATH_LIMIT = 100  # the kernel allows 104 bytes on macOS, 108 on Linux


class UnusableDatabase(Exception):
    """The embedded database cannot run; the message is one line that names the folder and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """The files of the embedded database of one data folder."""

    data_dir: Path

    @property
    def base(self) -> Path:
        """The folder of locks and logs."""
        return self.data_dir / "postgres"

    @property
    def clients_lock(self) -> Path:
        return self.base / "clients.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.base / "supervisor.lock"

    @property
    def spawn_lock(self) -> Path:
        return self.base / "spawn.lock"

    @property
    def server_log(self) -> Path:
        return self.base / "server.log"

    @property
    def supervisor_log(self) -> Path:
        return self.base / "supervisor.log"

    @property
    def elsewhere(self) -> Path:
        """A file that names another home, where the server's system user cannot reach the data folder."""
        return self.base / "elsewhere"

    @property
    def home(self) -> Path:
        """The folder of everything that the server itself must reach."""
        try:
            return Path(self.elsewhere.read_text().strip())
        except OSError:
            return self.base

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def pid_file(self) -> Path:
        return self.cluster / "postmaster.pid"

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket: beside the cluster, or under /tmp where that path is too long."""
        near = self.home / "run"
        if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
            return near
        # Not tempfile.gettempdir(): two processes with different TMPDIR must find the same socket.
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"listkeeper-{digest}"  # noqa: S108  (0700, and its owner is checked)
