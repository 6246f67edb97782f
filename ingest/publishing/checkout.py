"""A git checkout: what `publish` asks it and does to it, each a run of the `git` program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.publishing import programs

_LOCAL = 120.0  # seconds for what stays on this machine, hooks of the repository included
_NETWORK = 180.0
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}


class Refused(Exception):
    """Nothing was published; the message says why and what to do."""


@dataclass(frozen=True)
class Checkout:
    """A folder within a git checkout. Paths are those below this folder.

    `login` is configuration that lets git in at the remote, by key; it is handed over in the environment, so that
    no list of processes, no remote and no message shows it.
    """

    folder: Path
    login: dict[str, str] = field(default_factory=dict, repr=False)

    # --- what it is ------------------------------------------------------------------------------------------------

    @classmethod
    def at(cls, folder: Path) -> Checkout:
        """Return the checkout that a folder is in; raise Refused when there is none that a commit can be made in."""
        if not folder.is_dir():
            raise Refused(f"{folder}: there is no such folder")
        checkout = cls(folder)
        inside = checkout._try("rev-parse", "--is-inside-work-tree")
        if inside.code:
            known = "not a git repository" in inside.errors
            raise Refused(f"{folder}: {'no git checkout' if known else _last_line(inside.errors)}")
        if inside.output.strip() != b"true":
            raise Refused(f"{folder}: a git repository without files of a checkout")
        if not checkout.commit():
            raise Refused(f"{folder}: the repository has no commit yet")
        return checkout

    def commit(self, name: str = "HEAD") -> str:
        """Return the commit that a name stands for, empty when there is none."""
        found = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return found.output.decode().strip() if found.code == 0 else ""

    def branch(self) -> str:
        """Return the branch that is checked out, empty for none."""
        return self._try("symbolic-ref", "--quiet", "--short", "HEAD").output.decode().strip()

    def prefix(self) -> str:
        """Return where the folder is in the repository: empty at the top, else `docs/`."""
        return self._git("rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").strip("\n")

    def top(self) -> Path:
        """Return the folder of the whole checkout."""
        return Path(self._git("rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").strip("\n"))

    def under_way(self) -> str:
        """Return what was begun and not ended, as "a merge", or nothing."""
        for name, words in _UNDER_WAY.items():
            if (self.folder / self._git("rev-parse", "--git-path", name).decode().strip()).exists():
                return words
        return ""

    def staged(self) -> bool:
        """Whether anything is staged for the next commit."""
        return self._try("diff", "--cached", "--quiet").code != 0

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """Return which of these files differ from the last commit; files that it does not hold are none of them."""
        told = self._git("diff", "--name-only", "-z", "--relative", "HEAD", "--", *paths)
        return [name.decode("utf-8", "surrogateescape") for name in told.split(b"\0") if name]

    def content(self, path: str, commit: str = "HEAD") -> bytes | None:
        """Return a file as a commit has it, None when it has none of that name."""
        found = self._try("cat-file", "blob", f"{commit}:./{path}")
        return found.output if found.code == 0 else None

    def had(self, path: str) -> bool:
        """Whether any commit so far has touched a file."""
        return bool(self._git("log", "-1", "--format=%H", "--", path).strip())

    def is_within(self, commit: str, name: str = "HEAD") -> bool:
        """Whether a commit is among those that a name builds on."""
        return self._try("merge-base", "--is-ancestor", commit, name).code == 0

    def upstream(self) -> str:
        """Return what the branch follows, as `origin/main`, empty for nothing that is known here."""
        found = self._try("rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
        return found.output.decode().strip() if found.code == 0 else ""

    def ahead_and_behind(self, other: str) -> tuple[int, int]:
        """Return how many commits HEAD has that the other lacks, and the other way round."""
        ahead, behind = self._git("rev-list", "--left-right", "--count", f"HEAD...{other}").split()
        return int(ahead), int(behind)

    def author(self) -> str:
        """Return who commits here, as `Ada <ada@example.org>`; raise Refused when git does not know."""
        found = self._try("var", "GIT_AUTHOR_IDENT")
        if found.code:
            raise Refused(f"{self.folder}: git does not know who commits: set user.name and user.email")
        return found.output.decode("utf-8", "replace").rpartition(">")[0] + ">"

    def message(self) -> tuple[str, str]:
        """Return the subject and the body of the last commit."""
        said = self._git("log", "-1", "--format=%s%x00%b").decode("utf-8", "replace")
        subject, _, body = said.partition("\0")
        return subject, body.strip()

    def is_branch_name(self, name: str) -> bool:
        """Whether git takes this as the name of a branch."""
        return self._try("check-ref-format", "--branch", name).code == 0

    # --- what is done to it ----------------------------------------------------------------------------------------

    def start(self, branch: str) -> None:
        """Make a branch at the last commit and check it out."""
        self._git("switch", "--quiet", "--no-track", "--create", branch)

    def switch(self, branch: str) -> None:
        """Check out a branch that there is."""
        self._git("switch", "--quiet", branch)

    def detach(self, commit: str) -> None:
        """Check out a commit without a branch."""
        self._git("switch", "--quiet", "--detach", commit)

    def drop(self, branch: str) -> None:
        """Delete a branch that holds nothing of its own."""
        self._git("branch", "--quiet", "--delete", "--force", branch)

    def record(self, paths: Sequence[str], message: str) -> str:
        """Commit these files and nothing else, and return the commit."""
        self._git("add", "--", *paths)
        self._git(
            "commit", "--quiet", "--file=-", "--cleanup=whitespace", "--only", "--", *paths, given=message.encode()
        )
        return self.commit()

    def unstage(self, paths: Sequence[str]) -> None:
        """Make the next commit hold these files as the last one does."""
        self._git("reset", "--quiet", "--", *paths)

    # --- its remote ------------------------------------------------------------------------------------------------

    def remote(self) -> str:
        """Return the address that origin is pushed to, as it was configured; empty without one."""
        for key in ("remote.origin.pushurl", "remote.origin.url"):
            found = self._try("config", "--get", key)
            if found.code == 0 and found.output.strip():
                return found.output.decode("utf-8", "replace").strip()
        return ""

    def fetch(self) -> None:
        """Learn what origin has by now."""
        self._git("fetch", "--quiet", "origin", seconds=_NETWORK)

    def push(self, branch: str) -> None:
        """Push a branch to origin under its own name; nothing there is overwritten."""
        reference = f"refs/heads/{branch}"
        self._git("push", "--quiet", "--set-upstream", "origin", f"{reference}:{reference}", seconds=_NETWORK)

    # --- git itself ------------------------------------------------------------------------------------------------

    def _git(self, *words: str, given: bytes = b"", seconds: float = _LOCAL) -> bytes:
        """Return what git says; raise Refused with its own words when it fails."""
        done = self._try(*words, given=given, seconds=seconds)
        if done.code:
            said = _last_line(done.errors) or _last_line(done.output.decode("utf-8", "replace"))
            raise Refused(f"git {words[0]} failed: {self._without_secrets(said) or f'exit status {done.code}'}")
        return done.output

    def _try(self, *words: str, given: bytes = b"", seconds: float = _LOCAL) -> programs.Finished:
        # Names of files are names, whatever git could read into them; nothing may ask at the terminal.
        command = ("git", "--literal-pathspecs", *words)
        try:
            return programs.run(command, self.folder, seconds, self._environment(), given)
        except programs.ProgramFailed as error:
            raise Refused(str(error)) from error

    def _environment(self) -> dict[str, str]:
        quiet = {
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GCM_INTERACTIVE": "never",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
            "GIT_CONFIG_COUNT": str(len(self.login)),
        }
        for place, (key, value) in enumerate(self.login.items()):
            quiet |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
        return programs.environment(without="GIT_") | quiet

    def _without_secrets(self, text: str) -> str:
        for value in self.login.values():
            text = text.replace(value, "…")
        return without_password(text)


def without_password(text: str) -> str:
    """Return a text without the names and passwords that addresses in it carry."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _last_line(text: str) -> str:
    """What a program said, in one line: git tells the reason in `fatal:` or `error:`, and hints after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(?:fatal|error|! \[|remote: error)", line)]
    return "; ".join(telling[:2]) if telling else (lines[-1] if lines else "")
