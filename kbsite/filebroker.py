"""kombu's broker of files, made fit for workers that are killed.

Celery runs its children in one of two ways. Where the broker works with its event loop, each child has a pipe of its
own. Elsewhere all children wait at one pipe behind one lock, and a child that is killed while it waits takes the lock
with it: the worker looks alive and never does a task again (seen with kombu's own file broker, which is of that kind).
So this one works with the event loop, as Redis does. And a message is written aside and then named, since who looks
through the folder reads what it finds, finished or not.
"""

from __future__ import annotations

import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

LOOKED_EVERY = 0.5  # seconds


class Channel(filesystem.Channel):
    """Messages as files."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        # In the order of a clock that a restart of the machine does not set back.
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        draft = folder / f".{name}"
        draft.write_bytes(str_to_bytes(dumps(payload)))
        draft.rename(folder / name)


class Transport(filesystem.Transport):
    """The file broker, for an event loop."""

    implements = filesystem.Transport.implements.extend(asynchronous=True)
    Channel = Channel

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        loop.call_repeatedly(LOOKED_EVERY, self._take_what_is_there, connection)

    def _take_what_is_there(self, connection: Any) -> None:
        with suppress(socket.timeout):  # which means: no more, or no more for now
            while True:
                self.drain_events(connection, timeout=0)
