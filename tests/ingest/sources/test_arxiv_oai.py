"""OAI-PMH as its answers say, by answers written for the test; `test_stand_in.py` has the larger server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from ingest.models import Topic
from ingest.sources import BadQuery, Page, SourceUnavailable, Window, arxiv_oai, http
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from tests.ingest.sources.answers import oai, raw
from tests.servers import Asked, Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

DAYS = Window(date(2025, 1, 6), date(2025, 1, 9))
NOTHING = oai(error="noRecordsMatch")


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.ARXIV_DELAY_SECONDS = 0.0


def fetch(server: Server, settings, window: Window = DAYS, query: str = "") -> list[Page]:
    settings.ARXIV_OAI_URL = server.url
    return list(arxiv_oai.fetch(Topic(slug="t", source="arxiv_oai", query=query), window))


def names(pages: list[Page]) -> list[str]:
    return [record.identifiers[0].value for page in pages for record in page.records]


def only(settings, written: str) -> PaperRecord | Rejected:
    """Return what becomes of a record."""
    with Server(oai(written)) as server:
        page, mark = fetch(server, settings)
    assert not mark.records
    (result,) = (*page.records, *page.rejected)
    return result


class TestQuestion:
    @pytest.mark.parametrize(("path", "asked"), [("", "/oai"), ("/", "/oai"), ("/oai", "/oai"), ("/oai2/", "/oai2")])
    def test_the_address_is_taken_with_and_without_its_path(self, settings, path, asked):
        with Server(oai(raw())) as server:
            settings.ARXIV_OAI_URL = server.url + path
            list(arxiv_oai.fetch(Topic(), DAYS))
        assert {each.path for each in server.asked} == {asked}

    def test_days_sets_and_the_format_are_asked_for(self, settings):
        with Server(oai(raw())) as server:
            fetch(server, settings, query="cs:cs:CL,\n stat:stat:ML cs:cs:CL")
        common = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2025-01-06", "until": "2025-01-09"}
        assert [each.params for each in server.asked] == [
            common | {"set": "cs:cs:CL"},
            common | {"set": "stat:stat:ML"},
        ]
        assert server.asked[0].headers["User-Agent"].startswith("Listkeeper/")

    def test_a_window_up_to_today_has_no_end(self, settings):
        today = timezone.now().date()
        with Server(oai(raw())) as server:
            pages = fetch(server, settings, Window(today - timedelta(days=2), today + timedelta(days=9)))
        assert "until" not in server.asked[0].params
        assert pages[-1].complete_to == today

    def test_what_arxiv_refuses_is_not_asked(self, settings):
        with Server(oai(raw())) as server:
            fetch(server, settings, Window(date(1990, 1, 1), date(2005, 9, 17)))
            fetch(server, settings, Window(date(1990, 1, 1), date(2005, 9, 1)))
        assert [each.params["from"] for each in server.asked] == ["2005-09-16"]

    @pytest.mark.parametrize("query", ["", "cs", "physics:hep-th", "cs:cs:CL stat:stat:ML", "physics:cond-mat:str-el"])
    def test_sets_are_sets(self, query):
        arxiv_oai.check(query)

    @pytest.mark.parametrize("query", ["cs:CL", "cs.CL", "cat:cs.CL AND x", "cs:cs:CL:x"])
    def test_what_is_no_set_is_said(self, query):
        with pytest.raises(BadQuery, match="no set of arXiv's OAI-PMH; one is cs, cs:cs, or cs:cs:CL"):
            arxiv_oai.check(query)

    @pytest.mark.parametrize(
        ("category", "spec"),
        [
            ("cs.CL", "cs:cs:CL"),
            ("cs", "cs:cs"),
            ("hep-th", "physics:hep-th"),
            ("cond-mat.str-el", "physics:cond-mat:str-el"),
            ("physics.optics", "physics:physics:optics"),
            ("q-bio.NC", "q-bio:q-bio:NC"),
        ],
    )
    def test_categories_have_sets(self, category, spec):
        assert arxiv_oai.set_of(category) == spec


class TestPages:
    def test_tokens_are_followed_to_the_end(self, settings):
        with Server(oai(raw("2501.00001"), token="a%3Db%26skip%3D1"), oai(raw("2501.00002"))) as server:
            pages = fetch(server, settings)
        assert names(pages) == ["2501.00001", "2501.00002"]
        assert server.asked[1].params == {"verb": "ListRecords", "resumptionToken": "a%3Db%26skip%3D1"}
        assert [page.complete_to for page in pages] == [None, None, DAYS.until]

    def test_a_part_begins_again_when_its_token_is_not_known_any_more(self, settings):
        first = oai(raw("2501.00001"), token="t")
        with Server(first, oai(error="badResumptionToken"), first, oai(raw("2501.00002"))) as server:
            assert names(fetch(server, settings)) == ["2501.00001", "2501.00002"]
        assert len(server.asked) == 4

    def test_a_token_that_is_never_known_is_an_outage(self, settings):
        answers = [oai(raw(), token="t"), oai(error="badResumptionToken")] * 3
        with Server(*answers) as server, pytest.raises(SourceUnavailable, match="its own resumption token, 3 times"):
            fetch(server, settings)

    @pytest.mark.parametrize("second", [oai(raw(), token="t"), NOTHING], ids=["itself", "nothing"])
    def test_a_token_that_does_not_lead_on_is_an_outage(self, settings, second):
        with (
            Server(*[oai(raw(), token="t"), second] * 3) as server,
            pytest.raises(SourceUnavailable, match="it led to"),
        ):
            fetch(server, settings)

    def test_that_nothing_changed_is_believed_when_it_is_said_twice(self, settings):
        with Server(NOTHING) as server:
            pages = fetch(server, settings)
        assert len(server.asked) == 2
        assert (names(pages), [page.complete_to for page in pages]) == ([], [DAYS.until])
        with Server(NOTHING, oai(raw())) as server:
            assert names(fetch(server, settings)) == ["2501.00001"]

    def test_a_paper_of_two_sets_or_sent_twice_comes_once(self, settings):
        with Server(oai(raw(), raw(), token="t"), oai(raw()), oai(raw(), raw("2501.00002"))) as server:
            assert names(fetch(server, settings, query="cs:cs:CL cs:cs:LG")) == ["2501.00001", "2501.00002"]

    def test_a_part_that_is_too_much_is_asked_for_in_halves(self, settings):
        def respond(asked: Asked) -> Reply:
            days = asked.params["from"], asked.params["until"]
            if days in (("2025-01-06", "2025-01-09"), ("2025-01-08", "2025-01-09")):
                return Reply("first byte timeout", 503, headers={"Retry-After": "0"})
            return oai(raw(f"2501.000{days[0][-2:]}"))

        with Server(respond=respond) as server:
            pages = fetch(server, settings)
        assert names(pages) == ["2501.00006", "2501.00008", "2501.00009"]
        assert [page.complete_to for page in pages] == [None, None, None, DAYS.until]

    def test_a_day_that_is_too_much_is_an_outage(self, settings):
        refusal = Reply("", 503, headers={"Retry-After": "0"})
        with Server(refusal) as server, pytest.raises(SourceUnavailable, match="503"):
            fetch(server, settings, Window(DAYS.since, DAYS.since))
        assert len(server.asked) == 3


class TestParts:
    """A long window is harvested in parts, which grow where there is little and shrink where there is much."""

    def parts(self, settings, respond: Callable[[Asked], Reply], days: int) -> list[int]:
        since = date(2020, 1, 1)
        with Server(respond=respond) as server:
            pages = fetch(server, settings, Window(since, since + timedelta(days=days - 1)))
        ends = [since - timedelta(days=1), *(page.complete_to for page in pages if page.complete_to)]
        return [(later - earlier).days for earlier, later in pairwise(ends)]

    def test_parts_grow_where_a_page_is_enough(self, settings):
        assert self.parts(settings, lambda asked: oai(raw()), 1000) == [7, 14, 28, 56, 112, 224, 365, 194]

    def test_parts_grow_where_there_is_nothing(self, settings):
        assert self.parts(settings, lambda asked: NOTHING, 30) == [7, 14, 9]

    def test_parts_stay_where_there_are_a_few_pages(self, settings):
        def respond(asked: Asked) -> Reply:
            return oai(raw()) if "resumptionToken" in asked.params else oai(raw(), token="t")

        assert self.parts(settings, respond, 30) == [7, 7, 7, 7, 2]

    def test_parts_shrink_where_there_are_many(self, settings):
        def respond(asked: Asked) -> Reply:
            place = int(asked.params.get("resumptionToken", "0"))
            return oai(raw(f"2501.000{place:02}"), token=str(place + 1) if place < 11 else "")

        assert self.parts(settings, respond, 14) == [7, 3, 1, 1, 1, 1]


class TestRecords:
    def test_a_paper(self, settings):
        written = raw(
            "2501.00007",
            "Gist\n Tokens",
            versions="2025-01-06,2025-02-03",
            authors=r"R\'emi Munos (INRIA), and Bo Lin",
            comments="Accepted at ICML. Code: https://github.com/a/b",
            license="http://creativecommons.org/licenses/by/4.0/",
            doi="10.1000/X 10.1000/Y",
            **{"journal-ref": "J. Gist 1 (2025)"},
        )
        assert only(settings, written) == PaperRecord(
            source="arxiv",
            identifiers=(
                Identifier("arxiv", "2501.00007"),
                Identifier("doi", "10.1000/x"),
                Identifier("doi", "10.1000/y"),
            ),
            title="Gist\n Tokens",
            abstract="An abstract.",
            authors=("Rémi Munos", "Bo Lin"),
            subjects=("cs.CL", "cs.LG"),
            published=date(2025, 1, 6),
            updated=date(2025, 2, 3),
            version=2,
            comment="Accepted at ICML. Code: https://github.com/a/b",
            journal_ref="J. Gist 1 (2025)",
            withdrawn=False,
            facts=(
                FactRecord("code", "https://github.com/a/b"),
                FactRecord("license", "http://creativecommons.org/licenses/by/4.0/"),
            ),
        )

    @pytest.mark.parametrize(
        ("fields", "withdrawn"),
        [
            ({}, False),
            ({"versions": "2025-01-06,2025-02-01 I 0kb"}, True),
            ({"versions": "2025-01-06,2025-02-01 D 0kb"}, True),
            ({"versions": "2025-01-06 I 0kb,2025-02-01"}, False),
            ({"comments": "This paper has been withdrawn by the authors"}, True),
        ],
    )
    def test_withdrawn_papers_are_known_by_their_last_version(self, settings, fields, withdrawn):
        record = only(settings, raw(**fields))
        assert isinstance(record, PaperRecord) and record.withdrawn is withdrawn

    @pytest.mark.parametrize(
        ("written", "reason"),
        [
            (raw(title=" "), "no title"),
            (raw("25-1"), "no arXiv id"),
            (raw(versions="yesterday"), "unreadable date 'yesterday' (v1)"),
            (raw().replace('version="v1"', 'version="one"'), "unreadable version 'one'"),
            (raw().replace("<version ", "<vision ").replace("</version>", "</vision>"), "no version"),
            (raw().replace("arXivRaw", "arXiv"), "no arXivRaw in it"),
            ("<record><header status='deleted'><identifier>x</identifier></header></record>", "deleted at arXiv"),
        ],
    )
    def test_a_record_that_cannot_be_read_is_rejected_and_costs_no_other(self, settings, written, reason):
        with Server(oai(written, raw("2501.00002"))) as server:
            page, _ = fetch(server, settings)
        assert names([page]) == ["2501.00002"]
        assert [rejected.reason for rejected in page.rejected] == [reason]


class TestTrouble:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply("Rate exceeded.", 429), "arXiv answered 429 (Rate exceeded), 3 times"),
            (Reply("<!doctype html>", kind="text/html"), "arXiv answered an HTML page instead of a list of records"),
            (Reply(str(oai(raw()).body)[:-20], kind="text/xml"), "arXiv answered a list of records that is cut off"),
            (
                Reply(str(oai(raw()).body).replace("</id>", "</ID>"), kind="text/xml"),
                "a broken list of records (mismatch",
            ),
            (Reply("<OAI-PMH></OAI-PMH>", kind="text/xml"), "a document that is no list of records"),
            (oai(), "a list of records without records"),
            (
                Reply("<!DOCTYPE x [<!ENTITY a 'b'>]>" + str(oai(raw()).body).partition("\n")[2], kind="text/xml"),
                "declarations that no list of records needs",
            ),
            (oai(raw(), short=True), "arXiv could not be reached (peer closed connection"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_whole_answer_is_an_outage(self, settings, reply, words):
        with Server(reply) as server, pytest.raises(SourceUnavailable) as caught:
            fetch(server, settings)
        assert words in str(caught.value)
        assert len(server.asked) == 3

    def test_a_refusal_is_said_at_once(self, settings):
        words = r"refused the question: It says badArgument. \(badArgument\)"
        with Server(oai(error="badArgument")) as server, pytest.raises(http.Refused, match=words):
            fetch(server, settings)
        assert len(server.asked) == 1

    def test_what_came_before_an_outage_has_come(self, settings):
        with Server(oai(raw(), token="t"), Reply("", 500)) as server:
            settings.ARXIV_OAI_URL = server.url
            pages = arxiv_oai.fetch(Topic(), DAYS)
            assert names([next(pages)]) == ["2501.00001"]
            with pytest.raises(SourceUnavailable):
                next(pages)

    def test_characters_that_xml_forbids_cost_no_page(self, settings):
        with Server(oai(raw(title="A \x0c Paper"), raw("2501.00002", extra="&#12;"))) as server:
            assert names(fetch(server, settings)) == ["2501.00001", "2501.00002"]


class TestSubmitted:
    def test_only_papers_of_the_window_come_and_later_changes_are_looked_through(self, settings):
        def respond(asked: Asked) -> Reply:
            is_first = asked.params["from"] == "2025-01-06"
            return oai(raw("2501.00001", versions="2024-12-31"), raw("2501.00002")) if is_first else NOTHING

        with Server(respond=respond) as server:
            settings.ARXIV_OAI_URL = server.url
            pages = list(arxiv_oai.submitted(["cs:cs:CL"], DAYS))
        assert names(pages) == ["2501.00002"]
        assert "until" not in server.asked[-1].params
        assert not any(page.complete_to for page in pages), "what changes later may be of the window's days"
