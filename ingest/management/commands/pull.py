"""manage.py pull: bring new papers from the sources."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ingest import console, pipeline, runs
from ingest.models import Run, Topic


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day; write it as 2026-01-31") from None


class Command(BaseCommand):
    help = "Pull new papers for every enabled topic and look up the lists' own papers, or pull one topic."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topic", metavar="SLUG", help="only this topic, even if it is disabled")
        parser.add_argument("--since", type=_day, metavar="DATE", help="first day, as 2026-01-31")
        parser.add_argument("--until", type=_day, metavar="DATE", help="last day; today by default")

    def handle(self, *args: Any, **options: Any) -> None:
        topics = self._topics(options["topic"])
        work = [(topic.slug, partial(pipeline.pull, topic, options["since"], options["until"])) for topic in topics]
        if options["topic"] is None:
            work += [(each.slug, partial(pipeline.look_up_listed, each)) for each in pipeline.lists_to_look_up()]
        finished = [self._do(label, step) for label, step in work]
        late = sum(not done for done in finished)
        if late:
            raise CommandError(
                f"{late} of {len(work)} pulls could not be finished; run it again, or wait for the schedule."
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

    def _do(self, label: str, step: Callable[..., Run]) -> bool:
        """Do one pull and say how it went; return whether it is complete."""
        try:
            with console.progress(label) as progress:
                run = step(progress=progress)
        except ValueError as error:
            raise CommandError(str(error)) from error
        except runs.AlreadyRunning as busy:
            self.stderr.write(f"{label}: {busy}")
            return False
        self.stdout.write(console.summary(run))
        for record, reason in run.rejections:
            self.stderr.write(f"{label}: rejected {record}: {reason}")
        return run.state == Run.State.DONE
