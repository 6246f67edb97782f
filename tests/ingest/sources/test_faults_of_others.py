"""Every fault of a source that arXiv and Hugging Face do not share: the run names it, and once it is over all is as if
it had never been. Files have no server; what goes wrong with them is a damaged or missing file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ingest import enrich, pipeline
from ingest.models import Enquiry, HostPace, Run, Topic
from ingest.sources import files, semantic_scholar
from papers.models import Fact, Paper
from tests.factories import make_paper
from tests.ingest.sources.github import GitHub
from tests.ingest.sources.test_peer_list import README

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

FOR_EVER = 100  # requests: more than any run makes


def stored() -> Any:
    """Return all that sources said, without when."""
    papers = {
        (paper.title, paper.source, tuple(sorted(paper.identifiers.values_list("scheme", "value"))))
        for paper in Paper.objects.all()
    }
    facts = {
        (fact.paper.title, fact.kind, fact.source, json.dumps(fact.value))
        for fact in Fact.objects.select_related("paper")
    }
    return papers, facts, sorted(Enquiry.objects.values_list("paper__title", "known"))


def forget() -> None:
    Paper.objects.all().delete()
    Topic.objects.update(validator="", watermark=None)


class TestPeerList:
    @pytest.fixture
    def github(self, settings) -> Iterator[GitHub]:
        with GitHub(README) as server:
            settings.GITHUB_API_URL = server.url
            yield server

    @pytest.mark.parametrize(
        ("faults", "words"),
        [
            (["429"], "429"),
            (["503"], "503"),
            (["500"], "500"),
            (["502"], "502"),
            (["504"], "504"),
            (["403"], "403"),
            (["404"], "no README of peer/list"),
            (["reset"], "could not be reached"),
            (["short"], "could not be reached"),
            (["truncate"], "broken JSON"),
            (["ok", "truncate"], "a README that is not whole"),
            (["ok", "empty"], "an empty file"),
            (["html"], "an HTML page"),
            (["ok", "html"], "an HTML page"),
        ],
        ids=lambda value: "+".join(value) if isinstance(value, list) else "",
    )
    def test_the_run_names_it_and_afterwards_nothing_is_missing(self, github, faults, words):
        topic = Topic.objects.create(slug="peer", source="peer_list", query="peer/list")
        assert pipeline.pull(topic).state == Run.State.DONE
        whole = stored()
        forget()
        topic.refresh_from_db()

        github.faults = faults[:-1] + faults[-1:] * FOR_EVER
        run = pipeline.pull(topic)
        assert run.state == Run.State.LATE and words in run.error and run.next_try
        assert not Paper.objects.exists()
        topic.refresh_from_db()
        assert (topic.watermark, topic.validator) == (None, "")

        github.faults = []
        run = pipeline.pull(topic)
        assert (run.state, run.new) == (Run.State.DONE, 4)
        assert stored() == whole


class TestSemanticScholar:
    @pytest.fixture
    def fake(self, fake_sources, recorded: Path, settings, monkeypatch) -> Iterator[Any]:
        monkeypatch.setattr(semantic_scholar, "HOST", replace(semantic_scholar.HOST, delay=0.0))
        monkeypatch.setattr(semantic_scholar, "MOST_AT_ONCE", 4)
        settings.S2_API_KEY = "a key"
        with fake_sources.FakeSources(str(recorded / "corpus_sample.jsonl"), min_gap=0.0, seed=7) as server:
            settings.S2_API_URL = server.url
            yield server

    @staticmethod
    def papers(fake: Any) -> None:
        for paper in fake.server.sources.papers[:10]:
            make_paper(paper.title, identifiers=[("arxiv", paper.id)])

    @pytest.mark.parametrize("before", [0, 1], ids=["at once", "after a page"])
    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("429", "429"),
            ("429=600", "left alone for 10 minutes"),
            ("503", "503"),
            ("500", "500"),
            ("502", "502"),
            ("504", "504"),
            ("403", "is S2_API_KEY a key"),
            ("404", "404"),
            ("reset", "could not be reached"),
            ("shortbody", "could not be reached"),
            ("truncate", "broken JSON"),
            ("html", "an HTML page"),
        ],
    )
    def test_the_run_names_it_and_afterwards_nothing_is_missing(self, fake, rest, before, fault, words):
        self.papers(fake)
        run = enrich.enrich()
        assert run.state == Run.State.DONE, run.error
        whole = stored()
        forget()

        self.papers(fake)
        fake.script("s2", *["ok"] * before, *[fault] * FOR_EVER)
        run = enrich.enrich()
        assert run.state == Run.State.LATE and words in run.error and run.next_try
        assert (run.fetched, Enquiry.objects.count()) == (4 * before, 4 * before)

        fake.script("s2")
        rest()
        run = enrich.enrich()
        assert (run.state, run.fetched) == (Run.State.DONE, 10 - 4 * before)
        assert stored() == whole

    @pytest.mark.parametrize("fault", ["empty", "slow=0.1", "429=1", "503", "reset"])
    def test_one_that_passes_is_not_even_seen(self, fake, fault):
        self.papers(fake)
        fake.script("s2", "ok", fault)
        run = enrich.enrich()
        assert (run.state, run.fetched) == (Run.State.DONE, 10)
        assert Enquiry.objects.filter(known=True).count() == 10


class TestFiles:
    """A damaged file costs no other one, and is read when it is mended."""

    LINES = "".join(json.dumps({"arxiv_id": f"2501.{n:05}", "title": f"Paper {n}"}) + "\n" for n in range(1, 2000))

    @staticmethod
    def cut(path: Path, whole: bytes) -> None:
        path.write_bytes(whole[: len(whole) // 2])

    @staticmethod
    def nonsense(path: Path, whole: bytes) -> None:
        path.write_bytes(b"<html>not found</html>")

    @staticmethod
    def flipped(path: Path, whole: bytes) -> None:
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])

    @staticmethod
    def away(path: Path, whole: bytes) -> None:
        path.unlink()
        path.symlink_to(path.with_name("nowhere"))

    @pytest.mark.parametrize("damage", [cut, nonsense, flipped, away], ids=lambda damage: damage.__name__)
    def test_the_run_names_it_and_afterwards_nothing_is_missing(
        self, tmp_path, settings, damage: Callable[[Path, bytes], None]
    ):
        settings.DATA_DIR = tmp_path
        files.inbox().mkdir()
        (files.inbox() / "a.jsonl").write_text(json.dumps({"arxiv_id": "2502.00001", "title": "Another"}))
        path, whole = files.inbox() / "b.jsonl.gz", gzip.compress(self.LINES.encode())
        path.write_bytes(whole)
        topic = Topic.objects.create(slug="inbox", source="files")
        pipeline.pull(topic)
        expected = stored()
        forget()
        topic.refresh_from_db()

        damage(path, whole)
        run = pipeline.pull(topic)
        assert run.state == Run.State.DONE
        assert Paper.objects.filter(identifiers__value="2502.00001").exists()
        told = [record for record, _ in run.rejections]
        assert all(record.startswith("b.jsonl.gz") for record in told)
        assert told or damage.__name__ == "away"  # a file that is not there is none

        path.unlink()
        path.write_bytes(whole)
        run = pipeline.pull(topic)
        assert (run.state, run.rejected) == (Run.State.DONE, 0)
        assert stored() == expected


@pytest.fixture
def rest() -> Callable[[], None]:
    """Let no host want a pause any more."""

    def rested() -> None:
        with closing(connection.copy()) as own, own.cursor() as cursor:
            cursor.execute(f"DELETE FROM {HostPace._meta.db_table}")

    return rested
