"""manage.py classify: let a list's classifier say what it thinks of new papers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest import console, learning
from ingest.management.judging import in_one_line


class Command(BaseCommand):
    help = "Write a suggestion for each unlisted paper that the list's current head has not spoken on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", required=True, metavar="SLUG", help="the list to classify for")
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many papers")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_line(), console.progress("classify") as progress:
            run = learning.classify(learning.list_named(options["list"]), options["limit"], progress)
        console.expect_done(run)
        self.stdout.write(f"{run.subject}: {run.new} new suggestions, {run.changed} renewed. {run.note}")
