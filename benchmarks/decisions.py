"""How soon a decision is learned from: a real site and a real learner, over HTTP, on real abstracts where they are.

    .venv/bin/python -m benchmarks.decisions [FILE.jsonl.gz] [--pending 10000] [--labels 1000] [--evidence 2200]

A list has so many labels and so much evidence, and so many papers await a decision. Curators decide over the API,
one paper after the other from the queue's top, and each time the clock runs from the POST to the answer of
`GET /api/v1/suggestions/` whose whole page is told by a newer head. Beside it, in the same run and on the same papers,
what arxiv-sanity-lite does (its compute.py and serve.py): TF-IDF of 20,000 words and pairs, a linear SVM, the order.
Beside the clock stand seconds of processor time, which say the same on a machine that others use meanwhile: of the
site, the learner and the database until the order is readable; and, when all decisions are made, how long after the
last one the rest of what the learner ranks is written.

Vectors of meaning are made from the words, since an encoder's would take an hour and cost a decision nothing: it
computes with stored ones. FILE has a paper a line (title, abstract); without it `data/papers.jsonl.gz` in the folder
`shared` beside the checkout is taken, or made-up texts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parent.parent
CATEGORIES = {"kv": "cache", "explicit": "prompt", "survey": "survey"}  # and the word by which a text is labelled so
PAGE = 50
READERS = 30  # users who look by turns: nobody is to be throttled
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


def texts(file: Path | None) -> Iterator[tuple[str, str]]:
    """Yield (title, abstract) without end: what there is, and then the same under other titles."""
    path = file or ROOT.parent / "shared" / "data" / "papers.jsonl.gz"
    if not path.is_file():
        words = [
            f"{one}{other}" for one in ("ca", "pro", "to", "lo", "mi") for other in ("che", "mpt", "ken", "ra", "xt")
        ]
        chance = random.Random(0)  # noqa: S311
        for number in count():
            yield f"Paper {number}", " ".join(chance.choices([*words, *CATEGORIES.values()], k=150))
    for turn in count():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield row["title"] + (f" ({turn})" if turn else ""), row["abstract"]


class Words:
    """What stands in for an encoder: the lexicon's view of a text, turned into as many dimensions as usual."""

    name, dimensions, chunk = "benchmark", 384, 2000

    def __init__(self) -> None:
        from ingest.classifier import lexicon

        self._lexicon = lexicon.load()
        self._turn = np.random.default_rng(0).normal(size=(self._lexicon.dimensions, self.dimensions))

    def encode(self, some: list[str]) -> Any:
        noise = np.random.default_rng(len(some)).normal(size=(len(some), self.dimensions))
        found = self._lexicon.encode(some) @ self._turn / 10 + noise / 4
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


class Installation:
    """A list with labels and evidence, papers that await a decision, a trained head, and tokens."""

    def __init__(self, rows: list[tuple[str, str]], labels: int, evidence: int) -> None:
        from django.core.management import call_command
        from django.db import connection

        from ingest import learning
        from ingest.classifier import encoder as encoders
        from papers.models import PaperList

        say(f"making {len(rows)} papers")
        call_command("migrate", verbosity=0)
        self.words = Words()
        encoders.load = lambda: self.words  # type: ignore[assignment,return-value]
        self.list = PaperList.objects.create(slug="benchmark", name="A list")
        self.tokens = [self._token(number) for number in range(READERS)]
        self._categories()
        self.papers = self._papers(rows)
        chosen = self._by_turns(rows, labels + evidence)
        self.labels = [label_of(rows[place]) != "out" for place in range(len(rows))]
        self._evidence(rows, chosen[labels:])
        self._decide(rows, chosen[:labels])
        say("training")
        assert learning.train(self.list) is not None  # type: ignore[arg-type]
        self.examples = len(learning.current_head(self.list)[1].examples)
        self._suggest()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as the database does by itself within a minute

    def _token(self, number: int) -> str:
        from django.contrib.auth.models import User

        from kbsite.models import ApiToken, Membership

        user = User.objects.create_user(f"curator{number}")
        Membership.objects.create(user=user, role=Membership.Role.CURATOR)
        return ApiToken.create(user, "benchmark", None)[1]

    def _categories(self) -> None:
        from papers.models import Category, CategoryText, Document

        document = Document.objects.create(
            list=self.list, language="en", path="README.md", source=b"# A list\n", is_primary=True
        )
        for position, (key, word) in enumerate(CATEGORIES.items()):
            category = Category.objects.create(list=self.list, key=key, position=position)
            CategoryText.objects.create(
                category=category, document=document, name=word, heading_line=position + 1, definition=f"On {word}."
            )

    def _papers(self, rows: list[tuple[str, str]]) -> list[Any]:
        from papers import catalog, vectors
        from papers.records import Identifier, PaperRecord

        made = []
        for start in range(0, len(rows), self.words.chunk):
            records = [
                PaperRecord(
                    "arxiv",
                    (Identifier("arxiv", f"{2001 + number // 90_000}.{number % 90_000 + 1:05}"),),
                    title,
                    abstract=abstract,
                    authors=("Ada Lovelace",),
                    published=date(2026, 1, 1),
                )
                for number, (title, abstract) in enumerate(rows[start : start + self.words.chunk], start)
            ]
            known = catalog.upsert(records).papers
            papers = [known[record.identifiers[0]] for record in records if record.identifiers[0] in known]
            vectors.store(self.words.name, papers, self.words.encode([paper.text for paper in papers]))
            made += papers
        return made

    def _by_turns(self, rows: list[tuple[str, str]], wanted: int) -> list[int]:
        """Return places of papers to label: a third of them in the list's scope, as evidence usually has."""
        within = [place for place, row in enumerate(rows) if label_of(row) != "out"][: wanted // 3]
        without = [place for place, row in enumerate(rows) if label_of(row) == "out"][: wanted - len(within)]
        both = within + without
        random.Random(0).shuffle(both)  # noqa: S311
        return both

    def _evidence(self, rows: list[tuple[str, str]], places: list[int]) -> None:
        from ingest.models import Evidence
        from papers.models import Embedding

        some = [f"{rows[place][0]}\n{rows[place][1]}" for place in places]
        meaning, words = self.words.encode(some) if some else [], self.words._lexicon.encode(some)
        Evidence.objects.bulk_create(
            Evidence(
                list=self.list,
                key=f"arxiv:1901.{number:05}",
                title=f"Evidence {number}",
                label=label_of(rows[place]),
                encoder=self.words.name,
                lexicon=self.words._lexicon.name,
                meaning=one.astype(np.float16).tobytes(),
                words=other.astype(np.float16).tobytes(),
            )
            for number, (place, one, other) in enumerate(zip(places, meaning, words, strict=True))
        )
        gone = [self.papers[place].pk for place in places if place < len(self.papers)]
        Embedding.objects.filter(paper__in=gone).delete()  # they stay without a suggestion: they await nothing

    def _decide(self, rows: list[tuple[str, str]], places: list[int]) -> None:
        from django.contrib.auth.models import User

        from papers.models import Category, Decision, Entry, EntryText, Review

        user = User.objects.first()
        categories = {category.key: category for category in Category.objects.all()}
        document = self.list.documents.get()
        for place in places:
            paper, category = self.papers[place], categories.get(label_of(rows[place]))
            kind = Decision.Kind.ACCEPT if category else Decision.Kind.REJECT
            decision = Decision.objects.create(list=self.list, paper=paper, kind=kind, category=category, user=user)
            state = Review.State.ACCEPTED if category else Review.State.REJECTED
            Review.objects.create(list=self.list, paper=paper, state=state, decision=decision)
            if category:
                entry = Entry.objects.create(category=category, paper=paper, decision=decision)
                EntryText.objects.create(
                    entry=entry, document=document, position=float(place), title=paper.title, link="https://a.org"
                )

    def _suggest(self) -> None:
        """Write what the head says of all that awaits a decision."""
        from ingest import learning
        from ingest.classifier.features import Features
        from papers import vectors
        from papers.models import Category, Paper, Suggestion

        row, head = learning.current_head(self.list)
        waiting = vectors.current(Paper.objects.awaiting_review(self.list), self.words.name)
        ids, meaning = vectors.matrix(waiting)
        self.pending = len(ids)
        out = head.classes.index("out")
        categories = {category.key: category for category in Category.objects.all()}
        for start in range(0, len(ids), self.words.chunk):
            part = ids[start : start + self.words.chunk]
            known = Paper.objects.in_bulk(part)
            words = self.words._lexicon.encode([known[pk].text for pk in part])
            said = head.probabilities(Features(meaning[start : start + self.words.chunk], words))
            Suggestion.objects.bulk_create(
                Suggestion(
                    list=self.list,
                    paper_id=pk,
                    head=row.name,
                    text_hash=known[pk].text_hash,
                    category=categories[max(CATEGORIES, key=lambda key: told[head.classes.index(key)])],
                    relevance=min(max(round(1 - told[out], 6), 0.0), 1.0),
                    probabilities=dict(zip(head.classes, told.tolist(), strict=True)),
                )
                for pk, told in zip(part, said, strict=True)
            )


def label_of(row: tuple[str, str]) -> str:
    return next((key for key, word in CATEGORIES.items() if word in row[1].lower()), "out")


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


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
