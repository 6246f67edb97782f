"""How the sources are: for each topic its last pull, and when the next one is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from ingest.models import Run, Topic
from ingest.pipeline import PERIOD


@dataclass(frozen=True, slots=True)
class TopicHealth:
    """A topic, its last pull, and when the next one is due (None while it is switched off or never ran)."""

    topic: Topic
    last: Run | None
    next_at: datetime | None

    @property
    def state(self) -> str:
        """In a word: off, never, or the state of the last pull."""
        if not self.topic.enabled:
            return "off"
        return self.last.state if self.last else "never"


def topics() -> list[TopicHealth]:
    """Return every topic with its last pull, in two queries."""
    last = Run.objects.filter(topic=OuterRef("pk"), kind=Run.Kind.PULL).order_by("-pk").values("pk")[:1]
    found = list(Topic.objects.select_related("list").annotate(last=Subquery(last)).order_by("list__name", "slug"))
    runs = Run.objects.in_bulk([topic.last for topic in found if topic.last])
    return [_health(topic, runs.get(topic.last)) for topic in found]


def _health(topic: Topic, last: Run | None) -> TopicHealth:
    is_due = last is not None and topic.enabled and last.state != Run.State.RUNNING
    return TopicHealth(topic, last, last.started_at + PERIOD[topic.schedule] if last and is_due else None)
