"""How soon the pages that everybody reads answer, with several readers at once, beside a page that says nothing.

    .venv/bin/python -m benchmarks.readers [FILE.jsonl.gz] [--readers 8] [--requests 500] [--folder FOLDER]

So many papers of FILE (as benchmarks/searchspeed.py takes them in) stand beside the bundled list, each with a
suggestion, every fifth with code, every fourth with upvotes. The site is gunicorn with two processes, as `serve` has;
readers ask over HTTP, each for the next page as soon as it has the last one. Asked are the first page; papers with
three facets set, chosen by chance among what papers have; the page of a paper, with what is like it; what is like a
paper, of the API; a search by words of real titles. Beside each, in the same run and of the same size, is a bare view
of Django that returns a constant, by the same server. Then some is asked once more by one reader. How often somebody
may ask the API is not limited here: all readers come from one address. The processor's milliseconds for each page are
what other work on the machine changes least. FOLDER keeps the papers for the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil

from benchmarks.installation import served
from benchmarks.search import ROOT, folder_of, query_encoder
from benchmarks.searchspeed import FILE, PROCESSES, make_queries
from benchmarks.searchspeed import make as take_in

TARGET = 100  # milliseconds, 95th percentile, with all readers
SLUG = "context-compression"
SITE = "benchmarks.readers:site()"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FILE, metavar="FILE")
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--requests", type=int, default=500, help="of each kind of page")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with folder_of(asked.folder) as folder:
        os.environ |= {"LISTKEEPER_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        make(asked.file, asked.papers)
        addresses = make_addresses(asked.requests)
        found: dict[str, Any] = {"readers": asked.readers, "requests": asked.requests}
        with query_encoder(), served(folder, PROCESSES, SITE) as address:
            sizes = {name: size_of(address, some[0]) for name, some in addresses.items()}
            warm_up(address, addresses)
            with served(folder, PROCESSES, "benchmarks.readers:bare()") as bare:
                for name, some in addresses.items():
                    began = processor_ms(folder)
                    times = ask(address, some, asked.readers)
                    spent = [after - before for before, after in zip(began, processor_ms(folder), strict=True)]
                    alone = ask(address, some[: max(len(some) // 5, 20)], 1)
                    constant_times = ask(bare, [f"/{sizes[name]}"] * len(some), asked.readers)
                    found |= {
                        f"{name}: median ms": middle(times),
                        f"{name}: p95 ms": p95(times),
                        f"{name}, one reader: p95 ms": p95(alone),
                        f"{name}: p95, constant = 1": round(p95(times) / p95(constant_times), 1),
                        f"{name}: processor ms, site": round(spent[0] / len(some), 1),
                        f"{name}: processor ms, database": round(spent[1] / len(some), 1),
                    }
        found["load"] = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps(found, indent=2) if asked.json else "\n".join(f"{key:44} {value}" for key, value in found.items()))
    missed = [name for name in addresses if found[f"{name}: p95 ms"] > TARGET]
    print(f"over {TARGET} ms: {', '.join(missed)}" if missed else "the target is held", file=sys.stderr)
    return 1 if missed else 0


def middle(times: list[float]) -> float:
    return round(statistics.median(times), 1)


def p95(times: list[float]) -> float:
    return round(statistics.quantiles(times, n=20)[-1], 1)


def ask(site_address: str, addresses: list[str], readers: int) -> list[float]:
    """Ask for all, so many at once; return the milliseconds of each."""
    with httpx.Client(base_url=site_address, timeout=60, limits=httpx.Limits(max_connections=readers)) as client:

        def timed(address: str) -> float:
            began = time.perf_counter()
            client.get(address).raise_for_status()
            return 1000 * (time.perf_counter() - began)

        with ThreadPoolExecutor(readers) as pool:
            return list(pool.map(timed, addresses))


def processor_ms(folder: Path) -> tuple[float, float]:
    """Return what the site's processes and the database's have spent so far: no busy machine changes that."""
    postgres = psutil.Process(int((folder / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0]))
    site = [each for each in psutil.Process().children(recursive=True) if SITE in each.cmdline()]
    ended = postgres.cpu_times()
    return _spent(site), _spent(postgres.children()) + 1000 * (ended.children_user + ended.children_system)


def _spent(processes: list[psutil.Process]) -> float:
    return sum(1000 * (each.cpu_times().user + each.cpu_times().system) for each in processes)


def size_of(site_address: str, address: str) -> int:
    return len(httpx.get(f"{site_address}{address}", timeout=60, headers={"Accept-Encoding": "identity"}).content)


def warm_up(site_address: str, addresses: dict[str, list[str]]) -> None:
    """Ask for some of each, so that both processes have begun."""
    for some in addresses.values():
        ask(site_address, some[:16], 4)


def site() -> Any:
    """Return the site without a limit of how often the API is asked; gunicorn calls it."""
    from django.conf import settings

    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": None, "user": None}
    from kbsite.wsgi import application

    return application


def bare() -> Any:
    """Return a site whose one view answers as many bytes as its address says; gunicorn calls it."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    pages: dict[int, bytes] = {}

    def view(request: Any, size: int) -> HttpResponse:
        return HttpResponse(pages.setdefault(size, b"x" * size))

    class Addresses:
        urlpatterns = (path("<int:size>", view), path("healthz", view, {"size": 2}))

    settings.configure(ROOT_URLCONF=Addresses, ALLOWED_HOSTS=["*"], SECRET_KEY="x")  # noqa: S106
    return get_wsgi_application()


def make_addresses(count: int) -> dict[str, list[str]]:
    """Return the addresses of each kind of page that are asked for."""
    from kbsite.browsing import Browse
    from kbsite.filters import PaperFilters
    from papers.models import Paper

    chance = random.Random(0)  # noqa: S311
    browse = Browse(PaperFilters({"list": SLUG}, queryset=Paper.objects.all()))
    values = {
        name: list(browse.counts(name).items()) for name in ("year", "subject", "status", "category", "code", "source")
    }

    def facets() -> str:
        names = chance.sample(sorted(values), 3)
        words = [(name, chance.choices(*zip(*values[name], strict=True))[0]) for name in names]
        return f"/papers/?{urlencode(words)}"

    papers = [chance.choice(browse.index.ids.tolist()) for _ in range(count)]
    return {
        "home": ["/"] * count,
        "three facets": [facets() for _ in range(count)],
        "paper": [f"/papers/{pk}/" for pk in papers],
        "related": [f"/api/v1/papers/{pk}/related/" for pk in reversed(papers)],
        "search": [f"/papers/?{urlencode({'q': query})}" for query in make_queries(count)],
    }


def make(file: Path, count: int) -> None:
    """Take in the papers, and say of them what a classifier and sources would."""
    from django.core.management import call_command
    from django.db import connection

    from papers.models import Paper, PaperList

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    if not Paper.objects.exists():
        take_in(file, count)
    if PaperList.objects.exists():
        return
    readme = ROOT / "lists" / SLUG / "README.md"
    call_command("import_list", str(readme), slug=SLUG, verbosity=0)
    categories = list(PaperList.objects.get(slug=SLUG).categories.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO papers_suggestion
                (list_id, paper_id, head, text_hash, relevance, category_id,
                 probabilities, nearest, terms, sentence, made_at)
            SELECT
                (SELECT id FROM papers_paperlist), id, 'v1', text_hash, power(random(), 6),
                (%(categories)s::bigint[])[1 + floor(random() * %(count)s)::int], '{"out": 1}', '[]', '[]', '', now()
            FROM papers_paper
            """,
            {"categories": categories, "count": len(categories)},
        )
        cursor.execute("""
            INSERT INTO papers_fact (paper_id, kind, source, value, observed_at)
            SELECT id, 'code', 'a', '"https://github.com/a/b"'::jsonb, now() FROM papers_paper WHERE id % 5 = 0
            UNION ALL
            SELECT id, 'upvotes', 'a', to_jsonb((random() * 100)::int), now() FROM papers_paper WHERE id % 4 = 0
        """)
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    raise SystemExit(main())
