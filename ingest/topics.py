"""Topics of a list, as its list.toml declares them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from ingest.models import Topic
from ingest.sources import SOURCES
from papers.models import PaperList
from papers.readme.listfile import TopicSetting


class UnknownSource(ValueError):
    """A topic names a source that does not exist."""


class TopicTaken(ValueError):
    """A topic is called as one of another list."""


@transaction.atomic
def declare(paper_list: PaperList, settings: Iterable[TopicSetting]) -> list[Topic]:
    """Create the topics that do not exist yet and return them; those that exist keep what people changed.

    Raise UnknownSource or TopicTaken, which name the topic, when one of them cannot be; then none is made.
    """
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
        if topic.list is not None and topic.list != paper_list:
            raise TopicTaken(
                f"topic {setting.slug}: the list “{topic.list.slug}” has one of this name already; choose another slug"
            )
        if created:
            made.append(topic)
    return made


def declared(paper_list: PaperList) -> tuple[TopicSetting, ...]:
    """Return the topics of a list as its list.toml would declare them."""
    topics = Topic.objects.filter(list=paper_list)
    return tuple(TopicSetting(topic.slug, topic.source, topic.query, topic.schedule) for topic in topics)
