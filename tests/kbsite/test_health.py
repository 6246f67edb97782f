"""What fails is said: on the pages, and at /healthz."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from ingest import beat, health, learner
from ingest.models import Claim, Run
from tests import factories as make

pytestmark = pytest.mark.django_db

BANNER = 'class="banner"'


def text(answer) -> str:
    return answer.content.decode()


def source(name: str = "arxiv") -> health.SourceHealth:
    return next(each for each in health.sources() if each.name == name)


@pytest.fixture
def topic():
    return make.make_topic("kv-cache", make.make_list())


# --- the verdict on a source ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["late", "failed", "parked"])
def test_a_source_fails_from_a_bad_pull_to_the_next_good_one(topic, state):
    good = datetime(2026, 11, 1, tzinfo=UTC)
    make.make_run(topic=topic, finished_at=good)
    assert (source().state, source().succeeded_at, source().trouble) == ("ok", good, None)
    bad = make.make_run(state, topic=topic)
    for between in ("interrupted", "cancelled", "running"):
        assert (source().state, source().trouble, source().succeeded_at) == ("failing", bad, good), between
        make.make_run(between, topic=topic)
    make.make_run(topic=topic)
    assert (source().state, source().trouble) == ("ok", None)


def test_dry_runs_say_nothing_of_a_source(topic):
    make.make_run(topic=topic)
    make.make_run("late", kind="try", topic=topic)
    assert source().state == "ok"
    assert health.topics()[0].last.kind == "pull"


def test_a_topic_that_is_switched_off_makes_no_trouble(topic):
    make.make_run("late", topic=topic)
    topic.enabled = False
    topic.save()
    assert (source().state, source().failing) == ("off", ())


@pytest.mark.parametrize(("schedule", "hours"), [("hourly", 2), ("daily", 48), ("weekly", 14 * 24)])
def test_two_periods_without_a_pull_are_a_missed_schedule(topic, schedule, hours):
    topic.schedule = schedule
    topic.save()
    run = make.make_run(topic=topic)
    for ago, state in ((hours - 1, "ok"), (hours + 1, "failing")):
        Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(hours=ago))
        assert source().state == state
    assert source().trouble is None


def test_a_source_without_a_pull_is_neither_well_nor_failing(topic):
    assert (source().state, source().succeeded_at) == ("never", None)


def test_when_a_topic_is_pulled_next(topic):
    found = lambda: health.topics()[0].next_at  # noqa: E731
    later = timezone.now() + timedelta(minutes=15)
    run = make.make_run("late", topic=topic, next_try=later)
    assert found() == later
    run = make.make_run(topic=topic)
    assert found() == run.started_at + timedelta(days=1)
    make.make_run("parked", topic=topic)
    assert found() is None


# --- work without a topic -------------------------------------------------------------------------------------


def troubles() -> list[Run]:
    return [each.trouble for each in health.other_work() if each.trouble]


def test_other_work_fails_until_it_succeeds(topic):
    for kind in ("embed", "train", "classify", "enrich", "pull"):
        bad = make.make_run("failed", kind=kind, subject="small")
        assert troubles() == [bad]
        make.make_run("interrupted", kind=kind, subject="small")
        make.make_run(kind=kind, subject="another")
        assert troubles() == [bad]
        make.make_run(kind=kind, subject="small")
        assert troubles() == []


def test_what_a_person_began_and_what_is_long_ago_is_no_trouble(topic):
    for kind in ("try", "ingest"):
        make.make_run("failed", kind=kind)
    old = make.make_run("failed", kind="train", subject="a list that was deleted")
    Run.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=20))
    assert troubles() == []


def test_other_work_is_found_by_one_query(django_assert_num_queries):
    for number in range(5):
        make.make_run("failed", kind="train", subject=f"list-{number}")
    with django_assert_num_queries(1):
        assert len(troubles()) == 5


# --- the banner -----------------------------------------------------------------------------------------------


def test_curators_see_on_every_page_that_a_source_fails_and_others_on_the_first(client, reader, curator, topic):
    run = make.make_run("late", topic=topic, error="arXiv answers 503")
    for user, elsewhere in ((None, False), (reader, False), (curator, True)):
        if user:
            client.force_login(user)
        shown = text(client.get("/"))
        assert BANNER in shown and "arXiv search fails" in shown and "arXiv answers 503" in shown
        assert f'href="/runs/{run.pk}/"' in shown
        for address in ("/papers/", "/runs/", "/topics/", "/lists/small/", "/no/such/page"):
            assert (BANNER in text(client.get(address))) is elsewhere, (user, address)
    make.make_run(topic=topic)
    assert BANNER not in text(client.get("/"))


def test_a_source_gets_one_sentence_however_many_topics_fail(desk, topic):
    make.make_run("late", topic=topic)
    for number in range(4):
        make.make_run("late", topic=make.make_topic(f"more-{number}"))
    make.make_run("late", topic=make.make_topic("daily", source="hf_daily"))
    shown = text(desk.get("/"))
    banner = shown[shown.index(BANNER) : shown.index("<main")]
    assert banner.count("<li>") == 2
    assert "for kv-cache, more-0 and 3 more" in " ".join(banner.split())


def test_a_missed_schedule_is_said_as_such(desk, topic):
    run = make.make_run(topic=topic)
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(days=3))
    shown = text(desk.get("/"))
    assert "arXiv search was not asked when it should have been" in shown
    assert "missed" in text(desk.get("/topics/"))


def test_readers_see_no_words_of_an_exception_in_the_banner(client, curator, topic):
    make.make_run("failed", topic=topic, error='KeyError: "<secret>"')
    shown = text(client.get("/"))
    assert BANNER in shown and "KeyError" not in shown
    client.force_login(curator)
    assert "KeyError: &quot;&lt;secret&gt;&quot;" in text(client.get("/"))


def test_the_first_page_says_curators_when_each_source_last_succeeded(desk, topic):
    make.make_run(topic=topic, finished_at=timezone.now() - timedelta(days=3))
    make.make_topic("daily", source="hf_daily")
    shown = " ".join(text(desk.get("/")).split())
    assert "3 days ago" in shown and "never" in shown
    assert "arXiv search" in shown and "Hugging Face daily papers" in shown
    assert "Hugging Face daily papers" not in text(Client().get("/"))  # readers need no machinery


def test_other_work_that_fails_and_a_source_without_topics(desk, topic):
    bad = make.make_run("failed", kind="embed", subject="the encoder", error="OSError: no such model")
    make.make_run(kind="enrich", subject="semanticscholar", finished_at=timezone.now() - timedelta(days=2))
    shown = " ".join(text(desk.get("/")).split())
    assert "Embed the encoder fails</b>: OSError: no such model." in shown and f'href="/runs/{bad.pk}/"' in shown
    assert "Semantic Scholar" in shown and "2 days ago" in shown


def test_the_banner_costs_the_same_for_more_topics(desk, topic, django_assert_num_queries):
    make.make_run("late", topic=topic)
    with django_assert_num_queries(2):
        list(health.sources())
    for _ in range(5):
        make.make_run("late", topic=make.make_topic())
    with django_assert_num_queries(2):
        assert len(source().failing) == 6


# --- /healthz -------------------------------------------------------------------------------------------------


def healthz(client, status: int = 200) -> dict:
    answer = client.get("/healthz")
    assert answer.status_code == status and "no-store" in answer["Cache-Control"]
    return answer.json()


def test_a_new_installation_is_well(client):
    assert healthz(client) == {
        "status": "ok",
        "database": "ok",
        "broker": "ok",
        "schedule": "ok",
        "learner": "absent",
        "sources": {},
        "failing_work": [],
        "parked": 0,
    }


@pytest.fixture
def schedule():
    """A schedule that leads, as if in another process."""
    with closing(connection.copy()) as own:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [beat._LOCK])
        yield


def test_a_learner_is_told_of_and_its_absence_fails_nothing(client):
    assert (healthz(client)["status"], healthz(client)["learner"]) == ("ok", "absent")
    assert "No learner runs" in text(client.get("/runs/"))
    with closing(connection.copy()) as own, own.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [learner._LOCK])
        assert (healthz(client)["status"], healthz(client)["learner"]) == ("ok", "ok")
        assert "A learner runs" in text(client.get("/runs/"))


def test_topics_without_a_schedule_are_degraded(client, topic):
    told = healthz(client)
    assert (told["status"], told["schedule"]) == ("degraded", "absent")
    assert "No schedule runs" in text(client.get("/topics/"))
    topic.enabled = False
    topic.save()
    assert healthz(client)["status"] == "ok"


def test_topics_with_a_schedule_are_well(client, topic, schedule):
    assert (healthz(client)["status"], healthz(client)["schedule"]) == ("ok", "ok")
    assert "No schedule runs" not in text(client.get("/topics/"))


def test_a_failing_source_is_degraded_and_named(client, topic, schedule):
    make.make_run(topic=topic, finished_at=timezone.now() - timedelta(hours=2))
    assert healthz(client)["status"] == "ok"
    run = make.make_run("failed", topic=topic, error="KeyError: secret")
    told = healthz(client)
    assert told["status"] == "degraded" and "secret" not in str(told)
    arxiv = told["sources"]["arxiv"]
    assert (arxiv["state"], arxiv["failing"], arxiv["run"]) == ("failing", ["kv-cache"], run.pk)
    assert 7200 <= arxiv["seconds_since_success"] < 7300


def test_other_work_that_fails_is_degraded(client):
    run = make.make_run("failed", kind="train", subject="small", error="secret")
    told = healthz(client)
    assert (told["status"], told["failing_work"]) == (
        "degraded",
        [{"kind": "train", "subject": "small", "run": run.pk}],
    )


def test_parked_papers_are_degraded(client):
    Claim.objects.create(stage="embed", paper=make.make_paper(), until=timezone.now(), parked=True)
    assert (healthz(client)["status"], healthz(client)["parked"]) == ("degraded", 1)


def test_a_broker_that_does_not_answer_is_degraded(client, settings, no_broker):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9"
    told = healthz(client)
    assert (told["status"], told["broker"]) == ("degraded", "unavailable")


def test_files_that_cannot_be_written_are_no_broker(client, settings, tmp_path):
    settings.BROKER_DIR = tmp_path / "absent"
    assert healthz(client)["broker"] == "unavailable"


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_is_unavailable(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "9")
    assert healthz(client, 503) == {"status": "unavailable", "database": "unavailable"}
    connection.close()
