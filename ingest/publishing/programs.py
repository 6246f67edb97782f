"""Other programs: run without a shell, without a terminal to ask at, for a bounded time, and without our secrets."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

_GRACE = 5.0  # seconds that a program has to end by itself

# What a program of somebody else's is not told.
_SECRETS = frozenset({"GITHUB_TOKEN", "S2_API_KEY", "SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL"})


class ProgramFailed(Exception):
    """A program could not be run to its end."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that has ended: its exit status and what it wrote."""

    code: int
    output: bytes
    errors: str


def environment(without: str = "") -> dict[str, str]:
    """Return our environment for another program, without secrets and without names that begin with `without`."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _SECRETS and not (without and name.startswith(without))
    }


def run(
    words: Sequence[str], folder: Path, seconds: float, env: Mapping[str, str], given: bytes = b"", joined: bool = False
) -> Finished:
    """Run a program in a folder and return how it ended, whatever its exit status.

    `given` is its standard input; `joined` puts what it says of errors among its output. Raise ProgramFailed when
    it cannot be started or is not done after so many seconds; then it is ended with all that it started.
    """
    # Files and no pipes: what it leaves running in the background would hold a pipe open, and keep us waiting.
    with TemporaryFile() as asked, TemporaryFile() as output, TemporaryFile() as errors:
        asked.write(given)
        asked.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603  # a list of words, no shell
                list(words),
                cwd=folder,
                env=dict(env),
                stdin=asked,
                stdout=output,
                stderr=subprocess.STDOUT if joined else errors,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise ProgramFailed(f"{words[0]}: there is no such program") from error
        except (OSError, ValueError) as error:
            raise ProgramFailed(f"{words[0]}: cannot be run: {error}") from error
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ProgramFailed(f"{words[0]}: not done after {seconds:.0f} s") from error
        finally:
            if process.returncode is None:  # also when somebody pressed Ctrl-C
                _end(process)
        output.seek(0)
        errors.seek(0)
        return Finished(process.returncode, output.read(), errors.read().decode("utf-8", "replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started: at first kindly, for git then takes its locks away."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
