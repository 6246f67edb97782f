"""manage.py new_list: make a list, its folder and its first READMEs from a short TOML.

Lives here and not in `papers`, because topics are the work's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ingest import topics
from papers.newlist import ListExists, NewList, create, files, read_new_list
from papers.readme.importer import ImportRefused
from papers.readme.listfile import ListFileError


class Command(BaseCommand):
    help = "Make a list from a short TOML: its name, languages and categories. Writes list.toml and first READMEs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="slug, name, [languages.en] and [[categories]]")
        parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to make; default: lists/<slug>")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = read_new_list(Path(options["file"]))
            folder = Path(options["output"] or Path("lists") / new.slug)
            with transaction.atomic():
                paper_list = create(new)
                topics.declare(paper_list, new.topics)
                _write(folder, new)
        except (ListFileError, ListExists, ImportRefused, topics.CannotAsk, topics.TopicTaken) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}") from error
        for name in files(new):
            self.stdout.write(str(folder / name))
        self.stdout.write(f"{new.name}: {len(new.categories)} categories, at /lists/{new.slug}/.")


def _write(folder: Path, new: NewList) -> None:
    """Make the folder with all files, or nothing of it."""
    if folder.exists():
        raise CommandError(f"{folder}: is there already; name another folder with --output")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        draft = Path(name) / "draft"
        draft.mkdir()
        for file, text in files(new).items():
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            (draft / file).write_bytes(text.encode())
        draft.rename(folder)
