"""Writes many new rows of one table at once, several times as fast as INSERT does."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


def copy_in(rows: Sequence[Model]) -> None:
    """Store unsaved rows of one model by PostgreSQL's COPY, within the transaction that is open.

    They stay without primary keys, and no signal is sent. A broken constraint raises IntegrityError as ever.
    """
    if not rows:
        return
    table = type(rows[0])._meta
    fields = [field for field in table.concrete_fields if not field.primary_key and not field.generated]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY {quote(table.db_table)} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields])
