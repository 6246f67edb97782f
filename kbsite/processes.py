"""Keeps a handful of child processes running in the foreground: starts, restarts and stops them together."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kbsite.embedded.logfile import rotate
from kbsite.orphans import dies_with_parent

LONGEST_PAUSE = 30.0  # seconds between two attempts to start a program that keeps dying
STEADY_AFTER = 30.0  # a program that ran this long starts again at once when it dies
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class GaveUp(Exception):
    """A program that the others are worth nothing without cannot stay up."""


@dataclass(slots=True)
class Program:
    """What to run, and how it likes to be stopped."""

    name: str
    command: list[str]
    log: Path
    essential: bool = False  # nothing is worth running without it
    patience: float = 5.0  # seconds that it gets to finish after SIGTERM
    orphan_signal: int = signal.SIGTERM  # what it gets when we are killed
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0  # in a row
    again_at: float | None = None

    @property
    def last_words(self) -> str:
        """The end of the log, where a program that died usually says why."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        except OSError:
            return ""


@dataclass
class Keeper:
    """Runs programs until it is told to stop; `say` gets a line when something happens to one of them."""

    folder: Path
    environment: dict[str, str]
    say: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)
    most_deaths: int = 5
    stopping: bool = False
    _wakers: tuple[socket.socket, ...] = field(default=(), init=False)

    def listen(self) -> None:
        """From now on the signals that end a program stop ours: the first politely, the second at once."""
        receiver, sender = socket.socketpair()
        sender.setblocking(False)
        self._wakers = (receiver, sender)
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        for sign in STOP_SIGNALS:
            signal.signal(sign, self._on_signal)

    def _on_signal(self, *_: Any) -> None:
        if self.stopping:
            self.kill()
            os._exit(130)
        self.stopping = True

    def add(self, program: Program) -> None:
        """Start a program and look after it from now on."""
        self.programs.append(program)
        self._start(program)

    def run_until(self, done: Callable[[], bool]) -> bool:
        """Keep the programs running until `done` (True) or until we are told to stop (False)."""
        cut_logs_at = time.monotonic() + 60
        while not self.stopping:
            if done():
                return True
            for program in self.programs:
                self._look_after(program)
            if time.monotonic() > cut_logs_at:
                cut_logs_at += 60
                for program in self.programs:
                    rotate(program.log)
            if select.select([self._wakers[0]], [], [], 0.2)[0]:
                self._wakers[0].recv(4096)
        return False

    def stop(self) -> None:
        """Stop every program: SIGTERM, after its patience SIGQUIT, then SIGKILL for whatever is left of it."""
        self.stopping = True
        running = [program for program in self.programs if is_running(program)]
        for program in running:
            # To the main process only: it tells its children, which may be in the middle of a task.
            _signal(program, signal.SIGTERM)
        began = time.monotonic()
        for sign, extra in ((signal.SIGQUIT, 0.0), (signal.SIGKILL, 3.0)):
            for program in running:
                left = began + program.patience + extra - time.monotonic()
                if not _ends_within(program, left):
                    if sign == signal.SIGQUIT:  # an idle worker takes seconds, too: do not claim that it works
                        self.say(
                            f"{program.name} is still busy: stopping it. If it was in the middle of a run, "
                            "the next one finishes it."
                        )
                    _signal(program, sign)
        self.kill()

    def kill(self) -> None:
        """End every program and all its children at once."""
        for program in self.programs:
            _signal_group(program, signal.SIGKILL)
            _ends_within(program, 1.0)

    def _start(self, program: Program) -> None:
        program.again_at = None
        program.started = time.monotonic()
        program.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(program.log)
        with program.log.open("ab") as log:
            program.process = subprocess.Popen(  # noqa: S603
                program.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; they are told in order
                preexec_fn=dies_with_parent(program.orphan_signal),
            )

    def _look_after(self, program: Program) -> None:
        """Notice a death, and start again after a pause that grows with every death in a row."""
        now = time.monotonic()
        if program.again_at is not None:
            if now >= program.again_at:
                self._start(program)
            return
        if is_running(program):
            return
        code = program.process.returncode if program.process else None
        _signal_group(program, signal.SIGKILL)  # its own children may have outlived it
        program.process = None
        program.deaths = 1 if now - program.started > STEADY_AFTER else program.deaths + 1
        if program.essential and program.deaths >= self.most_deaths:
            raise GaveUp(f"{program.name} cannot stay up; the end of {program.log}:\n{program.last_words}")
        pause = min(2.0 ** (program.deaths - 1), LONGEST_PAUSE)
        program.again_at = now + pause
        self.say(f"{program.name} ended ({_how(code)}); starting it again in {pause:.0f} s. See {program.log}")


def is_running(program: Program) -> bool:
    """Say whether the program's main process lives."""
    return program.process is not None and program.process.poll() is None


def _signal(program: Program, sign: int) -> None:
    if is_running(program):
        assert program.process is not None
        program.process.send_signal(sign)


def _signal_group(program: Program, sign: int) -> None:
    """Signal the program and the processes it started: it leads a group of its own."""
    if program.process is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(program.process.pid, sign)


def _ends_within(program: Program, seconds: float) -> bool:
    if program.process is None:
        return True
    try:
        program.process.wait(max(seconds, 0.0))
        return True
    except subprocess.TimeoutExpired:
        return False


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
