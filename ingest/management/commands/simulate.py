"""manage.py simulate: replay sorted papers as a screening session. Reads files only; asks and changes no database."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from ingest.classifier import encoder, labelled, lexicon, pool, screening, simulate, task
from ingest.classifier.encoder import Vectors
from ingest.classifier.ranker import Ranker, Rows
from ingest.classifier.recallplot import recall_plot
from ingest.classifier.simulate import Session
from ingest.classifier.task import Task, TaskError
from ingest.management import judging

FIGURES = {
    "recall_at_10_percent": "recall at 10 %",
    "wss_at_95": "WSS@95",
    "wss_at_100": "WSS@100",
    "average_time_to_discovery": "ATD",
    "loss": "loss",
    "ndcg": "NDCG",
}


class Command(BaseCommand):
    help = (
        "Replay papers that people have sorted as screening sessions: a model proposes a paper, learns its label, "
        "and proposes the next, until all that are to be found are found. It begins with one of them and one other, "
        "drawn by a seed, and its model (ingest/classifier/ranker.py) knows nothing of any list's classifier. "
        "Says of each session: recall after a tenth of the papers; WSS, the share of the reading that is saved, "
        "against an order by chance, when 95 or 100 % are found; ATD, how many papers are read until one is found, on "
        "average; loss, from 0, all found first, to 1, all last; NDCG. See docs/classifier.md. Asks and changes no "
        "database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, metavar="FILE", help="labelled papers, .jsonl or .jsonl.gz, or a README.md"
        )
        parser.add_argument(
            "--section", metavar="NAME", help='of a README: the heading of what is to be found, or "Method > Merging"'
        )
        parser.add_argument(
            "--relevant",
            metavar="LABEL",
            action="append",
            default=[],
            help='of labelled papers: a label to be found, once or more often; by default all but "out"',
        )
        parser.add_argument(
            "--corpus", type=Path, metavar="FILE", help="papers whose abstracts those of FILE get, by id"
        )
        parser.add_argument("--seeds", type=_count, default=5, metavar="N", help="N sessions, seeds 0 to N-1 (5)")
        parser.add_argument("--titles-only", action="store_true", help="leave the abstracts out")
        parser.add_argument("--embeddings", action="store_true", help="let the encoder's vectors count as well")
        parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the recall curves")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        with judging.in_one_line():
            asked = _task(options)
            meaning, encoder_name = _meaning(asked) if options["embeddings"] else (None, None)
        rows = pool.rows(asked.titles, asked.texts, meaning)
        sessions = _sessions(asked, rows, options["seeds"])
        answer = {
            "file": str(options["file"]),
            "section": options["section"],
            "labels": options["relevant"],  # those to be found; [] stands for all but "out"
            "papers": len(asked),
            "relevant": int(asked.relevant.sum()),
            "abstracts": sum(map(bool, asked.abstracts)),
            "lexicon": lexicon.load().name,
            "encoder": encoder_name,
            "mean": simulate.mean(sessions),
            "sessions": [_as_json(asked, one) for one in sessions],
        }
        if options["plot"]:
            _draw(options["plot"], answer, sessions)
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            judging.show(self.stdout, *_in_words(answer))


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” must be a whole number from 1 on")
    return int(text)


def _task(options: dict[str, Any]) -> Task:
    """Return what is to be screened; raise CommandError where the options do not fit the file."""
    path: Path = options["file"]
    try:
        if options["section"] is not None:
            if options["relevant"]:
                raise CommandError("--section is of a README, --relevant of a labelled file")
            asked = task.of_readme(path, options["section"])
        elif path.suffix.lower() == ".md":
            raise CommandError(f"{path}: --section says what is to be found, one of: {'; '.join(task.sections(path))}")
        else:
            asked = task.of_labelled(path, labelled.read(path), options["relevant"])
        if options["corpus"]:
            asked = asked.with_abstracts(labelled.read(options["corpus"]))
        return asked.titles_only() if options["titles_only"] else asked
    except TaskError as error:
        raise CommandError(str(error)) from error


def _meaning(asked: Task) -> tuple[Vectors, str]:
    """Return the vectors of the texts, and the encoder's name."""
    model = encoder.load()
    with judging.steps("encode") as steps:
        parts = []
        for begin in range(0, len(asked), model.chunk):
            parts.append(model.encode(asked.texts[begin : begin + model.chunk]))
            steps(min(begin + model.chunk, len(asked)), len(asked))
    return np.concatenate(parts), model.name


def _sessions(asked: Task, rows: Rows, seeds: int) -> list[Session]:
    sessions = []
    for seed in range(seeds):
        with judging.steps(f"session {seed + 1} of {seeds}") as steps:
            sessions.append(simulate.session(asked.relevant, seed, Ranker(rows), steps))
    return sessions


def _as_json(asked: Task, one: Session) -> dict[str, Any]:
    return {
        "seed": one.seed,
        "prior": [asked.keys[paper] for paper in one.prior],
        **one.figures.as_json(),
        "seconds_per_label": one.seconds_per_label,
        "papers_to_read": one.papers,
        "found_after": one.found_after,
    }


def _in_words(answer: dict[str, Any]) -> Iterator[str | Table]:
    views = "titles" + (f" and {answer['abstracts']} abstracts" if answer["abstracts"] else "")
    views += f", {answer['encoder']}" if answer["encoder"] else ", no encoder"
    yield (
        f"{answer['relevant']} of {answer['papers']} papers to be found, {len(answer['sessions'])} sessions; {views}; "
        f"{1000 * answer['mean']['seconds_per_label']:.2f} ms per label"
    )
    table = Table("seed", *FIGURES.values())
    for one in answer["sessions"]:
        table.add_row(str(one["seed"]), *_shown(one))
    table.add_row("mean", *_shown(answer["mean"]))
    yield table


def _shown(figures: dict[str, Any]) -> Iterator[str]:
    for name in FIGURES:
        yield f"{figures[name]:.1f}" if name == "average_time_to_discovery" else f"{figures[name]:.3f}"


def _draw(path: Path, answer: dict[str, Any], sessions: list[Session]) -> None:
    """Write the recall curves of the sessions; raise CommandError where that cannot be done."""
    mean = answer["mean"]
    description = (
        f"{answer['file']}: {answer['relevant']} of {answer['papers']} papers to be found, mean of {len(sessions)} "
        f"sessions: WSS@95 {mean['wss_at_95']:.3f}, loss {mean['loss']:.3f}, "
        f"recall {mean['recall_at_10_percent']:.3f} at 10 %."
    )
    curves = [screening.recall_curve(one.labels) for one in sessions]
    try:
        path.write_text(
            recall_plot(
                answer["section"] or Path(answer["file"]).name, curves, simulate.mean_curve(sessions), description
            ),
            encoding="utf-8",
        )
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from error
