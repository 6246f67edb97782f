"""The sources against the stand-in server, which speaks their formats and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from ingest.models import Topic
from ingest.sources import Page, SourceUnavailable, Window, arxiv_api, arxiv_daily, arxiv_oai, http, jsonl, source
from papers.identity import normalise
from papers.records import FactRecord, PaperRecord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

DELAY = 0.02
ALL = Window(date(1999, 1, 1), date(2026, 12, 31))
# More than categories, or so large a window would go by OAI-PMH.
TOPIC = Topic(slug="t", source="arxiv", query="cat:cs.CL OR (cat:cs.* ANDNOT ti:zzz)", watermark=date(2025, 1, 1))


@pytest.fixture
def fake(fake_sources, recorded: Path, settings) -> Iterator[Any]:
    """Real papers, 159 of them, and a server that wants 0.02 s between two requests to arXiv."""
    settings.ARXIV_DELAY_SECONDS = DELAY
    with fake_sources.FakeSources(str(recorded / "corpus_sample.jsonl"), min_gap=DELAY, seed=7) as server:
        settings.ARXIV_API_URL, settings.HF_ENDPOINT = f"{server.url}/api/query", server.url
        settings.ARXIV_OAI_URL, settings.ARXIV_FEED_URL = f"{server.url}/oai", server.url
        yield server
        assert server.stats()["arxiv_family"]["violations"] == 0
        assert server.stats()["arxiv_family"]["max_in_flight"] <= 1


@pytest.fixture
def small_pages(monkeypatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE_SIZE", 30)


@pytest.fixture(scope="session")
def corpus(recorded: Path) -> list[str]:
    with (recorded / "corpus_sample.jsonl").open() as file:
        return sorted({json.loads(line)["arxiv_id"] for line in file})


def names(pages: list[Page]) -> list[str]:
    return [record.identifiers[0].value for page in pages for record in page.records]


def content(pages: list[Page]) -> dict[str, PaperRecord]:
    """Return the papers as they are compared: clean, and without the facts."""
    clean = [normalise(replace(record, facts=())) for page in pages for record in page.records]
    return {record.identifiers[0].value: record for record in clean if isinstance(record, PaperRecord)}


def fetch(topic: Topic = TOPIC, window: Window = ALL) -> list[str]:
    return names(list(arxiv_api.fetch(topic, window)))


@pytest.mark.usefixtures("small_pages")
class TestArxiv:
    def test_all_pages_come_in_order_at_the_pace(self, fake, corpus):
        assert sorted(fetch()) == corpus
        stats = fake.stats()["arxiv_family"]
        assert stats["requests"] == 6
        assert stats["min_gap_s"] >= DELAY
        assert all(agent.startswith("Listkeeper/") for agent in stats["user_agents"])

    @pytest.mark.parametrize(
        "faults",
        [
            ["503"],
            ["429"],
            ["429=1"],
            ["ok", "500", "502"],
            ["ok", "ok", "504", "reset"],
            ["reset", "shortbody"],
            ["ok", "shortbody"],
            ["truncate"],
            ["ok", "truncate=0.97", "truncate=0.1"],
            ["html", "ok", "html"],
            ["empty"],
            ["ok", "empty"],
            ["emptykeep"],
            ["ok", "emptykeep"],
            ["dup"] * 6,
            ["ok", "overlap", "overlap", "ok", "overlap"],
            ["ok", "dup+overlap", "dup", "wrongtotal"],
            ["wrongtotal"],
            ["slow=0.2", "slow=0.2"],
        ],
        ids="+".join,
    )
    def test_no_fault_that_passes_costs_a_paper(self, fake, corpus, faults):
        fake.script("arxiv", *faults)
        assert sorted(fetch()) == corpus
        assert not fake.stats()["pending_script"]

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("429", r"429 \(Rate exceeded\), 3 times"),
            ("429=1200", r"left alone for 20 minutes"),
            ("503", r"503 \(first byte timeout\), 3 times"),
            ("403", r"403 \(error 403\)"),
            ("reset", "could not be reached"),
            ("shortbody", "could not be reached"),
            ("truncate", "cut off"),
            ("html", "an HTML page instead of a feed"),
            ("wrongtotal", "an empty page after 159 of 296 papers, 3 times"),
            ("emptykeep", "an empty page after 0 of 159 papers, 3 times"),
        ],
    )
    def test_a_fault_that_stays_is_an_outage(self, fake, fault, words):
        fake.script("arxiv", *[fault] * 100)
        with pytest.raises(SourceUnavailable, match=words):
            fetch()

    @pytest.mark.parametrize("seed", range(3))
    def test_failures_of_every_other_request_cost_no_paper(self, fake, corpus, monkeypatch, seed):
        monkeypatch.setattr(http, "BACKOFF", (0.0,) * 9)
        fake.control.set_faults({"fail_rate": 0.5, "seed": seed})
        assert sorted(fetch()) == corpus
        assert fake.stats()["arxiv_family"]["faulted"]

    def test_threads_keep_one_pace_together(self, fake, corpus):
        results: list[list[str]] = []

        def work() -> None:
            results.append(sorted(fetch()))
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [corpus] * 3
        assert fake.stats()["arxiv_family"]["requests"] == 18

    def test_api_and_feeds_are_one_budget(self, fake):
        host = http.Host("arxiv", "arXiv", DELAY)
        for path in ("/api/query?search_query=all:a", "/oai?verb=Identify", "/atom/cs.CL"):
            http.get(host, fake.url + path, lambda answer: answer)
        assert fake.stats()["arxiv_family"]["min_gap_s"] >= DELAY

    def test_a_window_past_the_first_ten_thousand_is_sliced(self, fake, corpus, monkeypatch):
        fake.opts.window = 50
        monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 45)
        assert sorted(fetch()) == corpus

    def test_a_broken_query_is_refused_once(self, fake):
        with pytest.raises(http.Refused, match="Invalid query string"):
            fetch(Topic(query="ti:(a"))
        assert fake.stats()["arxiv_family"]["requests"] == 1

    def test_look_up(self, fake, corpus, monkeypatch):
        monkeypatch.setattr(arxiv_api, "PAGE_SIZE", 200)
        pages = list(arxiv_api.lookup([*corpus, "2599.99999", "nonsense"]))
        assert sorted(names(pages)) == corpus
        assert [rejected.record for page in pages for rejected in page.rejected] == ["nonsense"]
        assert fake.stats()["arxiv_family"]["requests"] == 2

    def test_the_path_may_carry_more(self, fake, corpus, settings):
        settings.ARXIV_API_URL = f"{fake.url}/_f/503*2/"
        assert sorted(fetch()) == corpus


def test_odd_papers_arrive_as_they_are(fake_sources, recorded, settings):
    settings.ARXIV_DELAY_SECONDS = 0.0
    with fake_sources.FakeSources(str(recorded / "corpus_quirks.jsonl"), min_gap=0.0) as fake:
        settings.ARXIV_API_URL = fake.url
        pages = list(arxiv_api.fetch(Topic(query="cat:cs.* OR cat:math.* OR cat:hep-th ANDNOT ti:zzz"), ALL))
    assert not [rejected for page in pages for rejected in page.rejected]
    papers = {record.identifiers[0].value: record for page in pages for record in page.records}
    given = {
        i.value: r for page in jsonl.read(recorded / "corpus_quirks.jsonl") for r in page.records for i in r.identifiers
    }
    assert len(papers) == 14
    for name, paper in papers.items():
        assert (paper.title, paper.authors) == (given[name].title, given[name].authors)
        assert (paper.published, paper.withdrawn) == (given[name].published, bool(given[name].withdrawn))
    assert papers["2501.90005"].title == "0"
    assert papers["2501.90003"].withdrawn
    assert papers["2501.90001"].version == 3
    assert papers["2501.90001"].facts == (FactRecord("code", "https://github.com/example/gist-memories"),)


class TestHarvest:
    def harvest(self, query: str = "") -> list[str]:
        return names(list(arxiv_oai.fetch(Topic(query=query), ALL)))

    def test_all_pages_come_at_the_pace_once_each(self, fake, corpus):
        fake.opts.oai_page = 7
        assert sorted(self.harvest("cs:cs:CL cs:cs:LG")) == corpus
        assert fake.stats()["arxiv_family"]["min_gap_s"] >= DELAY

    @pytest.mark.parametrize(
        "faults",
        [
            ["503"],
            ["429=1"],
            ["503=0"],
            ["ok", "500", "502"],
            ["ok", "ok", "504", "reset"],
            ["truncate", "ok", "truncate=0.97"],
            ["html", "shortbody"],
            ["empty"],
            ["ok", "empty"] * 3,
            ["ok"] * 9 + ["badtoken", "ok", "badtoken"],
            ["dup"] * 40,
            ["slow=0.2"],
        ],
        ids="+".join,
    )
    def test_no_fault_that_passes_costs_a_paper(self, fake, corpus, faults):
        fake.opts.oai_page = 20
        fake.script("oai", *faults)
        assert sorted(self.harvest()) == corpus

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("429", r"429 \(Rate exceeded\), 3 times"),
            ("503=0", r"503 \(first byte timeout\), 3 times"),
            ("reset", "could not be reached"),
            ("truncate", "a list of records that is cut off"),
            ("html", "an HTML page instead of a list of records"),
            ("badtoken", "did not take back its own resumption token"),
        ],
    )
    def test_a_fault_that_stays_is_an_outage(self, fake, fault, words):
        fake.opts.oai_page = 5
        fake.script("oai", *[fault] * 400)
        with pytest.raises(SourceUnavailable, match=words):
            self.harvest()

    @pytest.mark.parametrize("seed", range(2))
    def test_failures_of_every_other_request_cost_no_paper(self, fake, corpus, monkeypatch, seed):
        monkeypatch.setattr(http, "BACKOFF", (0.0,) * 9)
        fake.opts.oai_page = 20
        fake.control.set_faults({"fail_rate": 0.5, "seed": seed, "fail_kinds": "503,500,reset,truncate,html,shortbody"})
        assert sorted(self.harvest()) == corpus

    @pytest.mark.parametrize("name", ["corpus_sample.jsonl", "corpus_quirks.jsonl"])
    def test_a_paper_is_the_same_from_search_and_harvest(self, fake_sources, recorded, settings, name):
        settings.ARXIV_DELAY_SECONDS = 0.0
        with fake_sources.FakeSources(str(recorded / name), min_gap=0.0) as fake:
            settings.ARXIV_API_URL = settings.ARXIV_OAI_URL = fake.url
            searched = arxiv_api.fetch(Topic(query="cat:cs.* OR cat:math.* OR cat:hep-th ANDNOT ti:zzz"), ALL)
            harvested = arxiv_oai.fetch(Topic(), ALL)
            by_search, by_harvest = (content(list(pages)) for pages in (searched, harvested))
        assert by_search and by_search == by_harvest


class TestDaily:
    def test_the_feed_of_the_day_and_the_days_before_it(self, fake_sources, recorded, settings):
        settings.ARXIV_DELAY_SECONDS = 0.0
        today = timezone.now().date()
        corpus = recorded / "corpus_sample.jsonl"
        with fake_sources.FakeSources(str(corpus), min_gap=0.0, today="2026-02-03") as fake:
            settings.ARXIV_FEED_URL, settings.ARXIV_OAI_URL = fake.url, fake.url
            topic = Topic(query="cs.CL cs.LG", watermark=today - timedelta(days=1))
            (*_, page) = arxiv_daily.fetch(topic, Window(today, today))
            assert page.records and page.validator
            assert {record.source for record in page.records} == {"arxiv-feed"}
            topic.validator = page.validator
            (again,) = arxiv_daily.fetch(topic, Window(today, today))
            assert (again.records, again.validator) == ((), page.validator)


class TestHuggingFace:
    WINDOW = Window(date(2026, 2, 2), date(2026, 2, 5))

    def daily(self) -> list[Page]:
        return list(source("hf_daily").fetch(Topic(), self.WINDOW))

    def test_daily_gives_each_paper_of_its_days(self, fake, corpus):
        pages = self.daily()
        assert len(pages) == 4
        found = names(pages)
        assert found and len(found) == len(set(found)) and set(found) <= set(corpus)

    @pytest.mark.parametrize("fault", ["503", "429=1", "reset", "truncate", "html", "shortbody", "dup", "empty"])
    def test_no_fault_that_passes_costs_a_paper(self, fake, fault):
        whole = names(self.daily())
        fake.script("hf", "ok", fault)
        assert names(self.daily()) == whole

    def test_the_window_ends_where_its_future_begins(self, fake_sources, recorded, settings):
        corpus = str(recorded / "corpus_sample.jsonl")
        with fake_sources.FakeSources(corpus, today="2026-02-04") as fake:
            settings.HF_ENDPOINT = fake.url
            assert len(self.daily()) == 3

    def test_search_gives_its_one_page(self, fake):
        (page,) = source("hf_search").fetch(Topic(query="kv cache"), self.WINDOW)
        assert 0 < len(page.records) <= 120
        with pytest.raises(SourceUnavailable, match="q is too long"):
            list(source("hf_search").fetch(Topic(query="x" * 251), self.WINDOW))


@pytest.mark.parametrize(
    ("name", "query"),
    [("arxiv", "cache"), ("arxiv_oai", "cs"), ("arxiv_daily", "cs.CL"), ("hf_daily", ""), ("hf_search", "cache")],
)
def test_every_source_yields_pages_of_records_that_can_be_recognised(fake, name, query):
    source(name).check(query)
    pages = list(source(name).fetch(Topic(source=name, query=query), Window(date(2026, 2, 2), date(2026, 2, 6))))
    assert all(isinstance(page, Page) for page in pages)
    found = [record for page in pages for record in page.records]
    assert found
    for record in found:
        assert isinstance(record, PaperRecord)
        assert record.source in ("arxiv", "huggingface")
        assert record.identifiers[0].scheme == "arxiv"
        assert record.title and record.abstract and record.authors and record.published
