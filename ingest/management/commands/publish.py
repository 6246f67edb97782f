"""manage.py publish: write a list's READMEs into a git checkout as one commit, a patch, or a pull request."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ingest.publishing.checkout import Checkout, Refused
from ingest.publishing.publish import Access, Published, file_changes, publish
from papers.export.files import write_whole
from papers.models import PaperList
from papers.publication.draft import draft
from papers.publication.patch import mail


class Command(BaseCommand):
    help = (
        "Write the READMEs of a list, in all its languages, into a git checkout, run the list's own checks, and commit "
        "with a message made from what was decided since the last time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the list")
        parser.add_argument("--repo", type=Path, metavar="PATH", help="a checkout of the list's repository")
        parser.add_argument("--branch", default="", metavar="B", help="the branch to commit on, made if there is none")
        parser.add_argument("--message", default="", metavar="M", help="the first line of the commit's message")
        parser.add_argument(
            "--patch",
            nargs="?",
            const="-",
            metavar="FILE",
            help="write a patch that `git am` takes instead of a commit, to standard output or a file; needs no --repo",
        )
        parser.add_argument(
            "--pr", action="store_true", help="push the branch and open a pull request; needs GITHUB_TOKEN"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        paper_list = PaperList.objects.filter(slug=options["slug"]).first()
        if paper_list is None:
            raise CommandError(f"{options['slug']}: there is no such list")
        repo = Path(options["repo"]) if options["repo"] is not None else None
        if repo is None and options["patch"] is None:
            raise CommandError("--repo: name the checkout to write into, or ask for a --patch")
        for name in ("pr", "branch"):
            if options["patch"] is not None and options[name]:
                raise CommandError(f"--patch and --{name}: choose one, a patch is on no branch")
        try:
            if options["patch"] is not None:
                self._patch(paper_list, repo, options["message"], options["patch"])
            elif repo is not None:
                access = Access(settings.GITHUB_API_URL, settings.GITHUB_TOKEN) if options["pr"] else None
                self._tell(publish(paper_list, repo, options["branch"], options["message"], access))
        except Refused as error:
            raise CommandError(str(error)) from error

    def _patch(self, paper_list: PaperList, repo: Path | None, subject: str, target: str) -> None:
        written = draft(paper_list, subject)
        changes = file_changes(Checkout.at(repo), written) if repo is not None else written.changes
        patch = mail(written.message, changes, timezone.now())
        if not patch:
            self.stderr.write(f"{paper_list.slug}: nothing to publish, no README would change.")
            return
        if b"\r\n" in patch:
            self.stderr.write("Lines end in CRLF, which `git am` takes with --keep-cr only.")
        if target == "-":
            sys.stdout.flush()
            sys.stdout.buffer.write(patch)
            sys.stdout.buffer.flush()
            return
        try:
            write_whole(Path(target), patch)
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}") from error
        self.stderr.write(f"{target}: {len(patch)} bytes written.")

    def _tell(self, done: Published) -> None:
        for note in done.notes:
            self.stderr.write(note)
        if done.commit:
            self.stdout.write(f"{done.commit[:10]} on {done.branch}: {done.message.subject}")
        else:
            self.stdout.write("Nothing to commit: the checkout has the READMEs as they are now.")
        if done.request:
            self.stdout.write(f"Pull request: {done.request}")
