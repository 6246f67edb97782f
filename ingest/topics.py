"""Topics of a list, as its list.toml declares them."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.models import Topic
from ingest.sources import SOURCES
from papers.models import PaperList
from papers.readme.listfile import TopicSetting


class UnknownSource(ValueError):
    """A topic names a source that does not exist."""


def declare(paper_list: PaperList, settings: Iterable[TopicSetting]) -> list[Topic]:
    """Create the topics that do not exist yet and return them; those that exist keep what people changed."""
    made = []
    for setting in settings:
        if setting.source not in SOURCES:
            raise UnknownSource(f"topic {setting.slug}: no source “{setting.source}”; there are {', '.join(SOURCES)}")
        topic, created = Topic.objects.get_or_create(
            slug=setting.slug,
            defaults={
                "list": paper_list,
                "source": setting.source,
                "query": setting.query,
                "schedule": setting.schedule,
            },
        )
        if created:
            made.append(topic)
    return made
