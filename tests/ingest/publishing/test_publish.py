"""Publishing into real git repositories, and pull requests through a stand-in that speaks HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from papers import entries, review
from papers.models import Paper, PaperList
from papers.prefill import prefill
from papers.readme.exporter import export
from papers.texts import fields_of
from tests.factories import make_paper
from tests.papers.readme import samples
from tests.papers.readme.lists import both_languages, document, entry

pytestmark = pytest.mark.django_db

NAMES = {"en": "README.md", "zh": "README_CN.md"}


def git(folder: Path, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


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


def test_one_accepted_paper_is_one_line_in_each_language(repo, paper_list, curator, capsys):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo))
    assert changed_lines(repo, "README.md") == (1, 0)
    assert changed_lines(repo, "README_CN.md") == (1, 0)
    subject, _, body = git(repo, "log", "-1", "--format=%B").partition("\n\n")
    assert subject == "Add 1 paper"
    assert body.strip() == "Add Fresh to KV Compression (curator)"
    assert git(repo, "log", "-1", "--format=%an <%ae>").strip() == "Cura Tor <curator@example.org>"
    assert "Add 1 paper" in capsys.readouterr().out
    assert git(repo, "status", "--porcelain") == ""
    for language, name in NAMES.items():
        assert (repo / name).read_bytes() == export(document(paper_list, language))
        assert document(paper_list, language).commit == git(repo, "rev-parse", "HEAD").strip()


def test_a_second_publication_has_only_what_came_since(repo, paper_list, curator, capsys):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo))
    call_command("publish", "sample", repo=str(repo))
    assert "Nothing to commit" in capsys.readouterr().out
    quest = entry(paper_list, "Quest")
    text = quest.texts.get(document__language="en")
    entries.edit(text, replace(fields_of(text), tldr="Pages of the cache"), curator)
    call_command("publish", "sample", repo=str(repo), message="Say it better")
    subject, _, body = git(repo, "log", "-1", "--format=%B").partition("\n\n")
    assert subject == "Say it better"
    assert body.count("\n") <= 2
    assert "Quest" in body
    assert "Fresh" not in body


def test_what_others_pushed_since_is_imported_first(repo, paper_list, curator):
    accept(paper_list, curator)
    theirs = (repo / "README.md").read_bytes().replace(b"Up to 20x", b"Up to 30x")
    (repo / "README.md").write_bytes(theirs)
    git(repo, "commit", "-q", "-am", "Theirs")
    before = git(repo, "rev-parse", "HEAD")
    with pytest.raises(CommandError, match=r"README.md has changes that Listkeeper has not seen: import it first"):
        call_command("publish", "sample", repo=str(repo))
    assert git(repo, "rev-parse", "HEAD") == before
    call_command("import_list", str(repo / "README.md"), slug="sample")
    call_command("publish", "sample", repo=str(repo))
    assert changed_lines(repo, "README.md") == (1, 0)
    assert b"Up to 30x" in (repo / "README.md").read_bytes()


def test_what_is_in_the_way_is_refused_in_one_line_and_nothing_is_written(repo, paper_list, curator, tmp_path):
    accept(paper_list, curator)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CommandError):
        call_command("publish", "sample", repo=str(empty))
    with pytest.raises(CommandError, match="there is no such list"):
        call_command("publish", "other", repo=str(repo))
    with pytest.raises(CommandError, match="--repo"):
        call_command("publish", "sample")
    dirty = (repo / "README.md").read_bytes() + b"more\n"
    (repo / "README.md").write_bytes(dirty)
    with pytest.raises(CommandError, match=r"README.md: has uncommitted changes"):
        call_command("publish", "sample", repo=str(repo))
    assert (repo / "README.md").read_bytes() == dirty
    git(repo, "checkout", "-q", "README.md")
    git(repo, "checkout", "-q", "--detach")
    with pytest.raises(CommandError, match="no branch is checked out"):
        call_command("publish", "sample", repo=str(repo))
    git(repo, "checkout", "-q", "main")
    with pytest.raises(CommandError, match="GITHUB_TOKEN"):
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert git(repo, "log", "--oneline").count("\n") == 1


def test_a_path_that_leads_out_of_the_checkout_is_refused(repo, paper_list, curator):
    accept(paper_list, curator)
    readme = document(paper_list)
    readme.path = "../README.md"
    readme.save()
    with pytest.raises(CommandError, match="leads out of the checkout"):
        call_command("publish", "sample", repo=str(repo))


@pytest.mark.parametrize(("status", "published"), [(0, True), (3, False)])
def test_the_lists_own_checks_decide(repo, paper_list, curator, status, published):
    script = f"import sys; print('row 7 is too long'); sys.exit({status})"
    (repo / "check.py").write_text(script)
    (repo / "list.toml").write_text(
        'slug = "sample"\nname = "Sample"\n[languages.en]\nfile = "README.md"\n'
        '[publish]\nchecks = ["python3", "check.py"]\n'
    )
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "Checks")
    accept(paper_list, curator)
    if published:
        call_command("publish", "sample", repo=str(repo))
        assert changed_lines(repo, "README.md") == (1, 0)
        return
    with pytest.raises(CommandError, match="row 7 is too long"):
        call_command("publish", "sample", repo=str(repo))
    assert (repo / "README.md").read_bytes() == samples.ENGLISH.encode()
    assert git(repo, "status", "--porcelain") == ""


def test_a_branch_is_made_for_it(repo, paper_list, curator):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), branch="new-rows")
    assert git(repo, "branch", "--show-current").strip() == "new-rows"
    assert git(repo, "rev-parse", "main") == git(repo, "rev-parse", "new-rows~1")


def test_a_patch_is_taken_by_git_am(repo, paper_list, curator, tmp_path):
    accept(paper_list, curator)
    for name, options in (("here", {"repo": str(repo)}), ("without", {})):
        call_command("publish", "sample", patch=str(tmp_path / name), **options)
    assert git(repo, "log", "--oneline").count("\n") == 1
    git(repo, "am", "-q", str(tmp_path / "without"))
    assert git(repo, "log", "-1", "--format=%s").strip() == "Add 1 paper"
    for language, name in NAMES.items():
        assert (repo / name).read_bytes() == export(document(paper_list, language))


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


def test_a_pull_request_is_pushed_and_opened(repo, remote, github, paper_list, curator, capsys):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), pr=True)
    out = capsys.readouterr().out
    assert "https://github.com/o/r/pull/7" in out
    assert "a-secret-token" not in out
    (body,) = github.bodies
    assert body["title"] == "Add 1 paper"
    assert body["base"] == "main"
    branch = body["head"].rpartition(":")[2]
    assert branch.startswith("listkeeper/")
    assert git(remote, "rev-parse", branch) == git(repo, "rev-parse", branch)
    assert git(remote, "rev-parse", "main") == git(repo, "rev-parse", "main")
    assert all(header == "Bearer a-secret-token" for _, _, header in github.asked)
    assert "a-secret-token" not in (repo / ".git" / "config").read_text()


def test_what_github_refuses_is_said_in_its_words(repo, remote, github, paper_list, curator):
    github.status = 401
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="Bad credentials"):
        call_command("publish", "sample", repo=str(repo), pr=True)


def test_the_token_goes_to_no_other_host(repo, remote, github, paper_list, curator):
    git(repo, "remote", "set-url", "origin", "https://github.com/o/r.git")
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="the token is for one of them"):
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert github.asked == []


def test_without_a_remote_there_is_no_pull_request(repo, github, paper_list, curator):
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="origin"):
        call_command("publish", "sample", repo=str(repo), pr=True)
    assert git(repo, "log", "--oneline").count("\n") == 1
