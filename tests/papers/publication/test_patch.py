"""Patches are what git makes of them: `git apply` and `git am` are asked."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from papers.publication.message import Message
from papers.publication.patch import FileChange, diff, mail

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
LINES = st.sampled_from(
    [b"| a |\n", b"| b |\n", b"| c |\r\n", b"\n", b"- x\n", b"--- a\n", b"@@ -1 +1 @@\n", b"\xff\0\n"]
)
CONTENTS = st.tuples(st.lists(LINES, max_size=30), st.sampled_from([b"", b"end", b"\r", b"\\ No newline"])).map(
    lambda parts: b"".join(parts[0]) + parts[1]
)
PATHS = ["README.md", "docs/READ ME.md", 'é "quoted"\\.md', "a\tb\nc.md"]


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=Cura Tor", "-c", "user.email=curator@example.org")
    done = subprocess.run(["git", *who, *words], cwd=folder, env=env, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@given(before=st.none() | CONTENTS, after=CONTENTS, path=st.sampled_from(PATHS))
@example(before=b"b\n" * 5, after=b"a\n" + b"b\n" * 4, path="README.md")  # the same lines, one farther down
@settings(max_examples=60, deadline=None)
def test_git_makes_of_the_old_file_the_new_one(before, after, path):
    with TemporaryDirectory() as name:
        folder = Path(name)
        git(folder, "init", "-q")
        (folder / path).parent.mkdir(exist_ok=True)
        if before is not None:
            (folder / path).write_bytes(before)
        patch = diff([FileChange(path, before, after)])
        assert bool(patch) == (before != after)
        if patch:
            git(folder, "apply", "--whitespace=nowarn", "-", given=patch)
        assert (folder / path).read_bytes() == after


@pytest.mark.parametrize(
    "message",
    [
        Message("Add 2 papers, move 1", "Add “Quest” to KV (üser)\nMove FLAT: x to KV"),
        Message("加一篇 " + "long " * 60 + "subject"),
        Message("Fix venue of A", "Fix venue of --- x\nFix tags of diff --git a/x b/x"),
    ],
)
def test_git_am_keeps_the_message_and_the_bytes(tmp_path, message):
    git(tmp_path, "init", "-q")
    (tmp_path / "README.md").write_bytes(b"a\nb\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "First")
    patch = mail(message, [FileChange("README.md", b"a\nb\n", b"a\n\xff\n")], AT)
    git(tmp_path, "am", "-q", given=patch)
    assert git(tmp_path, "log", "-1", "--format=%B").strip() == message.text.strip()
    assert (tmp_path / "README.md").read_bytes() == b"a\n\xff\n"
    assert git(tmp_path, "log", "-1", "--format=%aI").strip() == AT.isoformat()


def test_nothing_changed_is_no_patch():
    assert mail(Message("Nothing"), [FileChange("README.md", b"a", b"a")], AT) == b""
