"""The embedded PostgreSQL with real processes: first client, last client, and kill -9 at everybody."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kbsite.embedded.cluster import find_engine
from kbsite.embedded.place import Place

CLIENT = """
import json, sys
from pathlib import Path
from django.conf import settings
from kbsite.embedded.config import database_settings
settings.configure(DATABASES={"default": database_settings(Path(sys.argv[1]))})
import django
django.setup()
from django.core.management.base import CommandError
from django.db import connection
for statement in sys.stdin:
    connection.close()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            answer = {"rows": cursor.fetchall() if cursor.description else []}
    except CommandError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


class Client:
    """A process that uses the embedded database: every statement on a new connection."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(data_dir)],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def send(self, statement: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{statement}\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def ask(self, statement: str) -> list:
        self.send(statement)
        answer = self.answer()
        assert "rows" in answer, answer
        return answer["rows"]

    def leave(self) -> None:
        self.process.communicate()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path (sockets), closed to other users as mkdtemp makes it."""
    path = Path(tempfile.mkdtemp(prefix="lk-"))
    yield path
    eventually(lambda: not database_processes(path))
    shutil.rmtree(path)


@pytest.fixture
def client(data_dir: Path) -> Iterator[Callable[[], Client]]:
    clients: list[Client] = []

    def start() -> Client:
        clients.append(Client(data_dir))
        return clients[-1]

    yield start
    for each in clients:
        each.process.kill()
        each.process.communicate()


def database_processes(data_dir: Path) -> list[psutil.Process]:
    """Every living supervisor and server of a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            mine = "kbsite.embedded.supervisor" in command and str(data_dir) in command
            serves = process.name() == "postgres" and Path(process.cwd()).is_relative_to(data_dir)
            if (mine or serves) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def supervisor_pid(data_dir: Path) -> int:
    return json.loads(Place(data_dir).supervisor_lock.read_text())["pid"]


def postmaster_pid(data_dir: Path) -> int:
    return int(Place(data_dir).pid_file.read_text().split("\n")[0])


def test_clients_share_one_server_and_the_last_turns_off_the_light(data_dir, client):
    one, two = client(), client()
    one.send("select pg_backend_pid(), current_database()")
    two.send("select pg_backend_pid(), current_database()")
    (first, database), (second, _) = one.answer()["rows"][0], two.answer()["rows"][0]
    assert database == "listkeeper"
    assert first != second
    postmaster = postmaster_pid(data_dir)

    one.leave()
    time.sleep(0.8)
    assert two.ask("select 1") == [[1]]
    assert postmaster_pid(data_dir) == postmaster

    two.leave()
    eventually(lambda: not database_processes(data_dir))
    assert not Place(data_dir).pid_file.exists()
    assert "database system is shut down" in Place(data_dir).server_log.read_text()


def test_an_existing_database_is_ready_quickly(data_dir, client):
    one = client()
    one.ask("create table kept as select 42 as answer")
    one.leave()
    eventually(lambda: not database_processes(data_dir))
    two = client()
    started = time.monotonic()
    assert two.ask("select answer from kept") == [[42]]
    assert time.monotonic() - started < 15  # about 0.3 s, most of it Django's import; room for a busy machine


def test_speaks_utf8_and_has_vectors_and_no_tcp(client):
    one = client()
    one.ask("create extension vector")
    assert one.ask("select '[1,2]'::vector <-> '[1,3]'::vector") == [[1.0]]
    assert one.ask("select lower('ÜBER'), to_tsvector('simple', '压缩，论文')::text") == [["über", "'压缩':1 '论文':2"]]
    assert one.ask("show listen_addresses") == [[""]]
    assert one.ask("show data_checksums") == [["on"]]
    assert one.ask("show fsync") == [["on"]]


def test_a_client_that_comes_while_the_server_stops_gets_a_server(data_dir, client):
    for pause in (0.0, 0.15, 0.3, 0.35, 0.4):
        one = client()
        assert one.ask("select 1") == [[1]]
        two = client()
        two.send("")  # an empty statement is no statement: only the imports are done by now
        one.process.kill()
        time.sleep(pause)
        assert two.ask("select 2") in ([[2]], [])
        two.leave()


def test_a_killed_server_is_restarted(data_dir, client):
    one = client()
    one.ask("create table kept as select 42 as answer")
    killed = postmaster_pid(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert one.ask("select answer from kept") == [[42]]
    assert postmaster_pid(data_dir) != killed
    assert "starting it again" in Place(data_dir).supervisor_log.read_text()


def test_a_killed_supervisor_is_replaced_and_its_orphan_stopped(data_dir, client):
    one = client()
    one.ask("create table kept as select 42 as answer")
    orphan, killed = postmaster_pid(data_dir), supervisor_pid(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert client().ask("select answer from kept") == [[42]]
    assert one.ask("select answer from kept") == [[42]]
    assert supervisor_pid(data_dir) != killed
    assert postmaster_pid(data_dir) != orphan
    assert len([p for p in database_processes(data_dir) if p.name() != "postgres"]) == 1


def test_everything_killed_at_once(data_dir, client):
    one = client()
    one.ask("create table kept as select 42 as answer")
    for process in database_processes(data_dir):
        with contextlib.suppress(psutil.NoSuchProcess):  # a child may go with its parent
            process.kill()
    assert one.ask("select answer from kept") == [[42]]


def test_a_zombie_in_the_pid_file_is_not_a_server(data_dir, client):
    one = client()
    one.ask("select 1")
    lines = Place(data_dir).pid_file.read_text().splitlines()
    one.leave()
    eventually(lambda: not database_processes(data_dir))
    zombie = subprocess.Popen(["true"])
    try:
        eventually(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
        Place(data_dir).pid_file.write_text("\n".join([str(zombie.pid), *lines[1:]]) + "\n")
        assert client().ask("select 1") == [[1]]
        assert postmaster_pid(data_dir) != zombie.pid
    finally:
        zombie.wait()


def test_a_database_of_another_version_is_named(data_dir, client):
    cluster = Place(data_dir).cluster
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("17\n")
    one = client()
    one.send("select 1")
    message = one.answer()["error"]
    assert message.startswith(f"The database in {cluster} is of PostgreSQL 17, and this is 18")
    assert "LISTKEEPER_DATA_DIR" in message
    assert "\n" not in message


def test_a_half_made_cluster_is_made_again(data_dir, client):
    draft = Place(data_dir).home / "cluster.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    assert client().ask("select 1") == [[1]]
    assert not draft.exists()


def test_a_long_path_gets_a_short_socket(data_dir):
    deep = data_dir / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    data_dir.chmod(0o755)
    one = Client(deep)
    try:
        assert one.ask("select 1") == [[1]]
        folder = Place(deep).socket_dir
        assert folder.parent == Path("/tmp")
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        one.process.kill()
        one.process.communicate()
        eventually(lambda: not database_processes(deep))
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another user")
def test_root_keeps_the_database_elsewhere_when_the_data_folder_is_closed(data_dir):
    closed = data_dir / "home"
    closed.mkdir(mode=0o700)
    inside = closed / "data"
    for _ in range(2):
        one = Client(inside)
        assert one.ask("create table if not exists kept (answer int)") == []
        one.leave()
        eventually(lambda: not database_processes(inside))
    home = Place(inside).home
    assert not home.is_relative_to(inside)
    assert (home / "cluster" / "PG_VERSION").exists()
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another user")
def test_programs_that_the_server_may_not_read_are_copied(data_dir):
    package = find_engine().parent
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, closed / folder.name)
    data_dir.chmod(0o755)
    inside = data_dir / "data"
    one = Client(inside, PYTHONPATH=str(closed))
    try:
        assert one.ask("select 1") == [[1]]
        assert list(Place(inside).base.glob("engine/*/*/bin/postgres"))
    finally:
        one.process.kill()
        one.process.communicate()
        eventually(lambda: not database_processes(inside))


def test_the_client_side_loads_no_heavy_library():
    code = (
        "import sys, kbsite.embedded.config, kbsite.embedded.supervisor;"
        "print([name for name in ('django', 'psycopg', 'psutil', 'celery') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
