"""How soon a decision is learned from: a real site and a real learner, over HTTP, on real abstracts where they are.

    .venv/bin/python -m benchmarks.decisions [FILE.jsonl.gz] [--pending 10000] [--labels 1000] [--evidence 2200]

A list has so many labels and so much evidence, and so many papers await a decision. Curators decide over the API,
one paper after the other from the queue's top, and each time the clock runs from the POST to the answer of
`GET /api/v1/suggestions/` whose whole page is told by a newer head. Beside it, in the same run and on the same papers,
what arxiv-sanity-lite does (its compute.py and serve.py): TF-IDF of 20,000 words and pairs, a linear SVM, the order.
Beside the clock stand seconds of processor time, which say the same on a machine that others use meanwhile: of the
site, the learner and the database until the order is readable; and, when all decisions are made, how long after the
last one the rest of what the learner ranks is written.

FILE has a paper a line (title, abstract); without it `data/papers.jsonl.gz` in the folder
`shared` beside the checkout is taken, or made-up texts.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.decidedlist import READERS, Installation, say, texts

ROOT = Path(__file__).resolve().parent.parent
PAGE = 50
PAUSE = 0.02  # seconds between two looks
PATIENCE = 60.0
QUIET = 5.0  # seconds in which no row is written: nothing is left to write
TARGETS = {10_000: 0.3, 100_000: 1.0}  # pending: seconds, at the 95th percentile
TARGET_RATIO = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--pending", type=int, default=10_000)
    parser.add_argument("--labels", type=int, default=1_000)
    parser.add_argument("--evidence", type=int, default=2_200)
    parser.add_argument("--decisions", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that a curator reads between two decisions")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        os.environ["LISTKEEPER_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "kbsite.settings"
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        rows = list(islice(texts(asked.file), asked.pending + asked.labels + asked.evidence))
        made = Installation(rows, asked.labels, asked.evidence)
        with running(Path(folder)) as (site, learner):
            found = decide(site, made, asked.decisions, asked.pause, learner)
            found["learner, MB"] = learner.memory_info().rss / 1e6
        found |= plain(rows, made.labels)
        found["examples"] = made.examples
    found["load"] = [round(each, 1) for each in os.getloadavg()]
    found["ratio, with its features"] = found["arxiv-sanity-lite, with its features"] / found["p50"]
    found["ratio, in processor seconds"] = found["… in processor seconds"] / found["processor seconds, p50"]
    found["ratio"] = found["arxiv-sanity-lite"] / found["p50"]
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:40} {value if isinstance(value, list) else round(value, 3)}")
    limit = next((seconds for most, seconds in TARGETS.items() if asked.pending <= most), max(TARGETS.values()))
    missed = [f"p95 is over {limit} s"] * (found["p95"] > limit)
    missed += [f"not {TARGET_RATIO} times as fast"] * (found["ratio, with its features"] < TARGET_RATIO)
    print("; ".join(missed) or "every target is held", file=sys.stderr)
    return 1 if missed else 0


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run the site and the learner; yield the site's address and the learner's process once both are ready."""
    from django.db import connection

    from ingest import learner

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gunicorn = f"-m gunicorn kbsite.wsgi --workers 2 --threads 4 --no-control-socket --bind 127.0.0.1:{port}"
    started = []
    log_file = folder / "benchmark.log"
    with log_file.open("wb") as log:
        for command in (gunicorn.split(), ["manage.py", "learn"]):
            started.append(subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=log, stderr=log))  # noqa: S603
        try:
            until = time.monotonic() + PATIENCE
            while not (learner.lives() and _answers(f"http://127.0.0.1:{port}/healthz")):
                if time.monotonic() > until:
                    raise SystemExit(f"nothing runs: {(folder / 'benchmark.log').read_text()[-2000:]}")
                time.sleep(0.2)
            while "read in" not in log_file.read_text():
                if time.monotonic() > until + PATIENCE:
                    raise SystemExit(f"the learner is not ready: {(folder / 'benchmark.log').read_text()[-2000:]}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}", psutil.Process(started[1].pid)
        except httpx.HTTPError:
            say(log_file.read_text()[-3000:])
            raise
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()
            connection.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def decide(site: str, made: Installation, decisions: int, pause: float, learner: psutil.Process) -> dict[str, Any]:
    """Decide on papers from the queue's top; return how long the new order took to be readable, in seconds."""
    seconds, posts, spent, learned = [], [], [], []
    turn = count()
    with httpx.Client(base_url=site, timeout=PATIENCE) as client:

        def page() -> list[dict[str, Any]]:
            headers = {"Authorization": f"Bearer {made.tokens[next(turn) % READERS]}"}
            asked = {"list": made.list.slug, "awaiting": "true", "page_size": PAGE}
            answer = client.get("/api/v1/suggestions/", params=asked, headers=headers)  # type: ignore[arg-type]
            answer.raise_for_status()
            return list(answer.json()["results"])

        for number in range(decisions + 1):
            shown = page()
            before, paper = shown[0]["head"], shown[number % PAGE]["paper"]
            headers = {"Authorization": f"Bearer {made.tokens[next(turn) % READERS]}"}
            asked = {"list": made.list.slug, "paper": paper["id"] if isinstance(paper, dict) else paper}
            kind = {"kind": "reject"} if number % 3 else {"kind": "accept", "category": "kv"}
            before_it, before_learner = processor_time(), sum(learner.cpu_times()[:2])
            began = time.perf_counter()
            client.post("/api/v1/decisions/", json=asked | kind, headers=headers).raise_for_status()
            posts.append(time.perf_counter() - began)
            while any(row["head"] == before for row in page()):
                if time.perf_counter() - began > PATIENCE:
                    raise SystemExit("a decision was not learned from")
                time.sleep(PAUSE)
            seconds.append(time.perf_counter() - began)
            spent.append(processor_time() - before_it)
            learned.append(sum(learner.cpu_times()[:2]) - before_learner)
            if number < decisions:
                time.sleep(pause)
        rest = written_within(made.list)
    seconds, posts, spent, learned = seconds[1:], posts[1:], spent[1:], learned[1:]  # the first one finds caches cold
    cut = statistics.quantiles(seconds, n=20)
    return {
        "pending": made.pending,
        "decisions": len(seconds),
        "p50": statistics.median(seconds),
        "p95": cut[-1],
        "most": max(seconds),
        "the POST alone, p50": statistics.median(posts),
        "processor seconds, p50": statistics.median(spent),
        "… of the learner": statistics.median(learned),
        "the rest written after": rest,
        "not told by the newest head then": untold(made.list),
    }


def processor_time() -> float:
    """Return the seconds that all children of this process and the database's server have computed for."""
    own = psutil.Process()
    data = Path(os.environ["LISTKEEPER_DATA_DIR"]).resolve()
    found = set(own.children(recursive=True))
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and any(str(data) in part for part in process.info["cmdline"] or ()):
            found |= {process, *process.children(recursive=True)}
    total = 0.0
    for process in found:
        with suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


def written_within(paper_list: Any) -> float:
    """Wait until the learner writes no more; return the seconds until its last row."""
    began = last = time.perf_counter()
    left = untold(paper_list)
    while time.perf_counter() - last < QUIET:
        time.sleep(0.2)
        if (now := untold(paper_list)) != left:
            left, last = now, time.perf_counter()
    return last - began


def untold(paper_list: Any) -> int:
    """Return how many suggestions of the queue are of another head than the newest."""
    from papers import review

    newest = paper_list.heads.defer("arrays").first()
    return int(review.queue(paper_list).exclude(head=newest.name).count())


def plain(rows: list[tuple[str, str]], labels: list[bool]) -> dict[str, float]:
    """Return the seconds that arxiv-sanity-lite's recipe takes to rank these papers, with and without its features."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    say("arxiv-sanity-lite's recipe")
    began, computed = time.perf_counter(), time.process_time()
    vectorizer = TfidfVectorizer(
        strip_accents="unicode",
        stop_words="english",
        token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",  # noqa: S106
        ngram_range=(1, 2),
        max_features=20_000,
        sublinear_tf=True,
        max_df=0.1,
        min_df=5,
    )
    seen = vectorizer.fit_transform([f"{title} {abstract}" for title, abstract in rows])
    featured = time.perf_counter()
    machine = LinearSVC(class_weight="balanced", tol=1e-6, max_iter=10_000, C=0.01)
    machine.fit(seen, np.array(labels, dtype=int))
    np.argsort(-machine.decision_function(seen))
    done = time.perf_counter()
    return {
        "arxiv-sanity-lite, with its features": done - began,
        "… in processor seconds": time.process_time() - computed,
        "arxiv-sanity-lite": done - featured,
    }


if __name__ == "__main__":
    raise SystemExit(main())
