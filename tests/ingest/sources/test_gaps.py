"""A month without a pull is made up for by the next one, and what comes late or out of order is found.

The clock is the test's, and so is what the stand-in knows: on each day it has what there was on that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from ingest import pipeline
from ingest.models import Run, Topic
from papers.models import Paper
from tests.ingest.sources import corpus, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

FIRST = date(2026, 5, 4)  # of the thirty days, a Monday
LAST = FIRST + timedelta(days=30)
Live = Callable[[str, str, date], Run]


@pytest.fixture
def revised_after() -> int:
    return 12


@pytest.fixture
def live(fake_sources, settings, monkeypatch, revised_after) -> Iterator[Live]:
    """Pull a topic on a day: the first time it is made."""
    settings.ARXIV_DELAY_SECONDS = 0.0
    rows = corpus.papers(FIRST - timedelta(days=50), LAST, revised_after=revised_after)
    with fake_sources.FakeSources([], min_gap=0.0) as fake:
        settings.ARXIV_API_URL = settings.ARXIV_OAI_URL = settings.ARXIV_FEED_URL = settings.HF_ENDPOINT = fake.url

        def pull(source: str, query: str, day: date) -> Run:
            monkeypatch.setattr(timezone, "now", lambda: datetime.combine(day, time(6), UTC))
            fake.opts.today = day.isoformat()
            known = fake_sources.load_corpus(corpus.as_of(rows, day), fake.opts.seed)
            fake.server.sources = fake_sources.Sources(known, fake.opts)
            topic, _ = Topic.objects.get_or_create(slug="t", source=source, query=query)
            run = pipeline.pull(topic)
            assert (run.state, run.rejected) == ("done", 0), run.error
            topic.refresh_from_db()
            assert topic.watermark == day - timedelta(days=1)
            return run

        pull.fake = fake  # type: ignore[attr-defined]
        yield pull


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("source", "query", "revised_after"),
    [
        # The search finds a paper by the day of its submission: what is revised after a week, others tell.
        ("arxiv", "abs:cache AND cat:cs.CL", 4),
        ("arxiv", "cat:cs.CL OR cat:cs.LG", 4),
        ("arxiv_oai", "cs", 12),
        ("arxiv_oai", "cs:cs:CL cs:cs:LG", 12),
        ("arxiv_daily", "cs.CL cs.LG", 12),
        ("hf_daily", "", 12),
    ],
)
def test_thirty_days_in_one_pull_are_thirty_daily_pulls(live, source, query):
    for day in days(FIRST, LAST):
        live(source, query, day)
    every_day = stored.rows(without=("license",))
    stored.forget_everything()
    live(source, query, FIRST)
    before = set(stored.rows())
    live(source, query, LAST)
    at_once = stored.rows(without=("license",))
    assert len(at_once) > len(before) + 15
    assert at_once == every_day


@pytest.mark.parametrize(
    ("source", "query"),
    [("arxiv", "abs:cache"), ("arxiv_oai", "cs"), ("arxiv_daily", "cs.CL cs.LG cs.CV"), ("hf_daily", "")],
)
def test_what_comes_late_is_found(live, source, query):
    """Every fifth paper is to be seen only two days after its day, when later ones have come before it."""
    for day in days(FIRST, FIRST + timedelta(days=7)):
        live(source, query, day)
    found = set(Paper.objects.filter(published__gte=FIRST).values_list("title", flat=True))
    last = FIRST + timedelta(days=7)
    if source == "hf_daily":
        last -= timedelta(days=3)  # a paper is picked on the next working day
    late = {row["title"] for row in corpus.papers(FIRST - timedelta(days=50), LAST) if FIRST <= row["seen"] <= last}
    late = {row for row in late if int(row.split()[1].rstrip(":")) % 5 == 4 and int(row.split()[1].rstrip(":")) >= 100}
    assert late and late <= found


def test_large_windows_go_by_the_harvest(live):
    live("arxiv", "cat:cs.CL OR cat:cs.LG", FIRST)
    assert "oai" not in live.fake.stats()["by_source"]
    live("arxiv", "cat:cs.CL OR cat:cs.LG", LAST)
    assert live.fake.stats()["by_source"]["oai"]["requests"] > 0


def test_a_daily_pull_asks_for_little(live):
    for day in days(FIRST, FIRST + timedelta(days=2)):
        live("arxiv_daily", "cs.CL cs.LG", day)
        live.fake.reset()
    assert live("arxiv_daily", "cs.CL cs.LG", day).note == "arXiv has announced nothing since the last pull."
    assert live.fake.stats()["total_requests"] == 1
    live.fake.reset()
    live("arxiv_daily", "cs.CL cs.LG", day + timedelta(days=1))
    assert live.fake.stats()["total_requests"] == 3, "the feed, and each category's changes"


@pytest.mark.parametrize("revised_after", [40])
def test_a_revision_brings_no_old_paper_and_updates_a_known_one(live):
    """Paper 3 is of seven weeks before, paper 39 of a month before; both are revised forty days later."""
    live("arxiv_daily", "cs.CL cs.LG cs.CV", FIRST)
    known = Paper.objects.get(title__startswith="Cache 39:")
    assert not Paper.objects.filter(title__startswith="Cache 3:").exists()
    assert (known.version, known.comment) == (1, "9 pages")
    live("arxiv_daily", "cs.CL cs.LG cs.CV", FIRST + timedelta(days=10))
    known.refresh_from_db()
    assert (known.version, known.comment) == (2, "Accepted at ICML 2026")
