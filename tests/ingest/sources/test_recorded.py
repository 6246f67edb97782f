"""What live services once sent, read by the same code."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone

from ingest.models import Topic
from ingest.sources import Page, SourceUnavailable, Window, arxiv_api, arxiv_daily, arxiv_oai, hf_papers, jsonl
from papers.records import FactRecord, Identifier
from tests.ingest.sources.answers import oai
from tests.servers import Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]


def page(recorded: Path, name: str, settings) -> Page:
    """Return the first page that comes of a recorded feed; its total is of the whole search, so no more come."""
    settings.ARXIV_DELAY_SECONDS = 0.0
    with Server(Reply((recorded / "arxiv" / name).read_bytes(), kind="application/atom+xml")) as server:
        settings.ARXIV_API_URL = server.url
        return next(arxiv_api.lookup(["2202.12139"]))


@pytest.mark.parametrize(
    ("name", "papers"),
    [
        ("search_page_10.xml", 10),
        ("search_page_quirks.xml", 11),
        ("id_list_one_missing.xml", 1),
        ("empty_unknown_id.xml", 0),
        ("old_style_id_affiliations.xml", 1),
        ("old_style_id_versioned.xml", 1),
        ("title_is_zero.xml", 1),
        ("derived_empty_first_page_total_zero.xml", 0),
    ],
)
def test_feeds_of_arxiv(recorded, settings, monkeypatch, name, papers):
    monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 10**6)
    given = page(recorded, name, settings)
    assert len(given.records) == papers
    assert not given.rejected
    for record in given.records:
        assert record.title and record.abstract and record.authors and record.subjects and record.version
        assert record.published and record.updated and record.published <= record.updated


def test_odd_entries_of_arxiv(recorded, settings, monkeypatch):
    monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 10**6)
    records = {r.identifiers[0].value: r for r in page(recorded, "search_page_quirks.xml", settings).records}
    assert {"cs/0503050", "gr-qc/0103067"} <= set(records)
    assert any(i.scheme == "doi" for record in records.values() for i in record.identifiers)
    assert any(fact.kind == "code" for record in records.values() for fact in record.facts)
    assert max(record.version or 0 for record in records.values()) == 5


def test_a_recorded_title_of_zero(recorded, settings):
    (record,) = page(recorded, "title_is_zero.xml", settings).records
    assert (record.title, record.identifiers) == ("0", (Identifier("arxiv", "2104.12255"),))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("derived_truncated_mid_abstract.xml", "a feed that is cut off"),
        ("error_bad_id_http400.xml", "incorrect id format for abc"),
        ("error_window_http500.xml", "internal error"),
        ("rate_exceeded_429.txt", "cut off"),
    ],
)
def test_recorded_failures_of_arxiv(recorded, settings, name, words):
    with pytest.raises(SourceUnavailable, match=words):
        page(recorded, name, settings)


def harvested(recorded: Path, settings, *names: str) -> list[Page]:
    """Return the pages that come of recorded answers of OAI-PMH."""
    settings.ARXIV_DELAY_SECONDS = 0.0
    replies = [Reply((recorded / "oai" / name).read_bytes(), kind="text/xml") for name in names]
    with Server(*replies) as server:
        settings.ARXIV_OAI_URL = server.url
        return list(arxiv_oai.fetch(Topic(query="cs"), Window(date(2026, 10, 6), date(2026, 10, 6))))


def test_a_harvest_of_arxiv(recorded, settings):
    pages = harvested(recorded, settings, "list_records_arxivraw_page1.xml", "list_records_arxivraw_page2_last.xml")
    assert not [rejected for page in pages for rejected in page.rejected]
    papers = {record.identifiers[0].value: record for page in pages for record in page.records}
    assert list(papers) == ["1506.04782", "2001.00435", "2502.02607", "2502.20651", "2609.28194"]
    bandits = papers["1506.04782"]
    assert bandits.authors == ("Manjesh Kumar Hanawal", "Venkatesh Saligrama", "Michal Valko", "Rémi Munos")
    assert (bandits.published, bandits.updated, bandits.version) == (date(2015, 6, 15), date(2015, 6, 18), 2)
    assert papers["2001.00435"].identifiers[1] == Identifier("doi", "10.1016/j.automatica.2022.110644")
    assert papers["2001.00435"].authors[-1] == "Feng Qian"
    assert papers["2502.02607"].journal_ref.startswith("SIGGRAPH '25")
    assert FactRecord("code", "https://github.com/TimHsue/MIND") in papers["2502.02607"].facts
    forests = papers["2609.28194"]
    assert forests.authors == ("Thomas Ratsakatika", "Mihai Zotta", "Srinivasan Keshav", "Emily R. Lines")
    assert forests.subjects == ("cs.LG", "cs.CV", "eess.IV")
    assert FactRecord("license", "http://creativecommons.org/licenses/by/4.0/") in forests.facts


def test_recorded_errors_of_a_harvest(recorded, settings):
    (mark,) = harvested(recorded, settings, "error_no_records_match.xml")
    assert (mark.records, mark.complete_to) == ((), date(2026, 10, 6))
    with pytest.raises(SourceUnavailable, match="start date too early"):
        harvested(recorded, settings, "error_bad_argument_from_too_early.xml")
    with pytest.raises(SourceUnavailable, match="did not take back its own resumption token"):
        harvested(recorded, settings, *["list_records_arxivraw_page1.xml", "error_bad_resumption_token.xml"] * 3)


def announced(recorded: Path, settings, name: str, status: int = 200) -> list[Page]:
    """Return the pages that come of a recorded feed, while OAI-PMH has nothing to add."""
    settings.ARXIV_DELAY_SECONDS = 0.0
    feed = Reply((recorded / "rss" / name).read_bytes(), status, "application/atom+xml")
    with Server(respond=lambda asked: feed if "/atom/" in asked.path else oai(error="noRecordsMatch")) as server:
        settings.ARXIV_FEED_URL, settings.ARXIV_OAI_URL = server.url, server.url
        today = timezone.now().date()
        return list(arxiv_daily.fetch(Topic(query="cs.LG"), Window(today, today)))


def test_a_daily_feed_of_arxiv(recorded, settings):
    (*_, page) = announced(recorded, settings, "atom_cs_LG_2026-09-25.xml")
    new, cross = page.records
    (replaced,) = page.updates
    assert new.identifiers == (Identifier("arxiv", "2609.28553"), Identifier("doi", "10.1109/mapr72750.2026.11685822"))
    assert new.journal_ref == "2026 International Conference on Multimedia Analysis and Pattern Recognition (MAPR)"
    assert (len(new.authors), new.authors[0]) == (6, "Quang Minh Nguyen")
    assert new.abstract.startswith("Drug toxicity prediction is critical")
    assert (cross.identifiers[0].value, cross.version, cross.subjects) == (
        "2402.10149",
        3,
        ("hep-ph", "cs.LG", "hep-ex"),
    )
    assert (replaced.identifiers[0].value, replaced.version) == ("2401.08875", 3)
    assert not page.rejected


def test_a_recorded_refusal_of_the_daily_feed(recorded, settings):
    with pytest.raises(SourceUnavailable, match="Bad subject class 'ZZ'"):
        announced(recorded, settings, "atom_error_bad_category_http400.xml", 400)


@pytest.mark.parametrize(
    "name",
    [
        "daily_2024-09-03.json",
        "daily_2025-07-07.json",
        "daily_2026-07-15.json",
        "daily_2026-08-21_first5.json",
        "items_quirks.json",
        "search_context_compression_assembled.json",
    ],
)
def test_lists_of_hugging_face(recorded, name):
    items = json.loads((recorded / "hf" / name).read_text())
    given = hf_papers.page(items)
    assert len(given.records) == len({item["paper"]["id"] for item in items})
    assert not given.rejected
    for record in given.records:
        assert record.title and record.abstract and record.authors and record.published
        facts = {fact.kind: fact.value for fact in record.facts}
        assert facts["upvotes"] >= 0
        assert "code" not in facts or facts["code"].count("/") == 4


def test_odd_items_of_hugging_face(recorded):
    items = json.loads((recorded / "hf" / "items_quirks.json").read_text())
    facts = [fact for record in hf_papers.page(items).records for fact in record.facts]
    assert FactRecord("code", "https://github.com/LLaVA-VL/LLaVA-NeXT") in facts
    assert FactRecord("code", "https://github.com/sirano1004/Margin-Apative-Direct-Preference-Optimization") in facts
    assert FactRecord("upvotes", 0) in facts


@pytest.mark.parametrize(("name", "papers"), [("corpus_sample.jsonl", 160), ("corpus_quirks.jsonl", 14)])
def test_files(recorded, name, papers):
    (given,) = jsonl.read(recorded / name)
    assert (len(given.records), given.rejected) == (papers, ())


def test_a_topic_reads_a_recorded_page(recorded, settings, monkeypatch):
    monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 10**6)
    settings.ARXIV_DELAY_SECONDS = 0.0
    body = (recorded / "arxiv" / "search_page_10.xml").read_bytes().replace(b">214881<", b">10<")
    with Server(Reply(body, kind="application/atom+xml")) as server:
        settings.ARXIV_API_URL = server.url
        (given,) = arxiv_api.fetch(Topic(query="testing"), Window(date(2022, 1, 1), date(2022, 12, 31)))
    assert (len(given.records), given.total) == (10, 10)
