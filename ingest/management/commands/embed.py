"""manage.py embed: give papers the vectors that the classifier and "related papers" read."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest import console, embedding
from ingest.management.judging import in_one_line


class Command(BaseCommand):
    help = "Encode the papers whose current text has no vector yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many papers")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_line(), console.progress("embed") as progress:
            run = embedding.embed(options["limit"], progress)
        console.expect_done(run)
        self.stdout.write(f"{run.fetched} papers encoded: {run.new} new, {run.changed} with a new text. {run.note}")
