"""manage.py simulate, as people and programs call it. It needs no database."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from defusedxml import ElementTree
from django.core.management import CommandError, call_command

LISTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "lists"
FIGURES = {
    "recall_at_10_percent",
    "wss_at_95",
    "wss_at_100",
    "average_time_to_discovery",
    "loss",
    "ndcg",
    "seconds_per_label",
}


def called(*arguments) -> str:
    out = io.StringIO()
    call_command("simulate", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def papers(tmp_path) -> Path:
    lines = []
    for number in range(40):
        label = ("kv", "out", "out", "explicit")[number % 4]
        about = {"kv": "Quantized KV caches", "explicit": "Prompt compression", "out": "Weather maps"}[label]
        lines.append(
            {"arxiv_id": f"2401.{number:05}", "title": f"{about}, part {number}", "abstract": about, "label": label}
        )
    lines.append({"arxiv_id": "2401.00099", "title": "Nobody knows", "abstract": "", "label": None})
    path = tmp_path / "papers.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_answer_for_programs_has_every_session_and_their_mean(papers):
    answer = json.loads(called(papers, "--json", "--seeds", 3))

    assert (answer["papers"], answer["relevant"], answer["abstracts"]) == (40, 20, 40)
    assert answer["labels"] == []
    assert set(answer["mean"]) == FIGURES
    assert [one["seed"] for one in answer["sessions"]] == [0, 1, 2]
    for one in answer["sessions"]:
        assert set(one) >= FIGURES
        assert len(one["prior"]) == 2
        assert len(one["found_after"]) == 19
        assert one["papers_to_read"] == 38
        assert sum(one["found_after"]) / 19 == pytest.approx(one["average_time_to_discovery"])
    losses = [one["loss"] for one in answer["sessions"]]
    assert answer["mean"]["loss"] == pytest.approx(sum(losses) / 3)
    assert answer["encoder"] is None
    assert answer["lexicon"].startswith("lexicon@")


def test_the_same_file_and_seeds_give_the_same_answer(papers):
    first, again = (json.loads(called(papers, "--json", "--seeds", 2)) for _ in range(2))

    for answer in (first, again):
        for one in (answer["mean"], *answer["sessions"]):
            del one["seconds_per_label"]
    assert first == again


def test_the_labels_to_be_found_are_told(papers):
    answer = json.loads(called(papers, "--relevant", "kv", "--json", "--seeds", 1))

    assert (answer["labels"], answer["relevant"]) == (["kv"], 10)


def test_people_get_a_table(papers):
    said = called(papers, "--relevant", "kv", "--titles-only")
    assert "10 of 40 papers to be found, 5 sessions; titles, no encoder" in said
    assert "WSS@95" in said
    assert said.count("│") > 6


def test_titles_only_leaves_the_abstracts_out(papers):
    assert json.loads(called(papers, "--json", "--titles-only", "--seeds", 1))["abstracts"] == 0


def test_the_abstracts_of_a_corpus_are_read(papers, tmp_path):
    bare = tmp_path / "bare.jsonl.gz"
    lines = [json.loads(line) | {"abstract": ""} for line in papers.read_text().splitlines()]
    bare.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))

    assert json.loads(called(bare, "--json", "--seeds", 1))["abstracts"] == 0
    assert json.loads(called(bare, "--corpus", papers, "--json", "--seeds", 1))["abstracts"] == 40


def test_with_embeddings_the_encoder_is_named(papers):
    answer = json.loads(called(papers, "--json", "--embeddings", "--titles-only", "--seeds", 1))

    assert answer["encoder"].startswith("all-MiniLM-L6-v2@")


def test_the_plot_is_an_svg_of_all_sessions(papers, tmp_path):
    path = tmp_path / "curve.svg"
    called(papers, "--plot", path, "--seeds", 2, "--relevant", "kv")

    root = ElementTree.parse(path).getroot()
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 4  # chance, two sessions, their mean
    assert "10 of 40 papers to be found" in root.findtext("{http://www.w3.org/2000/svg}desc")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--section", "Methods"], "no row's link names a paper"),
        (["--section", "Methods", "--relevant", "kv"], "--relevant of a labelled file"),
        (["--relevant", "kvv"], "no paper has the label “kvv”"),
        (["--relevant", "out", "--relevant", "kv", "--relevant", "explicit"], "a session needs 2 such papers"),
        (["--seeds", "0"], "must be a whole number from 1 on"),
        (["--plot", "/nowhere/at/all.svg", "--seeds", "1"], "/nowhere/at/all.svg: No such file"),
        (["--corpus", "/nowhere.jsonl"], "/nowhere.jsonl: No such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(papers, arguments, reason):
    with pytest.raises(CommandError, match=reason) as error:
        called(papers, *arguments)
    assert "\n" not in str(error.value)


def test_of_a_readme_without_a_section_its_sections_are_told(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# List\n## Empty\n## Pruning\n- [A](https://arxiv.org/abs/2401.00001)\n")
    with pytest.raises(CommandError, match=r"--section says what is to be found, one of: Pruning$"):
        called(path)
    path.write_text("# List\n")
    with pytest.raises(CommandError, match="no row's link names a paper"):
        called(path)
    with pytest.raises(CommandError, match="No such file"):
        called(tmp_path / "gone.jsonl")


def test_a_section_of_a_real_list_is_found_early():
    readme = LISTS / "October2001__Awesome-KV-Cache-Compression.md"
    if not readme.exists():
        pytest.skip(f"needs {readme}, which is not part of the repository")
    answer = json.loads(called(readme, "--section", "Quantization", "--json"))

    assert (answer["papers"], answer["relevant"]) == (161, 18)
    assert answer["mean"]["loss"] < 0.15
    assert answer["mean"]["wss_at_95"] > 0.45
