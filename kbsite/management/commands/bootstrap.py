"""manage.py bootstrap: what a newcomer finds on the first visit; safe to repeat after any interruption."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from kbsite import firstrun


class Command(BaseCommand):
    help = "First run: a curator's login, the bundled list, its sample papers, and a trained classifier."

    def handle(self, *args: Any, **options: Any) -> None:
        if not firstrun.is_due():
            self.stdout.write("There is a list already: nothing to do.")
            return
        try:
            self._bring_in()
        except KeyboardInterrupt:
            self.stderr.write("Interrupted; it goes on where it stopped when you start again.")
            sys.exit(130)

    def _bring_in(self) -> None:
        slug, readmes = firstrun.read_bundled_list()
        self.stdout.write("First run: bringing in the bundled list. This takes about half a minute, once.")
        firstrun.mark_begun()
        self._step("curator's login", self._curator)
        for language, readme in readmes.items():
            self._command(f"list ({language})", "import_list", str(readme), slug=slug, language=language)
        self._command("sample papers", "ingest_file", str(firstrun.BUNDLED_LIST / "sample-papers.jsonl"))
        self._command("vectors", "embed")
        self._command("training", "train", list=slug)
        self._command("suggestions", "classify", list=slug)
        firstrun.mark_done()
        self._step("sources", _reach)

    def _command(self, name: str, command: str, *arguments: str, **options: Any) -> None:
        """Run another management command; the first line it prints says what was done."""

        def run() -> str:
            output = io.StringIO()
            call_command(command, *arguments, stdout=output, **options)
            return output.getvalue().strip() or "done"

        self._step(name, run)

    def _step(self, name: str, run: Callable[[], str]) -> None:
        began = time.monotonic()
        did, *more = run().splitlines()
        self.stdout.write(f"  {name + ':':<16} {did} ({time.monotonic() - began:.1f} s)")
        for line in more:
            self.stdout.write(f"  {'':<16} {line}")
        self.stdout.flush()

    def _curator(self) -> str:
        path = settings.DATA_DIR / firstrun.LOGIN_FILE
        password = firstrun.make_curator()
        if password is None:
            return f"there already; its password was written to {path}"
        return f"name {firstrun.LOGIN_NAME}, password {password}; also in {path}"


def _reach() -> str:
    missing = firstrun.unreachable_sources()
    if not missing:
        return "arXiv and Hugging Face can be reached"
    return (
        f"{' and '.join(missing)} could not be reached: no internet? "
        "Listkeeper goes on with what it has and tries again on schedule"
    )
