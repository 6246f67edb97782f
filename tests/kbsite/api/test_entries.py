"""Editing, moving, reordering, placing and taking out entries over the API: what the page does, and undone as there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.models import Act, Entry, EntryText
from papers.readme.exporter import export
from tests.factories import make_entry, make_list

pytestmark = pytest.mark.django_db


def exports(world):
    return [export(each) for each in world.list.documents.all()]


def order(world, language="en"):
    rows = EntryText.objects.filter(document__language=language, entry__category=world.kv)
    return list(rows.order_by("position", "pk").values_list("title", flat=True))


def test_rows_and_category_change_as_one_act(world, as_curator):
    before = exports(world)
    asked = {"rows": {"en": {"tldr": "Shorter.", "venue": "ICML 2024"}}, "category": "surveys"}
    answer = as_curator.patch(f"/api/v1/entries/{world.entry.pk}/", asked)
    told = answer.json()
    assert answer.status_code == 200 and told["category"] == "surveys"
    assert told["texts"]["en"]["tldr"] == "Shorter." and told["texts"]["en"]["tags"] == ["eviction"]
    assert told["texts"]["zh"]["venue"] == "ICML 2024", "what is the same everywhere follows"
    assert told["texts"]["zh"]["stale"] == ["tldr"]
    assert as_curator.post(f"/api/v1/acts/{told['act']}/undo/").status_code == 201
    assert exports(world) == before


def test_what_changes_nothing_is_no_act(world, as_curator):
    before = Act.objects.count()
    for asked in ({}, {"category": "kv-compression"}, {"rows": {"en": {"tldr": "Keeps what matters."}}}):
        answer = as_curator.patch(f"/api/v1/entries/{world.entry.pk}/", asked)
        assert answer.status_code == 200 and answer.json()["act"] is None
    assert Act.objects.count() == before


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"category": "nowhere"}, "category"),
        ({"category": 3}, "category"),
        ({"rows": {"fr": {"tldr": "x"}}}, "rows.fr"),
        ({"rows": {"en": {"nickname": "H2O"}}}, "rows.en.nickname"),
        ({"rows": {"en": {"link": "javascript:x"}}}, "rows.en.link"),
        ({"rows": {"en": {"title": ""}}}, "rows.en.title"),
        ({"rows": []}, "rows"),
    ],
)
def test_what_cannot_stand_is_said_by_field(world, as_curator, asked, field):
    answer = as_curator.patch(f"/api/v1/entries/{world.entry.pk}/", asked)
    assert answer.status_code == 400 and field in answer.json()["errors"]


def test_an_entry_is_put_behind_another_one_or_first(world, as_curator):
    first, second = Entry.objects.filter(category=world.kv).order_by("pk")
    answer = as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {"after": second.pk})
    assert answer.status_code == 200 and answer.json()["act"]
    assert order(world) == order(world, "zh") == ["Snap the Cache", "Keep the Heavy Hitters"]
    assert as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {"after": second.pk}).json()["act"] is None
    as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {"after": None})
    assert order(world) == ["Keep the Heavy Hitters", "Snap the Cache"]
    survey = Entry.objects.get(category__key="surveys")
    for wrong in (survey.pk, first.pk, 999999, "x", 0):
        answer = as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {"after": wrong})
        assert answer.status_code == 400 and "after" in answer.json()["errors"]
    assert as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {}).status_code == 400


def test_a_paper_is_placed_in_a_second_category(world, as_curator):
    before = exports(world)
    asked = {"list": "small", "paper": world.entry.paper_id, "category": "surveys", "rows": {"zh": {"tldr": "新的。"}}}
    answer = as_curator.post("/api/v1/entries/", asked)
    told = answer.json()
    assert answer.status_code == 201 and as_curator.get(answer.headers["Location"]).json()["id"] == told["id"]
    assert told["texts"]["en"]["tldr"] == "Keeps what matters." and told["texts"]["zh"]["tldr"] == "新的。"
    again = as_curator.post("/api/v1/entries/", asked)
    assert again.status_code == 409 and again.json()["type"].endswith("already-listed")
    moved = as_curator.patch(f"/api/v1/entries/{told['id']}/", {"category": "kv-compression"})
    assert moved.status_code == 409
    as_curator.post(f"/api/v1/acts/{told['act']}/undo/")
    assert exports(world) == before
    unlisted = as_curator.post("/api/v1/entries/", asked | {"paper": world.waiting[0].pk})
    assert unlisted.status_code == 400 and "by a decision" in unlisted.json()["errors"]["paper"][0]


def test_an_entry_is_taken_out_and_comes_back(world, as_curator):
    before = exports(world)
    assert as_curator.delete(f"/api/v1/entries/{world.entry.pk}/").status_code == 204
    assert not Entry.objects.filter(pk=world.entry.pk).exists()
    as_curator.post(f"/api/v1/acts/{Act.objects.latest('pk').pk}/undo/")
    assert exports(world) == before


def test_a_change_costs_the_same_queries_however_long_the_list(world, as_curator):
    other = make_list("other")
    first = make_entry(other.categories.first())

    def queries_with_more(number):
        for _ in range(number):
            make_entry(other.categories.first())
        last = Entry.objects.filter(category__list=other).latest("pk")
        counts = []
        for do in (
            lambda: as_curator.patch(f"/api/v1/entries/{first.pk}/", {"rows": {"en": {"tldr": f"{number}."}}}),
            lambda: as_curator.post(f"/api/v1/entries/{first.pk}/reorder/", {"after": last.pk}),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert do().json()["act"]
            counts.append(len(queries))
        return counts

    queries_with_more(1)
    assert queries_with_more(2) == queries_with_more(30)


def test_many_entries_move_as_one(world, as_curator):
    first, second = Entry.objects.filter(category=world.kv).order_by("pk")
    make_entry(world.list.categories.get(key="surveys"), second.paper)
    asked = {"list": "small", "entries": [first.pk, second.pk], "category": "surveys"}
    before = exports(world)
    told = as_curator.post("/api/v1/entries/move/", asked).json()
    assert (told["moved"], told["left"]) == ([first.pk], [second.pk])
    as_curator.post(f"/api/v1/acts/{told['act']}/undo/")
    assert exports(world) == before
    unknown = as_curator.post("/api/v1/entries/move/", asked | {"entries": [first.pk, 999999]})
    assert unknown.status_code == 400 and unknown.json()["errors"]["entries"] == ["A small list has no entry 999999."]
    assert as_curator.post("/api/v1/entries/move/", asked | {"category": "none"}).status_code == 400
