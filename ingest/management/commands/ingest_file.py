"""manage.py ingest_file: papers from a JSONL file, by the same path as a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import console, pipeline
from ingest.sources import jsonl


class Command(BaseCommand):
    help = "Take in papers from a .jsonl or .jsonl.gz file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl[.gz]")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with console.progress(file.name) as progress:
                run = pipeline.ingest_file(file, progress)
        except jsonl.UnreadableFile as error:
            raise CommandError(str(error)) from error
        self.stdout.write(console.summary(run))
        for record, reason in run.rejections:
            self.stderr.write(f"{file}: {record}: {reason}")
        console.expect_done(run)
        if run.rejected:
            raise CommandError(f"{file}: {run.rejected} of {run.fetched} records could not be taken in.")
