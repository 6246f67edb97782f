"""Topics that a list.toml declares: made once, and no list takes another one's."""

from __future__ import annotations

import pytest

from ingest.models import Topic
from ingest.topics import CannotAsk, TopicTaken, declare
from papers.readme.listfile import SCHEDULES, TopicSetting
from tests.factories import make_list, make_topic

pytestmark = pytest.mark.django_db


def setting(slug="caches", **fields):
    return TopicSetting(**({"slug": slug, "source": "arxiv", "query": "all:cache", "schedule": "daily"} | fields))


def test_list_toml_knows_the_schedules_of_topics():
    assert list(SCHEDULES) == list(Topic.Schedule.values)


def test_a_topic_is_made_once_and_keeps_what_people_changed():
    paper_list = make_list()
    assert [topic.slug for topic in declare(paper_list, [setting()])] == ["caches"]
    Topic.objects.update(query="ti:cache")
    assert declare(paper_list, [setting()]) == []
    assert Topic.objects.get().query == "ti:cache"


def test_a_topic_that_people_took_out_of_the_list_stays_out():
    topic = make_topic("caches")
    assert declare(make_list(), [setting()]) == []
    topic.refresh_from_db()
    assert topic.list is None


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (setting("taken"), (TopicTaken, "topic taken: the list “other” has one of this name")),
        (setting("b", source="nowhere"), (CannotAsk, "topic b: no source “nowhere”")),
        (setting("b", source="peer_list", query="nobody"), (CannotAsk, "topic b: name a repository on GitHub")),
        (setting("b", source="files", query="/etc/passwd"), (CannotAsk, "topic b: name a file or folder in")),
    ],
)
def test_of_topics_that_cannot_all_be_none_is_made(last, error):
    make_topic("taken", make_list("other"))
    with pytest.raises(error[0], match=error[1]):
        declare(make_list(), [setting("a"), last])
    assert Topic.objects.get().slug == "taken"
