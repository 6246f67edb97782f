from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sources import SourceUnavailable, http, semantic_scholar
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from tests.servers import Asked, Reply, Server, in_json

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

ARXIV = [Identifier("arxiv", name) for name in ("2501.90001", "2406.90002", "2601.90003", "2599.99999", "2502.90004")]


@pytest.fixture(autouse=True)
def _quick(settings, monkeypatch):
    """A key, and no second between two requests."""
    settings.S2_API_KEY = "a key"
    monkeypatch.setattr(semantic_scholar, "HOST", replace(semantic_scholar.HOST, delay=0.0))


def paper(**fields: Any) -> dict[str, Any]:
    return {"paperId": "x", "externalIds": {"ArXiv": "2501.00001"}, "title": "A Paper"} | fields


def ask(answer: Any, *asked: Identifier, settings: Any) -> list[semantic_scholar.Known]:
    """Return what is made of this answer."""
    with Server(in_json(answer)) as server:
        settings.S2_API_URL = server.url
        return semantic_scholar.batch(asked or [Identifier("arxiv", "2501.00001")])


def facts(known: semantic_scholar.Known) -> dict[str, Any]:
    assert isinstance(known, PaperRecord)
    return {fact.kind: fact.value for fact in known.facts}


class TestBatch:
    @pytest.mark.parametrize("path", ["", "/", "/graph/v1"])
    def test_one_question_for_all(self, settings, path):
        with Server(in_json([paper(), None, None])) as server:
            settings.S2_API_URL = server.url + path
            known = semantic_scholar.batch(
                [Identifier("arxiv", "2501.00001"), Identifier("arxiv", "cs/9901001"), Identifier("doi", "10.1000/x")]
            )
        (asked,) = server.asked
        assert asked.path == "/graph/v1/paper/batch"
        assert json.loads(asked.body) == {"ids": ["ARXIV:2501.00001", "ARXIV:cs/9901001", "DOI:10.1000/x"]}
        assert asked.params == {"fields": ",".join(semantic_scholar.FIELDS)}
        assert asked.headers["x-api-key"] == "a key"
        assert [type(each) for each in known] == [PaperRecord, type(None), type(None)]

    def test_the_documented_answers(self, recorded: Path, settings):
        answer = json.loads((recorded / "s2" / "batch_arxiv_ids_handwritten.json").read_text())
        published, iclr, preprint, unknown, acl = ask(answer, *ARXIV, settings=settings)
        assert unknown is None
        assert facts(published) == {
            "citations": 41,
            "tldr": "A hand-written one-sentence summary.",
            "venue_evidence": {
                "signal": "dblp",
                "key": "conf/nips/ExampleA25",
                "venue": "Neural Information Processing Systems",
                "known_as": "NeurIPS",
                "year": 2025,
                "types": ["JournalArticle", "Conference"],
            },
        }
        assert facts(iclr)["venue_evidence"]["signal"] == "name"
        assert "year" not in facts(iclr)["venue_evidence"]
        assert facts(preprint) == {"citations": 0, "pdf": "https://arxiv.org/pdf/2601.90003"}
        assert isinstance(acl, PaperRecord)
        assert acl.identifiers == (Identifier("arxiv", "2502.90004"), Identifier("acl", "2025.acl-long.9999"))
        assert facts(acl)["venue_evidence"]["signal"] == "dblp"

    @pytest.mark.parametrize(
        ("name", "unknown"), [("batch_null_first_2024.json", 0), ("batch_null_last_2026.json", -1)]
    )
    def test_recorded_answers(self, recorded: Path, settings, name, unknown):
        answer = json.loads((recorded / "s2" / name).read_text())
        asked = [
            Identifier("doi", each["externalIds"]["DOI"].lower() if each and "externalIds" in each else "10.1000/x")
            for each in answer
        ]
        known = ask(answer, *asked, settings=settings)
        assert known[unknown] is None
        found = [each for each in known if each is not None]
        assert len(found) == len(answer) - 1
        for each in found:
            assert isinstance(each, PaperRecord)
            assert each.title and each.authors and not facts(each).get("venue_evidence", {}).get("key")

    def test_of_all_fields(self, recorded: Path, settings):
        turing = json.loads((recorded / "s2" / "paper_full_fields_2024.json").read_text())
        (known,) = ask([turing], Identifier("doi", "10.1093/mind/lix.236.433"), settings=settings)
        assert isinstance(known, PaperRecord)
        assert (str(known.published), known.authors) == ("1950-10-01", ("A. Turing",))
        assert facts(known)["venue_evidence"]["year"] == 1950

    def test_a_long_list_is_in_the_order_asked(self, fake_sources, recorded: Path, settings):
        with fake_sources.FakeSources(str(recorded / "corpus_sample.jsonl"), min_gap=0.0) as fake:
            settings.S2_API_URL = fake.url
            names = [Identifier("arxiv", paper.id) for paper in fake.server.sources.papers]
            names.insert(50, Identifier("arxiv", "2599.99999"))
            known = semantic_scholar.batch(names)
        assert known[50] is None
        for name, each in zip(names, known, strict=True):
            assert each is None or (isinstance(each, PaperRecord) and each.identifiers[0] == name)

    @pytest.mark.parametrize(
        "fault", ["503", "502", "500", "429", "429=1", "reset", "shortbody", "truncate", "html", "empty"]
    )
    def test_no_fault_that_passes_costs_an_answer(self, fake_sources, recorded: Path, settings, fault):
        with fake_sources.FakeSources(str(recorded / "corpus_sample.jsonl"), min_gap=0.0) as fake:
            settings.S2_API_URL = fake.url
            names = [Identifier("arxiv", paper.id) for paper in fake.server.sources.papers]
            whole = semantic_scholar.batch(names)
            fake.script("s2", fault)
            assert semantic_scholar.batch(names) == whole

    def test_a_key_gives_one_request_a_second(self, settings, monkeypatch):
        monkeypatch.undo()
        monkeypatch.setattr(http, "BACKOFF", (0.0, 0.0))
        settings.S2_API_KEY = "a key"
        with Server(in_json([None])) as server:
            settings.S2_API_URL = server.url
            semantic_scholar.batch(ARXIV[:1])
        assert min(server.gaps) >= 1.0


class TestFailures:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (in_json({"message": "Forbidden"}, status=403), r"403 \(Forbidden\): is S2_API_KEY a key"),
            (in_json({"error": "Unrecognized or unsupported fields: [x]"}, status=400), "unsupported fields"),
            (in_json({"error": "Not found"}, status=404), "404"),
            (
                in_json({"message": "Too Many Requests.", "code": "429"}, status=429),
                r"429 \(Too Many Requests\), 3 times",
            ),
            (in_json({"message": "Service Unavailable"}, status=503), "503"),
            (in_json([paper(), paper()]), "a list of 2 papers when asked for 1, 3 times"),
            (in_json([]), "a list of 0 papers"),
            (in_json({"data": []}), "no list of papers"),
            (in_json(["x"]), "no list of papers"),
            (Reply("[{", kind="application/json"), "broken JSON"),
            (Reply("<html>", kind="text/html"), "an HTML page instead of JSON"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_answer_is_an_outage(self, settings, reply, words):
        with Server(reply) as server, pytest.raises(SourceUnavailable, match=words):
            settings.S2_API_URL = server.url
            semantic_scholar.batch([Identifier("arxiv", "2501.00001")])

    def test_that_none_is_known_is_believed_when_said_twice(self, settings):
        with Server(in_json([None]), in_json([paper()])) as server:
            settings.S2_API_URL = server.url
            (known,) = semantic_scholar.batch([Identifier("arxiv", "2501.00001")])
        assert isinstance(known, PaperRecord)
        assert ask([None], settings=settings) == [None]

    def test_that_no_id_is_valid_means_that_none_is_known(self, settings):
        with Server(in_json({"error": "No valid paper ids given"}, status=400)) as server:
            settings.S2_API_URL = server.url
            assert semantic_scholar.batch(ARXIV) == [None] * 5

    def test_the_key_goes_nowhere_else(self, settings):
        def away(asked: Asked) -> Reply:
            return Reply("", 302, headers={"Location": "http://127.0.0.1:9/"})

        with Server(respond=away) as server, pytest.raises(http.Refused, match="to post anything"):
            settings.S2_API_URL = server.url
            semantic_scholar.batch(ARXIV)


class TestPaper:
    def test_an_answer_about_another_paper_is_rejected(self, settings):
        (known,) = ask([paper(externalIds={"ArXiv": "2501.00002"})], settings=settings)
        assert known == Rejected("2501.00001", "Semantic Scholar answered with arxiv 2501.00002")

    def test_a_preprints_own_doi_is_its_arxiv_id(self, settings):
        (known,) = ask([paper(externalIds={"DOI": "10.48550/ARXIV.2501.00001"})], settings=settings)
        assert isinstance(known, PaperRecord)
        assert known.identifiers == (Identifier("arxiv", "2501.00001"),)

    def test_identifiers_and_no_key_of_dblp(self, settings):
        given = {
            "ArXiv": "2501.00001",
            "DOI": "10.1109/X.1",
            "DBLP": "conf/x/Y24",
            "CorpusId": 3,
            "MAG": "4",
            "ACL": None,
        }
        (known,) = ask([paper(externalIds=given)], settings=settings)
        assert isinstance(known, PaperRecord)
        assert known.identifiers == (Identifier("arxiv", "2501.00001"), Identifier("doi", "10.1109/x.1"))

    @pytest.mark.parametrize("given", [None, [], "x", {"ArXiv": 3}, {"DOI": ""}])
    def test_without_identifiers_it_is_the_one_asked_for(self, settings, given):
        (known,) = ask([paper(externalIds=given)], settings=settings)
        assert isinstance(known, PaperRecord)
        assert known.identifiers == (Identifier("arxiv", "2501.00001"),)

    @pytest.mark.parametrize("title", [None, "", "  ", 3])
    def test_without_a_title_it_is_rejected(self, settings, title):
        assert ask([paper(title=title)], settings=settings) == [Rejected("2501.00001", "no title")]

    @pytest.mark.parametrize(
        ("fields", "evidence"),
        [
            ({"venue": "arXiv.org"}, None),
            ({"venue": "", "publicationVenue": None}, None),
            ({"venue": None, "publicationVenue": {"name": "arXiv.org"}}, None),
            ({"venue": "CoRR", "externalIds": {"DBLP": "journals/corr/abs-2501-00001"}}, None),
            ({"venue": "ICLR"}, {"signal": "name", "venue": "ICLR"}),
            (
                {"venue": "ICLR", "year": 2024, "externalIds": {"DBLP": "journals/corr/abs-2501-00001"}},
                {"signal": "name", "venue": "ICLR"},
            ),
            (
                {"venue": "arXiv.org", "externalIds": {"DBLP": "conf/iclr/SmithJ24a"}},
                {"signal": "dblp", "key": "conf/iclr/SmithJ24a", "known_as": "iclr", "year": 2024},
            ),
            (
                {"externalIds": {"DBLP": "journals/tmlr/Smith99"}},
                {"signal": "dblp", "key": "journals/tmlr/Smith99", "known_as": "tmlr", "year": 1999},
            ),
            (
                {"year": 2023, "externalIds": {"DBLP": "conf/unheardof/abc"}},
                {"signal": "dblp", "key": "conf/unheardof/abc", "year": 2023},
            ),
            (
                {"year": 2024, "externalIds": {"ACL": "2024.acl-long.1"}},
                {"signal": "acl", "key": "2024.acl-long.1", "year": 2024},
            ),
        ],
    )
    def test_evidence_of_a_venue(self, settings, fields, evidence):
        (known,) = ask([paper(**fields)], settings=settings)
        found = facts(known).get("venue_evidence")
        if found and evidence and "known_as" in evidence:
            found["known_as"], evidence = found["known_as"].casefold(), evidence
        assert found == evidence

    @pytest.mark.parametrize(
        "fields",
        [
            {"tldr": None, "openAccessPdf": None, "citationCount": None},
            {"tldr": {"text": ""}, "openAccessPdf": {"url": ""}, "citationCount": -1},
            {"tldr": "x", "openAccessPdf": "x", "citationCount": "7", "publicationTypes": "x", "journal": 3},
            {"tldr": {"text": 3}, "openAccessPdf": {"url": "javascript:alert(1)"}, "citationCount": True},
            {"authors": "Ada", "publicationDate": "soon", "abstract": ["x"]},
        ],
    )
    def test_what_is_missing_or_wrong_is_no_fact(self, settings, fields):
        (known,) = ask([paper(**fields)], settings=settings)
        assert isinstance(known, PaperRecord)
        assert known.facts == ()
        assert (known.authors, known.published, known.abstract) == ((), None, "")

    def test_facts_tell_of_now(self, settings):
        given = paper(citationCount=0, tldr={"text": "Short."}, openAccessPdf={"url": "https://x.example/a.pdf"})
        (known,) = ask([given], settings=settings)
        assert isinstance(known, PaperRecord)
        assert known.facts == (
            FactRecord("citations", 0),
            FactRecord("tldr", "Short."),
            FactRecord("pdf", "https://x.example/a.pdf"),
        )


@pytest.mark.parametrize(
    ("identifier", "can"),
    [
        (("arxiv", "cs/9901001"), True),
        (("doi", "10.1000/a(b)c"), True),
        (("doi", "10.1000/a b"), False),
        (("acl", "2024.acl-long.1"), True),
        (("openreview", "abc"), False),
        (("url", "https://x.example"), False),
    ],
)
def test_what_can_be_asked_for(identifier, can):
    assert semantic_scholar.can_name(Identifier(*identifier)) == can
