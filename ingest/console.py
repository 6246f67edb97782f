"""Progress for people: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management import CommandError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ingest import runs
from ingest.models import Run

PLAIN_LINE_SECONDS = 5.0


@contextmanager
def progress(label: str) -> Iterator[Callable[[Run], None]]:
    """Yield a function that saves a run's counts and shows them under the label."""
    if sys.stderr.isatty():
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)

            def show(run: Run) -> None:
                runs.progress(run)
                bar.update(task, total=run.total, completed=run.fetched)

            yield show
    else:
        last = time.monotonic()

        def tell(run: Run) -> None:
            nonlocal last
            runs.progress(run)
            if time.monotonic() - last >= PLAIN_LINE_SECONDS:
                last = time.monotonic()
                print(f"{label}: {run.fetched} of {run.total or '?'}", file=sys.stderr, flush=True)

        yield tell


def expect_done(run: Run) -> None:
    """Raise CommandError unless the run did all that it promised: a person may have stopped it."""
    if run.state != Run.State.DONE:
        raise CommandError(f"{run.kind} {run.subject}: {run.state}. {run.error or run.note}")


def summary(run: Run) -> str:
    """Return one line that says what a run did."""
    counts = f"{run.fetched} fetched, {run.new} new, {run.changed} changed, {run.same} same, {run.rejected} rejected"
    return f"{run.subject}: {run.state}: {counts}" + (f". {run.error or run.note}" if run.error or run.note else "")
