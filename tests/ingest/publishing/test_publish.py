"""Publishing into real git repositories, and pull requests through a stand-in that speaks HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from papers import entries
from papers.readme.exporter import export
from papers.texts import fields_of
from tests.ingest.publishing.repositories import accept, changed_lines, git
from tests.papers.readme import samples
from tests.papers.readme.lists import document, entry

pytestmark = pytest.mark.django_db

NAMES = {"en": "README.md", "zh": "README_CN.md"}


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
