"""Celery tasks: thin interfaces to the same functions that the commands call. State lives in the tables."""

from __future__ import annotations

import logging
from contextlib import suppress

from celery import shared_task

from ingest import learning, pipeline, runs
from ingest.models import Topic
from papers.models import PaperList

log = logging.getLogger(__name__)

BUSY_SECONDS = 20  # until a training that met another one is tried again


@shared_task
def pull_due() -> None:
    """Send every topic whose schedule says so to a worker."""
    for topic in pipeline.due():
        pull.apply_async((topic.pk,), expires=3600)


@shared_task
def look_up_listed() -> None:
    """Ask arXiv for what the lists' own papers are about, where only their README rows are known."""
    for paper_list in pipeline.lists_to_look_up():
        with suppress(runs.AlreadyRunning):
            pipeline.look_up_listed(paper_list)


@shared_task
def pull(topic_id: int) -> None:
    """Pull one topic, then embed and classify what came."""
    topic = Topic.objects.filter(pk=topic_id, enabled=True).first()
    if topic is None or not pipeline.is_due(topic):  # sent more than once while the workers were busy
        return
    try:
        pipeline.pull(topic)
    except runs.AlreadyRunning as busy:
        log.info("%s", busy)
    embed.delay()


@shared_task
def catch_up() -> None:
    """Do what is missing, for whatever reason it is missing; without anything missing there is no run."""
    for paper_list in PaperList.objects.all():
        if learning.has_news(paper_list):
            train.delay(paper_list.slug)
    if learning.is_behind():
        embed.delay()


@shared_task
def embed() -> None:
    """Embed the papers that lack a vector, then classify for every list."""
    try:
        learning.embed()
    except runs.AlreadyRunning as busy:
        log.info("%s", busy)
        return
    for slug in PaperList.objects.values_list("slug", flat=True):
        classify.delay(slug)


@shared_task
def train(slug: str) -> None:
    """Train the list's head from what it holds and what was decided, then classify with it."""
    paper_list = PaperList.objects.filter(slug=slug).first()
    if paper_list is None or not learning.has_news(paper_list):
        return
    try:
        learning.train(paper_list)
    except runs.AlreadyRunning as busy:
        # What was decided after that training began is still to be learned.
        log.info("%s", busy)
        train.apply_async((slug,), countdown=BUSY_SECONDS)
        return
    if paper_list.heads.exists():  # a list without categories has none, and asking again would never end
        classify.delay(slug)


@shared_task
def classify(slug: str) -> None:
    """Classify what the list's current head has not spoken on yet."""
    paper_list = PaperList.objects.filter(slug=slug).first()
    if paper_list is None:
        return
    try:
        learning.classify(paper_list)
    except learning.NoHead:
        train.delay(slug)
    except runs.AlreadyRunning as busy:
        log.info("%s", busy)
