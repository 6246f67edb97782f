"""Every fault of the stand-in on every source of topics: nothing is lost, nothing is believed too early, and it is told.

The stand-in fails in its ways while a topic is pulled. The run's row names the fault; the watermark stays where all is
stored; and once the fault is over, the next pull leaves the rows that a pull without faults leaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from ingest import pipeline
from ingest.models import Run, Topic
from ingest.sources import SOURCES, arxiv_api
from tests.ingest.sources import corpus, stored
from tests.ingest.sources.conftest import forget_pauses
from tests.ingest.sources.github import GitHub

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

# Fault -> what the run's row says of it while it stays; None where nothing goes wrong by it.
EVERYWHERE = {
    "429": r"429 \(",
    "503": r"503 \(",
    "503=0": r"503 \(",
    "500": r"500 \(",
    "502": r"502 \(",
    "504": r"504 \(",
    "403": r"403",
    "404": r"404|no README",
    "slow=0.01": None,
    "reset": "could not be reached",
    "shortbody": "could not be reached",
    "truncate": "cut off|broken JSON",
    "html": "an HTML page instead of",
    "empty": "nothing from|broken JSON",
}
ON_PAGES: dict[str, str | None] = {"dup": None, "overlap": None}
README = "# A list\n\n" + "".join(
    f"- [Cache {number}](https://arxiv.org/abs/2601.{number:05})\n" for number in range(1, 9)
)


@dataclass(frozen=True)
class Case:
    """A topic, and which part of the stand-in fails under it."""

    source: str
    query: str
    part: str
    faults: dict[str, str | None]

    def __str__(self) -> str:
        return f"{self.source}-{self.part}"


CASES = [
    Case(
        "arxiv",
        "abs:cache",
        "arxiv",
        EVERYWHERE | ON_PAGES | {"emptykeep": "an empty page after 0 of", "wrongtotal": "an empty page after"},
    ),
    Case("arxiv_oai", "cs", "oai", EVERYWHERE | ON_PAGES | {"badtoken": "its own resumption token"}),
    Case("arxiv_daily", "cs.CL cs.LG", "rss", EVERYWHERE | {"dup": None} | {"empty": None}),
    Case(
        "arxiv_daily", "cs.CL cs.LG", "oai", EVERYWHERE | ON_PAGES | {"empty": None, "badtoken": "its own resumption"}
    ),
    Case("hf_daily", "", "hf", EVERYWHERE | {"dup": None}),
    Case("hf_search", "cache", "hf", EVERYWHERE | {"dup": None}),
    Case("peer_list", "peer/list", "github", EVERYWHERE),
]
MATRIX = [(case, fault) for case in CASES for fault in case.faults]
FAULTLESS: dict[str, dict[str, Any]] = {}  # rows by topic, pulled once


@dataclass
class World:
    """The sources, one of which fails."""

    case: Case
    script: Callable[..., None]
    topic: Topic
    untouched: date | None

    def pull(self) -> Run:
        """Pull the topic, after a rest from what faults asked for."""
        forget_pauses()
        run = pipeline.pull(self.topic)
        self.topic.refresh_from_db()
        return run

    def is_whole(self) -> bool:
        return stored.rows() == FAULTLESS[self.case.source]


@pytest.fixture
def world(request, fake_sources, settings, monkeypatch) -> Iterator[World]:
    case: Case = request.param
    settings.ARXIV_DELAY_SECONDS = 0.0
    monkeypatch.setattr(arxiv_api, "PAGE_SIZE", 4)
    today = timezone.now().date()
    rows = corpus.as_of(corpus.papers(today - timedelta(days=12), today, a_day=1, revised_after=4), today)
    options = {"min_gap": 0.0, "oai_page": 4, "today": today.isoformat()}
    with fake_sources.FakeSources(rows, **options) as fake, GitHub(README) as github:
        settings.ARXIV_API_URL = settings.ARXIV_OAI_URL = settings.ARXIV_FEED_URL = settings.HF_ENDPOINT = fake.url
        settings.GITHUB_API_URL = github.url

        def script(*faults: str) -> None:
            if case.part == "github":
                names = {"shortbody": "short", "slow=0.01": "ok", "503=0": "503"}
                github.faults = [names.get(fault, fault) for fault in faults]
            else:
                fake.script(case.part, *faults)

        untouched = today - timedelta(days=3)

        def made() -> Topic:
            return Topic.objects.create(slug="t", source=case.source, query=case.query, watermark=untouched)

        world = World(case, script, made(), untouched)
        if case.source not in FAULTLESS:
            assert world.pull().state == "done"
            FAULTLESS[case.source] = stored.rows()
            assert len(FAULTLESS[case.source]) > 3
            stored.forget_everything()
            world.topic = made()
        yield world


@pytest.mark.parametrize(("world", "fault"), MATRIX, indirect=["world"], ids=str)
def test_a_fault_that_stays_is_told_and_made_up_for(world, fault):
    world.script(*[fault] * 500)
    run = world.pull()
    words = world.case.faults[fault]
    if fault == "empty" and run.state == "done":
        assert words is None or "asked for again" in run.note
    elif words is not None:
        assert run.state == "late"
        assert re.search(words, run.error), run.error
    if world.topic.watermark == world.untouched:
        assert stored.rows().items() <= FAULTLESS[world.case.source].items() or world.case.source == "arxiv_daily"
    else:
        assert world.is_whole(), "the watermark passed what is not stored"
    world.script()
    run = world.pull()
    assert (run.state, run.error, run.rejected) == ("done", "", 0)
    assert world.is_whole()


@pytest.mark.parametrize(("world", "fault"), MATRIX, indirect=["world"], ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_a_fault_that_passes_costs_nothing(world, fault, place):
    world.script(*["ok"] * place, fault)
    run = world.pull()
    if run.state == "late":  # what refuses is not asked again at once
        assert fault in ("403", "404")
        assert re.search(world.case.faults[fault], run.error), run.error
        run = world.pull()
    assert (run.state, run.rejected) == ("done", 0)
    assert world.is_whole()
    assert world.topic.watermark == timezone.now().date() - timedelta(days=1)


def test_every_source_that_a_network_can_fail_is_here():
    assert {case.source for case in CASES} == set(SOURCES) - {"files"}
