"""What is the same for many readers and takes long: made by one of them, while the others get what was there before.

Were all who come in that moment to make it, each would wait for all (a cache stampede). One process knows nothing of
another's: each makes its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

DAY = 24 * 60 * 60
MAKING = 30  # seconds: whoever has not made it by then is not waited for

T = TypeVar("T")


def kept(name: str, seconds: int, make: Callable[[], T], version: object = None) -> T:
    """Return what `make` made so many seconds ago at most, of this version.

    While somebody makes it anew, who comes then gets the one before, however old it is and of whichever version.
    """
    known: tuple[object, float, T] | None = cache.get(name)
    if known is not None and known[0] == version and time.time() - known[1] < seconds:
        return known[2]
    making = f"{name}-making"
    if known is not None and not cache.add(making, True, MAKING):
        return known[2]
    try:
        value = make()
        cache.set(name, (version, time.time(), value), DAY)
    finally:
        cache.delete(making)
    return value
