"""manage.py rank: put the papers of a file into the order in which a curator should read them. Changes nothing."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.table import Table

from ingest import assessment, learning
from ingest.classifier import labelled
from ingest.management import judging


class Command(BaseCommand):
    help = "Order the papers of a file (arxiv_id, title, abstract) by relevance for a list. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        judging.arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with judging.in_one_line(), judging.steps("rank") as steps:
            answer = assessment.rank(learning.list_named(options["list"]), labelled.read(options["file"]), steps)
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        table = Table(title=f"{answer['list']}, head {answer['head']}")
        for name, width in (("", 3), ("paper", 12), ("relevance", 9), ("category", 16)):
            table.add_column(name, min_width=width)
        table.add_column("title", no_wrap=True, overflow="ellipsis")
        for paper in answer["papers"]:
            category = f"{paper['category']} {paper['probabilities'][paper['category']]:.2f}"
            table.add_row(str(paper["rank"]), paper["arxiv_id"], f"{paper['relevance']:.3f}", category, paper["title"])
        judging.show(self.stdout, table)
