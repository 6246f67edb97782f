"""manage.py roll_back: let an older version of a list's head speak again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import console, learning, versions
from ingest.management.judging import in_one_line


class Command(BaseCommand):
    help = (
        "Let an older version of a list's head speak again, until the next decision or training, and classify with it."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Every command has a --version, of Django itself; here it is the head's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", required=True, metavar="SLUG", help="the list whose head it is")
        parser.add_argument("--version", required=True, type=_version, metavar="N", help="of the head, as 3 or v3")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_one_line(), console.progress("classify") as progress:
            paper_list = learning.list_named(options["list"])
            try:
                again = versions.roll_back(paper_list, options["version"])
            except versions.InUse as problem:
                raise CommandError(f"{paper_list.slug}: {problem}.") from None
            run = learning.classify(paper_list, progress=progress)
        console.expect_done(run)
        self.stdout.write(
            f"{paper_list.slug}: {again.name} is v{again.meta['again']} again, until the next decision or training; "
            f"{run.new + run.changed} papers classified."
        )


def _version(text: str) -> int:
    return int(text.removeprefix("v"))
