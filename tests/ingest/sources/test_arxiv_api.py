"""arXiv's API as its answers say, by feeds written for the test; `test_stand_in.py` has the larger server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from ingest.models import Topic
from ingest.sources import Page, SourceUnavailable, Window, arxiv_api, http
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from tests.ingest.sources.answers import Archive, atom, entry, feed
from tests.servers import Asked, Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

JANUARY = Window(date(2025, 1, 1), date(2025, 1, 31))


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.ARXIV_DELAY_SECONDS = 0.0


def fetch(
    server: Server, settings, window: Window = JANUARY, query: str = "cat:cs.CL", seen: bool = False
) -> list[Page]:
    settings.ARXIV_API_URL = server.url
    topic = Topic(slug="t", source="arxiv", query=query, watermark=date(2025, 1, 1) if seen else None)
    return list(arxiv_api.fetch(topic, window))


def records(pages: Iterable[Page]) -> list[PaperRecord]:
    return [record for page in pages for record in page.records]


def names(pages: Iterable[Page]) -> list[str]:
    return [record.identifiers[0].value for record in records(pages)]


def only(settings, written: str) -> PaperRecord:
    """Return what becomes of an entry."""
    with Server(atom(written)) as server:
        (page,) = fetch(server, settings)
    (record,) = page.records
    return record


class TestQuestion:
    @pytest.mark.parametrize("path", ["", "/", "/api/query", "/api/query/", "/api/query?"])
    def test_the_address_is_taken_with_and_without_its_path(self, settings, path):
        with Server(atom()) as server:
            settings.ARXIV_API_URL = server.url + path
            list(arxiv_api.fetch(Topic(query="cat:cs.CL"), JANUARY))
        assert {asked.path for asked in server.asked} == {"/api/query"}

    def test_the_query_is_bound_to_the_windows_days_oldest_first(self, settings):
        with Server(atom()) as server:
            fetch(server, settings, query="cat:cs.CL OR\n ti:x")
        assert server.asked[0].params == {
            "search_query": "(cat:cs.CL OR ti:x) AND submittedDate:[202501010000 TO 202501312359]",
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
            "start": "0",
            "max_results": "200",
        }
        assert server.asked[0].headers["User-Agent"].startswith("Listkeeper/")

    def test_no_query_is_everything_of_the_days(self, settings):
        with Server(atom()) as server:
            fetch(server, settings, query=" ")
        assert server.asked[0].params["search_query"] == "submittedDate:[202501010000 TO 202501312359]"

    def test_a_window_that_ends_before_it_begins_asks_nothing(self, settings):
        with Server(atom()) as server:
            assert fetch(server, settings, Window(date(2025, 1, 2), date(2025, 1, 1))) == []
        assert not server.asked


class TestRecord:
    def test_everything_the_entry_says(self, settings):
        extra = (
            "<author><name>Ada Vóss</name><arxiv:affiliation>Lab</arxiv:affiliation></author>"
            "<author><name>Bo Lin</name></author>"
            '<category term="cs.LG"/><category term="cs.CL"/><arxiv:primary_category term="cs.CL"/>'
            "<arxiv:comment>NeurIPS 2025. Code: github.com/a/b</arxiv:comment>"
            "<arxiv:journal_ref>J. Ex. 1 (2025)</arxiv:journal_ref><arxiv:doi>10.1000/XYZ</arxiv:doi>"
        )
        written = entry("2501.00001v3", "On $k$-NN &\n  <eos>", extra, updated="2025-03-01T23:59:59Z", summary=" a\nb")
        assert only(settings, written) == PaperRecord(
            source="arxiv",
            identifiers=(Identifier("arxiv", "2501.00001"), Identifier("doi", "10.1000/xyz")),
            title="On $k$-NN & <eos>",
            abstract=" a\nb",
            authors=("Ada Vóss", "Bo Lin"),
            subjects=("cs.CL", "cs.LG"),
            published=date(2025, 1, 6),
            updated=date(2025, 3, 1),
            version=3,
            comment="NeurIPS 2025. Code: github.com/a/b",
            journal_ref="J. Ex. 1 (2025)",
            withdrawn=False,
            facts=(FactRecord("code", "https://github.com/a/b"),),
        )

    def test_what_is_missing_is_empty(self, settings):
        record = only(settings, entry("2501.00001", summary=""))
        assert record == PaperRecord(
            source="arxiv",
            identifiers=(Identifier("arxiv", "2501.00001"),),
            title="A Paper",
            published=date(2025, 1, 6),
            updated=date(2025, 1, 6),
            withdrawn=False,
        )

    @pytest.mark.parametrize(
        ("written", "name"),
        [("cs/9901001v1", "cs/9901001"), ("math.GT/0309136v2", "math/0309136"), ("0704.0001v1", "0704.0001")],
    )
    def test_identifiers_of_all_ages(self, settings, written, name):
        assert only(settings, entry(written)).identifiers[0].value == name

    def test_a_title_may_be_zero(self, settings):
        assert only(settings, entry(title="0")).title == "0"

    def test_arxivs_own_doi_is_no_other_name(self, settings):
        doi = "<arxiv:doi>10.48550/arXiv.2501.00001 10.1000/b</arxiv:doi>"
        assert only(settings, entry(extra=doi)).identifiers[1:] == (Identifier("doi", "10.1000/b"),)

    def test_a_withdrawn_paper_is_kept_and_marked(self, settings):
        comment = "<arxiv:comment>This paper has been withdrawn by the author due to an error</arxiv:comment>"
        record = only(settings, entry(extra=comment))
        assert record.withdrawn and record.title

    def test_characters_that_xml_forbids_cost_nothing_else(self, settings):
        written = entry(title="A\x0bB&#x8;C").replace("&amp;#x8;", "&#x8;")
        assert only(settings, written).title == "ABC"

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (entry(""), "no arXiv id"),
            (entry("abc"), "no arXiv id"),
            (entry("2501.00009v1", title=" "), "no title"),
            (entry("2501.00009v1", published="2025-13-45"), "unreadable date '2025-13-45' (published)"),
            (entry("2501.00009v1", published=""), "unreadable date '' (published)"),
            (entry("2501.00009v1", updated="now"), "unreadable date 'now' (updated)"),
        ],
    )
    def test_an_entry_that_cannot_be_read_costs_itself_alone(self, settings, bad, reason):
        with Server(atom(entry("2501.00001v1"), bad, entry("2501.00002v1"))) as server:
            pages = fetch(server, settings)
        assert names(pages) == ["2501.00001", "2501.00002"]
        assert [rejected.reason for page in pages for rejected in page.rejected] == [reason]
        assert len(server.asked) == 1

    def test_a_page_of_nothing_but_unreadable_entries_is_a_page(self, settings):
        with Server(atom(entry(""), entry("", title=""))) as server:
            (page,) = fetch(server, settings)
        assert [rejected.record for rejected in page.rejected] == ["entry 0", "entry 1"]


class TestPages:
    def test_all_pages_come_each_paper_once(self, settings):
        archive = Archive(450)
        with Server(respond=archive) as server:
            pages = fetch(server, settings)
        assert names(pages) == archive.names
        assert [(len(page.records), page.total) for page in pages] == [(200, 450), (200, 450), (50, 450)]

    def test_an_entry_repeated_on_a_page_hides_no_other(self, settings):
        archive = Archive(450)

        def repeat_first(asked: Asked) -> Reply:
            reply = archive(asked)
            assert isinstance(reply.body, str)
            first = reply.body[reply.body.index("<entry>") : reply.body.index("</entry>") + 8]
            return Reply(reply.body.replace("</feed>", first + "</feed>"), kind=reply.kind)

        with Server(respond=repeat_first) as server:
            assert names(fetch(server, settings)) == archive.names
        assert len(server.asked) == 3

    def test_pages_shorter_than_asked_for_hide_nothing(self, settings):
        archive = Archive(450)

        def shorter(asked: Asked) -> Reply:
            return archive(Asked(asked.path, asked.params | {"max_results": "70"}, {}, 0))

        with Server(respond=shorter) as server:
            assert names(fetch(server, settings)) == archive.names

    def test_a_paper_that_moved_to_a_page_already_seen_is_found_on_a_second_look(self, settings):
        archive = Archive(250)

        def moving(asked: Asked) -> Reply:
            if len(server.asked) == 2:  # between two pages, the last paper came to stand first
                archive.names.insert(0, archive.names.pop())
            return archive(asked)

        with Server(respond=moving) as server:
            assert sorted(names(fetch(server, settings))) == sorted(archive.names)

    def test_a_page_that_is_empty_too_early_is_not_the_end(self, settings):
        archive = Archive(250)

        def hiccup(asked: Asked) -> Reply:
            return atom(total=0) if len(server.asked) == 2 else archive(asked)

        with Server(respond=hiccup) as server:
            assert names(fetch(server, settings)) == archive.names

    def test_fewer_papers_than_counted_are_not_taken_for_all(self, settings):
        pages = []
        with Server(atom(entry("2501.00001v1"), entry("2501.00002v1"), total=139)) as server:
            settings.ARXIV_API_URL = server.url
            with pytest.raises(SourceUnavailable, match="arXiv counted 139 papers and sent 2: "):
                for page in arxiv_api.fetch(Topic(query="x"), JANUARY):
                    pages.append(page)
        assert names(pages) == ["2501.00001", "2501.00002"]

    def test_a_count_that_was_wrong_once_is_forgiven(self, settings):
        archive = Archive(30)

        def miscount(asked: Asked) -> Reply:
            reply = archive(asked)
            if len(server.asked) == 1:
                reply.body = str(reply.body).replace(">30<", ">167<")
            return reply

        with Server(respond=miscount) as server:
            assert names(fetch(server, settings)) == archive.names

    def test_nothing_is_believed_at_once_of_a_new_topic(self, settings):
        with Server(atom()) as server:
            assert fetch(server, settings) == [Page((), (), 0)]
        assert len(server.asked) == 1

    def test_nothing_is_asked_again_of_a_topic_that_had_results(self, settings):
        with Server(atom(), atom(entry())) as server:
            assert len(records(fetch(server, settings, seen=True))) == 1
        with Server(atom()) as server:
            assert records(fetch(server, settings, seen=True)) == []
        assert len(server.asked) == 2


class TestSlices:
    def test_a_window_with_too_many_papers_is_halved(self, settings, monkeypatch):
        monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 2)
        papers = {date(2025, 1, day): f"2501.0000{day}" for day in range(1, 8)}

        def by_day(asked: Asked) -> Reply:
            days = asked.params["search_query"].split("[")[1]
            since, until = days[:8], days.split(" TO ")[1][:8]
            found = [name for day, name in papers.items() if since <= f"{day:%Y%m%d}" <= until]
            return atom(*map(entry, found))

        with Server(respond=by_day) as server:
            pages = fetch(server, settings, Window(date(2025, 1, 1), date(2025, 1, 8)))
        assert names(pages) == list(papers.values())
        assert {page.total for page in pages} == {7}

    def test_a_single_day_with_too_many_is_refused_in_words(self, settings, monkeypatch):
        monkeypatch.setattr(arxiv_api, "MOST_RESULTS", 2)
        day = Window(date(2025, 1, 1), date(2025, 1, 1))
        words = "3 papers on 2025-01-01 alone: the query is too wide"
        with Server(respond=Archive(3)) as server, pytest.raises(SourceUnavailable, match=words):
            fetch(server, settings, day)


class TestTrouble:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply("Rate exceeded.", 429), "arXiv answered 429 (Rate exceeded), 3 times"),
            (Reply("<!doctype html>", kind="text/html"), "arXiv answered an HTML page instead of a feed"),
            (Reply(feed(entry())[:-30], kind="application/atom+xml"), "arXiv answered a feed that is cut off"),
            (Reply("", kind="application/atom+xml"), "arXiv answered a feed that is cut off"),
            (Reply(feed(entry()).replace("</id>", "</ID>"), kind="text/xml"), "arXiv answered a broken feed (mismatch"),
            (Reply(feed().replace("totalResults", "total"), kind="text/xml"), "a document that is no search result"),
            (Reply("<feed><entry/></feed>", kind="text/xml"), "a document that is no feed"),
            (atom(total="many"), "a document that is no search result"),
            (
                Reply(feed().replace("\n<feed", '\n<!DOCTYPE feed [<!ENTITY a "b">]>\n<feed', 1), kind="text/xml"),
                "a feed with declarations that no feed needs",
            ),
            (atom(entry(), short=True), "arXiv could not be reached (peer closed connection"),
            (Reply(reset=True), "arXiv could not be reached"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_whole_feed_is_an_outage(self, settings, reply, words):
        with Server(reply) as server, pytest.raises(SourceUnavailable) as caught:
            fetch(server, settings)
        assert words in str(caught.value)
        assert len(server.asked) == 3

    def test_it_passes(self, settings):
        with Server(Reply("", 503), Reply("", kind="text/html"), atom(entry())) as server:
            assert names(fetch(server, settings)) == ["2501.00001"]

    @pytest.mark.parametrize("status", [200, 400])
    def test_a_query_that_arxiv_refuses_is_told_to_its_author(self, settings, status):
        refusal = feed(entry("", "Error", summary="Invalid query string: 'ti:('")).replace(
            "<id></id>", "<id>https://arxiv.org/api/errors#bad</id>"
        )
        server = Server(Reply(refusal, status, "application/atom+xml"))
        with server, pytest.raises(http.Refused, match=r"Invalid query string: 'ti:\("):
            fetch(server, settings)
        assert len(server.asked) == 1


class TestLookUp:
    def look_up(self, server: Server, settings, *ids: str) -> list[Page]:
        settings.ARXIV_API_URL = server.url
        return list(arxiv_api.lookup(ids))

    def test_a_hundred_at_a_time(self, settings):
        archive = Archive(250)
        with Server(respond=archive) as server:
            pages = self.look_up(server, settings, *archive.names)
        assert sorted(names(pages)) == archive.names
        assert [len(asked.params["id_list"].split(",")) for asked in server.asked] == [100, 100, 50]

    def test_forms_are_understood_and_asked_for_once(self, settings):
        with Server(respond=Archive(1)) as server:
            pages = self.look_up(server, settings, "2501.00001v2", "arXiv:2501.00001", "2501.00001")
        assert names(pages) == ["2501.00001"]
        assert [asked.params["id_list"] for asked in server.asked] == ["2501.00001"]

    def test_a_malformed_id_does_not_cost_the_others(self, settings):
        with Server(respond=Archive(2)) as server:
            pages = self.look_up(server, settings, "2501.00001", "abc", "2501.00002")
        assert names(pages) == ["2501.00001", "2501.00002"]
        assert pages[0].rejected == (Rejected("abc", "no arXiv id"),)

    def test_unknown_papers_are_absent(self, settings):
        with Server(respond=Archive(1)) as server:
            assert names(self.look_up(server, settings, "2501.00001", "2599.00001")) == ["2501.00001"]

    def test_no_ids_no_question(self, settings):
        with Server(atom()) as server:
            assert self.look_up(server, settings) == []
        assert not server.asked
