"""How long the first page takes with 100,000 papers in the catalogue, part by part, beside an answer made of nothing.

    .venv/bin/python -m benchmarks.home [FILE.jsonl.gz] [--papers 100000] [--listed 600] [--rounds 15]

A list has entries, decisions and venues, counts of three kinds are known of a third of the papers, and the classifier
has spoken on all of them and finds one in fifty likely. FILE has a paper a line (title, abstract); without it
`data/papers.jsonl.gz` in the folder `shared` beside the checkout is taken, or made-up texts. Times are of one request
after the other in one process, the database's included. What a reader sees is kept for a minute: "made anew" is the
page with an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.decidedlist import say, texts

ROOT = Path(__file__).resolve().parent.parent
CATEGORIES = ("explicit", "implicit", "kv-cache", "surveys")
VENUES = ("NeurIPS", "ICML", "ICLR", "ACL", "EMNLP", "NAACL", "arXiv", "AAAI", "COLM", "ACL Findings")
CHUNK = 2000
TARGET = 100  # milliseconds
DIMENSIONS = 384


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--listed", type=int, default=600)
    parser.add_argument("--decided", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        os.environ |= {"LISTKEEPER_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "kbsite.settings", "DEBUG": "0"}
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["testserver"]
        settings.SECURE_SSL_REDIRECT = False
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        make(list(islice(texts(asked.file), asked.papers)), asked.listed, asked.decided)
        figures = measure(asked.rounds)
    print(json.dumps(figures) if asked.json else "\n".join(f"{name:28} {ms:8.1f} ms" for name, ms in figures.items()))
    return 0 if figures["page"] <= TARGET else 1


def make(rows: list[tuple[str, str]], listed: int, decided: int) -> None:
    """Fill an empty database."""
    from django.core.management import call_command
    from django.db import connection

    from papers import catalog
    from papers.records import FactRecord, Identifier, PaperRecord

    call_command("migrate", verbosity=0)
    chance = random.Random(0)  # noqa: S311
    today = datetime.now(tz=UTC).date()
    say(f"making {len(rows)} papers")
    papers = []
    for start in range(0, len(rows), CHUNK):
        records = [
            PaperRecord(
                "huggingface",
                (Identifier("arxiv", f"{2001 + number // 90_000}.{number % 90_000 + 1:05}"),),
                title,
                abstract=abstract,
                authors=("Ada Lovelace",),
                published=today - timedelta(days=int(chance.expovariate(1 / 400))),
                facts=tuple(
                    FactRecord(kind, int(chance.paretovariate(1))) for kind in ("upvotes", "stars", "citations")
                )
                if number % 3 == 0
                else (),
            )
            for number, (title, abstract) in enumerate(rows[start : start + CHUNK], start)
        ]
        known = catalog.upsert(records).papers
        papers += [known[record.identifiers[0]].pk for record in records if record.identifiers[0] in known]
    _fill(papers, listed, decided, chance, today)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as the database does by itself within minutes


def _fill(papers: list[int], listed: int, decided: int, chance: random.Random, today: date) -> None:
    """Make the list: entries with vectors, decisions, and a suggestion for every paper that is in no list."""
    from django.contrib.auth.models import User
    from django.db import connection

    from papers.models import (
        Category,
        CategoryText,
        Decision,
        Document,
        EarlierCount,
        Embedding,
        Entry,
        EntryText,
        Fact,
        PaperList,
        Review,
        Suggestion,
    )  # fmt: skip

    say("making the list")
    paper_list = PaperList.objects.create(slug="benchmark", name="A list")
    document = Document.objects.create(list=paper_list, language="en", path="README.md", source=b"", is_primary=True)
    categories = [
        Category.objects.create(list=paper_list, key=key, position=place) for place, key in enumerate(CATEGORIES)
    ]
    CategoryText.objects.bulk_create(
        CategoryText(category=each, document=document, name=each.key, heading_line=each.position, definition="Words.")
        for each in categories
    )
    mine, others = papers[:listed], papers[listed:]
    entries = Entry.objects.bulk_create(Entry(category=chance.choice(categories), paper_id=pk) for pk in mine)
    EntryText.objects.bulk_create(
        EntryText(
            entry=entry,
            document=document,
            position=float(place),
            title="A title",
            venue_name=chance.choice(VENUES),
            tags=chance.sample([f"tag {number}" for number in range(60)], 3),
        )
        for place, entry in enumerate(entries)
    )
    numbers = np.random.default_rng(0).normal(size=(listed, DIMENSIONS))
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    hashes = dict(Entry.objects.values_list("paper", "paper__text_hash"))
    Embedding.objects.bulk_create(
        Embedding(paper_id=pk, encoder="benchmark", text_hash=hashes[pk], vector=vector)
        for pk, vector in zip(mine, numbers, strict=True)
    )
    counted = Fact.objects.filter(paper__in=papers[: 20 * listed])
    EarlierCount.objects.bulk_create(
        EarlierCount(fact=fact, day=today - timedelta(days=days), value=max(0, fact.value - days))
        for fact in counted
        for days in (3, 10)
    )
    user = User.objects.create_user("curator")
    said = Decision.objects.bulk_create(
        Decision(list=paper_list, paper_id=pk, kind=Decision.Kind.REJECT, user=user) for pk in others[:decided]
    )
    Review.objects.bulk_create(
        Review(list=paper_list, paper_id=each.paper_id, state="rejected", decision=each) for each in said
    )
    with connection.cursor() as cursor:  # one statement: 100,000 rows
        cursor.execute(
            """
            INSERT INTO papers_suggestion (list_id, paper_id, head, text_hash, relevance, category_id, probabilities,
                nearest, terms, sentence, made_at)
            SELECT %s, id, 'v1', text_hash, CASE WHEN id %% 50 = 0 THEN 0.9 ELSE 0.1 END, %s, '{}', '[]', '[]', '',
                now()
            FROM papers_paper WHERE NOT id = ANY(%s)
            """,
            [paper_list.pk, categories[0].pk, mine],
        )
    assert Suggestion.objects.filter(relevance__gt=0.5).exists()


def measure(rounds: int) -> dict[str, float]:
    """Return milliseconds: the median of each part and of the whole, and what an answer of the same size takes."""
    from django.core.cache import cache
    from django.http import HttpRequest, HttpResponse
    from django.test import Client
    from django.urls import path

    from kbsite import urls
    from papers import activity, connections, frequent, overview, trending, whatsnew
    from papers.models import Paper, PaperList

    paper_list = PaperList.objects.get()
    client = Client()
    client.get("/healthz")
    cache.clear()
    first, answer = _timed(lambda: client.get("/"))
    assert answer.status_code == 200
    body = answer.content

    def anew() -> Any:
        cache.clear()
        return client.get("/")

    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse(body)

    urls.urlpatterns.insert(0, path("bare/", bare))
    from django.urls import clear_url_caches

    clear_url_caches()
    parts: dict[str, Callable[[], Any]] = {
        "counting all papers": Paper.objects.count,
        "glances": overview.glances,
        "overview": lambda: list(overview.overview(paper_list).decisions),
        "  categories over time": lambda: overview.lines(paper_list),
        "  what is new": lambda: whatsnew.news(paper_list, "week"),
        "trending": lambda: trending.trends(paper_list),
        "venues": lambda: frequent.venues(paper_list),
        "tags": lambda: frequent.tags(paper_list),
        "connected, once in ten min": lambda: connections._links(paper_list),
        "curation": lambda: activity.weeks(paper_list),
        "page, made anew": anew,
        "page": lambda: client.get("/"),
        "bare answer of its size": lambda: client.get("/bare/"),
    }
    times: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(rounds):
        for name, part in parts.items():
            times[name].append(_timed(part)[0])
    found = {name: statistics.median(each) for name, each in times.items()}
    return found | {"page, the first": first, "page anew, slowest": max(times["page, made anew"])}


def _timed(part: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = part()
    return (time.perf_counter() - began) * 1000, found


if __name__ == "__main__":
    raise SystemExit(main())
