"""A git checkout: what `publish` asks it and does to it, each a run of the `git` program."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
# The rest of git's variables would turn it to another repository or to other words than these.
_PASSED_ON = frozenset(
    {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"}
    | {"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"}
    | {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
)
Login = tuple[tuple[str, str], ...]  # settings of git, name and value, in their order


class Refused(Exception):
    """Nothing was published; the message says why and what to do."""


@dataclass(frozen=True)
class Checkout:
    """A folder within a git checkout. Paths are those below this folder.

    `login` is configuration that lets git in at the remote. It is handed over in the environment and only to fetch
    and to push, so that no list of processes, no remote, no message and no hook of a commit shows it.
    """

    folder: Path
    login: Login = field(default=(), repr=False)

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
            place = self._git("rev-parse", "--git-path", name).decode("utf-8", "surrogateescape")
            if (self.folder / place.strip("\n")).exists():
                return words
        return ""

    def staged(self) -> bool:
        """Whether anything is staged for the next commit."""
        return self._try("diff", "--cached", "--quiet").code != 0

    def uncommitted(self, paths: Sequence[str]) -> list[str]:
        """Return which of these files differ from the last commit; files that it does not hold are none of them."""
        told = self._git("diff", "--name-only", "-z", "--relative", "HEAD", "--", *paths)
        return [name.decode("utf-8", "surrogateescape") for name in told.split(b"\0") if name]

    def content(self, path: str) -> bytes | None:
        """Return a file as the last commit has it, None when it has none of that name."""
        found = self._try("cat-file", "blob", f"HEAD:./{path}")
        return found.output if found.code == 0 else None

    def holds(self, path: str, content: bytes) -> bool:
        """Whether the last commit has a file with this content, as git would store it: line endings may be turned."""
        committed = self._try("rev-parse", "--verify", "--quiet", f"HEAD:./{path}")
        return committed.code == 0 and committed.output.decode().strip() == self._stored(path, content)

    def had(self, path: str, content: bytes | None = None) -> bool:
        """Whether any commit so far has touched a file, or has had it with this content."""
        sought = [] if content is None else [f"--find-object={self._stored(path, content)}"]
        return bool(self._git("log", "-1", "--format=%H", *sought, "--", path).strip())

    def _stored(self, path: str, content: bytes) -> str:
        return self._git("hash-object", "--stdin", f"--path={path}", given=content).decode().strip()

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

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other publications out of this checkout meanwhile; raise Refused when one is under way."""
        handle = os.open(os.fsdecode(self._git("rev-parse", "--absolute-git-dir").strip(b"\n")), os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused(f"{self.folder}: something is being published into it: wait for that to end") from error
            yield
        finally:
            os.close(handle)

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
        """Commit these files, where nothing else is staged, and return the commit."""
        before = self.commit()
        self._git("add", "--", *paths)
        try:
            # Not with --only: what a hook adds to the commit would be missing in the index after it.
            self._git("commit", "--quiet", "--file=-", "--cleanup=whitespace", given=message.encode())
        except Refused:
            if self.commit() == before:
                raise
            # Only what follows a commit, as a hook that took too long, went wrong.
        return self.commit()

    def unstage(self, paths: Sequence[str]) -> None:
        """Make the next commit hold these files as the last one does, if git lets us."""
        self._try("reset", "--quiet", "--", *paths)

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
        self._git("fetch", "--quiet", "origin", seconds=_NETWORK, login=self.login)

    def push(self, branch: str) -> None:
        """Push a branch to origin under its own name; nothing there is overwritten."""
        reference = f"refs/heads/{branch}"
        words = ("push", "--quiet", "--set-upstream", "origin", f"{reference}:{reference}")
        self._git(*words, seconds=_NETWORK, login=self.login)

    # --- git itself ------------------------------------------------------------------------------------------------

    def _git(self, *words: str, given: bytes = b"", seconds: float = _LOCAL, login: Login = ()) -> bytes:
        """Return what git says; raise Refused with its own words when it fails."""
        done = self._try(*words, given=given, seconds=seconds, login=login)
        if done.code:
            said = _last_line(done.errors) or _last_line(done.output.decode("utf-8", "replace"))
            raise Refused(f"git {words[0]} failed: {self._without_secrets(said) or f'exit status {done.code}'}")
        return done.output

    def _try(self, *words: str, given: bytes = b"", seconds: float = _LOCAL, login: Login = ()) -> programs.Finished:
        # Names of files are names, whatever git could read into them; nothing may ask at the terminal.
        command = ("git", "--literal-pathspecs", *words)
        try:
            return programs.run(command, self.folder, seconds, _environment(login), given)
        except programs.ProgramFailed as error:
            raise Refused(f"{error} ({words[0]})") from error

    def _without_secrets(self, text: str) -> str:
        for _, value in self.login:
            text = text.replace(value, "…") if value else text
        return without_password(text)


def _environment(login: Login) -> dict[str, str]:
    # ssh asks at the terminal, which it has none of here, or in a window.
    quiet = {"LC_ALL": "C.UTF-8", "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
    quiet |= {"GIT_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never", "GIT_CONFIG_COUNT": str(len(login))}
    for place, (key, value) in enumerate(login):
        quiet |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    return programs.environment(without="GIT_") | kept | quiet


def without_password(text: str) -> str:
    """Return a text without the names and passwords that addresses in it carry."""
    return re.sub(r"//[^/\s]*@", "//", text)


def _last_line(text: str) -> str:
    """What a program said, in one line: git tells the reason in `fatal:` or `error:`, and hints after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("hint:", "warning:"))] or lines
    telling = [line for line in lines if re.match(r"(?:fatal|error|! \[|remote: error)", line)]
    return "; ".join(telling[:2]) if telling else " ".join(lines[-2:])
