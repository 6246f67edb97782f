"""The system user that the server runs as. PostgreSQL refuses to be root, so root finds it another user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "listkeeper-db"
FALLBACK = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A system user other than ours."""

    name: str
    uid: int
    gid: int


def account_for(cluster: Path) -> Account | None:
    """Return the user to run the server as, or None when it is simply us."""
    if os.geteuid() != 0:
        return None
    try:
        owner = cluster.stat().st_uid
    except FileNotFoundError:
        owner = 0
    # A database made by an ordinary user stays that user's when root visits.
    entry = pwd.getpwuid(owner) if owner else _own_user()
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _own_user() -> pwd.struct_passwd:
    """Return our own system user, made when missing; where none can be made, `nobody`."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        # Its exit code is not asked: another process may have made the user in the same moment.
        subprocess.run(  # noqa: S603
            [
                useradd,
                "--system",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                NAME,
            ],
            capture_output=True,
            check=False,
        )
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return pwd.getpwnam(FALLBACK)


def may(account: Account | None, path: Path, mode: int) -> bool:
    """Say whether the user may access the path (os.access modes), asked as that user: ACLs count, too."""
    if account is None:
        return os.access(path, mode)
    child = os.fork()
    if child == 0:
        allowed = False
        try:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            allowed = os.access(path, mode)
        finally:
            os._exit(0 if allowed else 1)
    return os.waitpid(child, 0)[1] == 0


def give(account: Account | None, path: Path) -> None:
    """Make the user the owner of the path."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
