"""manage.py train: let a list's classifier learn from its entries and decisions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest import console, learning
from ingest.classifier.heads import OUT
from ingest.management.judging import in_one_line
from ingest.models import Run


class Command(BaseCommand):
    help = "Train a new head for a list, unless it has nothing new to learn from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", required=True, metavar="SLUG", help="the list to learn from")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_line(), console.progress("train") as progress:
            paper_list = learning.list_named(options["list"])
            head = learning.train(paper_list, progress)
        run = Run.objects.filter(kind=Run.Kind.TRAIN, subject=paper_list.slug).latest("pk")
        console.expect_done(run)
        self.stdout.write(f"{paper_list.slug}: {run.note}")
        if head is not None and head.metrics:
            out = head.metrics["per_class"].get(OUT, {"support": 0})["support"]
            self.stdout.write(
                f"On {head.metrics['papers'] - out} papers of its subject and {out} out of scope, "
                "each told by a head that had not seen it: "
                f"accuracy {head.metrics['accuracy']:.3f}, macro-F1 {head.metrics['macro_f1']:.3f}"
            )
