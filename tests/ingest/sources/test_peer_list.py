from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ingest import pipeline
from ingest.models import Run, Topic
from ingest.sources import BadQuery, Page, SourceUnavailable, Window, guard, http, peer_list
from papers import catalog, identity
from papers.models import Fact, Paper, SourceRecord
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from tests.factories import make_list
from tests.ingest.sources import answers
from tests.ingest.sources.github import GitHub
from tests.servers import Reply, Server

online = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]
WINDOW = Window(date(2026, 1, 1), date(2026, 1, 2))
README = """\
# Awesome Caches

[Contents](#eviction)

## Eviction
### Tokens

| Title | Venue | Code |
| :-- | :-- | :-- |
| [**H2O**: Heavy-Hitter Oracle](https://arxiv.org/abs/2306.14048v3) | NeurIPS 2023 | [GitHub](https://github.com/FMInference/H2O) |
| [A paper on AAAI](https://ojs.aaai.org/index.php/AAAI/article/view/32229) | AAAI 2025 | |
| [vLLM](https://github.com/vllm-project/vllm) | | |
| [A report](https://github.com/kvcache-ai/Mooncake/blob/main/Mooncake-v1.pdf) | | |

## Surveys

- [H2O](https://huggingface.co/papers/2306.14048), once more
- [A survey of everything](https://aclanthology.org/2024.acl-long.91/) - names nothing else
- Words without a link.
"""


def paper(record: PaperRecord) -> str:
    return record.identifiers[0].value


def fetch(query: str = "peer/list", validator: str = "") -> list[Page]:
    topic = Topic(slug="t", source="peer_list", query=query, validator=validator)
    return list(peer_list.fetch(topic, WINDOW))


class TestRead:
    def test_a_paper_of_a_row(self):
        records, rows = peer_list.read(README.encode(), "peer/list")
        assert rows == 6
        assert records[0] == PaperRecord(
            source="peer:peer/list",
            identifiers=(Identifier("arxiv", "2306.14048"),),
            title="H2O: Heavy-Hitter Oracle",
            facts=(
                FactRecord("listed", ["Awesome Caches › Eviction › Tokens", "Awesome Caches › Surveys"]),
                FactRecord("code", "https://github.com/FMInference/H2O"),
                FactRecord("venue_evidence", {"signal": "list", "venue": "NeurIPS 2023"}),
            ),
        )

    def test_a_row_of_code_alone_is_no_paper(self):
        records, _ = peer_list.read(README.encode(), "peer/list")
        assert [record.identifiers[0].scheme for record in records] == ["arxiv", "url", "url", "acl"]
        assert not any("vllm" in paper(record) for record in records)

    def test_a_broken_link_to_arxiv_names_no_paper(self):
        row = b"- [A paper](https://arxiv.org/abs/203.05527)\n- [Another](https://arxiv.org/abs/2303.05527)\n"
        records, rows = peer_list.read(row, "x")
        assert ([paper(record) for record in records], rows) == (["2303.05527"], 2)

    @pytest.mark.parametrize("readme", [b"", b"# Title\n", b"\xff\xfe\x00|", b"| a |\n| - |\n| b |\n", b"\r" * 1000])
    def test_any_bytes_are_read(self, readme):
        assert peer_list.read(readme, "x")[0] == []

    def test_real_lists(self, shared: Path):
        for path in sorted((shared / "data" / "lists").glob("*.md")):
            records, rows = peer_list.read(path.read_bytes(), path.stem)
            assert len(records) > 0.7 * rows, path.name
            assert all(record.title and record.identifiers for record in records)
            assert not any(isinstance(identity.normalise(record), Rejected) for record in records)
            json.dumps([fact.value for record in records for fact in record.facts])

    def test_the_name_of_a_source_fits_its_column(self):
        long = "example.org/" + "a" * 500
        assert len(peer_list.source_name(long)) == peer_list.LONGEST_SOURCE
        assert peer_list.source_name(long) != peer_list.source_name(long + "b")
        for model in (SourceRecord, Fact, Paper):
            assert model._meta.get_field("source").max_length == peer_list.LONGEST_SOURCE


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("owner/name", "owner/name"),
            (" owner/name ", "owner/name"),
            ("https://github.com/owner/name", "owner/name"),
            ("https://www.github.com/owner/name.git", "owner/name"),
            ("https://github.com/owner/name/?tab=readme", None),
            ("https://github.com/o/n/blob/main/docs/a.md", "raw.githubusercontent.com/o/n/main/docs/a.md"),
            ("https://github.com/o/n/raw/main/a.md", "raw.githubusercontent.com/o/n/main/a.md"),
            ("https://example.org/README.md#top", "example.org/README.md"),
        ],
    )
    def test_what_names_a_list(self, query, name):
        peer_list.check(query)
        if name:
            assert peer_list._name(peer_list._place(query)) == name

    @pytest.mark.parametrize(
        "query",
        [
            *("", "  ", "owner", "owner/name/x", "/name", "../..", "o/n?x", "https://", "javascript:alert(1)"),
            *("file:///etc/passwd", "ftp://example.org/a", "http://127.0.0.1/a", "https://example.org:22/"),
            "https://u:p@example.org/",
            *("https://github.com/o/n/blob/main/a\tb.md", f"https://github.com/o/n/blob/main/{'a' * 70_000}.md"),
        ],
    )
    def test_what_names_none(self, query):
        with pytest.raises(BadQuery):
            peer_list.check(query)


class TestGitHub:
    pytestmark = online

    @pytest.fixture
    def github(self, settings):
        with GitHub(README) as server:
            settings.GITHUB_API_URL = server.url
            yield server

    def test_the_readme_is_asked_for_without_the_operators_token(self, github, settings):
        settings.GITHUB_TOKEN = "secret"
        (page,) = fetch()
        assert (len(page.records), page.total) == (4, 4)
        assert page.validator
        assert not any("Authorization" in asked.headers for asked in github.asked)

    def test_while_it_is_the_same_it_is_asked_for_once(self, github):
        (page,) = fetch()
        before = len(github.asked)
        (again,) = fetch(validator=page.validator)
        assert again == Page((), validator=page.validator, note="peer/list has not changed since it was last read.")
        assert len(github.asked) == before + 1
        github.readme += b"\n- [A new one](https://arxiv.org/abs/2501.00001)\n"
        (changed,) = fetch(validator=page.validator)
        assert len(changed.records) == 5

    @pytest.mark.parametrize(
        "faults",
        [
            ["503"],
            ["ok", "500"],
            ["429", "ok", "502"],
            ["reset"],
            ["ok", "reset", "short"],
            ["truncate"],
            ["ok", "truncate"],
            ["ok", "truncate", "empty"],
            ["html", "ok", "html"],
            ["empty"],
        ],
        ids="+".join,
    )
    def test_no_fault_that_passes_costs_a_paper(self, github, faults):
        whole = fetch()
        github.faults = list(faults)
        assert fetch() == whole
        assert not github.faults

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("503", r"GitHub answered 503 \(error 503\), 3 times"),
            ("404", "no README of peer/list"),
            ("403", "403"),
            ("reset", "could not be reached"),
            ("truncate", "broken JSON"),
            ("html", "an HTML page instead of JSON"),
        ],
    )
    def test_a_fault_that_stays_is_an_outage(self, github, fault, words):
        github.faults = [fault] * 10
        with pytest.raises(SourceUnavailable, match=words):
            fetch()

    def test_a_readme_that_is_cut_each_time_is_never_believed(self, github):
        github.faults = ["ok"] + ["truncate"] * 3
        with pytest.raises(SourceUnavailable, match="a README that is not whole, 3 times"):
            fetch()

    @pytest.mark.parametrize("readme", ["# A list\n\nIt moved.\n", "| Title |\n| :-- |\n| Words |\n"])
    def test_a_readme_without_papers_is_told(self, github, readme):
        github.readme = readme.encode()
        with pytest.raises(http.Refused, match=r"no paper was found in the README of peer/list \(\d+ bytes"):
            fetch()

    def test_a_name_that_was_changed_leads_on(self, github, settings):
        with Server(Reply("", 301, headers={"Location": github.url + github.path})) as old:
            settings.GITHUB_API_URL = old.url
            assert len(fetch("former/name")[0].records) == 4


class TestAddress:
    pytestmark = online

    def test_it_is_read_in_full_each_time(self, settings):
        settings.ALLOW_PRIVATE_FETCHES = True
        with Server(Reply(README)) as server:
            (page,) = fetch(f"{server.url}/README.md")
            assert len(page.records) == 4
            assert page.records[0].source == f"peer:{server.url[7:]}/README.md"
            (again,) = fetch(f"{server.url}/README.md", page.validator)
        assert (again.records, len(server.asked)) == ((), 2)

    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (
                Reply("<p>x</p>", kind="text/html; charset=utf-8"),
                "an HTML page instead of a README: the address of the raw",
            ),
            (Reply("\n <!DOCTYPE html>\n<p>"), "an HTML page"),
            (Reply(""), "an empty file"),
            (Reply(b"\x00\x01\x02"), "no text"),
            (Reply("# Nothing"), "no paper was found"),
            (Reply("x", 503), "503"),
            (Reply("x" * (guard.LARGEST + 1)), "more than 5 MB"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_list_is_an_outage(self, settings, reply, words):
        settings.ALLOW_PRIVATE_FETCHES = True
        with Server(reply) as server, pytest.raises(SourceUnavailable, match=words):
            fetch(f"{server.url}/a")

    def test_one_inside_is_not_asked(self, settings):
        with Server(Reply(README)) as server:
            settings.ALLOW_PRIVATE_FETCHES = True
            peer_list.check(server.url)
            settings.ALLOW_PRIVATE_FETCHES = False
            with pytest.raises(BadQuery):
                fetch(server.url)
        assert server.asked == []


class TestPull:
    pytestmark = online

    def test_papers_come_with_where_they_stand_and_arxiv_keeps_its_word(self, settings):
        told = PaperRecord("arxiv", (Identifier("arxiv", "2306.14048"),), "H2O: as arXiv has it", abstract="Of arXiv.")
        catalog.upsert([told])
        topic = Topic.objects.create(slug="peer", source="peer_list", query="peer/list")
        with GitHub(README) as server:
            settings.GITHUB_API_URL = server.url
            run = pipeline.pull(topic)
            assert (run.state, run.new, run.changed) == (Run.State.DONE, 3, 1)
            topic.refresh_from_db()
            assert topic.validator
            again = pipeline.pull(topic)
        assert (again.state, again.new, again.changed, again.fetched) == (Run.State.DONE, 0, 0, 0)
        assert "has not changed since it was last read" in again.note
        known = Paper.objects.get(identifiers__value="2306.14048")
        assert (known.title, known.source) == ("H2O: as arXiv has it", "arxiv")
        fact = known.facts.get(kind="listed")
        assert (fact.source, fact.value[0]) == ("peer:peer/list", "Awesome Caches › Eviction › Tokens")

    def test_arxiv_is_asked_what_the_papers_of_a_followed_list_are_about(self, settings):
        mine, other = make_list("mine"), make_list("other")
        topic = Topic.objects.create(slug="peer", list=mine, source="peer_list", query="https://github.com/peer/list")
        with GitHub(README) as server:
            settings.GITHUB_API_URL = server.url
            run = pipeline.pull(topic)
        assert run.note == "1 of 6 rows name code or nothing that a paper is known by."
        assert pipeline.lists_to_look_up() == [mine] and other.pk
        with Server(answers.atom(answers.entry("2306.14048v3", "H2O", summary="About caches."))) as server:
            settings.ARXIV_API_URL = server.url
            run = pipeline.look_up_listed(mine)
        assert run.note == "1 papers lacked an abstract; arXiv knows 1 of them."
        paper = Paper.objects.get(identifiers__value="2306.14048")
        assert (paper.title, paper.abstract, paper.source) == ("H2O", "About caches.", "arxiv")
        assert pipeline.lists_to_look_up() == []

    def test_two_lists_tell_of_one_paper(self, settings):
        for repository in ("peer/list", "other/list"):
            topic = Topic.objects.create(slug=repository.partition("/")[0], source="peer_list", query=repository)
            with GitHub(README, repository) as server:
                settings.GITHUB_API_URL = server.url
                assert pipeline.pull(topic).state == Run.State.DONE
        facts = Fact.objects.filter(kind="listed", paper__identifiers__value="2306.14048")
        assert {fact.source for fact in facts} == {"peer:peer/list", "peer:other/list"}
        assert Paper.objects.count() == 4
