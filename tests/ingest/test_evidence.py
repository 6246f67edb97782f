"""A list's evidence: read from its files, taken in whole or not at all, learned from without abstracts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from sklearn.metrics import cohen_kappa_score

from ingest import assessment, evidence, learning
from ingest.classifier import labelled
from ingest.classifier.features import Features
from ingest.classifier.labelled import LabelledFileError
from ingest.evidence import Prepared
from ingest.models import Evidence, Run
from tests.conftest import ROOT
from tests.factories import make_list

pytestmark = pytest.mark.django_db

BUNDLED = ROOT / "lists" / "context-compression"


def line(number=1, **fields):
    row = {"arxiv_id": f"2601.{number:05}", "title": f"Paper {number}", "label": "alpha", "reason": "It shrinks."}
    return json.dumps(row | fields)


@pytest.fixture
def folder(tmp_path):
    def write(*lines):
        (tmp_path / evidence.FILE).write_text("".join(each + "\n" for each in lines))
        return tmp_path

    return write


@pytest.fixture
def small():
    return make_list("small", ("alpha", "beta"))


def test_each_line_becomes_evidence_of_the_list(small, folder):
    where = folder(line(1), "", line(2, label="out", sure=0))
    assert evidence.take_in(small, where) == 2
    assert list(Evidence.objects.values_list("key", "title", "label", "reason", "weight")) == [
        ("arxiv:2601.00001", "Paper 1", "alpha", "It shrinks.", 1.0),
        ("arxiv:2601.00002", "Paper 2", "out", "It shrinks.", 0.5),
    ]


def test_it_takes_the_place_of_what_there_was(small, folder):
    evidence.take_in(small, folder(line(1), line(2)))
    evidence.take_in(small, folder(line(2, label="beta")))
    assert list(small.evidence.values_list("key", "label")) == [("arxiv:2601.00002", "beta")]


def test_a_folder_without_the_file_changes_nothing(small, folder, tmp_path):
    evidence.take_in(small, folder(line(1)))
    (tmp_path / evidence.FILE).unlink()
    assert evidence.take_in(small, tmp_path) == 0
    assert small.evidence.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", r"evidence\.jsonl:2: not JSON"),
        ("[]", r"evidence\.jsonl:2: not a JSON object"),
        (line(2, title=" "), r"evidence\.jsonl:2: title ' ' is no text"),
        (line(2, label=7), r"evidence\.jsonl:2: label 7 is no text"),
        (line(2, arxiv_id="no paper"), r"evidence\.jsonl:2: arxiv_id 'no paper' names no paper"),
        (line(2, sure=3), r"evidence\.jsonl:2: sure 3 is none of 2, 1, 0"),
        (line(1, arxiv_id="arXiv:2601.00001v2"), r"evidence\.jsonl:2: arxiv:2601\.00001 stands in the file already"),
        (line(2, label="gamma"), r"arxiv:2601\.00002: label “gamma” is none of alpha, beta, out"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_taken_in(small, folder, wrong, said):
    evidence.take_in(small, folder(line(9)))
    with pytest.raises(LabelledFileError, match=said):
        evidence.take_in(small, folder(line(1), wrong))
    assert list(small.evidence.values_list("key", flat=True)) == ["arxiv:2601.00009"]


def test_what_was_prepared_comes_with_it(small, folder):
    where = folder(line(1), line(2))
    features = Features(np.full((1, 4), 0.5, np.float32), np.full((1, 2), 0.25, np.float32))
    Prepared("an encoder", "a lexicon", {"arxiv:2601.00002": 0}, features).save(where / evidence.FEATURES)
    evidence.take_in(small, where)
    first, second = small.evidence.order_by("key")
    assert (first.encoder, bytes(first.meaning)) == ("", b"")
    assert (second.encoder, second.lexicon) == ("an encoder", "a lexicon")
    assert np.frombuffer(second.meaning, np.float16).tolist() == [0.5] * 4
    assert np.frombuffer(second.words, np.float16).tolist() == [0.25] * 2


def test_evidence_that_was_not_prepared_is_read_by_its_titles_and_the_run_says_so(small, folder):
    evidence.take_in(small, folder(line(1), line(2, label="out")))
    learning.train(small)
    assert "2 papers of evidence were read by their titles only" in Run.objects.latest("pk").note


def test_damaged_features_are_refused(small, folder):
    where = folder(line(1))
    (where / evidence.FEATURES).write_bytes(b"PK damaged")
    with pytest.raises(LabelledFileError, match=r"evidence\.npz: cannot be read"):
        evidence.take_in(small, where)


def test_preparing_reads_the_abstracts_of_a_corpus(small, folder, tmp_path, capsys):
    where = folder(line(1), line(2))
    corpus = tmp_path / "corpus.jsonl"
    row = {"arxiv_id": "2601.00002", "title": "Paper 2", "abstract": "We evict keys and values from the cache."}
    corpus.write_text(json.dumps(row) + "\n")
    call_command("prepare_evidence", str(where), str(corpus))
    assert "1 papers, 1 not in the corpus" in capsys.readouterr().out
    found = evidence.load_features(where / evidence.FEATURES)
    assert list(found.row_of) == ["arxiv:2601.00002"]
    assert np.linalg.norm(found.features.meaning) == pytest.approx(1.0, abs=1e-3)
    corpus.write_text(json.dumps(row | {"arxiv_id": "2601.00003"}) + "\n")
    with pytest.raises(CommandError, match="holds none of the papers"):
        call_command("prepare_evidence", str(where), str(corpus))


def test_the_same_evidence_gives_the_same_order_twice(small, folder, tmp_path):
    """Retrained from the files and a small corpus, once and again: the same ranking, to the last digit."""
    subjects = {
        "alpha": "We evict keys and values from the cache while a language model decodes, layer {}.",
        "beta": "We prune words of the prompt before a language model reads it, ratio {}.",
        "out": "We fold laundry with a robot arm and two cameras, garment {}.",
    }
    rows = [(n, label, text.format(n)) for n, (label, text) in enumerate(list(subjects.items()) * 8)]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(
        "".join(
            json.dumps({"arxiv_id": f"2601.{n:05}", "title": f"Paper {n}", "abstract": text}) + "\n"
            for n, _, text in rows
        )
    )
    where = folder(*(line(n, label=label) for n, label, _ in rows))
    answers = []
    for _ in range(2):
        call_command("prepare_evidence", str(where), str(corpus))
        evidence.take_in(small, where)
        small.heads.all().delete()
        head = learning.train(small)
        answers.append((head.examples_hash, bytes(head.arrays), _ranked(small, tmp_path)))
    assert answers[0] == answers[1]
    assert answers[0][2][0][0] == "2602.00001"


def _ranked(paper_list, tmp_path):
    path = tmp_path / "new.jsonl"
    new = ["Robots that cook", "Evicting keys and values of the cache", "Pruning words of prompts"]
    path.write_text(
        "".join(json.dumps({"arxiv_id": f"2602.{n:05}", "title": text}) + "\n" for n, text in enumerate(new))
    )
    return [
        (paper["arxiv_id"], paper["relevance"]) for paper in assessment.rank(paper_list, labelled.read(path))["papers"]
    ]


def test_the_bundled_evidence_and_what_was_prepared_of_it_fit_together():
    rows = evidence.read(BUNDLED / evidence.FILE)
    prepared = evidence.load_features(BUNDLED / evidence.FEATURES)
    assert len(rows) >= 800
    assert {row.key for row in rows} == set(prepared.row_of)
    assert all(row.reason for row in rows)
    assert {row.label for row in rows} == {"explicit", "implicit", "kv", "survey", "out"}


def test_what_is_held_out_for_testing_is_no_evidence():
    evidenced = {row.key for row in evidence.read(BUNDLED / evidence.FILE)}
    held_out = [json.loads(each) for each in (BUNDLED / "held-out.jsonl").read_text().splitlines()]
    assert len(held_out) >= 300
    assert not evidenced & {f"arxiv:{row['arxiv_id']}" for row in held_out}
    assert min(row["published"] for row in held_out) >= "2026-04-01"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("evidence", None),
        ("test", "| test | 632 | 98.7 % | 0.975 |"),
        ("stream", "| June stream | 553 | 98.2 % | 0.938 |"),
    ],
)
def test_readers_agree_as_far_as_is_told(name, told):
    folder = BUNDLED / "readings"
    first, second = (
        {row["arxiv_id"]: row["label"] for row in _lines(folder / f"{n}-{name}.jsonl")} for n in ("first", "second")
    )
    both = sorted(first.keys() & second.keys())
    pairs = [(first[paper], second[paper]) for paper in both]
    same = sum(one == other for one, other in pairs) / len(pairs)
    kappa = cohen_kappa_score(*zip(*pairs, strict=True))
    if told:
        assert told in (folder / "README.md").read_text()
        assert told.endswith(f"| {len(pairs)} | {same:.1%} | {kappa:.3f} |".replace("%", " %"))
    else:  # told in two parts
        assert (len(pairs), round(same, 3), round(kappa, 3)) == (2377, 0.970, 0.944)


def _lines(path):
    return [json.loads(each) for each in path.read_text().splitlines()]
