"""Screening tasks: which papers of a file are the pool, and which of them are to be found."""

from __future__ import annotations

import json

import pytest

from ingest.classifier import labelled, task
from ingest.classifier.labelled import LabelledFileError
from ingest.classifier.task import TaskError

README = """# Awesome Things 🔥

## Methods

A sentence with a [link](https://arxiv.org/abs/2401.00099) that is no row.

### 1 Pruning

- **Pruned** one. [Paper](https://arxiv.org/abs/2401.00001)
- [**Title Two** about tokens](https://arxiv.org/abs/2401.00002v3)

### 2 Merging ⭐

- [Title Three](https://arxiv.org/abs/2401.00003)
- [Title Two, again](https://arxiv.org/abs/2401.00002)

## Benchmarks

- [Title Four](https://arxiv.org/abs/2401.00004)
- [Title Five](https://arxiv.org/abs/2401.00005)

## Talks

- [A page](https://example.org/talk)
"""


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(README)
    return path


def found(asked: task.Task) -> set[str]:
    return {key.removeprefix("arxiv:") for key, relevant in zip(asked.keys, asked.relevant, strict=True) if relevant}


def test_a_section_is_to_be_found_among_all_papers_of_the_readme(readme):
    asked = task.of_readme(readme, "Benchmarks")

    assert [key for key in asked.keys if key.startswith("arxiv:")] == [f"arxiv:2401.0000{n}" for n in range(1, 6)]
    assert found(asked) == {"2401.00004", "2401.00005"}
    assert asked.titles[1] == "Title Two about tokens"
    assert asked.texts == asked.titles


def test_a_section_is_what_stands_below_it_too(readme):
    assert found(task.of_readme(readme, "methods")) == {"2401.00001", "2401.00002", "2401.00003"}


@pytest.mark.parametrize(
    "name", ["2 Merging", "2 merging ⭐", "Methods > 2 Merging", "Awesome Things > Methods>2 Merging"]
)
def test_a_section_is_named_by_its_heading_or_by_those_above_it(readme, name):
    assert found(task.of_readme(readme, name)) == {"2401.00002", "2401.00003"}


@pytest.mark.parametrize("name", ["Merging", "Benchmarks > 2 Merging", ""])
def test_an_unknown_section_is_told_with_those_that_there_are(readme, name):
    with pytest.raises(TaskError, match="1 Pruning; 2 Merging; Benchmarks"):
        task.of_readme(readme, name)


def test_the_whole_list_is_no_task(readme):
    with pytest.raises(TaskError, match="2 others"):
        task.of_readme(readme, "Awesome Things")


def test_what_is_no_list_is_refused(tmp_path):
    path = tmp_path / "README.md"
    with pytest.raises(TaskError, match="No such file"):
        task.of_readme(path, "Methods")
    path.write_text("# Nothing\n")
    with pytest.raises(TaskError, match="no row's link names a paper"):
        task.of_readme(path, "Methods")


def file_of(tmp_path, *labels):
    path = tmp_path / "papers.jsonl"
    lines = [
        {"arxiv_id": f"2401.{n:05}", "title": f"Title {n}", "abstract": f"Abstract {n}", "label": label}
        for n, label in enumerate(labels)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path, labelled.read(path)


def test_of_a_labelled_file_all_but_out_is_to_be_found(tmp_path):
    asked = task.of_labelled(*file_of(tmp_path, "kv", "out", "explicit", None, "out", "out"))

    assert found(asked) == {"2401.00000", "2401.00002"}
    assert len(asked) == 5  # nobody has sorted the sixth
    assert asked.texts[0] == "Title 0\nAbstract 0"
    assert asked.titles_only().texts == asked.titles


def test_the_labels_to_be_found_can_be_named(tmp_path):
    path, papers = file_of(tmp_path, "kv", "out", "explicit", "kv", "survey", "survey")

    assert found(task.of_labelled(path, papers, ["kv"])) == {"2401.00000", "2401.00003"}
    assert len(found(task.of_labelled(path, papers, ["kv", "survey"]))) == 4
    with pytest.raises(LabelledFileError, match="no paper has the label “kvv”, only explicit, kv, out, survey"):
        task.of_labelled(path, papers, ["kvv"])


def test_abstracts_come_from_a_corpus_for_the_papers_that_it_holds(readme, tmp_path):
    _, corpus = file_of(tmp_path, *[None] * 4)
    asked = task.of_readme(readme, "Benchmarks").with_abstracts(corpus)

    assert asked.texts[1] == "Title Two about tokens\nAbstract 2"  # the title that the list gives
    assert asked.texts[3] == asked.titles[3] == "Title Four"
    assert asked.abstracts == ["Abstract 1", "Abstract 2", "Abstract 3", "", ""]


def test_a_paper_that_stands_twice_is_one_with_the_first_label(tmp_path):
    path, papers = file_of(tmp_path, "kv", "kv", "out", "out")
    twice = [*papers, labelled.LabelledPaper(9, papers[0].record, "out")]

    asked = task.of_labelled(path, twice)

    assert asked.keys == tuple(f"arxiv:2401.0000{n}" for n in range(4))
    assert found(asked) == {"2401.00000", "2401.00001"}


@pytest.mark.parametrize("labels", [("out", "out", "out"), ("kv", "kv", "kv", "out"), ("kv", "out", "out"), (None,)])
def test_too_few_papers_of_a_kind_are_no_task(tmp_path, labels):
    with pytest.raises(TaskError, match="a session needs 2 such papers and 2 others"):
        task.of_labelled(*file_of(tmp_path, *labels))
