"""Topics: as a list.toml declares them, and as people change them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from celery import signature
from celery.canvas import Signature
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from ingest import runs
from ingest.models import Run, Topic
from ingest.sources import SOURCES, BadQuery, source
from papers.models import PaperList
from papers.readme.listfile import TopicSetting

_LONG = 40  # characters of a proposed slug


class CannotAsk(ValueError):
    """A topic names a source that does not exist, or asks it something that it does not understand."""


class TopicTaken(ValueError):
    """A topic is called as one of another list."""


class BeingPulled(Exception):
    """The topic is being pulled or tried right now."""


@transaction.atomic
def save(topic: Topic) -> Topic:
    """Save a topic. One that asks something else than before begins anew: its watermark was of the old question."""
    before = Topic.objects.select_for_update().filter(pk=topic.pk).first()
    if before:
        is_same = (before.source, before.query) == (topic.source, topic.query)
        topic.watermark, topic.validator = (before.watermark, before.validator) if is_same else (None, "")
    topic.save()
    return topic


@transaction.atomic
def remove(topic: Topic) -> None:
    """Delete a topic; its papers and runs stay. Raise BeingPulled while a run of it goes on."""
    Topic.objects.select_for_update().filter(pk=topic.pk).first()  # no run of a locked topic begins
    if topic.runs.filter(state=Run.State.RUNNING).exists():
        raise BeingPulled(
            _("%(slug)s is being pulled; cancel the run first, or wait for its end") % {"slug": topic.slug}
        )
    topic.delete()


def asked(topic: Topic, kind: str) -> Signature[Any]:
    """Note that a person wants a pull or a dry run now, also where it was parked; return the task to send for it."""
    runs.wanted_now(kind, topic.slug)
    return signature("ingest.tasks.try_topic" if kind == Run.Kind.TRY else "ingest.tasks.pull_now", (topic.pk,))


def propose_slug(source: str, query: str) -> str:
    """Return a slug that no topic has, from the phrases of a query, else from its words, else from the source."""
    plain = re.sub(r"\b(?:AND|OR|ANDNOT)\b|\b[a-z]+:(?:[\w-]+\.[\w.-]+)?", " ", query)
    telling = " ".join(re.findall(r'"([^"]*)"', plain)) or plain
    words = slugify(re.sub(r"[^\w\s-]|_", " ", telling)) or slugify(source.replace("_", "-")) or "topic"
    stem = words if len(words) <= _LONG else words[: _LONG + 1].rpartition("-")[0] or words[:_LONG]
    taken = set(Topic.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbered) if slug not in taken)


@transaction.atomic
def declare(paper_list: PaperList, settings: Iterable[TopicSetting]) -> list[Topic]:
    """Create the topics that do not exist yet and return them; those that exist keep what people changed.

    Raise CannotAsk or TopicTaken, which name the topic, when one of them cannot be; then none is made.
    """
    made = []
    for setting in settings:
        if setting.source not in SOURCES:
            raise CannotAsk(f"topic {setting.slug}: no source “{setting.source}”; there are {', '.join(SOURCES)}")
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
            _check(setting)
            made.append(topic)
    return made


def _check(setting: TopicSetting) -> None:
    try:
        source(setting.source).check(setting.query)
    except BadQuery as problem:
        raise CannotAsk(f"topic {setting.slug}: {problem}") from problem


def declared(paper_list: PaperList) -> tuple[TopicSetting, ...]:
    """Return the topics of a list as its list.toml would declare them."""
    topics = Topic.objects.filter(list=paper_list)
    return tuple(TopicSetting(topic.slug, topic.source, topic.query, topic.schedule) for topic in topics)
