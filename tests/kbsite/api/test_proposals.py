"""Adding by hand and proposing, by programs: the same rules as on the pages."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kbsite import broker, proposing
from papers import proposals, review
from papers.models import Paper, Proposal
from papers.records import Identifier

ADD = "/api/v1/lists/small/add/"
PROPOSE = "/api/v1/proposals/"
ASKED = {"list": "small", "paper": "2612.00001", "email": "ada@example.org", "why": "It fits.", "category": "surveys"}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(broker, "send", lambda task: True)


def token_of(message):
    return re.search(r"/proposals/confirm/([^/\s]+)/", message.body)[1]


def proposed(client, **more):
    assert client.post(PROPOSE, ASKED | more).status_code == 202
    return client.post(f"{PROPOSE}confirm/", {"token": token_of(mail.outbox[-1])})


def test_a_dry_run_tells_what_each_line_would_do_and_changes_nothing(world, as_curator):
    text = "2306.14048\n2612.00001\nhttps://doi.org/10.1000/q\nhttps://doi.org/10.1000/p\nno paper"
    asked = {"text": text, "dry_run": True, "titles": {"4": "A title"}, "category": "surveys"}
    answer = as_curator.post(ADD, asked).json()
    assert answer["dry_run"] is True
    assert [(each["line"], each["outcome"], each["told"]) for each in answer["lines"]] == [
        (1, "left", "It is listed already, in KV Compression."),
        (2, "queue", "It is new here. Its title is missing until arXiv is asked for it."),
        (3, "left", "It is new here. Its title is missing: type it."),
        (4, "accepted", "It is new here. Its title is missing: type it."),
        (5, "left", "It names no paper by a link or an id."),
    ]
    assert not Proposal.objects.exists() and not Paper.objects.filter(source="hand").exists()


def test_lines_are_added_and_told_of(world, as_curator, curator):
    text = "2612.00001\nhttps://doi.org/10.1000/p\nno paper\n2612.00002"
    answer = as_curator.post(ADD, {"text": text, "lines": [1, 2, 3], "titles": {"2": "A title"}}).json()
    assert [(each["line"], each["outcome"], each["title"]) for each in answer["lines"]] == [
        (1, "queue", "arXiv:2612.00001"),
        (2, "queue", "A title"),
        (3, "left", ""),
    ]
    assert {each.user for each in Proposal.objects.all()} == {curator}
    answer = as_curator.post(ADD, {"text": "New title doi:10.1000/n", "category": "surveys"}).json()
    assert answer["lines"][0]["outcome"] == "accepted"
    assert Paper.objects.listed_in(world.list).filter(title="New title").exists()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "text"),
        ({"text": 7}, "text"),
        ({"text": "2612.00001", "category": "none"}, "category"),
        ({"text": "2612.00001", "dry_run": "yes"}, "dry_run"),
        ({"text": "2612.00001", "lines": ["x"]}, "lines.0"),
        ({"text": "\n".join(f"2612.{n:05}" for n in range(301))}, "text"),
    ],
)
def test_what_is_wrong_is_an_error_of_its_field(world, as_curator, asked, field):
    response = as_curator.post(ADD, asked)
    assert response.status_code == 400 and field in response.json()["errors"], response.content
    assert not Proposal.objects.exists()


def test_an_author_proposes_confirms_and_reads_the_state(world, as_anonymous, as_curator, curator):
    answer = proposed(as_anonymous)
    assert answer.status_code == 200
    key = answer.json()["key"]
    assert answer.json()["state"] == "waiting" and "email" not in answer.json()
    paper = Proposal.objects.get().paper
    review.reject(world.list, paper, curator, "weak", "A secret.")
    state = as_anonymous.get(f"{PROPOSE}{key}/").json()
    assert (state["state"], state["reason"]) == ("declined", "weak")
    assert "secret" not in str(state) and "ada@" not in str(state)
    (row,) = as_curator.get(PROPOSE).json()["results"]
    assert (row["source"], row["email"], row["why"], row["category"]) == (
        "author",
        "ada@example.org",
        "It fits.",
        "surveys",
    )
    assert (row["user"], row["relevance"], row["paper"]["id"]) == (None, None, paper.pk)


def test_what_is_unconfirmed_only_its_author_can_ask_for(world, as_anonymous, as_curator):
    as_anonymous.post(PROPOSE, ASKED)
    assert as_curator.get(PROPOSE).json()["results"] == []
    assert as_anonymous.get(f"{PROPOSE}{Proposal.objects.get().key}/").json()["state"] == "unconfirmed"
    assert as_anonymous.get(f"{PROPOSE}5a0c0000-0000-4000-8000-000000000000/").status_code == 404
    assert as_anonymous.post(f"{PROPOSE}confirm/", {"token": "made:up"}).status_code == 404


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"paper": "words"}, 400, "names no paper"),
        ({"paper": "doi:10.1000/x"}, 400, "Give its title"),
        ({"category": "none"}, 400, "no category"),
        ({"email": "nobody"}, 400, "valid email"),
        ({"list": "none"}, 400, "There is no"),
        ({"paper": "2306.14048"}, 409, "It is in the list already"),
        ({"paper": "2611.00003"}, 409, "The curators have declined it (off topic)."),
    ],
)
def test_what_cannot_be_proposed_is_refused(world, as_anonymous, more, status, words):
    response = as_anonymous.post(PROPOSE, ASKED | more)
    assert response.status_code == status and words in response.content.decode()
    assert not mail.outbox and not Proposal.objects.exists()


def test_one_address_has_a_few_an_hour(world, as_anonymous, monkeypatch):
    monkeypatch.setattr(proposing.ByAddress, "rate", "1/hour")
    assert as_anonymous.post(PROPOSE, ASKED).status_code == 202
    response = as_anonymous.post(PROPOSE, ASKED)
    assert response.status_code == 429 and response["Retry-After"]


def test_one_mail_address_has_a_few_a_day(world, as_anonymous):
    for number in range(proposals.MOST_A_DAY):
        assert as_anonymous.post(PROPOSE, ASKED | {"paper": f"2612.1000{number}"}).status_code == 202
    assert as_anonymous.post(PROPOSE, ASKED).status_code == 429


def test_a_list_that_is_closed_takes_none(world, as_anonymous, as_curator, settings):
    as_curator.post("/api/v1/lists/small/takes-proposals/", {"takes_proposals": False})
    assert as_anonymous.get("/api/v1/lists/small/").json()["takes_proposals"] is False
    response = as_anonymous.post(PROPOSE, ASKED)
    assert response.status_code == 403 and "takes no proposals" in response.json()["detail"]
    as_curator.post("/api/v1/lists/small/takes-proposals/", {"takes_proposals": True})
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert as_anonymous.post(PROPOSE, ASKED).status_code == 403
    assert not Proposal.objects.exists()


def test_a_page_of_proposals_costs_the_same_queries_however_many(world, as_curator):
    def queries(count):
        with CaptureQueriesContext(connection) as asked:
            assert len(as_curator.get(PROPOSE, {"page_size": count}).json()["results"]) == count
        return len(asked)

    for number in range(20):
        given = proposals.Named(Identifier("arxiv", f"2612.1{number:04}"), "", None)
        proposals.confirm(proposals.propose(world.list, given, f"p{number}@example.org").key)
    queries(1)
    assert queries(2) == queries(20)
    assert as_curator.get(PROPOSE, {"list": "small"}).json()["next"] is None
