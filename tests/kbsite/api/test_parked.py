"""Parked papers over the API: who sees what went wrong, and taking them up again, one or all."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingest.models import Claim
from tests.kbsite.test_runs import make_claim

pytestmark = pytest.mark.django_db


def parked(client):
    return client.get("/api/v1/parked/").json()["results"]


def test_parked_papers_are_read_and_their_errors_by_curators(as_anonymous, as_curator):
    make_claim("A heavy one", error="out of memory")
    (told,) = parked(as_anonymous)
    assert told["paper"]["title"] == "A heavy one" and "memory" not in told["error"]
    assert parked(as_curator)[0]["error"] == "out of memory"
    make_claim("In hand", parked=False)
    assert len(parked(as_curator)) == 1


def test_they_are_taken_up_again_by_id_or_all(as_curator):
    first, second, third = make_claim("One"), make_claim("Two"), make_claim("Three")
    in_hand = make_claim("In hand", parked=False)
    told = as_curator.post("/api/v1/parked/replay/", {"parked": [first.pk, in_hand.pk, 999999]}).json()
    assert told == {"taken_up": 1} and [each["id"] for each in parked(as_curator)] == [third.pk, second.pk]
    assert as_curator.post("/api/v1/parked/replay/", {"parked": "all"}).status_code == 400
    assert as_curator.post("/api/v1/parked/replay/").json() == {"taken_up": 2}
    assert list(Claim.objects.all()) == [in_hand]


def test_they_cost_the_same_queries_however_many(as_anonymous):
    def queries_with(number):
        for _ in range(number):
            make_claim()
        with CaptureQueriesContext(connection) as queries:
            parked(as_anonymous)
        return len(queries)

    assert queries_with(1) == queries_with(10)
