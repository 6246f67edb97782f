"""manage.py evaluate: say how good a list's classifier is on papers that people have sorted. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from ingest import assessment, learning
from ingest.classifier import labelled
from ingest.classifier.evaluate import DEPTHS
from ingest.classifier.heads import OUT
from ingest.management import judging


class Command(BaseCommand):
    help = "Score a labelled file (arxiv_id, title, abstract, label). Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        judging.arguments(parser)
        parser.add_argument(
            "--corpus", type=Path, metavar="CORPUS", help="where the abstracts are when FILE holds titles only"
        )
        parser.add_argument(
            "--among",
            default="",
            metavar="KEY,KEY",
            help="categories to tell from each other; by default all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        with judging.in_one_line(), judging.steps("evaluate") as steps:
            paper_list = learning.list_named(options["list"])
            papers = labelled.read(path)
            classes = (*paper_list.categories.order_by("position").values_list("key", flat=True), OUT)
            sorted_papers = labelled.with_labels(path, papers, classes)
            if not sorted_papers:
                raise CommandError(f"{path}: no line has a label: nothing to score")
            among = _among(options["among"], classes)
            if options["corpus"]:
                sorted_papers = labelled.with_abstracts(sorted_papers, options["corpus"])
            answer = assessment.evaluate(paper_list, sorted_papers, steps, among)
        answer["unlabelled"] = len(papers) - len(sorted_papers)
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            judging.show(self.stdout, *_in_words(answer))


def _among(keys: str, classes: Sequence[str]) -> list[str]:
    chosen = [key.strip() for key in keys.split(",") if key.strip()]
    for key in chosen:
        if key not in classes or key == OUT:
            raise CommandError(f"--among: “{key}” is none of {', '.join(name for name in classes if name != OUT)}")
    return chosen


def _in_words(answer: dict[str, Any]) -> Iterator[str | Table]:
    yield (
        f"{answer['papers']} papers, head {answer['head']}: {answer['unseen']} never seen, "
        f"{answer['out_of_fold']} told by heads trained without them, {answer['unlabelled']} without a label"
    )
    yield (
        f"accuracy {answer['accuracy']:.3f}, macro-F1 {answer['macro_f1']:.3f}, log loss {answer['log_loss']:.3f}, "
        f"Brier {answer['brier']:.3f}, calibration error {answer['expected_calibration_error']:.3f}"
    )
    if (told := answer["among"])["papers"]:
        yield f"told from each other: {told['accuracy']:.3f} of {told['papers']} papers of the categories asked for"
    if (band := answer["unsure"])["accuracy_outside"] is not None:
        yield (
            f"unsure (below {band['below']:.2f}): {band['share']:.1%} of the papers; "
            f"accuracy outside {band['accuracy_outside']:.3f}"
        )
    if found := answer["relevance"]:
        yield (
            f"relevance: average precision {found['average_precision']:.3f}, WSS@95 {found['wss_at_95']:.3f}, "
            f"recall {', '.join(f'{found[_recall_at(depth)]:.3f} at {depth} %' for depth in DEPTHS)}"
        )
    each = Table("label", "precision", "recall", "F1", "papers")
    for name, one in answer["per_class"].items():
        shown = (f"{one[figure]:.3f}" for figure in ("precision", "recall", "f1"))
        each.add_row(name, *shown, str(one["support"]))
    yield each
    confusion = answer["confusion"]
    table = Table("label \\ said", *confusion["classes"])
    for name, row in zip(confusion["classes"], confusion["matrix"], strict=True):
        table.add_row(name, *map(str, row))
    yield table


def _recall_at(depth: int) -> str:
    return f"recall_at_{depth}_percent"
