"""manage.py enrich: ask Semantic Scholar about the papers that are here."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import console, enrich, runs
from ingest.models import Run


class Command(BaseCommand):
    help = "Ask Semantic Scholar for citations, venues and identifiers of the papers, those in lists first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many papers")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with console.progress("enrich") as progress:
                run = enrich.enrich(options["limit"], progress)
        except runs.AlreadyRunning as busy:
            raise CommandError(str(busy)) from busy
        if run.state != Run.State.DONE or run.note == enrich.NO_KEY:
            raise CommandError(run.error or run.note)
        self.stdout.write(console.summary(run))
        for record, reason in run.rejections:
            self.stderr.write(f"rejected {record}: {reason}")
