"""manage.py languages: how the languages of a list stand to each other, and bringing them in step."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from papers import instep, languages, newlanguage
from papers.languages import Standing
from papers.models import PaperList

_WORDS = {
    "missing": "missing",
    "homeless": "without a section",
    "untranslated": "untranslated",
    "stale": "to check again",
    "out_of_order": "out of order",
}


class Command(BaseCommand):
    help = "Count what each language of a list lacks; bring one in step, or make a README in a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the list")
        parser.add_argument("--json", action="store_true", help="the counts as JSON")
        parser.add_argument("--check", action="store_true", help="exit with 1 unless all languages are in step")
        parser.add_argument(
            "--in-step", metavar="LANGUAGE", help="fill in the rows it lacks, and order them as in the primary language"
        )
        parser.add_argument("--create", metavar="LANGUAGE", help="make a README in it from the primary one's structure")
        parser.add_argument("--file", metavar="NAME", help="the file name of what --create makes, as README_CN.md")

    def handle(self, *args: Any, **options: Any) -> None:
        paper_list = PaperList.objects.filter(slug=options["slug"]).first()
        if paper_list is None:
            raise CommandError(f"{options['slug']}: there is no such list")
        if bool(options["create"]) != bool(options["file"]):
            raise CommandError("--create LANGUAGE and --file NAME go together")
        if options["create"]:
            self._create(paper_list, options["create"], options["file"])
        if options["in_step"]:
            self._bring_in_step(paper_list, options["in_step"])
        standings = languages.standings(paper_list)
        if options["json"]:
            told = [_as_json(standing) for standing in standings]
            self.stdout.write(json.dumps({"list": paper_list.slug, "languages": told}, ensure_ascii=False, indent=2))
        else:
            for standing in standings:
                self.stdout.write(_told(standing))
        behind = [standing.document.path for standing in standings if standing.to_do]
        if options["check"] and behind:
            raise CommandError(f"not in step: {', '.join(behind)}")

    def _create(self, paper_list: PaperList, language: str, path: str) -> None:
        try:
            document = newlanguage.create(paper_list, language, path, None)
        except newlanguage.CannotCreate as error:
            raise CommandError(str(error)) from error
        prose = newlanguage.untranslated_prose(document, paper_list.documents.get(is_primary=True))
        self.stderr.write(f"{document.path} ({language}): made; {len(prose)} lines of text to translate.")

    def _bring_in_step(self, paper_list: PaperList, language: str) -> None:
        document = paper_list.documents.filter(language=language).first()
        if document is None:
            known = ", ".join(paper_list.documents.values_list("language", flat=True)) or "none"
            raise CommandError(f"{paper_list.slug} has no README in “{language}”; its languages: {known}")
        done = instep.bring_in_step(document, None)
        self.stderr.write(
            f"{document.path} ({language}): {done.filled} rows filled in, {done.reordered} put in order, "
            f"{done.filled_in_primary} filled in the primary language."
        )


def _as_json(standing: Standing) -> dict[str, Any]:
    document = standing.document
    told = {"language": document.language, "path": document.path, "primary": document.is_primary}
    return told | standing.counts | {"in_step": standing.to_do == 0}


def _told(standing: Standing) -> str:
    document, counts = standing.document, standing.counts
    words = [f"{counts[name]} {word}" for name, word in _WORDS.items() if counts[name]]
    return f"{document.path} ({document.language}): {counts['rows']} rows, {', '.join(words) or 'in step'}."
