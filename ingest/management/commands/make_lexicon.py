"""manage.py make_lexicon: learn from a corpus which words go together. Writes the file that heads go by."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest.classifier import labelled, lexicon
from ingest.classifier.labelled import LabelledFileError


class Command(BaseCommand):
    help = (
        "Learn the lexicon from a corpus (arxiv_id, title, abstract a line): the words that heads know and how they go "
        "together. Heads trained with another lexicon are trained anew at the next training."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("corpus", type=Path, metavar="CORPUS", help="papers: .jsonl or .jsonl.gz")
        parser.add_argument("--output", type=Path, default=lexicon.BUNDLED, help="by default the one in use")
        parser.add_argument(
            "--before",
            type=date.fromisoformat,
            metavar="DATE",
            help="leave out what was published from this day on",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            papers = labelled.read(options["corpus"])
            before = options["before"]
            kept = [p for p in papers if before is None or (p.record.published or date.max) < before]
            made = lexicon.learn([paper.text for paper in kept])
            made.save(options["output"])
        except (LabelledFileError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['output']}: {made.name}, {len(made.terms)} terms of {len(kept)} papers.")
