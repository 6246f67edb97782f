"""Celery tasks: thin interfaces to the same functions that the commands call. State lives in the tables.

A message may come twice or never: each task asks the tables what there is to do, and what no message tells of is
found by `pull_due` and `catch_up` within a minute or so. Limits are in seconds: at the first one the run is closed
and the next one goes on, at the second the process is killed.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import date

from celery import shared_task
from django.conf import settings

from ingest import embedding, learner, learning, pipeline, placing, runs
from ingest import enrich as enriching
from ingest.models import Run, Topic
from papers import facetindex, proposals
from papers.models import PaperList
from papers.search import spelling

STALE = 300  # a message that waited so long has had successors
TITLES = 20_000  # whose words are taken in within a minute, some seconds of work
SHORT = 120  # for tasks that only look and send; those that work have the limits of the settings


@shared_task(soft_time_limit=SHORT, time_limit=SHORT + 10)
def pull_due() -> None:
    """Send every topic that is due to a worker."""
    for topic in pipeline.due():
        pull.apply_async((topic.pk,), expires=STALE)


@shared_task
def look_up_listed() -> None:
    """Ask arXiv for what the lists' own papers are about, where only their README rows are known."""
    for paper_list in pipeline.lists_to_look_up():
        if pipeline.is_look_up_due(paper_list):
            with suppress(runs.AlreadyRunning):
                pipeline.look_up_listed(paper_list)


@shared_task
def take_in(slug: str) -> None:
    """Find out what the papers are that were just put before a list's curators, then embed and classify them."""
    paper_list = PaperList.objects.filter(slug=slug).first()
    if paper_list is None:
        return
    if proposals.untold(paper_list).exists() and pipeline.is_look_up_due(paper_list):
        with suppress(runs.AlreadyRunning):  # then `look_up_listed` finds them in its next round
            pipeline.look_up_listed(paper_list)
    with suppress(runs.AlreadyRunning):
        enriching.enrich_proposed()
    embed.apply_async(expires=STALE)


@shared_task(soft_time_limit=SHORT, time_limit=SHORT + 10)
def purge_proposals() -> None:
    """Forget proposals that nobody confirmed, and the addresses of those that have been answered."""
    proposals.purge()


@shared_task(soft_time_limit=SHORT, time_limit=SHORT + 10)
def forget_touches() -> None:
    """Forget which papers were touched long ago: every process that shows papers has read it since."""
    facetindex.prune()


@shared_task
def pull(topic_id: int) -> None:
    """Pull one topic if it is due, then embed and classify what came."""
    topic = Topic.objects.filter(pk=topic_id, enabled=True).first()
    if topic is None or not pipeline.is_due(topic):  # sent more than once while the workers were busy
        return
    with suppress(runs.AlreadyRunning):
        pipeline.pull(topic)
    embed.apply_async(expires=STALE)


@shared_task
def pull_now(topic_id: int, since: str | None = None, until: str | None = None) -> None:
    """Pull one topic because a person said so, whatever its schedule says; of two days, as 2026-01-31, if given."""
    topic = Topic.objects.filter(pk=topic_id).first()
    if topic is None or runs.is_parked(Run.Kind.PULL, topic.slug):
        return
    with suppress(runs.AlreadyRunning):
        pipeline.pull(topic, _day(since), _day(until))
    embed.apply_async(expires=STALE)


@shared_task(soft_time_limit=570, time_limit=600)
def try_topic(topic_id: int) -> None:
    """See what a topic would bring; its run tells."""
    topic = Topic.objects.filter(pk=topic_id).first()
    if topic is not None and not runs.is_parked(Run.Kind.TRY, topic.slug):
        with suppress(runs.AlreadyRunning):
            pipeline.dry_run(topic)


@shared_task(soft_time_limit=SHORT, time_limit=SHORT + 10)
def catch_up() -> None:
    """Do what is missing, for whatever reason it is missing; without anything missing there is no run."""
    for paper_list in PaperList.objects.all():
        if learning.is_training_due(paper_list):
            train.apply_async((paper_list.slug,), expires=STALE)
        elif learning.is_classifying_due(paper_list) and not learner.is_writing(paper_list):
            classify.apply_async((paper_list.slug,), expires=STALE)
    if embedding.is_due():
        embed.apply_async(expires=STALE)
    if placing.is_due():
        place.apply_async(expires=STALE)
    spelling.learn(TITLES)


@shared_task
def embed() -> None:
    """Embed the papers that lack a vector, then classify for every list; a device has no room for two."""
    device = f"encoding on {settings.ENCODER_DEVICE} of {socket.gethostname()}"
    if embedding.is_due():
        with suppress(runs.AlreadyRunning), runs.alone(device):
            embedding.embed()
    for slug in PaperList.objects.values_list("slug", flat=True):
        classify.apply_async((slug,), expires=STALE)
    place.apply_async(expires=STALE)


@shared_task
def place() -> None:
    """Give the papers that lack one their place on the map of the field."""
    if placing.is_due():
        with suppress(runs.AlreadyRunning):
            placing.place()


@shared_task
def enrich() -> None:
    """Ask Semantic Scholar about papers, once a day and with a key; without one there is no run."""
    if enriching.is_due():
        with suppress(runs.AlreadyRunning):
            enriching.enrich(enriching.MOST_A_DAY)


@shared_task
def train(slug: str) -> None:
    """Train the list's head from what it holds and what was decided, then classify with it."""
    paper_list = PaperList.objects.filter(slug=slug).first()
    if paper_list is None or not learning.is_training_due(paper_list):
        return
    with suppress(runs.AlreadyRunning):  # what is decided after a training began, `catch_up` has learned
        learning.train(paper_list)
    classify.apply_async((slug,), expires=STALE)


@shared_task
def classify(slug: str) -> None:
    """Classify what the list's current head has not spoken on yet."""
    paper_list = PaperList.objects.filter(slug=slug).first()
    if paper_list is not None and learning.is_classifying_due(paper_list):
        with suppress(runs.AlreadyRunning):
            learning.classify(paper_list)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
