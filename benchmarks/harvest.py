"""How many records a second a harvest takes in, from the bytes of a page to its committed rows, beside a bare COPY.

    python -m benchmarks.harvest [FILE.jsonl[.gz]] [--records 20000] [--page 1300] [--memory 10000,100000] [--json]

Of FILE, as `manage.py ingest_file` reads it, or else of generated records. The pages come thrice: new, unchanged, and
as new versions with another abstract. COPY writes the same papers, identifiers and source records, page for page and
in the same run, into plain tables of the same columns without any index. Peak memory is that of a process of its own
that takes in so many records. The database is the embedded one, in a folder of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET_NEW, TARGET_SAME = 2000.0, 8000.0  # records a second
TARGET_MEMORY = 1.1  # times as much for ten times the records
WORDS = 20_000  # of the vocabulary of generated abstracts
TABLES = ("papers_paper", "papers_identifier", "papers_sourcerecord")


def lines(file: Path | None, records: int) -> Iterator[bytes]:
    """Yield one line of JSON a record: those of the file, over and over under new numbers, or invented ones."""
    number = 0
    while number < records:
        for row in islice(_rows(file), records - number):
            number += 1
            yield json.dumps(row | {"arxiv_id": _id(number), "version": 1}).encode() + b"\n"


def _rows(file: Path | None) -> Iterator[dict[str, Any]]:
    if file is not None:
        from ingest.sources import jsonl

        with jsonl._open(file) as opened:
            for line in opened:
                yield json.loads(line)
    chance = random.Random(7)  # noqa: S311
    # Like a language, a few words make up most of it.
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 11))) for _ in range(WORDS)]
    weights = [1 / rank for rank in range(1, WORDS + 1)]
    while True:
        text = chance.choices(words, weights, k=190)
        yield {
            "title": " ".join(text[:9]),
            "abstract": " ".join(text[10:]),
            "authors": [f"{a.title()} {b.title()}" for a, b in zip(text[:5], text[5:10], strict=True)],
            "categories": ["cs.CL", "cs.LG"],
            "published": "2026-11-02",
            "comment": "12 pages, 5 figures",
        }


def _id(number: int) -> str:
    return f"{7 + number // 1_100_000:02d}{number // 90_000 % 12 + 1:02d}.{number % 90_000 + 1:05d}"


def pages(file: Path | None, records: int, size: int) -> Iterator[list[bytes]]:
    """Yield the lines of each page."""
    source = lines(file, records)
    while page := list(islice(source, size)):
        yield page


def take_in(page: list[bytes]) -> None:
    """Parse a page and store it, as a run does."""
    from ingest.sources import jsonl
    from papers import catalog

    records = [jsonl._record(line, "line") for line in page]
    found = catalog.upsert([record for record in records if not isinstance(record, tuple)])
    assert not found.rejected and found.new + found.changed + found.same == len(page), found


def newer(page: list[bytes]) -> list[bytes]:
    """Return the page with the next version of every paper."""
    rows = [json.loads(line) for line in page]
    return [
        json.dumps(row | {"version": row["version"] + 1, "abstract": f"{row['abstract']} Revised."}).encode()
        for row in rows
    ]


def speed(file: Path | None, records: int, size: int) -> dict[str, dict[str, float]]:
    """Return by kind of page: records a second of the median page, of the COPY beside it, and their ratio."""
    from django.db import connection

    columns = {table: _plain(table) for table in TABLES}
    all_pages = list(pages(file, records, size))
    times: dict[str, list[float]] = {"new": [], "unchanged": [], "changed": [], "COPY": []}
    highest = dict.fromkeys(TABLES, 0)
    for page in all_pages:
        times["new"].append(_seconds(take_in, page) / len(page))
        rows = {}
        for table in TABLES:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {columns[table]} FROM {table} WHERE id > %s", [highest[table]])  # noqa: S608
                rows[table] = cursor.fetchall()
                cursor.execute(f"SELECT max(id) FROM {table}")  # noqa: S608
                highest[table] = cursor.fetchone()[0]
        times["COPY"].append(_seconds(_copy, rows, columns) / len(page))
    for page in all_pages:
        times["unchanged"].append(_seconds(take_in, page) / len(page))
    for page in all_pages:
        page = newer(page)
        times["changed"].append(_seconds(take_in, page) / len(page))
    copied = 1 / statistics.median(times.pop("COPY"))
    return {
        kind: {"records/s": (own := 1 / statistics.median(each)), "COPY/s": copied, "COPY / own": copied / own}
        for kind, each in times.items()
    }


def _plain(table: str) -> str:
    """Make a plain table of the same columns and return their names; what PostgreSQL computes itself is left out."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM"
            " information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        columns = str(cursor.fetchone()[0])
        cursor.execute(f"CREATE TABLE plain_{table} AS SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608
    return columns


def _copy(rows: dict[str, list[Any]], columns: dict[str, str]) -> None:
    from django.db import connection, transaction
    from psycopg.types.json import Jsonb

    with transaction.atomic(), connection.cursor() as cursor:
        for table, of_table in rows.items():
            with cursor.copy(f"COPY plain_{table} ({columns[table]}) FROM STDIN") as copy:
                for row in of_table:
                    copy.write_row([Jsonb(value) if isinstance(value, dict) else value for value in row])


def _seconds(work: Any, *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def memory(file: Path | None, records: int, size: int) -> float:
    """Return the most MiB that a process of its own held while it took in so many records."""
    own = [sys.executable, "-m", "benchmarks.harvest", *([str(file)] if file else []), "--child"]
    told = subprocess.run(  # noqa: S603
        [*own, "--records", str(records), "--page", str(size)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(told.stdout)


def _child(file: Path | None, records: int, size: int) -> None:
    for page in pages(file, records, size):
        take_in(page)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--page", type=int, default=1300, help="records a page, as arXiv's OAI-PMH has them")
    parser.add_argument("--memory", default="10000,100000", help="how many records to measure memory with; empty: none")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    file = asked.file.absolute() if asked.file else None
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  # under root the database runs as another user
        os.environ["LISTKEEPER_DATA_DIR"] = folder
        os.environ.pop("DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "kbsite.settings"
        sys.path.insert(0, str(ROOT))
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        if asked.child:
            _child(file, asked.records, asked.page)
            found: dict[str, Any] = {}
        else:
            found = speed(file, asked.records, asked.page)
        from django.db import connections

        connections.close_all()
    if asked.child:
        return 0
    sizes = [int(each) for each in asked.memory.split(",") if each]
    peaks = {size: memory(file, size, asked.page) for size in sizes}
    if asked.json:
        print(json.dumps(found | {"peak MiB": peaks}, indent=2))
    else:
        for kind, figures in found.items():
            print(f"{kind}\n  " + "\n  ".join(f"{what:12} {value:10.1f}" for what, value in figures.items()))
        print("peak MiB\n  " + "\n  ".join(f"{size:12,} {peak:10.1f}" for size, peak in peaks.items()))
    held = found["new"]["records/s"] >= TARGET_NEW and found["unchanged"]["records/s"] >= TARGET_SAME
    if len(sizes) > 1:
        held = held and peaks[sizes[-1]] <= TARGET_MEMORY * peaks[sizes[0]]
    print(
        f"at least {TARGET_NEW:,.0f} new and {TARGET_SAME:,.0f} unchanged records a second, "
        f"and at most {TARGET_MEMORY} times the memory for the most records: {held}",
        file=sys.stderr,
    )
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
