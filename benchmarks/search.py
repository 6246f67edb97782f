"""How good the search is: 61 judged queries, by words alone, by meaning alone, and by both.

    .venv/bin/python -m benchmarks.search [--queries FILE.jsonl] [--folder FOLDER] [--each] [--json]

The figure is nDCG@10 (K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002), with
gains of 2^grade - 1. FILE has a query a line, with its kind and the grades (1 to 3) of what answers it; all else is
taken not to. Paraphrases share no rare word with their papers. Queries that say `shared` are about papers that only
`shared` beside the checkout has (benchmarks/judgedcorpus.py) and are left out without it. FOLDER keeps the corpus with
its vectors for the next time. The query encoder runs as in `serve`, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import judgedcorpus

ROOT = Path(__file__).resolve().parent.parent
QUERIES = Path(__file__).with_name("search-queries.jsonl")
WORDS, MEANING, HYBRID = "words", "meaning", "hybrid"
LEAST = 0.85
DEPTH = 10
RARE = 0.02  # of all papers: a paraphrase shares no word that fewer have with the papers that it is about


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=Path, default=QUERIES, metavar="FILE")
    parser.add_argument("--folder", type=Path, help="where the corpus is kept; else it is made anew and removed")
    parser.add_argument("--each", action="store_true", help="show every query's figures, too")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with folder_of(asked.folder) as folder:
        os.environ |= {"LISTKEEPER_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        corpus = corpus_in(folder)
        rows = [json.loads(line) for line in asked.queries.read_text().splitlines()]
        rows = [row for row in rows if judgedcorpus.SHARED.is_file() or not row.get("shared")]
        with query_encoder():
            figures = [measured(row) for row in rows]
        shared_words = {row["query"]: rare_words(row) for row in rows if row["kind"] == "paraphrase"}
    found: dict[str, Any] = {"corpus": corpus, "queries": len(rows), "nDCG@10": summary(rows, figures)}
    for query, words in shared_words.items():
        if words:
            print(f"no paraphrase: “{query}” shares {', '.join(words)} with its papers", file=sys.stderr)
    if asked.each:
        found["each"] = {row["query"]: figure for row, figure in zip(rows, figures, strict=True)}
    print(json.dumps(found, indent=2, ensure_ascii=False) if asked.json else in_words(found))
    whole = found["nDCG@10"]["all"]
    is_held = whole[HYBRID] >= max(LEAST, whole[WORDS], whole[MEANING])
    print("the targets are held" if is_held else "a target is missed", file=sys.stderr)
    return 0 if is_held else 1


def measured(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of one query, by each part and by both."""
    from papers import search
    from papers.models import Paper
    from papers.search.found import near
    from papers.search.syntax import parse

    grades = grades_of(row["relevant"])
    hybrid = search.found(Paper.objects.all(), row["query"])
    meaning, _ = near(Paper.objects.all(), parse(row["query"]))
    words = search.found(Paper.objects.all(), row["query"], with_meaning=False)
    rankings = {WORDS: words.ids or (), MEANING: meaning or (), HYBRID: hybrid.ids or ()}
    return {name: round(ndcg(ids, grades), 3) for name, ids in rankings.items()}


def rare_words(row: Mapping[str, Any]) -> list[str]:
    """Return the stems that a query shares with the papers that answer it best and with few others."""
    from django.db import connection

    papers = [paper for paper, grade in grades_of(row["relevant"]).items() if grade == max(row["relevant"].values())]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stem FROM unnest(tsvector_to_array(to_tsvector('english', %s))) stem WHERE"
            " EXISTS (SELECT FROM papers_searchtext WHERE paper_id = ANY(%s) AND stem = ANY(tsvector_to_array(body)))"
            " AND (SELECT avg((stem = ANY(tsvector_to_array(body)))::int) FROM papers_searchtext) < %s",
            [row["query"], papers, RARE],
        )
        return [stem for (stem,) in cursor.fetchall()]


def ndcg(ranking: Sequence[int], grades: Mapping[int, int]) -> float:
    """Return the gain of the first DEPTH of a ranking as a share of the highest that there is."""
    best = sorted(grades.values(), reverse=True)
    return float(_gain([grades.get(each, 0) for each in ranking]) / _gain(best))


def _gain(grades: Sequence[int]) -> float:
    return sum(float(2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:DEPTH]))


def grades_of(relevant: Mapping[str, int]) -> dict[int, int]:
    """Return the grades by paper; a paper that is not here cannot be found, and is told."""
    from papers.models import IdentifierRow

    known = dict(IdentifierRow.objects.filter(value__in=relevant).values_list("value", "paper"))
    if missing := relevant.keys() - known.keys():
        print(f"not in the corpus: {', '.join(sorted(missing))}", file=sys.stderr)
    return {known[value]: grade for value, grade in relevant.items() if value in known}


def summary(rows: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the means over all queries and over those of each kind."""
    of_kind: defaultdict[str, list[Mapping[str, float]]] = defaultdict(list)
    for row, figure in zip(rows, figures, strict=True):
        for kind in ("all", row["kind"]):
            of_kind[kind].append(figure)
    return {
        kind: {"queries": len(some)}
        | {part: round(mean(each[part] for each in some), 3) for part in (WORDS, MEANING, HYBRID)}
        for kind, some in of_kind.items()
    }


def in_words(found: Mapping[str, Any]) -> str:
    lines = [f"{name}: {count}" for name, count in found["corpus"].items()]
    lines += [f"{'nDCG@10':64}{WORDS:>9}{MEANING:>9}{HYBRID:>9}"]
    for kind, figures in found["nDCG@10"].items():
        named = f"{kind} ({figures['queries']})"
        lines.append(f"{named:64}" + "".join(f"{figures[part]:9.3f}" for part in (WORDS, MEANING, HYBRID)))
    for query, figures in found.get("each", {}).items():
        lines.append(f"{query[:62]:64}" + "".join(f"{figures[part]:9.3f}" for part in (WORDS, MEANING, HYBRID)))
    return "\n".join(lines)


def corpus_in(folder: Path) -> dict[str, int]:
    """Return where the papers are from; make the corpus where the folder has none."""
    told = folder / "corpus.json"
    if not told.is_file():
        told.write_text(json.dumps(judgedcorpus.make()))
    counts: dict[str, int] = json.loads(told.read_text())
    return counts


@contextmanager
def folder_of(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def query_encoder() -> Iterator[None]:
    """Run the query encoder as `serve` does, and wait until it can be asked."""
    from papers.search import meaning

    process = subprocess.Popen([sys.executable, "manage.py", "encode_queries"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not meaning.lives():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the query encoder does not start")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
