"""The daily feed and what fills it in, by answers written for the test; `test_stand_in.py` has the larger server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from ingest.models import Topic
from ingest.sources import BadQuery, Page, SourceUnavailable, Window, arxiv_daily, http
from papers.records import FactRecord, Identifier, PaperRecord
from tests.ingest.sources.answers import announcement, daily, oai, raw
from tests.servers import Asked, Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

TODAY = date(2025, 1, 7)  # a Tuesday
YESTERDAY = TODAY - timedelta(days=1)
NOTHING = oai(error="noRecordsMatch")


@pytest.fixture(autouse=True)
def _quick(settings, monkeypatch):
    settings.ARXIV_DELAY_SECONDS = 0.0
    monkeypatch.setattr(timezone, "now", lambda: datetime(2025, 1, 7, 6, tzinfo=UTC))


class Arxiv:
    """Feeds and OAI-PMH of one server."""

    def __init__(self, settings, feed: Reply, *listed: Reply) -> None:
        self._feed, self._listed = feed, list(listed or [NOTHING])
        self._settings = settings
        self.feeds: list[Asked] = []
        self.lists: list[Asked] = []

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.startswith("/atom/"):
            self.feeds.append(asked)
            etag = self._feed.headers.get("ETag")
            if etag and asked.headers.get("If-None-Match") == etag:
                return Reply(status=304, headers={"ETag": etag})
            return self._feed
        self.lists.append(asked)
        return self._listed.pop(0) if len(self._listed) > 1 else self._listed[0]

    def fetch(self, since: date = YESTERDAY, until: date = TODAY, query: str = "cs.CL", **topic: object) -> list[Page]:
        with Server(respond=self) as server:
            self._settings.ARXIV_FEED_URL, self._settings.ARXIV_OAI_URL = server.url, server.url
            return list(arxiv_daily.fetch(Topic(query=query, **topic), Window(since, until)))


def names(pages: list[Page]) -> list[str]:
    return [record.identifiers[0].value for page in pages for record in page.records]


def updates(pages: list[Page]) -> list[str]:
    return [record.identifiers[0].value for page in pages for record in page.updates]


class TestQuestion:
    @pytest.mark.parametrize("path", ["", "/", "/atom", "/rss/"])
    def test_the_address_is_taken_with_and_without_its_path(self, settings, path):
        arxiv = Arxiv(settings, daily(announcement()))
        with Server(respond=arxiv) as server:
            settings.ARXIV_FEED_URL, settings.ARXIV_OAI_URL = server.url + path, server.url
            list(arxiv_daily.fetch(Topic(query="cs.CL, cs.LG+cs.CL"), Window(YESTERDAY, TODAY)))
        assert [asked.path for asked in arxiv.feeds] == ["/atom/cs.CL+cs.LG"]
        assert [asked.params["set"] for asked in arxiv.lists if "set" in asked.params][::2] == ["cs:cs:CL", "cs:cs:LG"]

    @pytest.mark.parametrize("query", ["cs.CL", "cs.CL cs.LG", "cs.CL+hep-th, cond-mat.str-el", "math"])
    def test_categories_are_categories(self, query):
        arxiv_daily.check(query)

    @pytest.mark.parametrize("query", ["", "  ", "cs:cs:CL", "cat:cs.CL", "KV cache?"])
    def test_what_is_no_category_is_said(self, query):
        with pytest.raises(BadQuery, match=r"cs\.CL"):
            arxiv_daily.check(query)


class TestFeed:
    def test_a_paper_that_only_the_feed_tells_of(self, settings):
        extra = "<arxiv:DOI>10.1000/X</arxiv:DOI><arxiv:journal_reference>J. 1</arxiv:journal_reference>"
        (*_, page) = Arxiv(settings, daily(announcement("2501.00007v2", extra=extra))).fetch()
        assert page.records == (
            PaperRecord(
                source="arxiv-feed",
                identifiers=(Identifier("arxiv", "2501.00007"), Identifier("doi", "10.1000/x")),
                title="A Paper",
                abstract="An abstract.",
                authors=("Ada Vóss", "Bo Lin"),
                subjects=("cs.CL", "cs.LG"),
                version=2,
                journal_ref="J. 1",
                facts=(FactRecord("license", "http://creativecommons.org/licenses/by/4.0/"),),
            ),
        )
        assert page.validator == '"today"'

    def test_new_papers_and_cross_lists_come_and_replacements_are_news_of_older_ones(self, settings):
        feed = daily(
            announcement("2501.00001v1", "new"),
            announcement("2402.00002v3", "cross"),
            announcement("2403.00003v2", "replace"),
            announcement("2404.00004v2", "replace-cross"),
        )
        pages = Arxiv(settings, feed).fetch()
        assert names(pages) == ["2501.00001", "2402.00002"]
        assert updates(pages) == ["2403.00003", "2404.00004"]

    def test_what_cannot_be_read_is_rejected_and_costs_no_other(self, settings):
        feed = daily(announcement("nonsense"), announcement("2501.00002v1", title=" "), announcement())
        (*_, page) = Arxiv(settings, feed).fetch()
        assert [rejected.reason for rejected in page.rejected] == ["no arXiv id", "no title"]
        assert names([page]) == ["2501.00001"]

    def test_an_empty_working_day_is_believed_when_it_is_said_twice(self, settings):
        arxiv = Arxiv(settings, daily())
        (*_, page) = arxiv.fetch()
        assert len(arxiv.feeds) == 2
        assert (names([page]), page.note) == ([], "arXiv announces nothing today, as on weekends and holidays.")

    def test_an_empty_weekend_is_believed_at_once(self, settings, monkeypatch):
        monkeypatch.setattr(timezone, "now", lambda: datetime(2025, 1, 11, 6, tzinfo=UTC))
        arxiv = Arxiv(settings, daily())
        arxiv.fetch(until=date(2025, 1, 11))
        assert len(arxiv.feeds) == 1

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply("Rate exceeded.", 429), "429 (Rate exceeded), 3 times"),
            (Reply("<!doctype html>", kind="text/html"), "an HTML page instead of a feed"),
            (Reply(str(daily(announcement()).body)[:-30], kind="application/atom+xml"), "a feed that is cut off"),
            (Reply("", kind="application/atom+xml"), "a feed that is cut off"),
            (daily(announcement(), short=True), "could not be reached"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_whole_feed_is_an_outage(self, settings, reply, words):
        arxiv = Arxiv(settings, reply)
        with pytest.raises(SourceUnavailable) as caught:
            arxiv.fetch()
        assert words in str(caught.value)
        assert not arxiv.lists

    def test_a_bad_category_is_refused_in_arxivs_words(self, settings):
        error = "<feed><title>Feed error for query</title><subtitle>Bad subject class 'ZZ'.</subtitle></feed>"
        with pytest.raises(http.Refused, match=r"400 \(Bad subject class 'ZZ'\)"):
            Arxiv(settings, Reply(error, 400, "application/atom+xml")).fetch(query="cs.ZZ")


class TestUnchangedFeed:
    def test_it_ends_the_pull(self, settings):
        arxiv = Arxiv(settings, daily(announcement()))
        (page,) = arxiv.fetch(watermark=YESTERDAY, validator='"today"')
        assert (page.records, page.validator) == ((), '"today"')
        assert page.note == "arXiv has announced nothing since the last pull."
        assert (len(arxiv.feeds), arxiv.lists) == (1, [])

    def test_it_is_not_asked_about_when_an_older_day_is_asked_for(self, settings):
        arxiv = Arxiv(settings, daily(announcement()), oai(raw("2501.00001"), raw("2412.00002", versions="2024-12-02")))
        arxiv.fetch(since=date(2024, 12, 1), watermark=YESTERDAY, validator='"today"')
        assert len(arxiv.lists) > 0
        assert "If-None-Match" not in arxiv.feeds[0].headers

    def test_it_is_not_asked_about_when_days_are_missing(self, settings):
        arxiv = Arxiv(settings, daily(announcement()))
        arxiv.fetch(watermark=YESTERDAY - timedelta(days=1), validator='"today"')
        assert len(arxiv.lists) > 0

    def test_a_changed_feed_is_taken_in(self, settings):
        pages = Arxiv(settings, daily(announcement())).fetch(watermark=YESTERDAY, validator='"yesterday"')
        assert (names(pages), pages[-1].validator) == (["2501.00001"], '"today"')


class TestFillingIn:
    def test_what_the_archive_tells_more_fully_does_not_come_by_the_feed_too(self, settings):
        feed = daily(
            announcement("2501.00001v1"), announcement("2501.00002v1"), announcement("2403.00003v2", "replace")
        )
        listed = oai(raw("2501.00001"), raw("2403.00003", versions="2024-03-01,2025-01-06"))
        first, last = [page for page in Arxiv(settings, feed, listed).fetch() if page.records or page.updates]
        assert (names([first]), updates([first])) == (["2501.00001"], ["2403.00003"])
        assert (names([last]), updates([last])) == (["2501.00002"], [])
        assert [record.source for record in (*first.records, *last.records)] == ["arxiv", "arxiv-feed"]

    def test_a_newer_version_in_the_feed_comes(self, settings):
        feed = daily(announcement("2403.00003v3", "replace"))
        pages = Arxiv(settings, feed, oai(raw("2403.00003", versions="2024-03-01,2025-01-06"))).fetch()
        assert [(record.source, record.version) for page in pages for record in page.updates] == [
            ("arxiv", 2),
            ("arxiv-feed", 3),
        ]

    def test_what_changed_of_older_papers_is_news_for_those_who_know_them(self, settings):
        listed = oai(raw("2412.00001", versions="2024-12-24"), raw("2401.00002", versions="2024-01-20"))
        pages = Arxiv(settings, daily(announcement()), listed).fetch()
        assert names(pages) == ["2412.00001", "2501.00001"], "it may have waited two weeks until it was announced"
        assert updates(pages) == ["2401.00002"]

    def test_an_old_paper_that_is_new_in_the_category_is_new(self, settings):
        feed = daily(announcement("2401.00002v1", "cross"))
        pages = Arxiv(settings, feed, oai(raw("2401.00002", versions="2024-01-20"))).fetch()
        assert (names(pages), updates(pages)) == (["2401.00002"], [])

    def test_days_gone_by_have_no_feed(self, settings):
        arxiv = Arxiv(settings, daily(announcement()), oai(raw("2412.00001", versions="2024-12-20")))
        assert names(arxiv.fetch(date(2024, 12, 25), date(2024, 12, 31))) == ["2412.00001"]
        assert not arxiv.feeds

    def test_no_page_says_that_a_part_is_complete(self, settings):
        # A paper of that part that was revised since comes with a later one, and is new by the day of the first.
        pages = Arxiv(settings, daily(announcement()), oai(raw())).fetch(date(2024, 6, 1))
        assert len(pages) > 2 and not any(page.complete_to for page in pages)

    def test_the_feed_comes_even_when_the_archive_does_not(self, settings):
        arxiv = Arxiv(settings, daily(announcement()), Reply("", 500))
        came: list[Page] = []
        with Server(respond=arxiv) as server, pytest.raises(SourceUnavailable, match="500"):
            settings.ARXIV_FEED_URL, settings.ARXIV_OAI_URL = server.url, server.url
            came.extend(arxiv_daily.fetch(Topic(query="cs.CL"), Window(YESTERDAY, TODAY)))
        assert names(came) == ["2501.00001"]
