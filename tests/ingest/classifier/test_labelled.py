"""Labelled files: what is read, and how what is wrong is named."""

from __future__ import annotations

import gzip
import json

import pytest

from ingest.classifier.labelled import LabelledFileError, read, with_labels

LINE = {"arxiv_id": "2310.05736", "title": "LLMLingua", "abstract": "We compress prompts.", "label": "explicit"}


def file_of(tmp_path, *lines, name="papers.jsonl"):
    path = tmp_path / name
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def test_a_line_is_a_paper_with_its_label(tmp_path):
    (paper,) = read(file_of(tmp_path, LINE))
    assert (paper.line, paper.name, paper.label) == (1, "2310.05736", "explicit")
    assert paper.text == "LLMLingua\nWe compress prompts."


def test_gzip_is_known_by_content_not_by_name(tmp_path):
    path = tmp_path / "papers.jsonl"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode()))
    assert [paper.name for paper in read(path)] == ["2310.05736"]


def test_text_is_cleaned_as_the_catalogue_cleans_it(tmp_path):
    (paper,) = read(file_of(tmp_path, LINE | {"title": " LLMLingua:\n  Prompts ", "abstract": None}))
    assert paper.text == "LLMLingua: Prompts"


def test_versions_and_addresses_name_the_same_paper(tmp_path):
    path = file_of(tmp_path, LINE | {"arxiv_id": "2310.05736v2"}, LINE | {"arxiv_id": "arxiv.org/abs/2310.05736"})
    assert {paper.name for paper in read(path)} == {"2310.05736"}


def test_papers_without_a_label_are_read_and_left_out_of_scoring(tmp_path):
    path = file_of(tmp_path, LINE, LINE | {"label": None}, "", {k: LINE[k] for k in ("arxiv_id", "title")})
    papers = read(path)
    assert [(paper.line, paper.label) for paper in papers] == [(1, "explicit"), (2, None), (4, None)]
    assert [paper.line for paper in with_labels(path, papers, ["explicit", "out"])] == [1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{half", r"papers\.jsonl:2: not JSON"),
        ("[]", r"papers\.jsonl:2: not a JSON object"),
        (LINE | {"arxiv_id": ""}, r"papers\.jsonl:2: arxiv_id '' names no paper"),
        (LINE | {"arxiv_id": "none"}, r"papers\.jsonl:2: arxiv_id 'none' names no paper"),
        (LINE | {"title": "  "}, r"papers\.jsonl:2: 2310\.05736: no title"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, message):
    with pytest.raises(LabelledFileError, match=message):
        read(file_of(tmp_path, LINE, line))


def test_an_unknown_label_names_line_record_and_the_known_ones(tmp_path):
    path = file_of(tmp_path, LINE, LINE | {"label": "latent"})
    with pytest.raises(LabelledFileError, match=r"papers\.jsonl:2: 2310\.05736: label “latent” is none of kv, out"):
        with_labels(path, read(path)[1:], ["kv", "out"])


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(LabelledFileError, match=r"missing\.jsonl: No such file"):
        read(tmp_path / "missing.jsonl")
    with pytest.raises(LabelledFileError, match="holds no papers"):
        read(file_of(tmp_path, "", name="empty.jsonl"))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(json.dumps(LINE).encode() * 100)[:-20])
    with pytest.raises(LabelledFileError, match=r"cut\.jsonl\.gz: a damaged gzip file"):
        read(cut)
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"title": "caf\xe9"}\n')
    with pytest.raises(LabelledFileError, match=r"latin\.jsonl: not UTF-8"):
        read(latin)
