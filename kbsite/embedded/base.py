"""Django's PostgreSQL engine, connected to our own server, which is started when it is needed."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.postgresql import base as postgresql
from django.db.utils import OperationalError

from kbsite.embedded.config import DATABASE
from kbsite.embedded.place import UnusableDatabase
from kbsite.embedded.server import ensure_running

RETRY_FOR = 60.0  # seconds; a server that recovers from a crash answers after its recovery

# What a server says, or its socket, while it comes or goes.
PASSING = (
    "starting up",
    "shutting down",
    "in recovery mode",
    "not yet accepting connections",
    "Connection refused",
    "No such file or directory",
    "server closed the connection unexpectedly",
    "terminating connection",
    "Connection reset by peer",
)


class DatabaseUnavailable(CommandError, OperationalError):
    """No embedded database: a database error for the site, one line and exit code 1 for a command."""


class DatabaseWrapper(postgresql.DatabaseWrapper):
    """PostgreSQL on our own server."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        deadline = time.monotonic() + RETRY_FOR
        while True:
            try:
                conn_params["host"] = str(ensure_running(self.settings_dict["DATA_DIR"]))
                return super().get_new_connection(conn_params)
            except UnusableDatabase as error:
                raise DatabaseUnavailable(str(error)) from None
            except psycopg.OperationalError as error:
                if conn_params["dbname"] == DATABASE and f'database "{DATABASE}" does not exist' in str(error):
                    _create_database(conn_params)
                elif time.monotonic() > deadline or not any(words in str(error) for words in PASSING):
                    raise
                else:
                    time.sleep(0.05)


def _create_database(conn_params: dict[str, Any]) -> None:
    """Make the database of a new cluster; another process may do so at the same time."""
    with psycopg.connect(
        host=conn_params["host"],
        port=conn_params["port"],
        user=conn_params["user"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        try:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            pass
        except psycopg.errors.ObjectInUse:  # the template is being copied by somebody else
            time.sleep(0.1)
