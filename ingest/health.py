"""How the work is: each topic with its pulls and when the next is due, each source, each other work; and what fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from ingest import learner
from ingest.models import Claim, Run, Topic
from ingest.pipeline import PERIOD
from ingest.sources import SOURCES, source

MISSED_PERIODS = 2  # so many periods without a pull are silence, and silence is a defect

# What a run came to. One that was stopped or whose process died says nothing of its source, and is made up for.
_VERDICTS = (Run.State.DONE, Run.State.LATE, Run.State.FAILED, Run.State.PARKED)

# Work without a topic: by the newest runs of the ledger, so that looking costs the same however long it is.
_OTHER_KINDS = (Run.Kind.PULL, Run.Kind.EMBED, Run.Kind.CLASSIFY, Run.Kind.TRAIN, Run.Kind.ENRICH, Run.Kind.PLACE)
_LOOKED_AT = 500
_FORGOTTEN_AFTER = timedelta(days=14)  # such as what was done for a list that is no longer here


@dataclass(frozen=True, slots=True)
class TopicHealth:
    """A topic with its newest pull, the newest that came to a verdict, and the end of the newest that succeeded.

    `next_at` is when it is due; None while it is switched off, being pulled, parked, or never was.
    """

    topic: Topic
    last: Run | None
    verdict: Run | None
    succeeded_at: datetime | None
    next_at: datetime | None

    @property
    def state(self) -> str:
        """In a word: off, never, or the state of the last pull."""
        if not self.topic.enabled:
            return "off"
        return self.last.state if self.last else "never"

    @property
    def trouble(self) -> Run | None:
        """The pull that went wrong, while none after it succeeded."""
        went_wrong = self.verdict is not None and self.verdict.state != Run.State.DONE
        return self.verdict if self.topic.enabled and went_wrong else None

    @property
    def is_overdue(self) -> bool:
        """Whether its schedule was missed: nothing has been pulled for two periods."""
        if not self.topic.enabled or self.last is None:
            return False
        return timezone.now() - self.last.started_at > MISSED_PERIODS * PERIOD[self.topic.schedule]

    @property
    def is_failing(self) -> bool:
        """Whether somebody should look."""
        return self.trouble is not None or self.is_overdue


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source with the topics that ask it."""

    name: str
    topics: tuple[TopicHealth, ...]

    @property
    def label(self) -> str:
        """Its name for people."""
        return label(self.name)

    @property
    def succeeded_at(self) -> datetime | None:
        """When a pull from it last succeeded."""
        return max((each.succeeded_at for each in self.topics if each.succeeded_at), default=None)

    @property
    def enabled(self) -> tuple[TopicHealth, ...]:
        """The topics that are pulled on schedule."""
        return tuple(each for each in self.topics if each.topic.enabled)

    @property
    def failing(self) -> tuple[TopicHealth, ...]:
        """The topics that somebody should look at."""
        return tuple(each for each in self.topics if each.is_failing)

    @property
    def trouble(self) -> Run | None:
        """The newest pull from it that went wrong and was not made good."""
        runs = [each.trouble for each in self.topics if each.trouble]
        return max(runs, key=lambda run: run.pk, default=None)

    @property
    def state(self) -> str:
        """In a word: failing, off, never, or ok."""
        if self.failing:
            return "failing"
        if not self.enabled:
            return "off"
        return "ok" if self.succeeded_at else "never"


@dataclass(frozen=True, slots=True)
class WorkHealth:
    """Work that no topic asks for: its newest run that came to a verdict, and the end of the newest that succeeded."""

    verdict: Run
    succeeded_at: datetime | None

    @property
    def trouble(self) -> Run | None:
        """The run that went wrong, while none after it succeeded."""
        return None if self.verdict.state == Run.State.DONE else self.verdict

    @property
    def state(self) -> str:
        """In a word: failing or ok."""
        return "failing" if self.trouble else "ok"

    @property
    def is_source(self) -> bool:
        """Whether it asks a source, about papers that are here."""
        return self.verdict.kind == Run.Kind.ENRICH


def label(name: str) -> str:
    """Return a source's name for people; of one that is no longer here, the name that its topics keep."""
    return str(source(name).LABEL) if name in SOURCES else name


def topics() -> list[TopicHealth]:
    """Return every topic with its pulls, by list and name, in two queries."""
    pulls = Run.objects.filter(topic=OuterRef("pk"), kind=Run.Kind.PULL).order_by("-pk")
    found = list(
        Topic.objects.select_related("list")
        .annotate(
            last=_newest(pulls, "pk"),
            verdict=_newest(pulls.filter(state__in=_VERDICTS), "pk"),
            succeeded_at=_newest(pulls.filter(state=Run.State.DONE), "finished_at"),
        )
        .order_by("list__name", "slug")
    )
    wanted = {pk for topic in found for pk in (topic.last, topic.verdict) if pk}
    runs = Run.objects.defer("rejections", "details").in_bulk(wanted)
    return [
        TopicHealth(topic, last, runs.get(topic.verdict), topic.succeeded_at, _next(topic, last))
        for topic in found
        for last in [runs.get(topic.last)]
    ]


def sources(found: Iterable[TopicHealth] | None = None) -> list[SourceHealth]:
    """Return the sources that topics ask, by name; of these topics if they are known already."""
    by_source = sorted(topics() if found is None else found, key=lambda each: each.topic.source)
    return [SourceHealth(name, tuple(group)) for name, group in groupby(by_source, lambda each: each.topic.source)]


def other_work() -> list[WorkHealth]:
    """Return the work that no topic asks for, as far as the newest runs tell of it, by kind and subject; one query."""
    newest = Run.objects.order_by("-pk").values("pk")[:_LOOKED_AT]
    runs = Run.objects.filter(
        pk__in=newest,
        topic=None,
        kind__in=_OTHER_KINDS,
        state__in=_VERDICTS,
        started_at__gte=timezone.now() - _FORGOTTEN_AFTER,
    )
    verdicts: dict[tuple[str, str], Run] = {}
    successes: dict[tuple[str, str], datetime | None] = {}
    for run in runs.defer("rejections", "details").order_by("kind", "subject", "-pk"):
        verdicts.setdefault((run.kind, run.subject), run)
        if run.state == Run.State.DONE:
            successes.setdefault((run.kind, run.subject), run.finished_at)
    return [WorkHealth(run, successes.get(name)) for name, run in verdicts.items()]


def parked() -> int:
    """Return how many papers are left out because work on them went wrong again and again."""
    return Claim.objects.filter(parked=True).count()


def learns_at_once() -> bool:
    """Return whether a learner lives. Without one a worker trains after decisions: slower, and nothing that fails."""
    return learner.lives()


def _newest(pulls: QuerySet[Run], field: str) -> Subquery:
    return Subquery(pulls.values(field)[:1])


def _next(topic: Topic, last: Run | None) -> datetime | None:
    if last is None or not topic.enabled or last.state == Run.State.RUNNING:
        return None
    if last.state == Run.State.PARKED:
        return last.next_try
    return last.next_try or last.started_at + PERIOD[topic.schedule]
