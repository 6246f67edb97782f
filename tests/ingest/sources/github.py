"""A GitHub of one repository that has a README, and fails on demand."""

from __future__ import annotations

import base64
import hashlib

from tests.servers import Asked, Reply, Server, in_json


class GitHub(Server):
    """Answers for the README of `owner/name` in both of GitHub's forms; `faults` are used up, one a request.

    Faults: a status (503, 429, 403, 404), reset, short (hang up half-way), truncate (half of it, as if whole), html,
    empty, ok.
    """

    def __init__(self, readme: str | bytes, repository: str = "peer/list") -> None:
        super().__init__(respond=self._answer)
        self.readme = readme.encode() if isinstance(readme, str) else readme
        self.path = f"/repos/{repository}/readme"
        self.faults: list[str] = []

    def _answer(self, asked: Asked) -> Reply:
        fault = self.faults.pop(0) if self.faults else "ok"
        if fault.isdigit():
            return in_json({"message": f"error {fault}"}, status=int(fault))
        if fault == "html":
            return Reply("<!DOCTYPE html><html><body>Checking your browser</body></html>", kind="text/html")
        if asked.path != self.path:
            return in_json({"message": "Not Found"}, status=404)
        reply = self._readme(asked)
        if fault == "truncate":
            reply.body = reply.body[: len(reply.body) // 2]
        if fault == "empty":
            reply.body = b""
        reply.reset, reply.short = fault == "reset", fault == "short"
        return reply

    def _readme(self, asked: Asked) -> Reply:
        sha = hashlib.sha1(b"blob %d\x00" % len(self.readme) + self.readme).hexdigest()
        headers = {"ETag": f'"{sha}"'}
        if asked.headers.get("If-None-Match") == headers["ETag"]:
            return Reply("", 304, headers=headers)
        if "raw" in asked.headers.get("Accept", ""):
            return Reply(self.readme, kind="application/vnd.github.raw+json; charset=utf-8", headers=headers)
        content = base64.b64encode(self.readme).decode()
        file = {"name": "README.md", "sha": sha, "size": len(self.readme), "encoding": "base64", "content": content}
        return in_json(file, headers=headers)
