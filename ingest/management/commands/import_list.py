"""manage.py import_list: take a README, or its newer version, into a list, and the topics of its list.toml.

Lives here and not in `papers`, because topics are the work's.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ingest import evidence, topics
from ingest.classifier.labelled import LabelledFileError
from papers.models import PaperList
from papers.readme import listfile
from papers.readme.document import parse
from papers.readme.fieldwise import spoken
from papers.readme.importer import ImportRefused, ImportReport, import_readme
from papers.readme.items import is_about_the_list
from papers.readme.listfile import ListFile, ListFileError, is_language
from papers.readme.rules import SLUG

_DEFAULT_LANGUAGE = "en"


REFUSED = (ListFileError, ImportRefused, topics.CannotAsk, topics.TopicTaken, LabelledFileError)


class Command(BaseCommand):
    help = (
        "Take a README into a list: its sections become categories, its rows entries. A newer version is merged: "
        "what changed in the file arrives as decisions, what changed here stays, and what changed on both sides "
        "awaits a curator. A list.toml beside the file is read when its slug is the same, and the evidence.jsonl with "
        "it; its topics are pulled from then on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the README")
        parser.add_argument("--slug", required=True, type=_slug, help="the list; made when it does not exist")
        parser.add_argument(
            "--language",
            type=_language,
            help=f"language of the README; by default as list.toml says, else {_DEFAULT_LANGUAGE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        slug: str = options["slug"]
        try:
            source = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        try:
            settings = _settings_beside(path, slug)
            language = options["language"] or (settings and settings.language_of(path.name)) or _DEFAULT_LANGUAGE
            with transaction.atomic():  # a list whose README is refused is not made
                paper_list = _list(slug, source, settings)
                report = import_readme(paper_list, language, source, path.name, settings)
                declared = topics.declare(paper_list, settings.topics if settings else ())
                learned = evidence.take_in(paper_list, path.parent) if settings else 0
        except REFUSED as error:
            raise CommandError(str(error)) from error
        for line in _told(report, slug):
            self.stdout.write(line)
        if declared:
            names = ", ".join(topic.slug for topic in declared)
            self.stdout.write(f"{len(declared)} topics to pull: {names}.")
        if learned:
            self.stdout.write(f"{learned} papers of evidence to learn from.")


def _slug(text: str) -> str:
    try:
        PaperList._meta.get_field("slug").run_validators(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"“{text}” must be letters, digits and hyphens, at most 50") from error
    if text in SLUG.reserved:
        raise argparse.ArgumentTypeError(SLUG.reserved[text])
    return text


def _language(text: str) -> str:
    if not is_language(text):
        raise argparse.ArgumentTypeError(f"“{text}” must be a language code, as “en” or “zh”")
    return text


def _settings_beside(path: Path, slug: str) -> ListFile | None:
    beside = path.parent / listfile.NAME
    if not beside.is_file():
        return None
    settings = listfile.read_list_file(beside)
    return settings if settings.slug == slug else None


def _list(slug: str, source: bytes, settings: ListFile | None) -> PaperList:
    """The list; a new one is called as list.toml says, else by the README's title, else by its slug."""
    if settings is not None:
        about = {"name": settings.name, "homepage": settings.homepage}
    else:
        titles = (section.name for section in parse(source).sections if section.level == 1 and section.name)
        about = {"name": next((title for title in titles if not is_about_the_list(title)), slug)}
    return PaperList.objects.get_or_create(slug=slug, defaults=about)[0]


def _told(report: ImportReport, slug: str) -> list[str]:
    where = f"{report.path} ({report.language})"
    if report.unchanged and report.is_export:
        return [f"{where}: nothing to do, {slug} would export this very file."]
    if report.unchanged:
        return [f"{where}: nothing new in it; what was changed in {slug} stays."]
    counts = [
        f"{where}: {report.rows} rows in {report.categories} categories",
        f"{report.added} added",
        f"{report.removed} removed",
        *([f"{report.moved} moved"] if report.moved else []),
        f"{report.changed} changed",
        *([f"{report.read_anew} read better than before"] if report.read_anew else []),
        f"{report.new_papers} papers new to the catalogue",
    ]
    kept = [f"{report.path}:{kept.line}: kept as text, {kept.reason}: {kept.text}" for kept in report.kept_as_text]
    return [", ".join(counts) + ".", *kept, *_conflicts(report, slug)]


def _conflicts(report: ImportReport, slug: str) -> list[str]:
    """What was changed on both sides: where, and how to settle it."""
    told = [
        f"{report.path}{f':{each.line}' if each.line else ''}: conflict, {_named(each.field)} of “{each.title}” was "
        "changed here and there; ours is kept"
        for each in report.conflicts
    ]
    return [*told, f"Settle what is in conflict at /lists/{slug}/findings/."] if told else []


def _named(field: str) -> str:
    return f"the {spoken(field)}"
