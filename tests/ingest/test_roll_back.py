"""An older version speaks again, until something new is learned: what is decided meanwhile, and what is refused."""

from __future__ import annotations

import threading
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ingest import learning, versions
from ingest.classifier import lexicon as lexicons
from ingest.classifier.heads import HeadError
from ingest.models import Evidence, Head
from papers import review
from papers.models import Category, Suggestion
from tests.factories import make_user
from tests.ingest.test_learner import (  # noqa: F401
    Encoder,
    _quick,
    anew,
    asked,
    assert_same,
    paper,
    ready,
    small,
    stored,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(small):  # noqa: F811
    """The list with a second version, which has learned a rejection."""
    review.reject(small, paper(0), make_user())
    assert learning.train(small).name == "v2"
    learning.classify(small)
    return small


def call(*arguments):
    out = StringIO()
    call_command("roll_back", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_lets_it_speak_and_classifies_the_queue(two):
    before = stored(two)
    said = call("--list", "small", "--version", "v1")
    assert said.startswith("small: v3 is v1 again, until the next decision or training; ")
    assert set(Suggestion.objects.values_list("head", flat=True)) == {"v3"}
    assert stored(two) != before and not learning.has_news(two)
    assert not learning.is_classifying_due(two)


@pytest.mark.parametrize(
    ("version", "words"), [(2, "v2 is in use already"), (7, "small has no head v7"), ("next", "invalid")]
)
def test_the_command_says_in_one_line_why_not(two, version, words):
    with pytest.raises(CommandError, match=words):
        call("--list", "small", "--version", version)
    assert Head.objects.count() == 2


def test_what_speaks_again_cannot_be_rolled_back_to_and_the_way_leads_back(two):
    again = versions.roll_back(two, 1)
    for version in (1, again.version):
        with pytest.raises(versions.InUse):
            versions.roll_back(two, version)
    forth = versions.roll_back(two, 2)
    assert (forth.name, forth.meta["again"], forth.examples_hash) == (
        "v4",
        2,
        Head.objects.get(version=2).examples_hash,
    )
    assert learning.train(two) is None, "all that there is to learn, v2 had learned"
    back = versions.roll_back(two, again.version)
    assert (back.name, back.meta["again"]) == ("v5", 1), "it is named by what it was first"


def test_undoing_all_since_then_leaves_nothing_to_learn(small):  # noqa: F811
    decision = review.reject(small, paper(0), make_user())
    learning.train(small)
    versions.roll_back(small, 1)
    review.undo(decision, make_user())
    assert learning.has_news(small)
    assert learning.train(small) is None
    assert not learning.has_news(small)


def test_a_version_of_other_categories_words_or_vectors_does_not_speak(two):
    Category.objects.create(list=two, key="new", position=9)
    with pytest.raises(HeadError, match="other categories"):
        versions.roll_back(two, 1)
    Category.objects.filter(key="new").delete()
    assert list(versions.able(two).values_list("version", flat=True)) == [2, 1]
    old = Head.objects.get(version=1)
    for changed in ({"meta": old.meta | {"lexicon": "of old"}}, {"encoder": "another"}):
        Head.objects.filter(pk=old.pk).update(**changed)
        with pytest.raises(HeadError, match="another encoder, other words"):
            versions.roll_back(two, 1)
        Head.objects.filter(pk=old.pk).update(meta=old.meta, encoder=old.encoder)


def test_the_oldest_that_is_whole_can_speak_although_it_is_forgotten_by_it(two, monkeypatch):
    monkeypatch.setattr(versions, "WHOLE_HEADS", 2)
    again = versions.roll_back(two, 1)
    assert not Head.objects.get(version=1).arrays
    assert versions.current(two)[0] == again
    learning.classify(two)


def test_what_a_training_taught_besides_is_not_lost_by_rolling_back_and_deciding(small, ready):  # noqa: F811
    """The learner has v1 in hand, a worker learns evidence (v2), somebody rolls back (v3), then a decision follows."""
    title = "laundry circuit speech"
    Evidence.objects.create(
        list=small,
        key="arxiv:2002.00001",
        title=title,
        label="prompt",
        encoder=Encoder.name,
        lexicon=lexicons.load().name,
        meaning=Encoder().encode([title]).astype(np.float16).tobytes(),
        words=lexicons.load().encode([title]).astype(np.float16).tobytes(),
    )
    assert learning.train(small).name == "v2"
    versions.roll_back(small, 1)
    review.reject(small, paper(1), make_user())
    assert ready.learn("small").version.name == "v4"
    assert "arxiv:2002.00001" in versions.current(small)[1].learned_from
    assert_same(stored(small), anew(small))


@pytest.mark.django_db(transaction=True)
def test_two_who_roll_back_at_once_make_one_version(two):
    answers = []

    def roll_back():
        try:
            answers.append(versions.roll_back(two, 1).name)
        except versions.InUse:
            answers.append("in use")
        finally:
            connection.close()

    threads = [threading.Thread(target=roll_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["in use", "v3"]
