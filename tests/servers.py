"""A web server of the test's own, which answers what the test says and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ADDRESS = "127.0.0.1"  # where servers of the tests are reached


@dataclass
class Reply:
    """One answer, and how it goes wrong."""

    body: str | bytes = ""
    status: int = 200
    kind: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0  # seconds before the first byte
    drip: float = 0.0  # seconds between bytes
    short: bool = False  # hang up half-way through the body
    reset: bool = False  # hang up without an answer


def in_json(value: Any, **more: Any) -> Reply:
    """Return a reply that is JSON."""
    return Reply(json.dumps(value), kind="application/json; charset=utf-8", **more)


@dataclass
class Asked:
    """One request, and when it was under way."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    began: float
    ended: float = 0.0
    body: bytes = b""


class Server:
    """Answers with one reply after another, the last one again and again, or with what a function says.

    with Server(Reply("later", 503), in_json([])) as server: … server.url … server.asked
    """

    def __init__(self, *replies: Reply, respond: Callable[[Asked], Reply] | None = None) -> None:
        self.asked: list[Asked] = []
        self._replies = list(replies)
        self._respond = respond or self._next
        self._server = ThreadingHTTPServer((ADDRESS, 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _next(self, asked: Asked) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def gaps(self) -> list[float]:
        """Seconds from the start of each request to the start of the next."""
        starts = [asked.began for asked in self.asked]
        return [later - earlier for earlier, later in pairwise(starts)]

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                asked = Asked(parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), time.monotonic())
                asked.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append(asked)
                try:
                    self._send(outer._respond(asked))
                except (BrokenPipeError, ConnectionResetError):
                    pass
                finally:
                    asked.ended = time.monotonic()

            do_POST = do_GET

            def _send(self, reply: Reply) -> None:
                time.sleep(reply.slow)
                if reply.reset:
                    self.connection.close()
                    return
                body = reply.body.encode() if isinstance(reply.body, str) else reply.body
                self.send_response(reply.status)
                headers = {"Content-Type": reply.kind, "Content-Length": str(len(body))} | reply.headers
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if reply.short:
                    body = body[: len(body) // 2]
                if not reply.drip:
                    self.wfile.write(body)
                for place in range(len(body) if reply.drip else 0):
                    self.wfile.write(body[place : place + 1])
                    time.sleep(reply.drip)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
