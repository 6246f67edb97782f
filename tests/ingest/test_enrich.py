from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import enrich, tasks
from ingest.models import Enquiry, Run
from ingest.sources import http, semantic_scholar
from papers.models import Fact, IdentifierRow, Paper
from tests.factories import make_entry, make_list, make_paper, make_suggestion
from tests.servers import Asked, Reply, Server, in_json

pytestmark = [pytest.mark.django_db]


class Scholar(Server):
    """A Semantic Scholar that knows every paper but those it is told not to, and says something of each."""

    def __init__(self) -> None:
        super().__init__(respond=self._answer)
        self.unknown: set[str] = set()
        self.says: dict[str, dict[str, Any]] = {}
        self.fails = Reply("")

    def _answer(self, asked: Asked) -> Reply:
        if self.fails.status != 200:
            return self.fails
        ids = json.loads(asked.body)["ids"]
        return in_json([None if name in self.unknown else self._paper(name) for name in ids])

    def _paper(self, name: str) -> dict[str, Any]:
        scheme, _, value = name.partition(":")
        key = {"ARXIV": "ArXiv", "DOI": "DOI", "ACL": "ACL"}[scheme]
        told = {"externalIds": {key: value}, "title": f"What {value} is called", "citationCount": 7}
        return told | self.says.get(name, {})

    @property
    def names(self) -> list[list[str]]:
        """What was asked for, request by request."""
        return [json.loads(asked.body)["ids"] for asked in self.asked]


@pytest.fixture
def scholar(settings, monkeypatch) -> Iterator[Scholar]:
    monkeypatch.setattr(semantic_scholar, "HOST", replace(semantic_scholar.HOST, delay=0.0))
    monkeypatch.setattr(http, "BACKOFF", (0.0, 0.0))
    settings.S2_API_KEY = "a key"
    with Scholar() as server:
        settings.S2_API_URL = server.url
        yield server


def facts(paper: Paper) -> dict[str, Any]:
    return {fact.kind: fact.value for fact in Fact.objects.filter(paper=paper, source="semanticscholar")}


class TestEnrich:
    def test_facts_and_identifiers_come_and_arxiv_keeps_its_word(self, scholar):
        paper = make_paper("As arXiv has it", identifiers=[("arxiv", "2501.00001")])
        name = IdentifierRow.objects.get(paper=paper).value
        scholar.says[f"ARXIV:{name}"] = {
            "externalIds": {"ArXiv": name, "DOI": "10.1109/x.1", "DBLP": "conf/nips/A25"},
            "tldr": {"text": "Short."},
            "venue": "Neural Information Processing Systems",
        }
        run = enrich.enrich()
        assert (run.state, run.fetched, run.new, run.changed) == (Run.State.DONE, 1, 0, 1)
        assert run.note == "Semantic Scholar knows 1 of 1 papers."
        paper.refresh_from_db()
        assert paper.title == "As arXiv has it"
        assert set(paper.identifiers.values_list("scheme", "value")) == {("arxiv", name), ("doi", "10.1109/x.1")}
        known = facts(paper)
        assert (known["citations"], known["tldr"]) == (7, "Short.")
        assert known["venue_evidence"]["key"] == "conf/nips/A25"
        assert "venue" not in known

    def test_papers_in_lists_come_first_then_likely_ones_then_the_newest(self, scholar):
        paper_list = make_list("small", ("cache",))
        category = paper_list.categories.get(key="cache")
        old = make_paper("Old", identifiers=[("arxiv", "2401.00001")], published=date(2024, 1, 1))
        new = make_paper("New", identifiers=[("arxiv", "2601.00001")], published=date(2026, 1, 1))
        likely = make_paper("Likely", identifiers=[("arxiv", "2501.00002")], published=date(2025, 1, 1))
        listed = make_paper("Listed", identifiers=[("arxiv", "2301.00001")], published=date(2023, 1, 1))
        make_entry(category, listed)
        make_suggestion(paper_list, likely, relevance=0.9)
        assert list(enrich.missing()) == [listed, likely, new, old]
        assert enrich.enrich(2).fetched == 2
        assert list(enrich.missing()) == [new, old]

    def test_what_is_unknown_is_not_asked_for_every_day(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        scholar.unknown.add("ARXIV:2501.00001")
        assert enrich.enrich().note == "Semantic Scholar knows 0 of 1 papers."
        assert len(scholar.asked) == 2  # that none is known is believed when it is said twice
        run = enrich.enrich()
        assert run.note == "Nothing to ask: every paper was asked about in the last 30 days."
        assert len(scholar.asked) == 2
        Enquiry.objects.update(asked_at=timezone.now() - timedelta(days=31))
        scholar.unknown.clear()
        assert enrich.enrich().note == "Semantic Scholar knows 1 of 1 papers."
        assert Enquiry.objects.get().known

    def test_five_hundred_at_a_time(self, scholar, monkeypatch):
        monkeypatch.setattr(semantic_scholar, "MOST_AT_ONCE", 2)
        for number in range(1, 6):
            make_paper(f"Paper {number}", identifiers=[("arxiv", f"2501.0000{number}")])
        run = enrich.enrich()
        assert [len(names) for names in scholar.names] == [2, 2, 1]
        assert (run.pages, run.fetched, run.total) == (3, 5, 5)

    def test_work_that_is_cut_off_goes_on(self, scholar, monkeypatch):
        monkeypatch.setattr(semantic_scholar, "MOST_AT_ONCE", 2)
        for number in range(1, 6):
            make_paper(f"Paper {number}", identifiers=[("arxiv", f"2501.0000{number}")])

        def stop(run: Run) -> None:
            if run.fetched == 2:
                scholar.fails = in_json({"message": "Service Unavailable"}, status=503)

        run = enrich.enrich(progress=stop)
        assert (run.state, run.fetched) == (Run.State.LATE, 2)
        assert "503" in run.error
        scholar.fails = Reply("")
        assert enrich.enrich().fetched == 3
        assert Enquiry.objects.filter(known=True).count() == 5

    def test_a_paper_is_asked_for_by_its_best_name(self, scholar):
        paper = make_paper("A", identifiers=[("arxiv", "2501.00001")])
        IdentifierRow.objects.create(paper=paper, scheme="doi", value="10.1000/a")
        other = make_paper("B", identifiers=[("arxiv", "2501.00002")])
        IdentifierRow.objects.filter(paper=other).update(scheme="acl", value="2024.acl-long.1")
        third = make_paper("C", identifiers=[("arxiv", "2501.00003")])
        IdentifierRow.objects.filter(paper=third).update(scheme="url", value="https://x.example")
        enrich.enrich()
        ((*names,),) = scholar.names
        assert sorted(names) == ["ACL:2024.acl-long.1", "ARXIV:2501.00001"]

    def test_one_that_cannot_be_asked_for_does_not_stand_in_the_way(self, scholar):
        paper = make_paper("A", identifiers=[("arxiv", "2501.00001")])
        IdentifierRow.objects.filter(paper=paper).update(scheme="doi", value="10.1000/a b")
        assert enrich.enrich().fetched == 1
        assert scholar.asked == []
        assert not enrich.missing().exists()

    def test_an_answer_about_another_paper_is_told(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        scholar.says["ARXIV:2501.00001"] = {"externalIds": {"ArXiv": "2501.00009"}}
        run = enrich.enrich()
        assert run.rejections == [["2501.00001", "Semantic Scholar answered with arxiv 2501.00009"]]
        assert not Enquiry.objects.get().known
        assert not IdentifierRow.objects.filter(value="2501.00009").exists()

    def test_as_many_statements_for_fifty_as_for_five(self, scholar):
        def statements(first: int, papers: int) -> int:
            for number in range(first, first + papers):
                make_paper(f"Paper {number}", identifiers=[("arxiv", f"2502.{number:05}")])
            with CaptureQueriesContext(connection) as asked:
                enrich.enrich()
            return len(asked)

        assert statements(100, 50) <= statements(1, 5) + 5

    def test_with_no_paper_at_all(self, scholar):
        assert (
            enrich.enrich().note == "Nothing to ask: there is no paper with an identifier that Semantic Scholar knows."
        )


class TestWithoutAKey:
    def test_it_says_why_nothing_was_done(self, scholar, settings):
        settings.S2_API_KEY = ""
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        run = enrich.enrich()
        assert (run.state, run.note, run.fetched) == (Run.State.DONE, enrich.NO_KEY, 0)
        with pytest.raises(CommandError, match="S2_API_KEY is not set"):
            call_command("enrich")
        assert scholar.asked == []

    def test_the_schedule_leaves_it_alone(self, scholar, settings):
        settings.S2_API_KEY = ""
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        tasks.enrich()
        assert not Run.objects.exists()


class TestSchedule:
    def test_once_a_day(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        tasks.enrich()
        tasks.enrich()
        assert Run.objects.count() == 1
        Run.objects.update(started_at=timezone.now() - timedelta(days=1))
        assert enrich.is_due()

    def test_a_failure_is_tried_again_later(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        scholar.fails = in_json({"message": "Service Unavailable"}, status=503)
        tasks.enrich()
        run = Run.objects.get()
        assert run.state == Run.State.LATE and run.next_try
        assert not enrich.is_due()
        Run.objects.update(next_try=timezone.now())
        assert enrich.is_due()


class TestCommand:
    def test_it_tells_what_it_did(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        make_paper("B", identifiers=[("arxiv", "2501.00002")])
        said = StringIO()
        call_command("enrich", limit=1, stdout=said)
        assert "1 fetched, 0 new, 1 changed" in said.getvalue()
        assert "knows 1 of 1 papers" in said.getvalue()

    def test_an_outage_is_an_error(self, scholar):
        make_paper("A", identifiers=[("arxiv", "2501.00001")])
        scholar.fails = in_json({"message": "Forbidden"}, status=403)
        with pytest.raises(CommandError, match="is S2_API_KEY a key"):
            call_command("enrich")
