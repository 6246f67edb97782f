"""How many records a second a harvest takes in, from the bytes of a page to its committed rows, beside a bare COPY.

    python -m benchmarks.harvest [FILE.jsonl[.gz]] [--records 20000] [--page 1300] [--memory 10000,100000] [--json]

A page is what arXiv's OAI-PMH answers: 1,300 records in XML, of the papers of FILE (see README, `ingest_file`), or of
generated ones. The pages come thrice: new, unchanged, and as new versions with another abstract. COPY writes the same
papers, identifiers, source records and facts, page for page and in the same run, into plain tables of the same columns
without any index. "own CPU" and "server CPU" are the records a second of processor time: what another process takes
away from a busy machine does not count there. Peak memory is that of a process of its own that takes in so many
records. The database is the embedded one, in a folder of its own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import psutil

ROOT = Path(__file__).resolve().parent.parent
TARGET_NEW, TARGET_SAME = 20.0, 8.0  # times the COPY beside it
TARGET_MEMORY = 1.1  # times as much for ten times the records
WORDS = 20_000  # of the vocabulary of generated abstracts
JSON = {"told_by", "value"}  # columns that COPY takes as text
TABLES = ("papers_paper", "papers_identifier", "papers_sourcerecord", "papers_fact")


def papers(file: Path | None, records: int) -> Iterator[dict[str, Any]]:
    """Yield so many papers under numbers of their own: those of the file, over and over, or invented ones."""
    number = 0
    while number < records:
        for row in islice(_rows(file), records - number):
            number += 1
            yield row | {"id": _id(number), "version": 1}


def _rows(file: Path | None) -> Iterator[dict[str, Any]]:
    if file is not None:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as opened:
            yield from map(json.loads, opened)
        return
    chance = random.Random(7)  # noqa: S311
    # Like a language, a few words make up most of it.
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 11))) for _ in range(WORDS)]
    weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
    while True:
        text = chance.choices(words, cum_weights=weights, k=190)
        yield {
            "title": " ".join(text[:9]),
            "abstract": " ".join(text[10:]),
            "authors": [f"{a.title()} {b.title()}" for a, b in zip(text[:5], text[5:10], strict=True)],
            "categories": ["cs.CL", "cs.LG"],
            "comment": "12 pages, 5 figures",
        }


def _id(number: int) -> str:
    return f"{7 + number // 1_100_000:02d}{number // 90_000 % 12 + 1:02d}.{number % 90_000 + 1:05d}"


def pages(file: Path | None, records: int, size: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the papers of each page."""
    source = papers(file, records)
    while page := list(islice(source, size)):
        yield page


def as_xml(page: list[dict[str, Any]]) -> bytes:
    """Return a page as arXiv's OAI-PMH answers it (metadata prefix arXivRaw)."""
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:{row['id']}</identifier><datestamp>2026-11-02</datestamp></header>"
        '<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
        f"<id>{row['id']}</id><submitter>Somebody</submitter>{_versions(row['version'])}"
        f"<title>{escape(row['title'])}</title><authors>{escape(', '.join(row['authors']))}</authors>"
        f"<categories>{' '.join(row['categories'])}</categories><comments>{escape(row.get('comment', ''))}</comments>"
        "<license>http://creativecommons.org/licenses/by/4.0/</license>"
        f"<abstract>{escape(row['abstract'])}</abstract></arXivRaw></metadata></record>"
        for row in page
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<ListRecords>{records}<resumptionToken>next</resumptionToken></ListRecords></OAI-PMH>"
    ).encode()


def _versions(number: int) -> str:
    return "".join(
        f'<version version="v{each}"><date>Mon, {each:02d} Nov 2026 00:00:00 GMT</date><size>9kb</size></version>'
        for each in range(1, number + 1)
    )


def take_in(body: bytes) -> int:
    """Parse a page and store it, as a run does; return how many records it had."""
    from ingest.sources import arxiv_oai, http
    from papers import catalog

    answer = arxiv_oai._read(http.Answer("text/xml", body))
    assert answer is not None
    page = answer.page(without=set())
    found = catalog.upsert(page.records)
    assert not (page.rejected or found.rejected), (page.rejected or found.rejected)[0]
    return len(page.records)


def newer(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the page with the next version of every paper."""
    return [row | {"version": row["version"] + 1, "abstract": f"{row['abstract']} Revised."} for row in page]


def speed(file: Path | None, records: int, size: int) -> dict[str, dict[str, float]]:
    """Return by kind of page: records a second of the median page, of the COPY beside it, and their ratio."""
    from django.db import connection

    columns = {table: _plain(table) for table in TABLES}
    all_pages = list(pages(file, records, size))
    times: dict[str, list[Times]] = {"new": [], "unchanged": [], "changed": []}
    copied: list[float] = []
    highest = dict.fromkeys(TABLES, 0)
    for page in all_pages:
        times["new"].append(_timed(take_in, as_xml(page)) / len(page))
        rows = {}
        for table in TABLES:
            with connection.cursor() as cursor:
                told = ", ".join(f"{name}::text" if name in JSON else name for name in columns[table].split(", "))
                cursor.execute(f"SELECT {told} FROM {table} WHERE id > %s", [highest[table]])  # noqa: S608
                rows[table] = cursor.fetchall()
                cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608
                highest[table] = cursor.fetchone()[0]
        copied.append(_timed(_copy, rows, columns).wall / len(page))
    for page in all_pages:
        times["unchanged"].append(_timed(take_in, as_xml(page)) / len(page))
    for page in all_pages:
        times["changed"].append(_timed(take_in, as_xml(newer(page))) / len(page))
    copy = statistics.median(copied)
    return {
        kind: {
            "records/s": 1 / (own := statistics.median(each.wall for each in of_kind)),
            "COPY/s": 1 / copy,
            "times COPY": own / copy,
            "own CPU": 1 / statistics.mean(each.own for each in of_kind),
            "server CPU": 1 / max(statistics.mean(each.server for each in of_kind), 1e-9),
        }
        for kind, of_kind in times.items()
    }


class Times(NamedTuple):
    """Seconds on the clock, of this process, and of the server's process that works for it."""

    wall: float
    own: float
    server: float

    def __truediv__(self, records: int) -> Times:
        return Times(*(each / records for each in self))


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

    with transaction.atomic(), connection.cursor() as cursor:
        for table, of_table in rows.items():
            with cursor.copy(f"COPY plain_{table} ({columns[table]}) FROM STDIN") as copy:
                for row in of_table:
                    copy.write_row(row)


def _timed(work: Callable[..., object], *arguments: object) -> Times:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0])

    def now() -> tuple[float, float, float]:
        used = server.cpu_times()
        return time.perf_counter(), time.process_time(), used.user + used.system

    started = now()
    work(*arguments)
    return Times(*(after - before for after, before in zip(now(), started, strict=True)))


def memory(file: Path | None, records: int, size: int) -> float:
    """Return the most MiB that a process of its own held after any page while it took in so many records."""
    own = [sys.executable, "-m", "benchmarks.harvest", *([str(file)] if file else []), "--child"]
    told = subprocess.run(  # noqa: S603
        [*own, "--records", str(records), "--page", str(size)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(told.stdout)


def _child(file: Path | None, records: int, size: int) -> None:
    process, peak = psutil.Process(), 0
    for page in pages(file, records, size):
        take_in(as_xml(page))
        # Not getrusage, which also counts what the parent held when it started this process.
        peak = max(peak, process.memory_info().rss)
    print(peak / 2**20)


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
    held = found["new"]["times COPY"] <= TARGET_NEW and found["unchanged"]["times COPY"] <= TARGET_SAME
    if len(sizes) > 1:
        held = held and peaks[sizes[-1]] <= TARGET_MEMORY * peaks[sizes[0]]
    print(
        f"new records take at most {TARGET_NEW:.0f} and unchanged ones {TARGET_SAME:.0f} times as long as COPY, "
        f"and the most records at most {TARGET_MEMORY} times the memory of the fewest: {held}",
        file=sys.stderr,
    )
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
