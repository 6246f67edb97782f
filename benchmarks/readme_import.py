"""How long a README takes to be imported and exported, beside markdown-it-py's bare parse of the same bytes.

    python -m benchmarks.readme_import [FILE …] [--rows 5000] [--repeat 5] [--json]

Without FILE: a table and a list of bullets of so many generated rows, and the READMEs of `lists/`. The database is
the embedded one, in a folder of its own. Times are medians; memory is the most that Python's allocator held. The
export is a re-export: the process has read this README before. "cold" is one that has not, as `export_list` in a
shell.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET_IMPORT = 5.0  # times the bare parse
TARGET_EXPORT = 0.5  # seconds


def table(rows: int) -> bytes:
    """A list of so many invented papers, in one table."""
    lines = ["# Papers", "", "## All", "", "| Title | Venue | Tags | Code | TL;DR |", "| :-- | :-- | :-- | :-- | :-- |"]
    for number in range(rows):
        name, link = f"Method {number}: A Title of Usual Length for a Paper", f"https://arxiv.org/abs/{_id(number)}"
        code = f"[GitHub](https://github.com/owner/method-{number})" if number % 2 else "-"
        lines.append(
            f"| [{name}]({link}) | ICLR 20{20 + number % 6} | `Tag {number % 9}`, `Other` | {code} | "
            f"Says in one sentence of some length what the method number {number} does. |"
        )
    return ("\n".join(lines) + "\n").encode()


def bullets(rows: int) -> bytes:
    """The same papers as numbered items."""
    lines = ["# Papers", "", "## All", ""]
    for number in range(rows):
        code = f" [![Stars](https://img.shields.io/github/stars/o/m{number})](https://github.com/o/m{number})"
        lines.append(
            f"{number + 1}. [**Method {number}: A Title of Usual Length for a Paper.**](https://arxiv.org/abs/"
            f"{_id(number)}) *Ann One, Bob Two, Cy Three.* ICLR 20{20 + number % 6}.{code if number % 2 else ''}"
        )
    return ("\n".join(lines) + "\n").encode()


def _id(number: int) -> str:
    return f"{20 + number // 20_000:02d}{number // 2000 % 10 + 1:02d}.{number % 2000 + 1:05d}"


def measured(source: bytes, repeat: int) -> dict[str, float]:
    """Import and export one README in a fresh list, `repeat` times: medians in seconds, ratios, MB/s, MiB."""
    from markdown_it import MarkdownIt

    from papers.models import PaperList
    from papers.readme.exporter import export
    from papers.readme.importer import import_readme
    from papers.readme.items import read_content

    text = source.decode("utf-8", "replace")
    times: dict[str, list[float]] = {"parse": [], "first import": [], "same again": [], "export": [], "cold": []}
    rows = 0
    for _ in range(repeat):
        times["parse"].append(_seconds(MarkdownIt("commonmark").enable("table").parse, text))
        paper_list = PaperList.objects.create(slug=f"b{time.time_ns()}", name="Benchmark")
        times["first import"].append(_seconds(import_readme, paper_list, "en", source, "README.md"))
        document = paper_list.documents.get()
        times["same again"].append(_seconds(import_readme, paper_list, "en", source, "README.md"))
        times["export"].append(_seconds(export, document))
        read_content.cache_clear()
        times["cold"].append(_seconds(export, document))
        assert export(document) == source, "an export must be the very bytes"
        rows = document.texts.count()
        _forget()
    tracemalloc.start()
    paper_list = PaperList.objects.create(slug=f"b{time.time_ns()}", name="Benchmark")
    import_readme(paper_list, "en", source, "README.md")
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    _forget()
    medians = {name: statistics.median(values) for name, values in times.items()}
    megabytes = len(source) / 1e6
    return {
        "rows": rows,
        "MB": megabytes,
        **{f"{name} s": seconds for name, seconds in medians.items()},
        "import / parse": medians["first import"] / medians["parse"],
        "import MB/s": megabytes / medians["first import"],
        "export MB/s": megabytes / medians["export"],
        "peak MiB": peak,
    }


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    gc.collect()
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def _forget() -> None:
    """Empty the tables, so that every import is a first one: papers, too, are new to it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE papers_paperlist, papers_paper CASCADE")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sources = {path.name: path.read_bytes() for path in asked.files or sorted(ROOT.glob("lists/*/README*.md"))}
    sources |= {f"table of {asked.rows}": table(asked.rows), f"items of {asked.rows}": bullets(asked.rows)}
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
        found = {name: measured(source, asked.repeat) for name, source in sources.items()}
        from django.db import connections

        connections.close_all()
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, figures in found.items():
            print(f"{name}\n  " + "\n  ".join(f"{what:16} {value:10.3f}" for what, value in figures.items()))
    big = [figures for name, figures in found.items() if name.endswith(str(asked.rows))]
    held = all(each["import / parse"] <= TARGET_IMPORT and each["export s"] <= TARGET_EXPORT for each in big)
    print(
        f"import at most {TARGET_IMPORT} times the bare parse, export at most {TARGET_EXPORT} s:", held, file=sys.stderr
    )
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
