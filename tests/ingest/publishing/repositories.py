"""Real git repositories with a list in them, and a stand-in for GitHub that speaks HTTP."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from papers import review
from papers.models import Paper, PaperList
from papers.prefill import prefill
from tests.factories import make_paper
from tests.papers.readme.lists import document


def git(folder: Path, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def accept(paper_list: PaperList, curator, title: str = "Fresh: A New Paper") -> Paper:
    paper = make_paper(title)
    category = paper_list.categories.get(key="kv")
    readme = document(paper_list)
    row = replace(prefill(paper, readme, category), tldr="It is new.")
    review.accept(category, paper, {"en": row}, curator)
    return paper


def changed_lines(folder: Path, name: str) -> tuple[int, int]:
    added, removed, _ = git(folder, "diff", "--numstat", "HEAD~1", "HEAD", "--", name).split("\t")
    return int(added), int(removed)


def hook(folder: Path, name: str, script: str) -> None:
    """Give a repository, a checkout or a bare one, a hook."""
    git_folder = folder / ".git" if (folder / ".git").is_dir() else folder
    path = git_folder / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


class GitHubStandIn(BaseHTTPRequestHandler):
    """Says what GitHub would of one repository, and keeps what it was asked."""

    asked: list[tuple[str, str, str]] = []  # one list a test, set by the fixture
    bodies: list[dict[str, str]] = []
    status = 201

    def do_GET(self) -> None:
        self.asked.append(("GET", self.path, self.headers.get("Authorization", "")))
        self._say(200, [] if "/pulls" in self.path else {"default_branch": "main", "full_name": "o/r"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(("POST", self.path, self.headers.get("Authorization", "")))
        self.bodies.append(body)
        told = {"html_url": "https://github.com/o/r/pull/7"} if self.status == 201 else {"message": "Bad credentials"}
        self._say(self.status, told)

    def _say(self, status: int, content: object) -> None:
        written = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *arguments: object) -> None:
        pass
