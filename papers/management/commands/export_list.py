"""manage.py export_list: write a list as its README, or in another format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from papers.export import FORMATS, NoSuchDocument
from papers.export.files import write_whole
from papers.models import PaperList


class Command(BaseCommand):
    help = "Write a list: its README byte for byte where nothing changed, or as JSON, CSV, BibTeX or RIS."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the list")
        parser.add_argument("--language", help="language of the README; by default the list's primary one")
        parser.add_argument("--format", choices=sorted(FORMATS), default="markdown", help="default: markdown")
        parser.add_argument("--output", type=Path, metavar="FILE", help="where to write; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        paper_list = PaperList.objects.filter(slug=options["slug"]).first()
        if paper_list is None:
            raise CommandError(f"{options['slug']}: there is no such list")
        primary = paper_list.documents.filter(is_primary=True).values_list("language", flat=True).first()
        try:
            exported = FORMATS[options["format"]].render(paper_list, options["language"] or primary or "en")
        except NoSuchDocument as error:
            raise CommandError(str(error)) from error
        output = Path(options["output"]) if options["output"] is not None else None
        if output is None:
            # The very bytes: the text layer would translate line endings and refuse what is no UTF-8.
            sys.stdout.flush()
            sys.stdout.buffer.write(exported.content)
            sys.stdout.buffer.flush()
            return
        try:
            write_whole(output, exported.content)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error
        self.stderr.write(f"{output}: {len(exported.content)} bytes written.")
