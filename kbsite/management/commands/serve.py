"""manage.py serve: the site and all that works for it in the foreground, until Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from kbsite import statics
from kbsite.embedded import locks, server
from kbsite.embedded.place import Place
from kbsite.firstrun import LOGIN_FILE, is_due
from kbsite.orphans import dies_with_parent
from kbsite.processes import STOP_SIGNALS, GaveUp, Keeper, Program

READY_TIMEOUT = 120.0
PORT_TIMEOUT = 3.0  # the site of a `serve` that has just been killed may hold the port a moment longer


class Command(BaseCommand):
    help = "Run the site and all that works for it in the foreground: worker, schedule, learner, query encoder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="8000 by default")
        parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1 by default: this machine only")
        parser.add_argument("--skip-bootstrap", action="store_true", help="do not bring in the bundled list")

    def handle(self, *args: Any, host: str, port: int, skip_bootstrap: bool, **options: Any) -> None:
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        with self._alone(), _signals_interrupt():
            try:
                self._check_port(host, port)
                self._prepare(skip_bootstrap)
                self._run(host, port)
            except KeyboardInterrupt:
                self.stdout.write("")
            finally:
                self._let_go_of_database()
        self.stdout.write("Stopped.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the data folder for this process; a second `serve` on it is refused."""
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        path = settings.DATA_DIR / "serve.lock"
        handle = locks.open_lock(path)
        try:
            if not locks.take(handle, LOCK_EX):
                raise CommandError(_already_running(path))
            os.truncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": os.getpid(), "address": self.address}).encode(), 0)
            yield
        finally:
            os.close(handle)

    def _check_port(self, host: str, port: int) -> None:
        deadline = time.monotonic() + PORT_TIMEOUT
        while True:
            try:
                family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
                with socket.socket(family, kind) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    return probe.bind(where)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"Cannot listen on {host}:{port} ({error.strerror}): stop the program that uses it, or "
                        f"take another port with `make run PORT={port + 1}` or `manage.py serve --port {port + 1}`."
                    ) from error
                time.sleep(0.2)

    def _prepare(self, skip_bootstrap: bool) -> None:
        """Bring the database and the static files up to date; on a first run, bring in the bundled list."""
        with self._step("database ready"):
            connection.ensure_connection()
        place = Place(settings.DATA_DIR)
        if place.home != place.base:
            self.stdout.write(f"  its files are in {place.home}: the data folder is closed to its system user")
        executor = MigrationExecutor(connection)
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            with self._step(f"database: {len(plan)} migrations applied"):
                call_command("migrate", verbosity=0, interactive=False)
        with self._step("static files ready"):
            statics.collect()
        if not skip_bootstrap and is_due():
            self._bootstrap()
        connections.close_all()  # the hold on the embedded server stays

    def _bootstrap(self) -> None:
        """In a process of its own, so that this one never loads the libraries of the classifier."""
        process = subprocess.Popen(
            [sys.executable, "manage.py", "bootstrap"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us, and we tell it once
            preexec_fn=dies_with_parent(signal.SIGINT),
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            raise
        if code != 0:
            raise CommandError("The first run did not finish; it goes on where it stopped when you start again.")

    def _run(self, host: str, port: int) -> None:
        """Run the site, and once it answers the others, until a signal comes."""
        site, *others = _programs(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        keeper = Keeper(
            folder=settings.BASE_DIR,
            environment=os.environ | {"DJANGO_SETTINGS_MODULE": "kbsite.settings", "PYTHONUNBUFFERED": "1"},
            say=lambda line: self.stdout.write(line),
        )
        keeper.listen()
        try:
            with self._step("site started"):
                began = time.monotonic()
                keeper.add(site)
                answers = keeper.run_until(lambda: _is_healthy(host, port) or time.monotonic() - began > READY_TIMEOUT)
            if answers:
                if not _is_healthy(host, port):
                    raise GaveUp(f"The site does not answer. See {settings.DATA_DIR / 'logs' / 'web.log'}")
                for program in others:
                    keeper.add(program)
                self._welcome()
            keeper.run_until(lambda: False)
            self.stdout.write("\nStopping …")
        except GaveUp as reason:
            raise CommandError(str(reason)) from None
        finally:
            keeper.stop()

    def _welcome(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.panel import Panel
        from rich.text import Text

        lines = [f"Listkeeper is running on [bold]{self.address}[/bold]"]
        login = settings.DATA_DIR / LOGIN_FILE
        if login.exists():
            lines.append(f"Sign in as [bold]curator[/bold]; the password is in {escape(str(login))}")
        lines.append(f"Logs are in {escape(str(settings.DATA_DIR / 'logs'))}. Ctrl-C stops it.")
        text = Text.from_markup("\n".join(lines))
        # Wide enough for its longest line on any terminal: a path that is cut off cannot be copied.
        frame = Panel(text, width=max(len(line) for line in text.plain.splitlines()) + 6, padding=(1, 2))
        Console(file=self.stdout, width=frame.width).print(frame)  # type: ignore[arg-type]
        self.stdout.flush()

    def _let_go_of_database(self) -> None:
        """Wait until the embedded server has stopped, unless somebody else uses it, too."""
        connections.close_all()
        if settings.DATABASES["default"]["ENGINE"] != "kbsite.embedded":
            return
        server.release(settings.DATA_DIR)
        if not server.wait_until_stopped(settings.DATA_DIR):
            self.stdout.write("The database stays up: another process uses it.")

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.stdout.write(f"  {what:<44} {time.monotonic() - began:5.1f} s")
        self.stdout.flush()


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """While things are prepared, every signal that ends a program is a Ctrl-C; a second one does not wait."""
    told = False

    def interrupt(*_: Any) -> None:
        nonlocal told
        if told:
            os._exit(130)
        told = True
        raise KeyboardInterrupt

    for sign in STOP_SIGNALS:
        signal.signal(sign, interrupt)
    yield


def _already_running(lock: Path) -> str:
    try:
        other = json.loads(lock.read_text())
        who = f"process {other['pid']}, {other['address']}"
    except (OSError, ValueError, KeyError):
        who = "it is just starting"
    return (
        f"Listkeeper is already running on {lock.parent} ({who}). "
        "Stop it with Ctrl-C there, or point LISTKEEPER_DATA_DIR at another folder."
    )


def _programs(bind: str) -> list[Program]:
    """Return the site, the worker, the schedule, the learner and the query encoder."""
    logs = settings.DATA_DIR / "logs"
    quiet = ("--loglevel=INFO", "--without-gossip", "--without-mingle")

    def module(line: str, *more: str) -> list[str]:
        return [sys.executable, "-m", *line.split(), *more]

    return [
        Program(
            "The site",
            module("gunicorn kbsite.wsgi --workers 2 --threads 4 --no-control-socket --bind", bind),
            logs / "web.log",
            essential=True,
        ),
        Program(
            "The worker",
            module("celery --app kbsite worker --queues default,gpu --concurrency 2", *quiet),
            logs / "worker.log",
            orphan_signal=signal.SIGQUIT,  # not SIGTERM: that would finish its tasks first
        ),
        Program(
            "The schedule",
            module("celery --app kbsite beat --loglevel=INFO --pidfile="),
            logs / "beat.log",
        ),
        Program("The learner", [sys.executable, "manage.py", "learn"], logs / "learner.log"),
        Program("The query encoder", [sys.executable, "manage.py", "encode_queries"], logs / "queries.log"),
    ]


def _is_healthy(host: str, port: int) -> bool:
    """Say whether GET /healthz answers 200, asked by a name that the site answers to."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    headers = {"Host": names[0] if names else "localhost"}
    if settings.SECURE_SSL_REDIRECT:
        headers["X-Forwarded-Proto"] = "https"
    client = http.client.HTTPConnection(everywhere.get(host, host), port, timeout=5)
    try:
        client.request("GET", "/healthz", headers=headers)
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
