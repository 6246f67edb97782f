"""The token of a pull request: whom it is shown to, and where it never stands."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command

from ingest.publishing.checkout import without_password
from ingest.publishing.programs import environment
from kbsite.env import SETTINGS
from tests.ingest.publishing.repositories import GitHubStandIn, accept, git, hook

pytestmark = pytest.mark.django_db

BASIC = "Basic " + base64.b64encode(b"x-access-token:a-secret-token").decode()


def test_hooks_and_checks_do_not_see_it(repo, remote, github, paper_list, curator, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "a-secret-token")
    (repo / "list.toml").write_text(
        'slug = "sample"\nname = "Sample"\n[languages.en]\nfile = "README.md"\n'
        f'[publish]\nchecks = ["sh", "-c", "env > {tmp_path}/checks"]\n'
    )
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "Checks")
    for name in ("pre-commit", "post-commit", "post-checkout"):
        hook(repo, name, f"env > {tmp_path}/{name}")
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), pr=True)
    for name in ("checks", "pre-commit", "post-commit", "post-checkout"):
        seen = (tmp_path / name).read_text()
        assert "PATH=" in seen
        assert "a-secret-token" not in seen
        assert BASIC not in seen


@pytest.mark.parametrize("token", ["a-secret\ntoken", "a-secret token", "a-secret-töken"])
def test_a_token_that_is_none_is_not_repeated(repo, remote, github, paper_list, curator, settings, token):
    settings.GITHUB_TOKEN = token
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="GITHUB_TOKEN holds") as refused:
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert "secret" not in str(refused.value)
    assert github.asked == []


def test_a_line_ending_behind_it_does_no_harm(repo, remote, github, paper_list, curator, settings):
    settings.GITHUB_TOKEN = "a-secret-token\n"
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), pr=True)
    assert {header for _, _, header in github.asked} == {"Bearer a-secret-token"}


@pytest.fixture
def elsewhere() -> Iterator[type[GitHubStandIn]]:
    """Another host, which is sent to."""
    handler = type("Elsewhere", (GitHubStandIn,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield handler
    server.shutdown()
    server.server_close()


def test_git_shows_it_once_and_follows_nobody_elsewhere(
    repo, github, elsewhere, paper_list, curator, settings, monkeypatch
):
    address = f"{settings.GITHUB_API_URL}/o/r.git"
    git(repo, "remote", "add", "origin", address)
    git(repo, "config", f"http.{settings.GITHUB_API_URL}/.extraheader", "Authorization: Basic another")
    headers: list[str] = []

    def send_on(self: GitHubStandIn) -> None:
        if "info/refs" not in self.path:
            GitHubStandIn.do_GET(self)
            return
        headers.extend(self.headers.get_all("Authorization") or [])
        self.send_response(302)
        self.send_header("Location", f"{elsewhere.address}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    github.do_GET = send_on
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="git fetch failed") as refused:
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert headers == [BASIC]
    assert elsewhere.asked == []
    assert BASIC not in str(refused.value)


def test_a_repository_that_was_renamed_is_told(repo, remote, github, elsewhere, paper_list, curator):
    def send_on(self: GitHubStandIn) -> None:
        self.send_response(301)
        self.send_header("Location", elsewhere.address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    github.do_GET = send_on
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="o/r is elsewhere now: set origin to its new address"):
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pass@github.com/o/r", "https://github.com/o/r"),
        ("https://user:p@ss:word@github.com/o/r", "https://github.com/o/r"),
        ("https://github.com/@o/r", "https://github.com/@o/r"),
    ],
)
def test_a_password_in_an_address_is_not_told(address, shown):
    assert without_password(address) == shown


@pytest.mark.parametrize(
    "address", ["https://[foo/bar", "https://user:pass@example.org/a/b/c", "../beside", "file:///x"]
)
def test_an_origin_that_is_none_of_github_is_refused(repo, github, paper_list, curator, address):
    git(repo, "remote", "add", "origin", address)
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="origin is") as refused:
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert "pass" not in str(refused.value)


def test_an_address_of_the_api_that_is_none_is_refused(repo, remote, github, paper_list, curator, settings):
    settings.GITHUB_API_URL = "https://[foo"
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="GITHUB_API_URL"):
        call_command("publish", "sample", repo=str(repo), pr=True)


def test_a_key_of_the_checkout_for_ssh_is_used(repo, github, paper_list, curator, tmp_path):
    (tmp_path / "o").mkdir()
    git(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "o" / "r.git"))
    script = tmp_path / "with-a-key"
    script.write_text(f'#!/bin/sh\ncd {tmp_path} && exec sh -c "$2"\n')
    script.chmod(0o755)
    git(repo, "config", "core.sshCommand", str(script))
    git(repo, "config", "ssh.variant", "simple")
    git(repo, "remote", "add", "origin", "git@github.com:o/r.git")
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), pr=True)
    branch = git(repo, "branch", "--show-current").strip()
    assert git(tmp_path / "o" / "r.git", "rev-parse", branch) == git(repo, "rev-parse", "HEAD")


def test_no_program_is_told_a_secret_of_the_settings(monkeypatch):
    for setting in SETTINGS:
        monkeypatch.setenv(setting.name, "x")
    secret = [each.name for each in SETTINGS if each.name.endswith(("_TOKEN", "_KEY")) or each.name == "DATABASE_URL"]
    assert {"GITHUB_TOKEN", "SECRET_KEY", "DATABASE_URL"} <= set(secret)
    assert not set(secret) & environment().keys()
    assert environment()["ENCODER"] == "x"
