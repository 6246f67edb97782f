"""Acts over the API: reading them, undoing them, and many decisions as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from papers import entries
from papers.models import Act, Decision, Entry, EntryText, Review
from papers.texts import fields_of

pytestmark = pytest.mark.django_db


def edit(world, user, **fields) -> Act:
    text = EntryText.objects.get(entry=world.entry, document=world.english)
    entries.edit(text, replace(fields_of(text), **fields), user)
    return Act.objects.latest("pk")


def test_acts_are_filtered_by_list_kind_person_and_paper(world, as_anonymous, curator):
    edited = edit(world, curator, tldr="Shorter.")
    rejected = Act.objects.get(kind="reject")
    for query, found in (
        ({"list": "small"}, 4),
        ({"kind": "edit"}, 1),
        ({"user": "curator"}, 2),
        ({"paper": world.rejected.paper_id}, 1),
    ):
        answer = as_anonymous.get("/api/v1/acts/", query).json()
        assert len(answer["results"]) == found
    assert answer["results"][0]["id"] == rejected.pk
    told = as_anonymous.get(f"/api/v1/acts/{edited.pk}/").json()
    assert (told["kind"], told["user"], told["is_kept"], told["undone_by"]) == ("edit", "curator", True, None)
    assert as_anonymous.get("/api/v1/acts/", {"kind": "no"}).status_code == 400


def test_undoing_names_what_followed_and_takes_it_along_if_told(world, as_curator, curator):
    first = edit(world, curator, tldr="One.")
    second = edit(world, curator, tldr="Two.")
    problem = as_curator.post(f"/api/v1/acts/{first.pk}/undo/", {})
    assert problem.status_code == 409 and problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["type"].endswith("followed")
    assert [each["id"] for each in problem.json()["followers"]] == [second.pk]
    answer = as_curator.post(f"/api/v1/acts/{first.pk}/undo/", {"cascade": True})
    assert answer.status_code == 201 and set(answer.json()["undoes"]) == {first.pk, second.pk}
    assert as_curator.get(answer.headers["Location"]).json()["kind"] == "undo"
    assert EntryText.objects.filter(tldr="Keeps what matters.").exists()
    again = as_curator.post(f"/api/v1/acts/{first.pk}/undo/", {"cascade": True})
    assert again.status_code == 409 and again.json()["type"].endswith("not-undoable")
    assert as_curator.post(f"/api/v1/acts/{first.pk}/undo/", {"cascade": 1}).status_code == 400


def test_many_papers_are_decided_on_as_one(world, as_curator):
    waiting = [paper.pk for paper in world.waiting]
    asked = {"papers": [*waiting, world.rejected.paper_id], "kind": "accept", "category": "kv-compression"}
    answer = as_curator.post("/api/v1/lists/small/bulk/", asked).json()
    assert answer["decided"] == 3 and [bool(each["refused"]) for each in answer["results"]] == [False] * 3 + [True]
    assert Decision.objects.filter(act=answer["act"], kind="accept").count() == 3
    assert Entry.objects.filter(paper__in=waiting).count() == 3
    as_curator.post(f"/api/v1/acts/{answer['act']}/undo/")
    assert not Entry.objects.filter(paper__in=waiting).exists() and Review.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "accept"}, "category"),
        ({"kind": "accept", "category": "nowhere"}, "category"),
        ({"kind": "defer", "until": "2020-01-01"}, "until"),
        ({"kind": "reject", "category": "kv-compression"}, "category"),
        ({"kind": "reject", "papers": []}, "papers"),
        ({"kind": "reject", "papers": list(range(1, 1002))}, "papers"),
        ({"kind": "duplicate"}, "kind"),
    ],
)
def test_what_cannot_be_asked_of_many_is_said_by_field(world, as_curator, asked, field):
    answer = as_curator.post("/api/v1/lists/small/bulk/", {"papers": [world.waiting[0].pk]} | asked)
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert Act.objects.filter(kind="bulk").count() == 0


def test_more_acts_ask_no_more_queries(world, as_anonymous, curator, django_assert_num_queries):
    edit(world, curator, tldr="One.")
    with django_assert_num_queries(2):
        as_anonymous.get("/api/v1/acts/")
    for number in range(5):
        edit(world, curator, tldr=f"{number}.")
    with django_assert_num_queries(2):
        as_anonymous.get("/api/v1/acts/")
