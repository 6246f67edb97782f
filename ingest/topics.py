"""Topics of a list, as its list.toml declares them."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.models import Topic
from ingest.sources import SOURCES
from papers.models import PaperList
from papers.readme.listfile import TopicSpec


class UnknownSource(ValueError):
    """A topic names a source that does not exist."""


def declare(paper_list: PaperList, specs: Iterable[TopicSpec]) -> list[Topic]:
    """Create the topics that do not exist yet and return them; those that exist keep what people changed."""
    made = []
    for spec in specs:
        if spec.source not in SOURCES:
            raise UnknownSource(f"topic {spec.slug}: no source “{spec.source}”; there are {', '.join(SOURCES)}")
        topic, created = Topic.objects.get_or_create(
            slug=spec.slug,
            defaults={
                "list": paper_list,
                "source": spec.source,
                "query": spec.query,
                "schedule": spec.schedule,
            },
        )
        if created:
            made.append(topic)
    return made
