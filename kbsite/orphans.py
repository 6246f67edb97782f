"""Children that do not outlive their parent, even when it is killed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def dies_with_parent(sign: int) -> Callable[[], Any] | None:
    """Return a `preexec_fn` by which a child gets the signal when its parent dies (on Linux; elsewhere None)."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(1, sign)  # PR_SET_PDEATHSIG
