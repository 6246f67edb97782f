"""What `evaluate` and `rank` share: their arguments, their labelled file, and how they show what takes time."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ingest.assessment import NothingToLearn
from ingest.classifier.encoder import EncoderError
from ingest.classifier.heads import HeadError
from ingest.classifier.labelled import LabelledFileError
from ingest.console import PLAIN_LINE_SECONDS
from ingest.learning import NoHead, Steps, UnknownList
from ingest.runs import AlreadyRunning

NARROWEST = 120

# What a person can do something about: said in one line, without a traceback.
EXPECTED = (EncoderError, HeadError, LabelledFileError, NoHead, NothingToLearn, UnknownList, AlreadyRunning)


def arguments(parser: CommandParser) -> None:
    """Declare the list, the file, and whether the answer is for a program."""
    parser.add_argument("file", type=Path, metavar="FILE", help="labelled papers: .jsonl or .jsonl.gz")
    parser.add_argument("--list", required=True, metavar="SLUG", help="the list whose classifier is asked")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn the errors that people can mend into a command's one-line error."""
    try:
        yield
    except EXPECTED as error:
        raise CommandError(str(error)) from error


@contextmanager
def steps(label: str) -> Iterator[Steps]:
    """Yield a function that shows (done, total) on standard error: a bar on a terminal, plain lines otherwise."""
    if sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        last = time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= PLAIN_LINE_SECONDS:
                last = time.monotonic()
                print(f"{label}: {done} of {total}", file=sys.stderr, flush=True)

        yield tell


def show(out: OutputWrapper, *parts: str | Table) -> None:
    """Write lines and tables to a command's output, at least wide enough to be read where it is no terminal."""
    with io.StringIO() as page:
        console = Console(file=page, width=max(Console().width, NARROWEST))
        for part in parts:
            console.print(part, markup=False, highlight=False, soft_wrap=isinstance(part, str))
        out.write(page.getvalue(), ending="")
