"""Logs that do not grow without end."""

from __future__ import annotations

import os
from pathlib import Path

LIMIT = 10 * 2**20


def rotate(log: Path, limit: int = LIMIT) -> None:
    """Keep one older part of a log that has grown large; its writer appends, so it may be cut meanwhile."""
    try:
        if log.stat().st_size < limit:
            return
    except FileNotFoundError:
        return
    log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())
    os.truncate(log, 0)
