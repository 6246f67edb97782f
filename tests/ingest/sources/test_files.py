from __future__ import annotations

import gzip
import json
import os
from datetime import date
from pathlib import Path

import pytest

from ingest import pipeline
from ingest.models import Run, Topic
from ingest.sources import BadQuery, Page, SourceUnavailable, Window, files
from papers.models import Paper
from papers.records import Rejected

WINDOW = Window(date(2026, 1, 1), date(2026, 1, 2))


def line(number: int) -> str:
    return json.dumps({"arxiv_id": f"2501.{number:05}", "title": f"Paper {number}"}) + "\n"


def names(pages: list[Page]) -> list[str]:
    return [record.identifiers[0].value[-5:] for page in pages for record in page.records]


def rejected(pages: list[Page]) -> list[Rejected]:
    return [each for page in pages for each in page.rejected]


def fetch(query: str = "", validator: str = "") -> list[Page]:
    return list(files.fetch(Topic(slug="t", source="files", query=query, validator=validator), WINDOW))


@pytest.fixture
def inbox(tmp_path: Path, settings) -> Path:
    """An inbox with two files of papers, and what is none of its business."""
    settings.DATA_DIR = tmp_path / "data"
    folder = files.inbox()
    (folder / "dumps").mkdir(parents=True)
    (folder / "a.jsonl").write_text(line(1) + line(2))
    (folder / "dumps" / "b.jsonl.gz").write_bytes(gzip.compress(line(3).encode()))
    (folder / "notes.txt").write_text("nothing")
    (folder / ".hidden.jsonl").write_text(line(8))
    (tmp_path / "secret.jsonl").write_text(line(9))
    return folder


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", ["00001", "00002", "00003"]),
            ("a.jsonl", ["00001", "00002"]),
            ("dumps", ["00003"]),
            (" dumps/ ", ["00003"]),
            ("dumps/b.jsonl.gz", ["00003"]),
            ("./a.jsonl", ["00001", "00002"]),
        ],
    )
    def test_what_it_names(self, inbox, query, expected):
        files.check(query)
        assert names(fetch(query)) == expected

    @pytest.mark.parametrize(
        "query",
        [
            *(
                "/etc/passwd",
                "..",
                "../secret.jsonl",
                "dumps/../../secret.jsonl",
                "a\x00b",
                "..\\secret.jsonl",
                "C:\\x",
            ),
            *("/", "//x", "dumps/../a.jsonl", "~/../../x", "link/secret.jsonl", "link", "out.jsonl"),
        ],
    )
    def test_nothing_outside_is_read(self, inbox, query):
        (inbox / "link").symlink_to(inbox.parent.parent)
        (inbox / "out.jsonl").symlink_to(inbox.parent.parent / "secret.jsonl")
        with pytest.raises(BadQuery):
            files.check(query)
        with pytest.raises(BadQuery):
            fetch(query)

    def test_links_that_lead_out_are_passed_over(self, inbox):
        (inbox / "link").symlink_to(inbox.parent.parent)
        (inbox / "out.jsonl").symlink_to(inbox.parent.parent / "secret.jsonl")
        (inbox / "circle").symlink_to(inbox / "circle")
        (inbox / "gone.jsonl").symlink_to(inbox / "nowhere")
        assert names(fetch()) == ["00001", "00002", "00003"]

    @pytest.mark.parametrize("query", ["missing", "missing.jsonl", "notes.txt", ".hidden.jsonl", "x" * 5000])
    def test_what_is_not_there(self, inbox, query):
        with pytest.raises((SourceUnavailable, BadQuery)):
            fetch(query)

    def test_without_an_inbox(self, tmp_path, settings):
        settings.DATA_DIR = tmp_path
        with pytest.raises(SourceUnavailable, match=r"there is no \.jsonl or \.jsonl\.gz in .*inbox"):
            fetch()


class TestChanges:
    def test_a_file_is_read_once(self, inbox):
        validator = fetch()[-1].validator
        (again,) = fetch(validator=validator)
        assert again == Page((), validator=validator, note="The 2 files have not changed since the last time.")

    def test_new_and_changed_files_are_read(self, inbox):
        validator = fetch()[-1].validator
        (inbox / "a.jsonl").write_text(line(1) + line(2) + line(4))
        (inbox / "c.jsonl").write_text(line(5))
        pages = fetch(validator=validator)
        assert names(pages) == ["00001", "00002", "00004", "00005"]
        assert fetch(validator=pages[-1].validator)[0].note

    def test_a_file_that_went_is_forgotten(self, inbox):
        validator = fetch()[-1].validator
        (inbox / "a.jsonl").rename(inbox / "z.jsonl")
        assert names(fetch(validator=validator)) == ["00001", "00002"]

    def test_the_same_size_at_another_time_is_a_change(self, inbox):
        validator = fetch()[-1].validator
        (inbox / "a.jsonl").write_text(line(6) + line(7))
        os.utime(inbox / "a.jsonl", ns=(1, 1))
        assert names(fetch(validator=validator)) == ["00006", "00007"]

    @pytest.mark.parametrize("validator", ['W/"abc"', "[1]", "{}", '{"a.jsonl": 3}', "null"])
    def test_a_validator_of_another_source_says_nothing(self, inbox, validator):
        assert names(fetch(validator=validator)) == ["00001", "00002", "00003"]


class TestDamage:
    def test_a_bad_line_is_told_with_its_file(self, inbox):
        (inbox / "dumps" / "c.jsonl").write_text(line(4) + "{\n" + '{"title": "x"}\n' + line(5))
        pages = fetch("dumps")
        assert names(pages) == ["00003", "00004", "00005"]
        assert [record for record, _ in rejected(pages)] == ["dumps/c.jsonl: line 2", "dumps/c.jsonl: line 3"]
        assert fetch("dumps", pages[-1].validator)[0].note

    def test_one_that_breaks_off_costs_no_other_and_is_tried_again(self, inbox):
        whole = gzip.compress("".join(map(line, range(10, 4000))).encode())
        (inbox / "b.jsonl.gz").write_bytes(whole[: len(whole) // 2])
        pages = fetch()
        assert names(pages)[:2] == ["00001", "00002"] and names(pages)[-1] == "00003"
        ((name, reason),) = rejected(pages)
        assert name == "b.jsonl.gz" and reason.startswith("damaged after line")
        again = fetch(validator=pages[-1].validator)
        assert rejected(again) and "00001" not in names(again)
        (inbox / "b.jsonl.gz").write_bytes(whole)
        assert len(names(fetch(validator=pages[-1].validator))) == 3990

    def test_one_that_is_no_gzip(self, inbox):
        (inbox / "b.jsonl.gz").write_text("{}")
        pages = fetch()
        assert rejected(pages) == [Rejected("b.jsonl.gz", "not a gzip file")]
        assert names(pages) == ["00001", "00002", "00003"]

    def test_an_empty_file_is_read_once(self, inbox):
        (inbox / "a.jsonl").write_text("")
        pages = fetch("a.jsonl")
        assert names(pages) == []
        assert fetch("a.jsonl", pages[-1].validator)[0].note


@pytest.mark.django_db
def test_a_topic_of_files(inbox):
    topic = Topic.objects.create(slug="inbox", source="files")
    run = pipeline.pull(topic)
    assert (run.state, run.new) == (Run.State.DONE, 3)
    (inbox / "c.jsonl").write_text(line(4) + "nonsense\n")
    run = pipeline.pull(topic)
    assert (run.state, run.new, run.same, run.rejections[0][0]) == (Run.State.DONE, 1, 0, "c.jsonl: line 2")
    run = pipeline.pull(topic)
    assert (run.state, run.fetched) == (Run.State.DONE, 0)
    assert "not changed" in run.note
    assert Paper.objects.count() == 4
