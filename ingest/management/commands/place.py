"""manage.py place: give papers their places on the map of the field."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ingest import console, placing
from ingest.management.judging import in_one_line


class Command(BaseCommand):
    help = "Place the papers that have a vector and no place on the map yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many papers")
        parser.add_argument("--refit", action="store_true", help="fit the map anew, as much like the old one as it can")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_line(), console.progress("place") as progress:
            run = placing.place(options["limit"], options["refit"], progress)
        console.expect_done(run)
        self.stdout.write(f"{run.fetched} papers placed. {run.note}")
