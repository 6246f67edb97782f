from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from ingest.sources import Page, jsonl
from papers.records import FactRecord, Identifier, PaperRecord, Rejected

LINE = {"arxiv_id": "2501.00001", "title": "A Paper"}


def read(path: Path, *lines: object) -> list[Page]:
    """Write the lines (text as it is, anything else as JSON) and read them back."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    data = "\n".join(texts).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return list(jsonl.read(path))


def one(path: Path, line: object) -> PaperRecord | Rejected:
    """Return what becomes of a line."""
    (page,) = read(path, line)
    (result,) = page.records + page.rejected
    return result


@pytest.fixture(params=["papers.jsonl", "papers.jsonl.gz"])
def path(request, tmp_path) -> Path:
    return tmp_path / request.param


class TestLine:
    def test_everything(self, path):
        line = {
            "arxiv_id": "2501.00001v2",
            "doi": "10.1000/XYZ",
            "url": "https://aclanthology.org/2025.acl-long.1/",
            "title": "A <eos> Paper",
            "abstract": "An abstract.",
            "authors": ["Ada Vóss", {"name": "Bo Lin", "affiliation": ["Lab"]}, {"name": 3}, None],
            "categories": ["cs.CL", "cs.LG"],
            "published": "2025-01-06T23:30:00-05:00",
            "updated": "2025-03-01",
            "comment": "12 pages",
            "journal_ref": "J. Ex. 1",
            "code": "https://github.com/a/b/tree/main",
            "unknown": {"is": "ignored"},
        }
        assert one(path, line) == PaperRecord(
            source="file",
            identifiers=(
                Identifier("arxiv", "2501.00001"),
                Identifier("doi", "10.1000/xyz"),
                Identifier("acl", "2025.acl-long.1"),
            ),
            title="A <eos> Paper",
            abstract="An abstract.",
            authors=("Ada Vóss", "Bo Lin"),
            subjects=("cs.CL", "cs.LG"),
            published=date(2025, 1, 7),
            updated=date(2025, 3, 1),
            version=2,
            comment="12 pages",
            journal_ref="J. Ex. 1",
            facts=(FactRecord("code", "https://github.com/a/b"),),
        )

    def test_a_line_of_arxivs_own_dump(self, path):
        line = {
            "id": "0704.0001",
            "authors": "C. Bal\\'azs, E. L. Berger, and P. M. Nadolsky",
            "title": "A\n  Title",
            "comments": "This paper has been withdrawn",
            "journal-ref": "Phys. Rev. D76",
            "doi": None,
            "categories": "hep-ph hep-th",
        }
        record = one(path, line)
        assert isinstance(record, PaperRecord)
        assert record.identifiers == (Identifier("arxiv", "0704.0001"),)
        assert record.authors == ("C. Bal\\'azs", "E. L. Berger", "P. M. Nadolsky")
        assert record.subjects == ("hep-ph", "hep-th")
        assert (record.withdrawn, record.journal_ref) == (True, "Phys. Rev. D76")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("abstract", 3),
            ("authors", {"name": "x"}),
            ("categories", 1),
            ("comment", []),
            ("code", "not an address"),
            ("version", "two"),
            ("doi", "no doi"),
            ("published", None),
            ("updated", ""),
            ("withdrawn", "yes"),
        ],
    )
    def test_a_field_of_the_wrong_kind_costs_the_field(self, path, field, value):
        assert one(path, LINE | {field: value}) == one(path, LINE)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("{", "invalid JSON: Expecting property name enclosed in double quotes"),
            ("[" * 100_000, "invalid JSON: "),
            ('{"title": NaN' + "1" * 5000, "invalid JSON: "),
            ("[1]", "not a JSON object"),
            ('{"title": "\udcff"}', "not UTF-8"),
            ({"arxiv_id": "2501.00001"}, "no title"),
            (LINE | {"title": " "}, "no title"),
            (LINE | {"title": 7}, "no title"),
            ({"title": "A Paper"}, "no arxiv_id, doi, url or id that names a paper"),
            ({"title": "A Paper", "id": "row 7"}, "no arxiv_id, doi, url or id that names a paper"),
            (LINE | {"arxiv_id": "25.1"}, "no arXiv id: '25.1'"),
            (LINE | {"published": "last week"}, "unreadable date 'last week'"),
            (LINE | {"updated": 1736157600}, "unreadable date 1736157600"),
            (LINE | {"published": "0001-01-01T00:00:00+14:00"}, "unreadable date '0001-01-01T00:00:00+14:00'"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_a_bad_line_is_rejected_by_its_number(self, path, line, reason):
        (page,) = read(path, LINE, "", line, LINE | {"arxiv_id": "2501.00002"})
        assert [record.identifiers[0].value for record in page.records] == ["2501.00001", "2501.00002"]
        ((name, why),) = page.rejected
        assert name == "line 3"
        assert why.startswith(reason)

    def test_a_line_that_is_too_long_is_rejected_without_being_held(self, path, monkeypatch):
        monkeypatch.setattr(jsonl, "LONGEST_LINE", 1000)
        (page,) = read(path, LINE, LINE | {"abstract": "x" * 5000}, LINE | {"arxiv_id": "2501.00002"})
        assert len(page.records) == 2
        assert page.rejected == (Rejected("line 2", "longer than 0 MB"),)

    def test_text_that_no_database_takes_is_cleaned(self, path):
        record = one(path, '{"arxiv_id": "2501.00001", "title": "A\\u0000B\\ud800C"}')
        assert isinstance(record, PaperRecord)
        assert record.title == "ABC"

    def test_windows_line_ends_and_a_byte_order_mark(self, path):
        (page,) = read(path, "\ufeff" + json.dumps(LINE) + "\r", json.dumps(LINE) + "\r")
        assert len(page.records) == 2

    def test_two_hundred_authors(self, path):
        record = one(path, LINE | {"authors": [f"Author {number}" for number in range(200)]})
        assert isinstance(record, PaperRecord)
        assert len(record.authors) == 200


class TestFile:
    def test_pages_of_five_hundred(self, path):
        pages = read(path, *[LINE | {"arxiv_id": f"2501.{number:05}"} for number in range(1001)])
        assert [len(page.records) for page in pages] == [500, 500, 1]

    def test_no_lines_no_pages(self, path):
        assert read(path) == []
        assert read(path, "", " ", "") == []

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(jsonl.UnreadableFile, match=r"none\.jsonl: No such file"):
            list(jsonl.read(tmp_path / "none.jsonl"))

    def test_a_folder_is_named(self, tmp_path):
        with pytest.raises(jsonl.UnreadableFile, match="Is a directory"):
            list(jsonl.read(tmp_path))

    def test_a_file_that_is_called_gzip_and_is_none(self, tmp_path):
        path = tmp_path / "papers.jsonl.gz"
        path.write_text(json.dumps(LINE))
        with pytest.raises(jsonl.UnreadableFile, match=r"papers\.jsonl\.gz: not a gzip file"):
            list(jsonl.read(path))

    def test_gzip_without_the_name_is_read(self, tmp_path):
        path = tmp_path / "papers.jsonl"
        path.write_bytes(gzip.compress(json.dumps(LINE).encode()))
        assert len(list(jsonl.read(path))) == 1

    @pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:-6] + b"\0\0\0\0\0\0"])
    def test_a_damaged_gzip_gives_what_it_holds_and_then_says_so(self, tmp_path, damage):
        path = tmp_path / "papers.jsonl.gz"
        lines = [json.dumps(LINE | {"arxiv_id": f"2501.{number:05}"}) for number in range(2000)]
        path.write_bytes(damage(gzip.compress("\n".join(lines).encode())))
        pages = []
        with pytest.raises(jsonl.UnreadableFile, match=r"papers\.jsonl\.gz: damaged after line \d+"):
            for page in jsonl.read(path):
                pages.append(page)
        assert pages

    def test_memory_does_not_grow_with_the_file(self, tmp_path):
        path = tmp_path / "papers.jsonl.gz"
        with gzip.open(path, "wt") as file:
            for number in range(4_000):
                file.write(json.dumps(LINE | {"arxiv_id": f"2501.{number:05}", "abstract": "word " * 200}) + "\n")
        tracemalloc.start()
        total = sum(len(page.records) for page in jsonl.read(path))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total == 4_000
        assert peak < 2 * 2**20  # the file is more than 4 MB
