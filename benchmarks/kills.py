"""What `kill -9` costs: a real `serve` pulls, embeds and classifies while its processes are killed at random moments.

    .venv/bin/python -m benchmarks.kills [--kills 50] [--seed 1] [--papers 1500] [--sources FILE]

Victims are the worker's main process, one of its children, the beat, the site, and the database server. All the
while, each topic's watermark is compared with the rows; in the end, all is compared with the corpus. Figures are
printed, and the exit code is 1 when a paper is lost or doubled, a claim or run is stuck, or a watermark was ahead.

The sources are the stand-in of `fake_sources.py`, which lies in the folder `shared` beside the checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil

ROOT = Path(__file__).resolve().parent.parent
DAYS = 40  # over which the papers are spread
PAUSES = (3.0, 12.0)  # seconds between two kills: a worker needs some to load its model
PATIENCE = 900.0  # seconds for everything to be made up after the last kill
STUCK_AFTER = 60.0  # seconds after the last kill that a claim may be anybody's still
STEADY_AFTER = 35.0  # seconds that the site has been up before its main process is killed
WORDS = ("cache", "prompt", "token", "memory", "attention", "context", "model", "gradient", "layer", "sparse", "latent")
CATEGORIES = ("cs.CL", "cs.LG", "cs.CV")
TOPICS = {  # name: source, query, and which papers it asks for
    "harvest-cl": ("arxiv_oai", "cs:cs:CL", lambda paper: "cs.CL" in paper["categories"]),
    "harvest-lg": ("arxiv_oai", "cs:cs:LG", lambda paper: "cs.LG" in paper["categories"]),
    "harvest-cv": ("arxiv_oai", "cs:cs:CV", lambda paper: "cs.CV" in paper["categories"]),
    "search-even": ("arxiv", "ti:even", lambda paper: "even" in paper["title"]),
    "search-odd": ("arxiv", "ti:odd", lambda paper: "odd" in paper["title"]),
}
VICTIMS = ("worker", "worker child", "beat", "site", "database")
T = TypeVar("T")
Paper = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--papers", type=int, default=1500)
    parser.add_argument("--sources", type=Path, default=ROOT.parent / "shared" / "fake_sources.py")
    parser.add_argument("--keep", action="store_true", help="do not remove the installation")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311
    papers = corpus(options.papers, chance)
    with folder(options.keep) as data, sources(options.sources, papers, data) as url:
        environment(data / "installation", url)
        with served(data / "installation") as installation:
            campaign = Campaign(installation, papers)
            campaign.begin()
            campaign.kill(options.kills, chance)
            campaign.wait_until_all_is_done()
            return campaign.report()


def corpus(count: int, chance: random.Random) -> list[Paper]:
    """Return made-up papers, each in two categories, spread over the last `DAYS` days before today."""
    today = date.today()
    papers = []
    for number in range(count):
        day = today - timedelta(days=DAYS - number * (DAYS - 1) // count)
        kind = "even" if number % 2 == 0 else "odd"
        stamp = f"{day}T{number % 24:02}:{number % 60:02}:00Z"
        papers.append(
            {
                "arxiv_id": f"2610.{number:05}",
                "title": f"On {chance.choice(WORDS)} and {chance.choice(WORDS)}: the {kind} case {number}",
                "abstract": " ".join(chance.choices(WORDS, k=120)).capitalize() + ".",
                "authors": ["Ada Lovelace", "Charles Babbage"],
                "categories": [CATEGORIES[number % 3], CATEGORIES[(number + 1) % 3]],
                "published": stamp,
                "updated": stamp,
                "datestamp": str(day),
            }
        )
    return papers


class Campaign:
    """One installation that is killed piece by piece, and what was seen of it."""

    def __init__(self, served: subprocess.Popen[bytes], papers: list[Paper]) -> None:
        self.served, self.papers = psutil.Process(served.pid), papers
        self.killed: Counter[str] = Counter()
        self.ahead: set[str] = set()
        self.looks = 0
        self.replayed = 0
        self.began = self.last_kill = time.monotonic()

    def begin(self) -> None:
        """Declare the topics and wait until the first one is pulled."""
        from ingest.models import Run, Topic

        start = date.today() - timedelta(days=DAYS + 1)
        for slug, (source, query, _) in TOPICS.items():
            Topic.objects.create(slug=slug, source=source, query=query, watermark=start, schedule="daily")
        until = time.monotonic() + 150
        while not stubborn(lambda: Run.objects.filter(kind="pull", topic__isnull=False).exists()):
            if time.monotonic() > until:
                raise SystemExit("no topic was pulled within two minutes of being due")
            time.sleep(0.2)
        self.began = time.monotonic()
        say(f"{len(self.papers)} papers, {len(TOPICS)} topics; the first pull began")

    def kill(self, times: int, chance: random.Random) -> None:
        """Kill so many processes, one after the other, and look at the watermarks in between."""
        for number in range(1, times + 1):
            self.look_until(time.monotonic() + chance.uniform(*PAUSES))
            victim, process = self.victim(chance)
            process.kill()
            self.killed[victim] += 1
            self.last_kill = time.monotonic()
            say(f"kill {number:3}: {victim} ({process.pid}); {self.progress()}")

    def victim(self, chance: random.Random) -> tuple[str, psutil.Process]:
        """Return a process to kill; of a kind that is not there just now it waits for the next one."""
        kind = chance.choice(VICTIMS)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(psutil.Error):
                if found := self.processes(kind):
                    return kind, chance.choice(found)
            time.sleep(0.1)
        raise SystemExit(f"no {kind} came back within a minute")

    def processes(self, kind: str) -> list[psutil.Process]:
        """Return the running processes of a kind."""
        if kind == "database":
            return [psutil.Process(database_pid())]
        found = {"worker": " worker ", "worker child": " worker ", "beat": " beat ", "site": "gunicorn"}[kind]
        mains = [each for each in self.served.children() if found in f" {' '.join(each.cmdline())} "]
        children = [child for main in mains for child in main.children()]
        if kind == "site":  # `serve` gives up on a site that dies again and again as soon as it is up, and rightly so
            return children + [main for main in mains if time.time() - main.create_time() > STEADY_AFTER]
        return children if kind == "worker child" else mains

    def look_until(self, moment: float) -> None:
        """Compare watermarks and rows again and again until then."""
        while True:
            self.look()
            if time.monotonic() >= moment:
                return
            time.sleep(min(0.5, max(moment - time.monotonic(), 0)))

    def look(self) -> None:
        """Note every topic whose watermark says that papers were seen which are not there."""
        from django.db import connection

        def ask() -> tuple[list[tuple[str, date]], set[str]]:
            with connection.cursor() as cursor:  # one statement sees one moment
                cursor.execute(
                    "SELECT (SELECT json_agg(json_build_array(slug, watermark)) FROM ingest_topic),"
                    " (SELECT json_agg(value) FROM papers_identifier WHERE scheme = 'arxiv')"
                )
                marks, values = cursor.fetchone()
            return [(slug, date.fromisoformat(mark)) for slug, mark in marks if slug in TOPICS], set(values or [])

        marks, here = stubborn(ask)
        self.looks += 1
        for slug, mark in marks:
            wanted = TOPICS[slug][2]
            seen = (p["arxiv_id"] for p in self.papers if wanted(p) and date.fromisoformat(p["datestamp"]) <= mark)
            if missing := [name for name in seen if name not in here]:
                self.ahead.add(slug)
                say(f"BROKEN: {slug} stands at {mark}, and {len(missing)} papers are not there, as {missing[0]}")

    def wait_until_all_is_done(self) -> None:
        """Wait for every topic, vector and suggestion; what was parked is replayed, as a person would."""
        until = time.monotonic() + PATIENCE
        while (left := stubborn(self.left)) or time.monotonic() < self.last_kill + STUCK_AFTER:
            if time.monotonic() > until:
                say(f"BROKEN: not done {PATIENCE:.0f} s after the last kill: {left}")
                return
            self.replayed += stubborn(replay)
            self.look()
            time.sleep(2)

    def left(self) -> str:
        """Say what is still to do; "" when nothing is."""
        from ingest.models import Topic
        from papers.models import Paper, PaperList

        yesterday = date.today() - timedelta(days=1)
        waiting = Topic.objects.filter(slug__in=TOPICS, watermark__lt=yesterday).count()
        bare = Paper.objects.without_any_embedding().count()
        unread = 0
        for each in PaperList.objects.all():
            head = each.heads.first()
            unread += Paper.objects.not_listed_in(each).without_suggestion(each, head.name).count() if head else 0
        if not waiting + bare + unread:
            return ""
        return f"{waiting} topics, {bare} papers without a vector, {unread} without a suggestion"

    def progress(self) -> str:
        """Say in a few words how far it is."""
        with contextlib.suppress(Exception):
            return self.left() or "all done"
        return "the database is away"

    def report(self) -> int:
        """Print the figures; return the exit code."""
        from ingest import runs
        from ingest.models import Claim, Run
        from papers.models import Embedding, IdentifierRow, Suggestion

        swept = stubborn(runs.sweep)
        here = dict(IdentifierRow.objects.filter(scheme="arxiv").values_list("value", "paper__title"))
        counts = Counter(IdentifierRow.objects.filter(scheme="arxiv").values_list("paper_id", flat=True))
        titles = Counter(row for row in here.values() if " case " in row)
        vectors = Counter(Embedding.objects.values_list("paper_id", flat=True))
        suggestions = Counter(Suggestion.objects.values_list("paper_id", "list_id"))
        figures = {
            "kills": sum(self.killed.values()),
            "of them": dict(self.killed),
            "papers": len(self.papers),
            "lost": sum(here.get(paper["arxiv_id"]) != paper["title"] for paper in self.papers),
            "doubled": sum(count - 1 for each in (counts, titles, vectors, suggestions) for count in each.values()),
            "left undone": stubborn(self.left) or "nothing",
            "stuck claims": Claim.objects.filter(parked=False).count(),
            "parked papers": Claim.objects.filter(parked=True).count(),
            "runs without a process": swept,
            "watermarks ahead": sorted(self.ahead),
            "looks at them": self.looks,
            "parked runs replayed": self.replayed,
            "runs": dict(Counter(Run.objects.values_list("state", flat=True))),
            "seconds from the first pull to the last kill": round(self.last_kill - self.began),
            "seconds to the end": round(time.monotonic() - self.began),
        }
        for name, value in figures.items():
            print(f"{name:48} {value}")
        broken = ("lost", "doubled", "stuck claims", "parked papers", "runs without a process", "watermarks ahead")
        return int(any(figures[name] for name in broken) or figures["left undone"] != "nothing")


def replay() -> int:
    """Have parked runs done again; return how many."""
    from ingest import runs
    from ingest.models import Run

    parked = [run for run in Run.objects.filter(state="parked", next_try=None) if runs.is_parked(run.kind, run.subject)]
    for run in parked:
        runs.wanted_now(run.kind, run.subject)
    return len(parked)


def stubborn(ask: Callable[[], T]) -> T:
    """Return what the database says, however often it is killed meanwhile."""
    from django.db import DatabaseError, connection

    until = time.monotonic() + 120
    while True:
        try:
            return ask()
        except DatabaseError:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def database_pid() -> int:
    """Return the process id of the embedded server; raise psutil.NoSuchProcess while there is none."""
    from django.conf import settings

    from kbsite.embedded.place import Place

    try:
        return int(Place(settings.DATA_DIR).pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        raise psutil.NoSuchProcess(0) from None


@contextlib.contextmanager
def folder(keep: bool) -> Iterator[Path]:
    """Yield a folder that the server's system user may pass through."""
    made = Path(tempfile.mkdtemp(prefix="listkeeper-kills-"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        if not keep:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def sources(path: Path, papers: list[Paper], data: Path) -> Iterator[str]:
    """Serve the papers as arXiv would; yield the address."""
    spec = importlib.util.spec_from_file_location("fake_sources", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"{path} is missing: the stand-in for the sources")
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_sources"] = module
    spec.loader.exec_module(module)
    lines = data / "corpus.jsonl"
    lines.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    with module.FakeSources(str(lines), min_gap=0.0, oai_page=50, page_cap=50) as fake:
        yield fake.url


def environment(data: Path, url: str) -> None:
    """Set what an installation goes by, here and in what is started from here."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "kbsite.settings",
        "LISTKEEPER_DATA_DIR": str(data),
        "ARXIV_API_URL": url,
        "ARXIV_OAI_URL": url,
        "ARXIV_FEED_URL": url,
        "HF_ENDPOINT": url,
        "ARXIV_DELAY_SECONDS": "0.5",
        "DATABASE_URL": "",
        "CELERY_BROKER_URL": "",
    }


@contextlib.contextmanager
def served(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `serve` with the bundled list, and stop it in the end."""
    import django

    data.mkdir()
    with (data.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", "serve", "--port", str(free_port())],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 400
        while "Listkeeper is running" not in (data.parent / "serve.log").read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"serve did not start: {(data.parent / 'serve.log').read_text()}")
            time.sleep(0.5)
        django.setup()
        from ingest.models import Topic

        Topic.objects.all().delete()  # those of the bundled list: nobody is asked for them here
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
