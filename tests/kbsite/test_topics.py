"""The topics' pages: what readers see, and what maintainers do."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ingest import runs, topics
from ingest.models import Run, Topic
from tests import factories as make

pytestmark = pytest.mark.django_db

QUERY = 'cat:cs.CL AND (abs:"context compression" OR abs:"KV cache")'
FORM = {"source": "arxiv", "query": QUERY, "list": "", "schedule": "weekly", "slug": "", "enabled": "on"}


def text(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def topic():
    return make.make_topic("kv-cache", make.make_list(), watermark=date(2026, 11, 1), validator='"etag"')


# --- reading --------------------------------------------------------------------------------------------------


def test_readers_see_every_topic_and_change_none(client, topic):
    make.make_run("late", topic=topic, error="arXiv answers 503")
    shown = text(client.get("/topics/"))
    for words in ("arXiv search", "kv-cache", "all:cache", "The small list", "Daily", "2026-11-01", "late", "never"):
        assert words in shown, words
    assert "<form method" not in shown and "new/" not in shown


def test_without_topics_the_page_says_how_to_make_one(client, office):
    assert "No topics yet" in text(office.get("/topics/"))
    assert reverse("new-topic") in text(office.get("/topics/"))
    client.logout()
    assert reverse("new-topic") not in text(client.get("/topics/"))


def test_more_topics_ask_no_more_queries(office, topic):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get("/topics/").status_code == 200
        return len(captured)

    make.make_run(topic=topic)
    before = queries()
    for number in range(10):
        more = make.make_topic(paper_list=make.make_list(f"list-{number}"), source=("arxiv", "hf_daily")[number % 2])
        make.make_run(topic=more)
        make.make_run("late", topic=more)
    assert queries() == before


def test_the_page_asks_again_only_while_something_runs(client, topic):
    assert "hx-trigger" not in text(client.get("/topics/"))
    with runs.open("pull", "kv-cache", topic=topic, total=200, fetched=50):
        part = text(client.get("/topics/", headers={"HX-Request": "true"}))
    assert 'hx-trigger="every' in part and 'max="200" value="50"' in part and "<html" not in part


def test_what_people_typed_is_text(office):
    make.make_topic("odd", make.make_list(), query='<script>alert("x")</script>', source="no-such-source")
    for address in ("/topics/", "/topics/odd/edit/", "/"):
        shown = text(office.get(address))
        assert "<script>alert" not in shown and "odd" in shown, address
    assert "no-such-source" in text(office.get("/topics/"))  # a source that is here no more


# --- making and changing --------------------------------------------------------------------------------------


def test_a_topic_is_made_and_named_after_its_query(office):
    answer = office.post("/topics/new/", FORM)
    assert answer.url == "/topics/"
    made = Topic.objects.get()
    assert (made.slug, made.source, made.query, made.schedule, made.enabled, made.watermark) == (
        "context-compression-kv-cache", "arxiv", QUERY, "weekly", True, None,
    )  # fmt: skip
    office.post("/topics/new/", FORM)
    assert set(Topic.objects.values_list("slug", flat=True)) == {made.slug, f"{made.slug}-2"}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"query": ""}, "query", "A search needs words"),
        ({"query": 'abs:"open'}, "query", "A quotation mark is missing."),
        ({"source": "hf_daily"}, "query", "leave the query empty"),
        ({"source": "usenet"}, "source", "usenet is not one of the available choices"),
        ({"schedule": "yearly"}, "schedule", "yearly is not one of the available choices"),
        ({"slug": "not a slug"}, "slug", "valid"),
        ({"slug": "taken"}, "slug", "already exists"),
        ({"list": "999"}, "list", "not one of the available choices"),
    ],
    ids=str,
)
def test_what_is_wrong_stands_beside_its_field(office, change, field, words):
    make.make_topic("taken")
    answer = office.post("/topics/new/", FORM | change)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    shown = text(answer)
    place = shown.index(f'id="id_{field}_error"')
    assert words in shown[place : place + 300], shown[place : place + 300]
    assert Topic.objects.count() == 1


def test_a_name_that_was_taken_a_moment_ago_is_told(office, monkeypatch):
    make.make_topic("taken")
    monkeypatch.setattr(topics, "propose_slug", lambda *_: "taken")  # as if the other one was made in between
    answer = office.post("/topics/new/", FORM)
    assert answer.status_code == 422 and set(answer.context["form"].errors) == {"slug"}


def test_the_form_says_what_the_chosen_source_takes(office):
    assert "It takes no query" in text(office.get("/topics/new/?source=hf_daily"))
    shown = text(office.get("/topics/new/?source=hf_search"))
    assert 'value="hf_search" selected' in shown and shown.count("Words, as one would type them") == 2
    assert office.get("/topics/new/?source=%00").status_code == 400
    assert office.get("/topics/new/?source=nonsense").status_code == 200


def test_another_question_begins_anew(office, topic):
    same = {"source": "arxiv", "query": "all:cache", "list": topic.list_id, "schedule": "hourly", "slug": "renamed"}
    assert office.post("/topics/kv-cache/edit/", same).url == "/topics/"
    topic.refresh_from_db()
    assert (topic.slug, topic.schedule, topic.enabled) == ("renamed", "hourly", False)
    assert (topic.watermark, topic.validator) == (date(2026, 11, 1), '"etag"')
    office.post("/topics/renamed/edit/", same | {"query": "all:gist"})
    topic.refresh_from_db()
    assert (topic.query, topic.watermark, topic.validator) == ("all:gist", None, "")


def test_saving_does_not_take_a_watermark_back_that_a_pull_moved_meanwhile(topic):
    stale = Topic.objects.get(pk=topic.pk)
    Topic.objects.update(watermark=date(2026, 11, 9))
    stale.schedule = "weekly"
    topics.save(stale)
    topic.refresh_from_db()
    assert (topic.schedule, topic.watermark) == ("weekly", date(2026, 11, 9))


def test_a_topic_is_switched_off_and_on(office, topic):
    for value, enabled in (("0", False), ("1", True)):
        assert office.post("/topics/kv-cache/switch/", {"enabled": value}).url == "/topics/"
        topic.refresh_from_db()
        assert topic.enabled is enabled


def test_a_topic_is_deleted_after_a_confirmation_and_its_runs_stay(office, topic):
    run = make.make_run(topic=topic)
    assert "Yes, delete it" in text(office.get("/topics/kv-cache/edit/"))
    assert office.get("/topics/kv-cache/remove/").status_code == 405
    office.post("/topics/kv-cache/remove/")
    assert not Topic.objects.exists()
    run.refresh_from_db()
    assert run.topic is None


def test_a_topic_that_is_being_pulled_is_not_deleted(office, topic):
    make.make_run("running", topic=topic)
    answer = office.post("/topics/kv-cache/remove/", follow=True)
    assert "is being pulled" in text(answer) and Topic.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_pull_begins_between_the_look_at_a_topic_and_its_end(topic, monkeypatch):
    outcome = []

    def pull():
        with closing(connection), suppress(IntegrityError):
            make.make_run("running", topic=topic)
            outcome.append("begun")

    pulling = threading.Thread(target=pull)

    def delete():
        pulling.start()
        pulling.join(0.5)
        assert outcome == [] and pulling.is_alive()
        return Topic.objects.filter(pk=topic.pk).delete()

    monkeypatch.setattr(topic, "delete", delete)
    topics.remove(topic)
    pulling.join(10)
    assert (outcome, Topic.objects.count(), Run.objects.count()) == ([], 0, 0)


# --- asking for a pull ----------------------------------------------------------------------------------------


@pytest.fixture
def at(topic):
    """The address of the page that waits for a run asked for now."""
    return lambda kind, moment=None: (
        f"/topics/kv-cache/asked/?kind={kind}&at={(moment or timezone.now()).timestamp():.3f}"
    )


@pytest.mark.parametrize(("verb", "kind"), [("pull", "pull"), ("try", "try")])
def test_asking_leads_to_where_the_run_will_be(office, topic, verb, kind):
    before = timezone.now()
    address = office.post(f"/topics/kv-cache/{verb}/").url
    assert address.startswith(f"/topics/kv-cache/asked/?kind={kind}&at=")
    waiting = text(office.get(address))
    assert 'hx-trigger="every' in waiting and "kv-cache" in waiting
    run = make.make_run("running", kind=kind, topic=topic, subject="kv-cache")
    assert run.started_at > before
    assert office.get(address).url == f"/runs/{run.pk}/"
    led = office.get(address, headers={"HX-Request": "true"})
    assert (led.status_code, led["HX-Redirect"]) == (200, f"/runs/{run.pk}/")


def test_an_older_run_is_not_the_one_that_was_asked_for(office, topic, at):
    make.make_run(topic=topic)
    make.make_run(kind="try", topic=topic)
    address = at("pull", timezone.now() + timedelta(seconds=1))
    assert office.get(address).status_code == 200
    run = make.make_run("running", topic=topic)  # nobody pulls a topic twice at once: this is all there will be
    assert office.get(address).url == f"/runs/{run.pk}/"


def test_waiting_says_what_may_be_wrong_and_ends(office, topic, at):
    assert "No worker has begun it yet" not in text(office.get(at("pull")))
    assert "No worker has begun it yet" in text(office.get(at("pull", timezone.now() - timedelta(minutes=1))))
    assert "hx-trigger" not in text(office.get(at("pull", timezone.now() - timedelta(hours=1))))


@pytest.mark.parametrize("at_", ["", "x", "nan", "inf", "-1e99", "1e99", "²"])
def test_a_waiting_page_bears_nonsense(office, topic, at_):
    assert office.get("/topics/kv-cache/asked/", {"kind": at_, "at": at_}).status_code == 200


@pytest.mark.parametrize("kind", ["pull", "try"])
def test_a_person_sets_parked_work_free(office, topic, kind):
    run = make.make_run("parked", kind=kind, topic=topic, subject="kv-cache")
    assert runs.is_parked(kind, "kv-cache")
    office.post(f"/topics/kv-cache/{kind}/")
    assert not runs.is_parked(kind, "kv-cache")
    run.refresh_from_db()
    assert run.state == "parked"


def test_without_a_broker_a_pull_is_refused_in_words(office, topic, no_broker):
    for verb in ("pull", "try"):
        answer = office.post(f"/topics/kv-cache/{verb}/", follow=True)
        assert answer.redirect_chain == [("/topics/", 302)]
        assert "No worker could be asked" in text(answer)


def test_the_admin_has_no_topics_since_its_forms_know_neither_queries_nor_watermarks():
    assert not admin.site.is_registered(Topic)


# --- who may --------------------------------------------------------------------------------------------------

WRITES = ["new", "kv-cache/edit", "kv-cache/remove", "kv-cache/switch", "kv-cache/pull", "kv-cache/try"]


@pytest.mark.parametrize("verb", WRITES)
def test_only_maintainers_write(client, reader, topic, verb):
    before = list(Topic.objects.values())
    address = f"/topics/{verb}/"
    assert client.post(address, FORM | {"enabled": "0"}).url.startswith("/sign-in/")
    client.force_login(reader)
    assert client.post(address, FORM | {"enabled": "0"}).status_code == 403
    assert list(Topic.objects.values()) == before


@pytest.mark.parametrize("verb", WRITES)
def test_a_form_of_another_site_is_refused(maintainer, topic, verb):
    client = Client(enforce_csrf_checks=True)
    client.force_login(maintainer)
    assert client.post(f"/topics/{verb}/", FORM).status_code == 403


@pytest.mark.parametrize("address", ["new/", "kv-cache/edit/"])
def test_only_maintainers_see_the_form(client, reader, topic, address):
    assert client.get(f"/topics/{address}").url.startswith("/sign-in/")
    client.force_login(reader)
    assert client.get(f"/topics/{address}").status_code == 403


@pytest.mark.parametrize("address", ["edit/", "asked/"])
def test_a_topic_that_is_not_here(office, address):
    assert office.get(f"/topics/absent/{address}").status_code == 404
