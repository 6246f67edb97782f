"""The corpus of the judged queries (benchmarks/search.py): the bundled list, its sample papers, and many others.

The others come from `data/papers.jsonl.gz` in the folder `shared` beside the checkout, where it is there: the list's
own papers with their abstracts, and so many more that speak of none of the list's subjects, so that no paper which
answers a query stands unjudged among them.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "lists" / "context-compression"
SHARED = ROOT.parent / "shared" / "data" / "papers.jsonl.gz"
OTHERS = 1500
_OURS = re.compile(
    r"\bkv\b|\bcach|compress|long[- ]context|context (?:window|length)|prompt|latent|soft token|gist|token|memory"
    r"|attention|chain[- ]of[- ]thought|retriev|quanti[sz]|prun|distill",
    re.IGNORECASE,
)


def make() -> dict[str, int]:
    """Fill an empty installation; return how many papers came from where."""
    from django.core.management import call_command

    from kbsite import firstrun
    from papers.search import spelling

    call_command("migrate", verbosity=0)
    slug, readmes = firstrun.read_bundled_list()
    for language, readme in readmes.items():
        call_command("import_list", str(readme), slug=slug, language=language, verbosity=0)
    call_command("ingest_file", str(LIST / "sample-papers.jsonl"), verbosity=0)
    counts = {"bundled list and sample papers": _count()}
    if SHARED.is_file():
        with gzip.open(SHARED, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        others = [row for row in rows if not _OURS.search(f"{row['title']} {row['abstract']}")]
        chosen = random.Random(7).sample(others, OTHERS)  # noqa: S311
        _take([*(row for row in rows if row["label"]), *chosen])
        counts["others, from shared"] = _count() - sum(counts.values())
    call_command("embed", verbosity=0)
    spelling.learn()
    _analyse()
    return counts


def _take(rows: list[dict[str, Any]]) -> None:
    from datetime import date

    from papers import catalog
    from papers.records import Identifier, PaperRecord

    for start in range(0, len(rows), 500):
        catalog.upsert(
            PaperRecord(
                "file",
                (Identifier("arxiv", row["arxiv_id"]),),
                row["title"],
                abstract=row["abstract"] or "",
                authors=tuple(row["authors"]),
                subjects=tuple(row["categories"]),
                published=date.fromisoformat(row["published"]),
            )
            for row in rows[start : start + 500]
        )


def _count() -> int:
    from papers.models import Paper

    return Paper.objects.count()


def _analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
