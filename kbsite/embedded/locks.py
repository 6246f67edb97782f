"""Advisory locks on files. The kernel releases them when their holder ends, kill -9 included."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """Open (make) a lock file, readable by its owner only."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take(handle: int, kind: int, timeout: float = 0.0) -> bool:
    """Take the lock (fcntl.LOCK_SH or LOCK_EX), trying again until the timeout; say whether we have it."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)


def is_held_exclusively(path: Path) -> bool:
    """Say whether somebody holds the lock exclusively."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not take(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def is_this_file(handle: int, path: Path) -> bool:
    """Say whether an open file is still the one at this path (and still open)."""
    try:
        ours, there = os.fstat(handle), os.stat(path)
    except OSError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


@contextmanager
def exclusive(path: Path, timeout: float) -> Iterator[bool]:
    """Hold the lock for a while; the value says whether it was got within the timeout."""
    handle = open_lock(path)
    try:
        yield take(handle, fcntl.LOCK_EX, timeout)
    finally:
        os.close(handle)
