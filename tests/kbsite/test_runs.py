"""The runs' pages: how far a run is, what curators do about it, and the papers that are parked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ingest import progress, runs
from ingest.models import Claim, Run
from tests import factories as make

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def topic():
    return make.make_topic("kv-cache", make.make_list())


@pytest.fixture
def live(topic):
    """A run that is going on in this very process."""
    with runs.open("pull", "kv-cache", topic=topic) as run:
        Run.objects.filter(pk=run.pk).update(
            started_at=timezone.now() - timedelta(seconds=20), total=400, fetched=100, pages=2
        )
        run.refresh_from_db()
        yield run


def make_claim(title: str = "", **fields) -> Claim:
    fields = {
        "stage": "embed",
        "until": timezone.now(),
        "attempts": 3,
        "parked": True,
        "error": "ValueError: no",
    } | fields
    return Claim.objects.create(paper=make.make_paper(title), **fields)


# --- progress -------------------------------------------------------------------------------------------------


def test_progress_is_worked_out_from_the_row():
    now = timezone.now()
    run = make.make_run("running", total=400, fetched=100)
    run.started_at = now - timedelta(seconds=20)
    far = progress.Progress(run, now)
    assert (far.rate, far.share, far.remaining, far.left) == (5.0, 0.25, 300, timedelta(seconds=60))
    run.total = None
    assert (far.share, far.remaining, far.left) == (None, None, None)
    run.total, run.fetched = 90, 100  # a source that counted wrong
    assert (far.share, far.remaining, far.left) == (1.0, 0, timedelta(0))
    run.fetched = 0
    assert (far.rate, far.left) == (None, None)
    run.fetched, run.started_at = 100, now - timedelta(seconds=1)
    assert far.rate is None, "too early to tell"
    run.finished_at = now
    assert far.rate == 100


def test_a_running_run_shows_how_far_it_is(client, live):
    shown = text(client.get(f"/runs/{live.pk}/"))
    assert 'hx-trigger="every' in shown and 'max="400" value="100"' in shown
    for words in ("25 %", "Remaining", "300", "Papers a second", "Pages", "About left"):
        assert words in shown, words
    assert 'aria-label="Progress of kv-cache"' in shown
    part = text(client.get(f"/runs/{live.pk}/", headers={"HX-Request": "true"}))
    assert "<html" not in part and 'hx-trigger="every' in part and "hx-swap-oob" not in part


def test_its_end_is_told_to_those_who_look_on(client, topic):
    run = make.make_run(topic=topic, subject="kv-cache")
    part = text(client.get(f"/runs/{run.pk}/", headers={"HX-Request": "true"}))
    assert "hx-trigger" not in part and "hx-swap-oob" in part and "Pull kv-cache: done" in part
    assert "hx-swap-oob" not in text(client.get(f"/runs/{run.pk}/"))


def test_a_run_whose_process_died_is_found_out_by_who_looks_at_it(client, topic):
    run = make.make_run("running", topic=topic)  # no process holds its lock
    shown = text(client.get(f"/runs/{run.pk}/"))
    assert "interrupted" in shown and "hx-trigger" not in shown


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("done", "Everything that it promised is stored."),
        ("late", "The source could not be reached"),
        ("failed", "An error of ours ended it."),
        ("cancelled", "A person stopped it."),
        ("interrupted", "Its process ended before its work did."),
        ("parked", "left alone until a person starts it again"),
    ],
)
def test_states_are_told_in_words(client, state, words):
    run = make.make_run(
        state, attempt=2, next_try=timezone.now() + timedelta(minutes=30), error="E" * (state != "done")
    )
    shown = text(client.get(f"/runs/{run.pk}/"))
    assert words in shown and "This was attempt 2." in shown and "It is tried again" in shown
    assert "attempt 2" in text(client.get("/runs/"))


def test_a_run_that_was_followed_by_another_promises_no_next_try(client, topic):
    fields = {"topic": topic, "subject": "kv-cache"}
    first = make.make_run("late", next_try=timezone.now() + timedelta(minutes=30), **fields)
    second = make.make_run(**fields)
    shown = text(client.get(f"/runs/{first.pk}/"))
    assert f'href="/runs/{second.pk}/"' in shown and "tried again" not in shown and "Next try" not in shown


def test_a_dry_run_tells_what_a_topic_would_bring(client, topic):
    details = {"new": 12, "known": 30, "sample": ["A <b>new</b> one", "Another"]}
    run = make.make_run(kind="try", topic=topic, new=12, same=30, fetched=42, details=details)
    shown = text(client.get(f"/runs/{run.pk}/"))
    for words in ("Nothing was stored", "Would be new", "12", "Known, the same", "30", "A &lt;b&gt;new&lt;/b&gt; one"):
        assert words in shown, words
    assert "is stored" not in shown


# --- what curators do -----------------------------------------------------------------------------------------


def test_a_running_run_is_cancelled(desk, live):
    assert f"/runs/{live.pk}/cancel/" in text(desk.get(f"/runs/{live.pk}/"))
    shown = text(desk.post(f"/runs/{live.pk}/cancel/", follow=True))
    assert "It stops after the page that it is at" in shown and "Stops soon" in shown
    live.refresh_from_db()
    assert live.cancel_asked


def test_what_is_over_is_not_cancelled(desk, topic):
    run = make.make_run(topic=topic)
    assert "It was over already." in text(desk.post(f"/runs/{run.pk}/cancel/", follow=True))
    run.refresh_from_db()
    assert not run.cancel_asked


@pytest.mark.parametrize("state", ["late", "failed", "interrupted", "cancelled", "parked"])
def test_what_went_wrong_is_run_again(desk, topic, state):
    run = make.make_run(state, topic=topic, subject="kv-cache")
    assert f"/runs/{run.pk}/again/" in text(desk.get(f"/runs/{run.pk}/"))
    assert "A worker was asked" in text(desk.post(f"/runs/{run.pk}/again/", follow=True))
    run.refresh_from_db()
    assert run.next_try is not None and run.next_try <= timezone.now()


def test_the_page_looks_for_a_run_that_was_asked_for_until_it_has_begun(desk, topic):
    run = make.make_run("failed", topic=topic, subject="kv-cache")
    asked = desk.post(f"/runs/{run.pk}/again/").headers["Location"]
    assert 'hx-trigger="every' in text(desk.get(asked)), "a busy worker has not begun it yet"
    make.make_run(topic=topic, subject="kv-cache")
    assert "hx-trigger" not in text(desk.get(asked))
    long_ago = f"/runs/?asked={(timezone.now() - timedelta(hours=1)).timestamp()}"
    for address in ("/runs/", long_ago, "/runs/?asked=soon", "/runs/?asked=1e99"):
        assert "hx-trigger" not in text(desk.get(address))


def test_what_is_done_offers_no_repetition(desk, topic):
    run = make.make_run(topic=topic)
    assert "Run again" not in text(desk.get(f"/runs/{run.pk}/"))


def test_what_cannot_be_repeated_says_why(desk):
    run = make.make_run("failed", kind="ingest", subject="papers.jsonl")
    assert "ingest_file" in text(desk.post(f"/runs/{run.pk}/again/", follow=True))


def test_without_a_broker_a_repetition_is_noted_all_the_same(desk, topic, no_broker):
    run = make.make_run("late", topic=topic, subject="kv-cache")
    assert "Noted, but no worker could be asked" in text(desk.post(f"/runs/{run.pk}/again/", follow=True))
    run.refresh_from_db()
    assert run.next_try is not None


def test_readers_see_no_verbs(client, reader, live):
    late = make.make_run("late")
    for _ in range(2):
        for run in (live, late):
            shown = text(client.get(f"/runs/{run.pk}/"))
            assert "/cancel/" not in shown and "/again/" not in shown
        client.force_login(reader)


# --- parked papers --------------------------------------------------------------------------------------------


def test_parked_papers_are_shown_with_their_error(desk):
    assert "Nothing is parked" in text(desk.get("/runs/parked/"))
    make_claim("A deadly <i>paper</i>")
    make_claim("In hand", parked=False)
    shown = text(desk.get("/runs/parked/"))
    assert "A deadly &lt;i&gt;paper&lt;/i&gt;" in shown and "ValueError: no" in shown and "3 times" in shown
    assert "In hand" not in shown
    assert 'Parked <span class="count">1</span>' in text(desk.get("/runs/"))


def test_readers_see_that_a_paper_is_parked_but_no_error_of_ours(client):
    make_claim("A deadly paper")
    shown = text(client.get("/runs/parked/"))
    assert "A deadly paper" in shown and "ValueError" not in shown and "/replay/" not in shown


def test_parked_papers_are_set_free_one_by_one_or_all(desk):
    first, *others = [make_claim() for _ in range(3)]
    in_hand = make_claim(parked=False)
    assert "1 paper is taken up again" in text(desk.post("/runs/parked/replay/", {"claim": first.pk}, follow=True))
    assert set(Claim.objects.all()) == {*others, in_hand}
    for nonsense in ({}, {"claim": "x"}, {"claim": "²"}, {"claim": "9" * 30}, {"claim": in_hand.pk}):
        assert "0 papers" in text(desk.post("/runs/parked/replay/", nonsense, follow=True))
    desk.post("/runs/parked/replay/", {"all": "1"})
    assert list(Claim.objects.all()) == [in_hand]


@pytest.mark.parametrize("address", ["/runs/", "/runs/parked/"])
def test_more_rows_ask_no_more_queries(desk, topic, address):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(address).status_code == 200
        return len(captured)

    make_claim()
    make.make_run(topic=topic)
    before = queries()
    for _ in range(10):
        make_claim()
        make.make_run(topic=make.make_topic(), details={"papers": []})
    assert queries() == before


# --- who may --------------------------------------------------------------------------------------------------

WRITES = ["/runs/{}/cancel/", "/runs/{}/again/", "/runs/parked/replay/"]


@pytest.mark.parametrize("address", WRITES)
def test_only_curators_write(client, reader, topic, address):
    run, claim = make.make_run("late", topic=topic), make_claim()
    address = address.format(run.pk)
    assert client.post(address, {"claim": claim.pk}).url.startswith("/sign-in/")
    client.force_login(reader)
    assert client.post(address, {"claim": claim.pk}).status_code == 403
    run.refresh_from_db()
    assert not run.cancel_asked and run.next_try is None and Claim.objects.count() == 1


@pytest.mark.parametrize("address", WRITES)
def test_a_form_of_another_site_is_refused_and_a_link_does_nothing(curator, topic, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(curator)
    address = address.format(make.make_run("late", topic=topic).pk)
    assert client.post(address).status_code == 403
    assert client.get(address).status_code == 405
