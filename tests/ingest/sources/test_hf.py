from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ingest import pipeline
from ingest.models import Run, Topic
from ingest.sources import BadQuery, Page, SourceUnavailable, Window, hf_daily, hf_papers, hf_search, http
from papers.models import Fact
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from tests.ingest.sources.answers import hf_item
from tests.servers import Asked, Reply, Server, in_json

online = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]
TOPIC = Topic(slug="t", source="hf_search", query="context compression")


def daily(server: Server, settings, since: date, until: date) -> list[Page]:
    settings.HF_ENDPOINT = server.url
    return list(hf_daily.fetch(TOPIC, Window(since, until)))


class TestItem:
    def test_everything_inside_paper(self):
        item = hf_item(
            "2501.00001",
            " A\n Paper",
            upvotes=12,
            githubRepo="https://github.com/a/b.git",
            githubStars=345,
            ai_summary="Short.",
            ai_keywords=["kv cache", "", 3, "gist"],
        )
        assert hf_papers.read(item, "item 1") == PaperRecord(
            source="huggingface",
            identifiers=(Identifier("arxiv", "2501.00001"),),
            title="A\n Paper",
            abstract="An abstract.",
            authors=("Ada Vóss", "Bo Lin"),
            published=date(2025, 1, 6),
            facts=(
                FactRecord("upvotes", 12),
                FactRecord("code", "https://github.com/a/b"),
                FactRecord("stars", 345),
                FactRecord("tldr", "Short."),
                FactRecord("keywords", ["kv cache", "gist"]),
            ),
        )

    @pytest.mark.parametrize(
        "repository",
        [
            "https://github.com/a/b/tree/main/c",
            "https://github.com/a/b.git",
            "https://github.com/a/\nb",
            "http://www.github.com/a/b/",
            "github.com/a/b",
        ],
    )
    def test_addresses_of_code_become_owner_and_name(self, repository):
        record = hf_papers.read(hf_item(githubRepo=repository), "")
        assert isinstance(record, PaperRecord)
        assert FactRecord("code", "https://github.com/a/b") in record.facts

    @pytest.mark.parametrize(
        "given",
        [
            {"ai_summary": None, "ai_keywords": None, "githubRepo": None, "githubStars": None},
            {"ai_summary": "", "ai_keywords": [], "githubRepo": "", "githubStars": -1},
            {"ai_summary": 3, "ai_keywords": "kv", "githubRepo": 4, "githubStars": True},
            {"githubRepo": "https://example.org/a/b", "githubStars": "12", "upvotes": 0},
        ],
    )
    def test_what_is_missing_or_wrong_is_no_fact(self, given):
        record = hf_papers.read(hf_item(**given), "")
        assert isinstance(record, PaperRecord)
        assert record.facts == (FactRecord("upvotes", 0),)

    @pytest.mark.parametrize(
        ("given", "field", "value"),
        [
            ({"authors": "Ada"}, "authors", ()),
            ({"authors": [{"name": None}, "Bo"]}, "authors", ("Bo",)),
            ({"summary": ["x"]}, "abstract", ""),
            ({"publishedAt": "soon"}, "published", None),
            ({"publishedAt": 12}, "published", None),
            ({"upvotes": "many"}, "facts", ()),
            ({"ai_summary": "a\0b"}, "facts", (FactRecord("upvotes", 0), FactRecord("tldr", "ab"))),
        ],
    )
    def test_a_field_of_the_wrong_type_costs_the_field(self, given, field, value):
        assert getattr(hf_papers.read(hf_item(**given), ""), field) == value

    @pytest.mark.parametrize(
        ("item", "rejected"),
        [
            (None, Rejected("item 1", "no paper in it")),
            ({"paper": []}, Rejected("item 1", "no paper in it")),
            (hf_item(id=None), Rejected("item 1", "no arXiv id")),
            (hf_item(id="blog-7"), Rejected("blog-7", "no arXiv id")),
            (hf_item(title=None), Rejected("2501.00001", "no title")),
            (hf_item(title="  "), Rejected("2501.00001", "no title")),
        ],
    )
    def test_without_a_name_or_a_title_it_is_rejected(self, item, rejected):
        page = hf_papers.page([item, hf_item("2501.00002")])
        assert page.rejected == (rejected,)
        assert len(page.records) == 1

    def test_a_paper_that_stands_there_twice_comes_once(self):
        assert len(hf_papers.page([hf_item(), hf_item(), hf_item("2501.00001v2")]).records) == 1


class TestDaily:
    pytestmark = online

    def test_each_day_is_asked_for_the_newest_last(self, settings):
        with Server(respond=lambda asked: in_json([hf_item(f"2501.000{asked.params['date'][-2:]}")])) as server:
            pages = daily(server, settings, date(2025, 1, 6), date(2025, 1, 8))
        assert [asked.params for asked in server.asked] == [
            {"date": f"2025-01-0{day}", "limit": "100", "p": "0"} for day in (6, 7, 8)
        ]
        assert {asked.path for asked in server.asked} == {"/api/daily_papers"}
        assert [page.records[0].identifiers[0].value for page in pages] == ["2501.00006", "2501.00007", "2501.00008"]

    def test_a_full_page_has_a_next_one(self, settings):
        def by_page(asked: Asked) -> Reply:
            first = int(asked.params["p"]) * 100
            return in_json([hf_item(f"2501.{number:05}") for number in range(first, min(first + 100, 230))])

        with Server(respond=by_page) as server:
            pages = daily(server, settings, date(2025, 1, 6), date(2025, 1, 6))
        assert [len(page.records) for page in pages] == [100, 100, 30]

    def test_a_server_that_knows_no_pages_is_not_asked_for_ever(self, settings):
        with Server(in_json([hf_item(f"2501.{number:05}") for number in range(100)])) as server:
            daily(server, settings, date(2025, 1, 6), date(2025, 1, 6))
        assert len(server.asked) == 2

    def test_the_future_is_not_asked_for(self, settings):
        today = datetime.now(UTC).date()
        with Server(in_json([])) as server:
            pages = daily(server, settings, today, today + timedelta(days=5))
        assert {asked.params["date"] for asked in server.asked} == {today.isoformat()}
        assert pages == [Page(())]

    def test_an_empty_working_day_is_asked_for_once_more(self, settings):
        with Server(in_json([]), in_json([hf_item()])) as server:
            (page,) = daily(server, settings, date(2025, 1, 6), date(2025, 1, 6))
        assert len(page.records) == 1
        with Server(in_json([])) as server:
            assert daily(server, settings, date(2025, 1, 6), date(2025, 1, 6)) == [Page(())]
        assert len(server.asked) == 2

    def test_an_empty_weekend_is_believed(self, settings):
        with Server(in_json([])) as server:
            daily(server, settings, date(2025, 1, 4), date(2025, 1, 5))
        assert len(server.asked) == 2

    def test_what_it_calls_the_future_ends_the_window(self, settings):
        with Server(in_json([hf_item()]), in_json({"error": "date is in the future"}, status=400)) as server:
            assert len(daily(server, settings, date(2025, 1, 6), date(2025, 1, 9))) == 1
        assert len(server.asked) == 2

    def test_any_other_refusal_is_one(self, settings):
        server = Server(in_json({"error": "Invalid date"}, status=400))
        with server, pytest.raises(http.Refused, match=r"Hugging Face answered 400 \(Invalid date\)"):
            daily(server, settings, date(2025, 1, 6), date(2025, 1, 9))

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply("<html>", kind="text/html"), "Hugging Face answered an HTML page instead of JSON, 3 times"),
            (in_json({"papers": []}), "Hugging Face answered JSON that is no list of papers, 3 times"),
            (Reply("[{", kind="application/json"), "Hugging Face answered broken JSON"),
            (in_json({"error": "down"}, status=503), "Hugging Face answered 503 (down), 3 times"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_list_is_an_outage(self, settings, reply, words):
        with Server(reply) as server, pytest.raises(SourceUnavailable) as caught:
            daily(server, settings, date(2025, 1, 6), date(2025, 1, 6))
        assert words in str(caught.value)


class TestOverlap:
    """Each pull asks for the last two weeks again: papers are picked late, summaries and votes come later still."""

    pytestmark = online

    @pytest.fixture
    def topic(self) -> Topic:
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        return Topic.objects.create(slug="daily", source="hf_daily", watermark=yesterday)

    def test_a_daily_pull_is_sixteen_days_with_a_request_each(self, topic, settings):
        with Server(in_json([hf_item()])) as server:
            settings.HF_ENDPOINT = server.url
            assert pipeline.pull(topic).state == Run.State.DONE
        today = datetime.now(UTC).date()
        assert [asked.params["date"] for asked in server.asked] == [
            (today - timedelta(days=back)).isoformat() for back in range(15, -1, -1)
        ]
        # Three pulls a minute would use up the budget of 500 requests in 5 minutes, and there is one a day.
        assert len(server.asked) <= 500 / 15

    def test_what_comes_late_becomes_a_fact(self, topic, settings):
        ten_days_ago = (datetime.now(UTC).date() - timedelta(days=10)).isoformat()
        item = hf_item("2501.00001", upvotes=3)

        def answer(asked: Asked) -> Reply:
            return in_json([item] if asked.params["date"] == ten_days_ago else [hf_item("2501.00002")])

        with Server(respond=answer) as server:
            settings.HF_ENDPOINT = server.url
            pipeline.pull(topic)
            item["paper"] |= {"upvotes": 40, "ai_summary": "Short.", "ai_keywords": ["cache"], "githubStars": 9}
            run = pipeline.pull(topic)
        assert (run.new, run.changed) == (0, 0)  # a paper is not another one for being liked
        facts = Fact.objects.filter(paper__identifiers__value="2501.00001")
        assert dict(facts.values_list("kind", "value")) == {
            "upvotes": 40,
            "tldr": "Short.",
            "keywords": ["cache"],
            "stars": 9,
        }

    def test_a_summary_that_is_gone_for_once_stays_known(self, topic, settings):
        with Server(in_json([hf_item(ai_summary="Short.")])) as server:
            settings.HF_ENDPOINT = server.url
            pipeline.pull(topic)
        with Server(in_json([hf_item(ai_summary=None)])) as server:
            settings.HF_ENDPOINT = server.url
            pipeline.pull(topic)
        assert Fact.objects.get(kind="tldr").value == "Short."


class TestQueries:
    def test_the_daily_list_takes_none(self):
        hf_daily.check(" ")
        with pytest.raises(BadQuery, match="leave the query empty"):
            hf_daily.check("kv cache")
        assert (hf_daily.QUERY, hf_daily.OVERLAP_DAYS) == ("", 14)

    @pytest.mark.parametrize("query", ["", "  ", "x" * 251])
    def test_a_search_needs_some_words(self, query):
        with pytest.raises(BadQuery):
            hf_search.check(query)

    def test_a_search_knows_no_days(self):
        hf_search.check("x" * 250)
        assert hf_search.OVERLAP_DAYS == 0


class TestSearch:
    pytestmark = online

    @pytest.mark.parametrize("path", ["", "/", "/api"])
    def test_one_page_in_the_order_of_relevance(self, settings, path):
        with Server(in_json([hf_item("2501.00002"), hf_item("2501.00001")])) as server:
            settings.HF_ENDPOINT = server.url + path
            (page,) = hf_search.fetch(TOPIC, Window(date(2025, 1, 1), date(2025, 1, 2)))
        assert [record.identifiers[0].value for record in page.records] == ["2501.00002", "2501.00001"]
        (asked,) = server.asked
        assert (asked.path, asked.params) == ("/api/papers/search", {"q": "context compression", "limit": "120"})

    def test_a_topic_that_had_results_is_asked_once_more(self, settings):
        topic = Topic(query="x", watermark=date(2025, 1, 1))
        with Server(in_json([]), in_json([hf_item()])) as server:
            settings.HF_ENDPOINT = server.url
            (page,) = hf_search.fetch(topic, Window(date(2025, 1, 1), date(2025, 1, 2)))
        assert len(page.records) == 1

    def test_a_query_that_is_too_long_is_told_to_its_author(self, settings):
        with Server(in_json({"error": "q is too long"}, status=400)) as server:
            settings.HF_ENDPOINT = server.url
            with pytest.raises(http.Refused, match="q is too long"):
                list(hf_search.fetch(TOPIC, Window(date(2025, 1, 1), date(2025, 1, 2))))
