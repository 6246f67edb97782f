"""What tests of publishing share: a checkout, the list that is in it, and a remote beside a stand-in for GitHub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from papers.models import PaperList
from tests.ingest.publishing.repositories import GitHubStandIn, git
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A checkout with both READMEs, as they were imported."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Cura Tor")
    git(folder, "config", "user.email", "curator@example.org")
    (folder / "README.md").write_bytes(samples.ENGLISH.encode())
    (folder / "README_CN.md").write_bytes(samples.CHINESE.encode())
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    return folder


@pytest.fixture
def paper_list() -> PaperList:
    return both_languages()


@pytest.fixture
def github(settings) -> Iterator[type[GitHubStandIn]]:
    handler = type("Handler", (GitHubStandIn,), {"asked": [], "bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.GITHUB_API_URL = f"http://127.0.0.1:{server.server_port}"
    settings.GITHUB_TOKEN = "a-secret-token"  # no real one
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def remote(repo: Path, tmp_path: Path, github: type[GitHubStandIn], settings) -> Path:
    """A bare repository that git reaches by an address on the host of the API: the token goes nowhere else."""
    bare, address = tmp_path / "bare.git", f"{settings.GITHUB_API_URL}/o/r.git"
    git(repo, "clone", "-q", "--bare", str(repo), str(bare))
    git(repo, "remote", "add", "origin", address)
    git(repo, "config", f"url.{bare}.insteadOf", address)
    git(repo, "fetch", "-q", "origin")
    return bare
