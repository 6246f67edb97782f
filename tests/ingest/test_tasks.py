"""Tasks send each other on, and stop where there is nothing to do. The work itself is tested beside its functions."""

from __future__ import annotations

import pytest

from ingest import tasks
from ingest.models import Head, Run, Topic
from papers import review
from papers.models import Suggestion
from tests.factories import make_entry, make_list, make_paper, make_user

pytestmark = pytest.mark.django_db


class NothingNew:
    """A source without papers."""

    def fetch(self, topic, window):
        return iter(())


@pytest.fixture
def eager(settings):
    """Tasks run where they are sent: the chain of them is what is looked at, not the broker."""
    from kbsite.celery import app

    app.conf.task_always_eager = True
    app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = False


def test_an_untrained_list_is_trained_and_classified_once_papers_come(eager):
    paper_list = make_list("small", ("cache", "prompt"))
    make_entry(paper_list.categories.get(key="cache"), make_paper("Evicting the cache", abstract="We evict."))
    make_paper("Something new", abstract="Nobody has seen it.")
    tasks.catch_up()
    assert Head.objects.filter(list=paper_list).exists()
    assert Suggestion.objects.filter(list=paper_list).count() == 1


def test_a_list_without_categories_does_not_ask_for_training_for_ever(eager):
    make_list("empty", ())
    make_paper("Something new", abstract="Nobody has seen it.")
    tasks.catch_up()
    assert not Head.objects.exists()


def test_with_nothing_missing_there_is_no_run(eager):
    tasks.catch_up()
    assert not Run.objects.exists()


def test_a_decision_whose_message_was_lost_is_learned_from_later(eager):
    paper_list = make_list("small", ("cache", "prompt"))
    make_entry(paper_list.categories.get(key="cache"), make_paper("Evicting the cache", abstract="We evict."))
    about = make_paper("Quantum circuits", abstract="For permutations.")
    tasks.catch_up()
    assert paper_list.heads.count() == 1
    review.reject(paper_list, about, make_user())  # and no message came through
    tasks.catch_up()
    assert paper_list.heads.count() == 2
    tasks.catch_up()
    assert Run.objects.filter(kind="train").count() == 2, "with no news there is no run"


def test_a_pull_that_was_sent_twice_is_done_once(eager, monkeypatch):
    topic = Topic.objects.create(slug="caches", source="arxiv", query="x")
    pulled = []
    monkeypatch.setattr(tasks.pipeline, "source", lambda name: pulled.append(name) or NothingNew())
    tasks.pull(topic.pk)
    tasks.pull(topic.pk)
    assert pulled == ["arxiv"]


def test_a_topic_that_is_gone_or_switched_off_is_no_error(eager):
    tasks.pull(12345)
    topic = Topic.objects.create(slug="off", source="arxiv", query="x", enabled=False)
    tasks.pull(topic.pk)
    assert not Run.objects.exists()


def test_retired_lists_are_no_error(eager):
    tasks.train("gone")
    tasks.classify("gone")
    assert not Run.objects.exists()
