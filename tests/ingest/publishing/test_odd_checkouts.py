"""Publishing into checkouts with hooks, odd names, turned line endings, other branches: nothing is half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ingest.publishing.checkout import Checkout
from papers import newlanguage
from papers.models import Document
from papers.readme.exporter import export
from tests.ingest.publishing.repositories import accept, changed_lines, git, hook
from tests.papers.readme import samples
from tests.papers.readme.lists import SETTINGS, document, new_list, take_in

pytestmark = pytest.mark.django_db


def commits(repo: Path) -> int:
    return git(repo, "log", "--oneline", "--all").count("\n")


def test_a_hook_that_refuses_leaves_all_as_it_was(repo, paper_list, curator):
    accept(paper_list, curator)
    for name in ("pre-commit", "post-checkout"):
        hook(repo, name, "exit 1")
        with pytest.raises(CommandError, match="git"):
            call_command("publish", "sample", repo=str(repo), branch="new-rows")
        assert git(repo, "branch", "--show-current").strip() == "main"
        assert git(repo, "branch", "--list", "new-rows") == ""
        assert git(repo, "status", "--porcelain") == ""
    assert commits(repo) == 1


def test_what_goes_wrong_after_the_commit_undoes_no_file(repo, paper_list, curator, monkeypatch):
    monkeypatch.setitem(Checkout._git.__kwdefaults__, "seconds", 3.0)
    accept(paper_list, curator)
    hook(repo, "post-commit", "sleep 30")
    call_command("publish", "sample", repo=str(repo))
    assert git(repo, "status", "--porcelain") == ""
    assert document(paper_list).commit == git(repo, "rev-parse", "HEAD").strip()


def test_a_hook_that_takes_too_long_is_ended_and_leaves_no_lock(repo, paper_list, curator, monkeypatch):
    monkeypatch.setitem(Checkout._git.__kwdefaults__, "seconds", 2.0)
    accept(paper_list, curator)
    hook(repo, "pre-commit", "sleep 30")
    with pytest.raises(CommandError, match=r"git: not done after 2 s \(commit\)"):
        call_command("publish", "sample", repo=str(repo))
    assert not (repo / ".git" / "index.lock").exists()
    assert git(repo, "status", "--porcelain") == ""


def test_what_a_hook_leaves_running_is_not_waited_for(repo, paper_list, curator, monkeypatch):
    monkeypatch.setitem(Checkout._git.__kwdefaults__, "seconds", 5.0)
    accept(paper_list, curator)
    hook(repo, "pre-commit", "sleep 8 &")
    call_command("publish", "sample", repo=str(repo))
    assert commits(repo) == 2


def test_what_a_hook_makes_of_the_file_is_imported(repo, paper_list, curator, capsys):
    accept(paper_list, curator)
    hook(repo, "pre-commit", "sed -i.old 's/TL;DR/Tldr/' README.md; rm README.md.old; git add README.md")
    call_command("publish", "sample", repo=str(repo))
    assert "README.md: the repository's hooks changed it" in capsys.readouterr().err
    assert git(repo, "status", "--porcelain") == ""
    assert b"Tldr" in (repo / "README.md").read_bytes()
    assert export(document(paper_list)) == (repo / "README.md").read_bytes()
    call_command("publish", "sample", repo=str(repo))
    assert "Nothing to commit" in capsys.readouterr().out


def test_where_git_turns_line_endings_only_what_it_stores_counts(repo, paper_list, curator, capsys):
    git(repo, "config", "core.autocrlf", "true")
    for name in ("README.md", "README_CN.md"):
        (repo / name).unlink()
    git(repo, "checkout", "-q", "--", ".")
    assert b"\r\n" in (repo / "README.md").read_bytes()
    call_command("publish", "sample", repo=str(repo))
    assert "Nothing to commit" in capsys.readouterr().out
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo))
    assert changed_lines(repo, "README.md") == (1, 0)
    assert git(repo, "status", "--porcelain") == ""


def test_a_patch_of_lines_that_end_in_crlf_says_how_it_is_taken(repo, curator, tmp_path, capsys):
    crlf = samples.ENGLISH.replace("\n", "\r\n")
    take_in(paper_list := new_list(), crlf, listfile=SETTINGS)
    (repo / "README.md").write_bytes(crlf.encode())
    git(repo, "commit", "-q", "-am", "CRLF")
    accept(paper_list, curator)
    call_command("publish", "sample", patch=str(tmp_path / "patch"))
    assert "--keep-cr" in capsys.readouterr().err
    git(repo, "am", "-q", "--keep-cr", str(tmp_path / "patch"))
    assert (repo / "README.md").read_bytes() == export(document(paper_list))


def test_names_are_names_whatever_they_hold(repo, paper_list, curator, tmp_path):
    name = 'docs é\n"*"/READ :(top) ME.md'
    (repo / name).parent.mkdir()
    git(repo, "mv", "README_CN.md", name)
    git(repo, "commit", "-q", "-m", "Elsewhere")
    Document.objects.filter(language="zh").update(path=name)
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), patch=str(tmp_path / "patch"))
    call_command("publish", "sample", repo=str(repo))
    assert changed_lines(repo, "README.md") == (1, 0)
    published = (repo / name).read_bytes()
    assert published == export(document(paper_list, "zh"))
    git(repo, "reset", "-q", "--hard", "HEAD~1")
    git(repo, "am", "-q", str(tmp_path / "patch"))
    assert (repo / name).read_bytes() == published


def test_a_new_language_may_have_a_folder_of_its_own(repo, paper_list, curator):
    newlanguage.create(paper_list, "de", "docs/de/README.md", curator)
    hook(repo, "pre-commit", "exit 1")
    with pytest.raises(CommandError):
        call_command("publish", "sample", repo=str(repo))
    assert not (repo / "docs").exists()
    hook(repo, "pre-commit", "exit 0")
    call_command("publish", "sample", repo=str(repo))
    assert (repo / "docs/de/README.md").read_bytes() == export(document(paper_list, "de"))
    assert git(repo, "status", "--porcelain") == ""


def test_a_file_that_git_ignores_is_named(repo, paper_list, curator):
    (repo / ".gitignore").write_text("README_DE*\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "Ignore")
    newlanguage.create(paper_list, "de", "README_DE.md", curator)
    with pytest.raises(CommandError, match=r"ignored by one of your .gitignore files: README_DE.md"):
        call_command("publish", "sample", repo=str(repo))
    assert not (repo / "README_DE.md").exists()
    assert git(repo, "status", "--porcelain") == ""


def test_variables_of_git_lead_nowhere_else(repo, paper_list, curator, tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Some Body")
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo))
    assert changed_lines(repo, "README.md") == (1, 0)
    assert git(repo, "log", "-1", "--format=%an").strip() == "Some Body"


def test_a_worktree_and_a_commit_without_a_branch_will_do(repo, paper_list, curator, tmp_path):
    accept(paper_list, curator)
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "beside"))
    call_command("publish", "sample", repo=str(tmp_path / "beside"), branch="new-rows")
    assert git(repo, "rev-parse", "new-rows~1") == git(repo, "rev-parse", "main")
    assert (repo / "README.md").read_bytes() == samples.ENGLISH.encode()


def test_one_publication_at_a_time(repo, paper_list, curator):
    accept(paper_list, curator)
    with Checkout.at(repo).alone(), pytest.raises(CommandError, match="something is being published into it"):
        call_command("publish", "sample", repo=str(repo))
    call_command("publish", "sample", repo=str(repo))
    assert commits(repo) == 2


def test_a_lock_of_somebody_else_is_told_as_it_is(repo, paper_list, curator):
    accept(paper_list, curator)
    (repo / ".git" / "index.lock").touch()
    with pytest.raises(CommandError, match=r"git add failed: .*index\.lock"):
        call_command("publish", "sample", repo=str(repo))
    assert (repo / "README.md").read_bytes() == samples.ENGLISH.encode()


def test_checks_may_stage_nothing(repo, paper_list, curator):
    (repo / "list.toml").write_text(
        'slug = "sample"\nname = "Sample"\n[languages.en]\nfile = "README.md"\n'
        '[publish]\nchecks = ["sh", "-c", "echo more > more; git add more"]\n'
    )
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "Checks")
    accept(paper_list, curator)
    with pytest.raises(CommandError, match="staged changes"):
        call_command("publish", "sample", repo=str(repo))
    assert commits(repo) == 2
    assert (repo / "README.md").read_bytes() == samples.ENGLISH.encode()


def test_an_older_readme_is_not_called_newer(repo, paper_list, curator):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), branch="new-rows")
    git(repo, "switch", "-q", "main")
    with pytest.raises(CommandError, match=r"published last, as \w{10}, was never in this branch: pull or merge it"):
        call_command("publish", "sample", repo=str(repo))


def test_what_was_squashed_into_a_branch_was_published_there(repo, paper_list, curator):
    accept(paper_list, curator)
    call_command("publish", "sample", repo=str(repo), branch="new-rows")
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--squash", "new-rows")
    git(repo, "commit", "-q", "-m", "Squashed")
    call_command("publish", "sample", repo=str(repo))
    (repo / "README.md").write_bytes((repo / "README.md").read_bytes() + b"\nmore\n")
    git(repo, "commit", "-q", "-am", "More")
    with pytest.raises(CommandError, match=r"README.md has changes that Listkeeper has not seen: import it first"):
        call_command("publish", "sample", repo=str(repo))


def test_two_names_of_one_file_are_one(repo, paper_list, curator):
    accept(paper_list, curator)
    Document.objects.filter(language="zh").update(path="./README.md")
    with pytest.raises(CommandError, match="two languages of the list have this file"):
        call_command("publish", "sample", repo=str(repo))


def test_a_patch_is_on_no_branch(paper_list):
    with pytest.raises(CommandError, match="--patch and --branch"):
        call_command("publish", "sample", patch="-", branch="new-rows")
