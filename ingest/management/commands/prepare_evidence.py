"""manage.py prepare_evidence: read a list's evidence with its abstracts, once, for all who have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import evidence, learning
from ingest.classifier import encoder as encoders
from ingest.classifier import labelled, lexicon
from ingest.management import judging


class Command(BaseCommand):
    help = (
        "Make FOLDER/evidence.npz from FOLDER/evidence.jsonl and a corpus with the abstracts: what heads see of each "
        "paper. A paper that the corpus lacks is left out; heads then read its title."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="where list.toml and evidence.jsonl are")
        parser.add_argument("corpus", type=Path, metavar="CORPUS", help="papers with abstracts: .jsonl or .jsonl.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"]
        try:
            rows = evidence.read(folder / evidence.FILE)
            wanted = {row.key for row in rows}
            text_of = {paper.key: paper.text for paper in labelled.read(options["corpus"]) if paper.key in wanted}
        except labelled.LabelledFileError as error:
            raise CommandError(str(error)) from error
        found = {key: text for key in sorted(wanted) if (text := text_of.get(key))}
        if not found:
            raise CommandError(f"{options['corpus']}: holds none of the papers in {folder / evidence.FILE}")
        with judging.in_one_line(), judging.steps("encode") as steps:
            encoder, words = encoders.load(), lexicon.load()
            features = learning.features(list(found.values()), encoder, steps)
        prepared = evidence.Prepared(encoder.name, words.name, {key: row for row, key in enumerate(found)}, features)
        prepared.save(folder / evidence.FEATURES)
        self.stdout.write(
            f"{folder / evidence.FEATURES}: {len(found)} papers, {len(wanted) - len(found)} not in the corpus. "
            f"{encoder.name}, {words.name}."
        )
