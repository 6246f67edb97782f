"""Second opinions on the curators' pages: blind first, side by side where two differ, and settled."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingest import learner
from papers import opinions
from papers.models import Act, Decision, Opinion, PaperList
from papers.opinions import Verdict
from tests.factories import make_suggestion, make_user
from tests.kbsite.api.conftest import client_of
from tests.kbsite.bilingual import make_waiting

pytestmark = pytest.mark.django_db
REJECT = Verdict(Decision.Kind.REJECT, reason="weak", note="A secret of the first one")
DUPLICATE = Decision.Kind.DUPLICATE


@pytest.fixture
def careful(caches):
    caches.second_opinion = True
    caches.save()
    return caches


@pytest.fixture
def waiting(careful):
    return make_waiting(careful)


@pytest.fixture
def other():
    return make_user("alan", curator=True)


@pytest.fixture
def as_curator(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def as_other(other):
    client = Client()
    client.force_login(other)
    return client


def queue(client, paper_list, **query):
    return client.get(reverse("queue", args=[paper_list.slug], query=query or None)).content.decode()


def say(client, suggestion, data, **extra):
    return client.post(reverse("decide", args=[suggestion.list.slug, suggestion.paper_id]), data, **extra)


def differ(suggestion, one, other):
    opinions.say(suggestion.list, suggestion.paper, one, REJECT)
    duplicate = Verdict(DUPLICATE, duplicate_of=make_suggestion(suggestion.list).paper)
    opinions.say(suggestion.list, suggestion.paper, other, duplicate)


# --- blind, and alike -------------------------------------------------------------------------------------------


def test_the_second_curator_does_not_see_what_the_first_said(as_curator, as_other, waiting, careful):
    say(as_curator, waiting, {"reject": "weak", "note": "A secret of the first one"})
    assert not Decision.objects.exists()
    seen = [
        queue(as_other, careful),
        queue(as_other, careful, paper=waiting.paper_id),
        as_other.get(reverse("disagreements", args=[careful.slug])).content.decode(),
        as_other.get(reverse("history", args=[careful.slug])).content.decode(),
        as_other.get(reverse("progress", args=[careful.slug])).content.decode(),
        as_other.get(reverse("paper", args=[waiting.paper_id])).content.decode(),
        as_other.get("/api/v1/opinions/").content.decode(),
        as_other.get("/api/v1/acts/").content.decode(),
        as_other.get(f"/lists/{careful.slug}/history/export.jsonl").getvalue().decode(),
    ]
    assert waiting.paper.title in seen[0]
    for page in seen:
        assert "A secret" not in page and "Rejected (too weak)" not in page


def test_the_same_word_twice_decides_and_the_history_tells_of_both(as_curator, as_other, waiting, careful, other):
    say(as_curator, waiting, {"reject": "weak"})
    say(as_other, waiting, {"reject": ""})
    decision = Decision.objects.get()
    assert (decision.user, decision.kind) == (other, "reject")
    text = as_other.get(reverse("history", args=[careful.slug])).content.decode()
    assert re.search(r"curator\w*: Rejected \(too weak\)", text) and "alan: Rejected" in text
    assert "alan" in queue(as_curator, careful, paper=waiting.paper_id)


def test_who_has_spoken_is_told_so_and_may_take_it_back(as_curator, waiting, careful):
    say(as_curator, waiting, {"reject": "weak"})
    page = queue(as_curator, careful)
    assert "You have looked at all" in page and "in your opinion" in page
    card = queue(as_curator, careful, paper=waiting.paper_id)
    assert "Your opinion." in card and "data-decides" not in card
    assert say(as_curator, waiting, {"reject": "weak"}).status_code == 409
    where = reverse("take-back-opinion", args=[careful.slug, waiting.paper_id])
    assert waiting.paper.title in as_curator.post(where, follow=True).content.decode()
    assert not Opinion.objects.exists()
    assert "no opinion on this paper" in as_curator.post(where, follow=True).content.decode()


def test_an_opinion_that_the_page_sends_after_the_card_is_kept_once(as_curator, waiting):
    data = {"reject": "weak", "key": "9b2f6f0e-6f4e-4f0e-9f38-0d9a51f3c001"}
    for _ in range(2):
        assert say(as_curator, waiting, data, headers={"Outbox": "1"}).status_code == 200
    assert Opinion.objects.count() == 1


def test_opinions_teach_nothing_and_the_decision_does(
    as_curator, as_other, waiting, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(learner, "tell", told.append)
    monkeypatch.setattr(learner, "lives", lambda: True)
    with django_capture_on_commit_callbacks(execute=True):
        say(as_curator, waiting, {"reject": ""})
    assert told == []
    with django_capture_on_commit_callbacks(execute=True):
        say(as_other, waiting, {"reject": ""})
    assert told == [waiting.list.slug]


# --- two that differ --------------------------------------------------------------------------------------------


def test_two_that_differ_stand_side_by_side_and_one_of_them_is_taken(as_curator, waiting, careful, curator, other):
    differ(waiting, curator, other)
    page = as_curator.get(reverse("disagreements", args=[careful.slug])).content.decode()
    assert "Rejected (too weak)" in page and "Marked as a duplicate" in page and "Decide so, as alan" in page
    first = Opinion.objects.first()
    where = reverse("settle-opinions", args=[careful.slug, waiting.paper_id])
    page = as_curator.post(where, {"opinion": first.pk}, follow=True).content.decode()
    assert "Settled." in page and "Nobody differs" in page
    assert (Decision.objects.get().kind, Decision.objects.get().note) == ("reject", "A secret of the first one")
    for asked in (first.pk, "x", ""):
        assert "settled already" in as_curator.post(where, {"opinion": asked}, follow=True).content.decode()
    as_curator.post(reverse("undo-act", args=[Act.objects.get(kind="reject").pk]))
    assert opinions.disagreements(careful).exists()


def test_the_card_of_a_disagreement_shows_both_and_settles(as_curator, waiting, careful, curator, other):
    differ(waiting, curator, other)
    card = queue(as_curator, careful, paper=waiting.paper_id)
    assert "Two curators differ" in card and 'name="settles"' in card
    assert say(as_curator, waiting, {"defer": "7"}).status_code == 409  # from a card that did not show them
    assert say(as_curator, waiting, {"defer": "7", "settles": "1"}).status_code == 302
    assert Decision.objects.get().kind == "defer"


def test_the_page_of_disagreements_costs_the_same_queries_for_one_and_for_many(as_curator, careful, curator, other):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            as_curator.get(reverse("disagreements", args=[careful.slug]))
        return len(captured)

    differ(make_waiting(careful), curator, other)
    queries()
    few = queries()
    for _ in range(5):
        differ(make_suggestion(careful), curator, other)
    assert queries() == few


# --- the setting, the figures, the API --------------------------------------------------------------------------


def test_maintainers_say_whether_a_list_wants_two_and_it_can_be_undone(client, caches):
    client.force_login(make_user("grace", role="maintainer", of=caches))
    where = reverse("list-settings", args=[caches.slug])
    assert (
        "two curators look"
        in client.post(where, {"opinions": "1", "second-opinion": "1"}, follow=True).content.decode()
    )
    assert PaperList.objects.get().second_opinion
    client.post(reverse("undo-act", args=[Act.objects.get(kind="settings").pk]))
    assert not PaperList.objects.get().second_opinion


def test_how_often_two_agree_stands_on_the_page_of_progress(as_curator, waiting, careful, curator, other):
    differ(waiting, curator, other)
    page = as_curator.get(reverse("progress", args=[careful.slug])).content.decode()
    assert "How often two curators agree" in page and "alan and" in page
    told = as_curator.get(f"/api/v1/lists/{careful.slug}/progress/").json()
    assert told["second_opinions"] == {"agreed": 0, "of": 1, "share": 0.0, "kappa": 0.0}
    assert [pair["one"] for pair in told["pairs"]] == ["alan"]
    assert Client().get(f"/api/v1/lists/{careful.slug}/progress/").json()["pairs"] == []


def test_programs_speak_take_back_and_settle(waiting, careful, curator, other):
    one, two = client_of(curator), client_of(other)
    asked = {"list": careful.slug, "paper": waiting.paper_id, "kind": "reject"}
    answer = one.post("/api/v1/decisions/", asked, format="json")
    assert (answer.status_code, answer.json()["decision"]) == (202, None)
    own = f"/api/v1/opinions/{answer.json()['id']}/"
    assert two.get(own).status_code == two.delete(own).status_code == 404
    assert one.post("/api/v1/decisions/", asked, format="json").status_code == 409
    assert one.delete(own).status_code == 204
    one.post("/api/v1/decisions/", asked, format="json")
    later = asked | {"kind": "defer", "until": "2999-01-01"}
    assert two.post("/api/v1/decisions/", later, format="json").status_code == 202
    found = one.get("/api/v1/opinions/", {"decided": "false"}).json()["results"]
    assert {each["kind"] for each in found} == {"reject", "defer"}
    settled = one.post(f"/api/v1/opinions/{found[0]['id']}/settle/")
    assert (settled.status_code, settled.json()["kind"]) == (200, "defer")
    assert one.post(f"/api/v1/opinions/{found[0]['id']}/settle/").status_code == 409
    assert one.delete(f"/api/v1/opinions/{found[1]['id']}/").status_code == 409


def test_many_at_once_are_refused(careful, waiting, curator):
    answer = client_of(curator).post(
        f"/api/v1/lists/{careful.slug}/bulk/", {"papers": [waiting.paper_id], "kind": "reject"}, format="json"
    )
    assert answer.json()["decided"] == 0 and "two opinions" in answer.json()["results"][0]["refused"]
    assert not Decision.objects.exists()
