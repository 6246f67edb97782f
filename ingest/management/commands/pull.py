"""manage.py pull: bring new papers from the sources."""

from __future__ import annotations

import logging
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import console, pipeline, runs
from ingest.models import Run, Topic
from ingest.sources import BadQuery

log = logging.getLogger(__name__)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day; write it as 2026-01-31") from None


class Command(BaseCommand):
    help = "Pull new papers for every enabled topic and look up the lists' own papers, or pull one topic."
    # Each fails alone; the exit code is 0 only when every one of them is complete.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topic", metavar="SLUG", help="only this topic, even if it is disabled")
        parser.add_argument("--since", type=_day, metavar="DATE", help="first day, as 2026-01-31")
        parser.add_argument("--until", type=_day, metavar="DATE", help="last day; today by default")
        parser.add_argument("--dry-run", action="store_true", help="count what would come, show titles, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        topics = self._topics(options["topic"])
        days = options["since"], options["until"]
        self._check(topics, *days)
        pull = pipeline.dry_run if options["dry_run"] else pipeline.pull
        work = [(topic.slug, partial(pull, topic, *days)) for topic in topics]
        if options["topic"] is None and not options["dry_run"]:
            work += [(each.slug, partial(pipeline.look_up_listed, each)) for each in pipeline.lists_to_look_up()]
        finished = [self._do(label, step) for label, step in work]
        unfinished = sum(not done for done in finished)
        if unfinished:
            raise CommandError(
                f"{unfinished} of {len(work)} pulls could not be finished; run it again, or wait for the schedule."
            )

    def _topics(self, slug: str | None) -> list[Topic]:
        if slug is None:
            topics = list(Topic.objects.filter(enabled=True))
            if not topics:
                raise CommandError("There is no enabled topic: nothing to pull. A list.toml declares topics.")
            return topics
        topic = Topic.objects.filter(slug=slug).first()
        if topic is None:
            known = ", ".join(Topic.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no topic “{slug}”. Topics: {known}.")
        return [topic]

    def _check(self, topics: list[Topic], since: date | None, until: date | None) -> None:
        """Raise CommandError for days that are no window, before anything is asked."""
        try:
            for topic in topics:
                pipeline.window(topic, since, until)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _do(self, label: str, step: Callable[..., Run]) -> bool:
        """Do one pull and say how it went; return whether it is complete."""
        try:
            with console.progress(label) as progress:
                run = step(progress=progress)
        except (runs.AlreadyRunning, BadQuery) as problem:
            self.stderr.write(f"{label}: {problem}")
            return False
        except Exception as error:  # the others are pulled all the same
            log.exception("%s could not be pulled", label)
            self.stderr.write(f"{label}: failed: {type(error).__name__}: {error}")
            return False
        self.stdout.write(console.summary(run))
        for title in run.details.get("sample", []):
            self.stdout.write(f"  {title}")
        for record, reason in run.rejections:
            self.stderr.write(f"{label}: rejected {record}: {reason}")
        return run.state == Run.State.DONE
