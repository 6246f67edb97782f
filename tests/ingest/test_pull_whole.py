"""Pulling a whole corpus from the fake sources: each paper once, again nothing, and the same after kill -9."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import sys
import time

import pytest

from tests.installation import Installation

PAPERS = 2_000


@pytest.fixture(scope="module")
def corpus(shared, tmp_path_factory):
    """The first 2,000 papers of 2025 that have a day, as a corpus for the fake sources."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    with gzip.open(shared / "data" / "papers.jsonl.gz", "rt") as lines:
        rows = (json.loads(line) for line in lines)
        recent = (r for r in rows if r["published"] >= "2025" and r["published_precision"] == "day" and r["abstract"])
        chosen = list(itertools.islice(recent, PAPERS))
    for row in chosen:
        row["categories"] = row["categories"] or ["cs.CL"]
    path.write_text("".join(json.dumps(row) + "\n" for row in chosen))
    return path, chosen


@pytest.fixture(scope="module")
def sources(shared, corpus):
    """The fake sources over the corpus."""
    sys.path.insert(0, str(shared))
    try:
        from fake_sources import FakeSources
    finally:
        sys.path.remove(str(shared))
    with FakeSources(str(corpus[0]), min_gap=0.0, today="2026-11-25") as fake:
        yield fake


@pytest.fixture
def installation(sources, corpus, tmp_path):
    """A fresh installation with one topic that matches the whole corpus on arXiv and one on Hugging Face."""
    made = Installation(
        tmp_path / "data", ARXIV_API_URL=sources.url, HF_ENDPOINT=sources.url, ARXIV_DELAY_SECONDS="0.01"
    )
    made.manage("migrate")
    categories = sorted({row["categories"][0] for row in corpus[1]})
    query = " OR ".join(f"cat:{name}" for name in categories)
    made.ask(f"[Topic.objects.create(slug='everything', source='arxiv', query={query!r}).pk]")
    return made


def window(rows):
    days = [row["published"] for row in rows]
    return "--since", min(days), "--until", max(days)


def state(installation):
    return installation.ask(
        "sorted(map(list, Paper.objects.values_list('identifiers__value', 'title', 'abstract', 'version', 'published')))"
    )


def test_a_corpus_is_stored_once_and_a_second_pull_changes_nothing(installation, corpus):
    installation.manage("pull", *window(corpus[1]))
    assert installation.ask("Paper.objects.count()") == PAPERS
    stored = set(installation.ask("list(IdentifierRow.objects.filter(scheme='arxiv').values_list('value', flat=True))"))
    assert stored == {row["arxiv_id"] for row in corpus[1]}

    second = installation.manage("pull", *window(corpus[1]))
    assert f"{PAPERS} fetched, 0 new, 0 changed, {PAPERS} same, 0 rejected" in second.stdout


def test_a_pull_that_was_killed_ends_with_exactly_the_same_rows(installation, corpus, tmp_path):
    installation.manage("pull", *window(corpus[1]))
    undisturbed = state(installation)
    other = Installation(
        tmp_path / "other",
        **{name: installation.environment[name] for name in ("ARXIV_API_URL", "HF_ENDPOINT", "ARXIV_DELAY_SECONDS")},
    )
    other.manage("migrate")
    query = installation.ask("Topic.objects.get().query")
    other.ask(f"[Topic.objects.create(slug='everything', source='arxiv', query={query!r}).pk]")

    process = other.start(sys.executable, "manage.py", "pull", *window(corpus[1]))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and other.ask("Paper.objects.count()") == 0:
        assert process.poll() is None, "the pull ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    half = other.ask("Paper.objects.count()")
    assert 0 < half < PAPERS
    assert other.ask("Topic.objects.get().watermark") is None, "half a window must not move the watermark"

    other.manage("pull", *window(corpus[1]))
    assert state(other) == undisturbed
    assert other.ask("list(Run.objects.order_by('id').values_list('state', flat=True))") == [
        "interrupted",
        "done",
    ]


def test_an_outage_is_late_and_the_next_pull_mends_it(installation, corpus, sources):
    sources.script("arxiv", *["404"] * 1)
    late = installation.manage("pull", *window(corpus[1]), check=False)
    sources.reset()
    assert late.returncode != 0
    assert "late" in late.stdout
    assert installation.ask("Topic.objects.get().watermark") is None
    installation.manage("pull", *window(corpus[1]))
    assert installation.ask("Paper.objects.count()") == PAPERS


def test_two_pulls_of_one_topic_at_once_store_each_paper_once(installation, corpus):
    both = [installation.start(sys.executable, "manage.py", "pull", *window(corpus[1])) for _ in range(2)]
    codes = sorted(process.wait(timeout=200) for process in both)
    assert codes == [0, 1], "the second says that the first is running"
    assert installation.ask("Paper.objects.count()") == PAPERS
