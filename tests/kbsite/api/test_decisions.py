"""Deciding by program does what deciding on the page does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from papers.models import Decision, Document, Entry, EntryText, PaperList, Review
from papers.readme import exporter
from papers.readme.importer import import_readme
from tests.kbsite.api.conftest import add_papers, client_of, suggest
from tests.kbsite.api.test_errors import assert_problem

URL = "/api/v1/decisions/"


def asked(world, **more) -> dict:
    return {"list": "small", "paper": world.waiting[0].pk, "kind": "accept", "category": "kv-compression"} | more


def test_an_accepted_paper_gets_its_row_prefilled(world, as_curator):
    response = as_curator.post(URL, asked(world))
    assert response.status_code == 201, response.content
    decision = response.json()
    assert response["Location"] == f"http://testserver{URL}{decision['id']}/"
    assert as_curator.get(response["Location"]).json() == decision
    assert (decision["kind"], decision["category"], decision["user"]) == ("accept", "kv-compression", "curator")
    assert decision["suggestion"]["relevance"] == 0.9
    entry = as_curator.get(f"/api/v1/entries/?paper={world.waiting[0].pk}").json()["results"][0]
    assert entry["decision"] == decision["id"]
    assert entry["texts"]["en"]["title"] == "Paper 0 on caches"
    assert entry["texts"]["en"]["link"] == "https://arxiv.org/abs/2611.00000"
    assert set(entry["texts"]) == {"en", "zh"}


@pytest.mark.parametrize(
    ("kind", "most"), [({"kind": "accept", "category": "kv-compression"}, 50), ({"kind": "reject"}, 22)]
)
def test_a_decision_asks_as_often_however_much_awaits_one(world, as_curator, kind, most):
    def queries(paper) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert as_curator.post(URL, {"list": "small", "paper": paper.pk} | kind).status_code == 201
        return [query["sql"] for query in captured]

    queries(world.waiting[0])  # the first one notes that the token is used
    before = queries(world.waiting[1])
    for paper in add_papers(30, 100):
        suggest(world.list, paper)
    assert len(queries(world.waiting[2])) == len(before) <= most
    for table in ("papers_paperlist", "papers_fact", "papers_category"):
        assert sum(f'FROM "{table}"' in sql for sql in before) <= 2, table


def test_a_row_of_ones_own_is_taken_and_the_rest_prefilled(world, as_curator):
    rows = {
        "en": {
            "venue": "ACL 2026",
            "tags": ["eviction", "new"],
            "code": [{"label": "", "address": "https://github.com/a/b"}],
            "tldr": "Drops half | of the cache.\nAnd more.",
        },
        "zh": {"tags": ["淘汰", "新"], "tldr": "丢弃一半缓存。"},
    }
    assert as_curator.post(URL, asked(world, rows=rows)).status_code == 201
    entry = as_curator.get(f"/api/v1/entries/?paper={world.waiting[0].pk}").json()["results"][0]
    english, chinese = entry["texts"]["en"], entry["texts"]["zh"]
    assert english["title"] == chinese["title"] == "Paper 0 on caches"
    assert english["venue"] == chinese["venue"] == "ACL 2026"
    assert english["tldr"] == "Drops half | of the cache. And more."
    assert english["code"] == [{"label": "", "address": "https://github.com/a/b"}]
    assert chinese["tags"] == ["淘汰", "新"] and chinese["tldr"] == "丢弃一半缓存。"
    assert chinese["untranslated"] == []
    for document in Document.objects.all():
        before, after = bytes(document.source).splitlines(), exporter.export(document).splitlines()
        assert len(after) == len(before) + 1 and [line for line in after if line in before] == before


def test_authors_and_date_are_taken_where_the_table_has_columns_for_them(world, as_curator):
    source = (
        b"# Dated\n\n## All\n\n| Date | Title | Authors |\n| --- | --- | --- |\n"
        b"| 2024.06 | [Old](https://arxiv.org/abs/2406.00001) | Cook et al. |\n"
    )
    dated = PaperList.objects.create(slug="dated", name="Dated")
    import_readme(dated, "en", source, "README.md")
    sent = asked(world, list="dated", category="all", rows={"en": {"authors": "Baker et al.", "date": "2026.11"}})
    assert as_curator.post(URL, sent).status_code == 201
    lines = exporter.export(dated.documents.get()).decode().splitlines()
    assert any(
        line.startswith("| 2026.11 | [Paper 0 on caches](") and line.endswith("| Baker et al. |") for line in lines
    )
    [entry] = as_curator.get("/api/v1/entries/?list=dated&category=all").json()["results"][1:]
    assert (entry["texts"]["en"]["authors"], entry["texts"]["en"]["dated"]) == ("Baker et al.", "2026-11")


def test_what_the_table_has_no_column_for_is_refused(world, as_curator):
    response = as_curator.post(URL, asked(world, rows={"en": {"authors": "Baker et al.", "date": ""}}))
    problem = assert_problem(response, 400)
    assert problem["errors"] == {"rows.en.authors": ["This section's table has no such column."]}
    assert not Entry.objects.filter(paper=world.waiting[0]).exists()


def test_what_is_not_translated_is_flagged(world, as_curator):
    as_curator.post(URL, asked(world, rows={"en": {"tldr": "In English.", "tags": ["eviction", "unheard of"]}}))
    text = EntryText.objects.get(entry__paper=world.waiting[0], document__language="zh")
    assert text.tags == ["淘汰", "unheard of"]
    assert sorted(text.untranslated) == ["tags", "tldr"]


def test_reject_defer_and_duplicate(world, as_curator):
    first, second, third = world.waiting
    soon = (timezone.localdate() + timedelta(days=7)).isoformat()
    sent = [
        {"paper": first.pk, "kind": "reject", "reason": "weak", "note": "No experiments."},
        {"paper": second.pk, "kind": "defer", "until": soon},
        {"paper": third.pk, "kind": "duplicate", "duplicate_of": first.pk},
    ]
    for one in sent:
        response = as_curator.post(URL, {"list": "small"} | one)
        assert response.status_code == 201, response.content
        shown = response.json()
        assert {name: shown[name] for name in one if name != "paper"} == {k: v for k, v in one.items() if k != "paper"}
    states = dict(Review.objects.exclude(decision=world.rejected).values_list("paper", "state"))
    assert states == {first.pk: "rejected", second.pk: "deferred", third.pk: "duplicate"}
    assert as_curator.get("/api/v1/suggestions/?list=small&awaiting=true").json()["results"] == []


def test_a_paper_is_put_off_until_a_newer_version_only_where_that_is_said(world, as_curator):
    where = {"list": "small", "paper": world.waiting[0].pk, "kind": "defer"}
    assert_problem(as_curator.post(URL, where), 400)
    response = as_curator.post(URL, where | {"until": None})
    assert response.status_code == 201 and response.json()["until"] is None
    assert Review.objects.get(paper=world.waiting[0]).state == "deferred"


def test_the_second_to_decide_gets_the_decision_of_the_first(world, as_curator, administrator):
    theirs = as_curator.post(URL, {"list": "small", "paper": world.waiting[0].pk, "kind": "reject"}).json()
    response = client_of(administrator).post(URL, asked(world))
    body = assert_problem(response, 409)
    assert body["type"] == "urn:listkeeper:problem:already-decided"
    assert body["decision"] == theirs
    assert "curator" in body["detail"]
    assert not Entry.objects.filter(paper=world.waiting[0]).exists()


def test_asking_ten_times_leaves_one_decision(world, as_curator):
    answers = [as_curator.post(URL, asked(world)).status_code for _ in range(10)]
    assert answers == [201] + [409] * 9
    assert Entry.objects.filter(paper=world.waiting[0]).count() == 1


def test_a_listed_paper_cannot_be_accepted_where_it_stands(world, as_curator):
    response = as_curator.post(URL, asked(world, paper=world.entry.paper_id))
    assert assert_problem(response, 409)["type"] == "urn:listkeeper:problem:already-listed"
    assert Decision.objects.count() == 1


def test_undoing_brings_the_paper_back_once(world, as_curator):
    decision = as_curator.post(URL, asked(world)).json()
    response = as_curator.post(f"{URL}{decision['id']}/undo/")
    assert response.status_code == 201
    undone = response.json()
    assert (undone["kind"], undone["undoes"]) == ("undo", decision["id"])
    assert as_curator.get(f"{URL}{decision['id']}/").json()["undone_by"] == undone["id"]
    assert not Entry.objects.filter(paper=world.waiting[0]).exists()
    waiting = as_curator.get("/api/v1/suggestions/?list=small&awaiting=true").json()["results"]
    assert world.waiting[0].pk in [suggestion["paper"]["id"] for suggestion in waiting]
    for pk in (decision["id"], undone["id"]):
        again = assert_problem(as_curator.post(f"{URL}{pk}/undo/"), 409)
        assert again["type"] == "urn:listkeeper:problem:not-in-force"
    for document in Document.objects.all():
        assert exporter.export(document) == bytes(document.source)


def test_undoing_takes_any_body_or_none(world, as_curator):
    response = as_curator.post(f"{URL}{world.rejected.pk}/undo/", {"anything": 1})
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"list": "absent"}, "list"),
        ({"list": "\x00"}, "list"),
        ({"list": ["small"]}, "list"),
        ({"list": None}, "list"),
        ({"paper": 10**30}, "paper"),
        ({"paper": 0}, "paper"),
        ({"paper": "one"}, "paper"),
        ({"paper": 1.5}, "paper"),
        ({"paper": True}, "paper"),
        ({"paper": {}}, "paper"),
        ({"kind": "undo"}, "kind"),
        ({"kind": "like"}, "kind"),
        ({"kind": None}, "kind"),
        ({"category": "absent"}, "category"),
        ({"category": "not a slug"}, "category"),
        ({"category": 5}, "category"),
        ({"category": None}, "category"),
        ({"reason": "weak"}, "reason"),
        ({"until": "2999-01-01"}, "until"),
        ({"duplicate_of": 1}, "duplicate_of"),
        ({"note": "x" * 5001}, "note"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"rows": []}, "rows"),
        ({"rows": {"fr": {"title": "x"}}}, "rows.fr"),
        ({"rows": {"en": "x"}}, "rows.en"),
        ({"rows": {"en": {"title": ""}}}, "rows.en.title"),
        ({"rows": {"en": {"title": 5}}}, "rows.en.title"),
        ({"rows": {"en": {"title": "x" * 2001}}}, "rows.en.title"),
        ({"rows": {"en": {"title": "\ud800"}}}, "rows.en.title"),
        ({"rows": {"en": {"link": "javascript:alert(1)"}}}, "rows.en.link"),
        ({"rows": {"en": {"link": "https://x.org/ y"}}}, "rows.en.link"),
        ({"rows": {"en": {"tags": "x"}}}, "rows.en.tags"),
        ({"rows": {"en": {"tags": [""]}}}, "rows.en.tags.0"),
        ({"rows": {"en": {"code": ["https://x.org"]}}}, "rows.en.code.0"),
        ({"rows": {"en": {"code": [{"label": "x"}]}}}, "rows.en.code.0.address"),
        ({"rows": {"en": {"extra": {"a": {}}}}}, "rows.en.extra.a"),
        ({"rows": {"zh": {"title": "另一个"}}}, "rows.zh.title"),
        ({"rows": {"zh": {"venue": "x"}}}, "rows.zh.venue"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(world, as_curator, change, field):
    response = as_curator.generic("POST", URL, json_of(asked(world, **change)), content_type="application/json")
    body = assert_problem(response, 400)
    assert set(body["errors"]) == {field}
    assert Decision.objects.count() == 1


def json_of(value) -> bytes:
    import json

    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "accept"}, "category"),
        ({"kind": "defer"}, "until"),
        ({"kind": "defer", "until": "2020-01-01"}, "until"),
        ({"kind": "defer", "until": "0001-01-01"}, "until"),
        ({"kind": "defer", "until": "soon"}, "until"),
        ({"kind": "duplicate"}, "duplicate_of"),
        ({"kind": "duplicate", "duplicate_of": 10**20}, "duplicate_of"),
        ({"kind": "reject", "reason": "because"}, "reason"),
        ({"kind": "reject", "category": "kv-compression"}, "category"),
        ({"kind": "reject", "rows": {"en": {}}}, "rows"),
    ],
    ids=str,
)
def test_each_kind_asks_for_its_own(world, as_curator, sent, field):
    response = as_curator.post(URL, {"list": "small", "paper": world.waiting[0].pk} | sent)
    assert set(assert_problem(response, 400)["errors"]) == {field}


def test_a_paper_is_no_duplicate_of_itself(world, as_curator):
    pk = world.waiting[0].pk
    response = as_curator.post(URL, {"list": "small", "paper": pk, "kind": "duplicate", "duplicate_of": pk})
    assert set(assert_problem(response, 400)["errors"]) == {"duplicate_of"}


def test_the_row_in_another_language_may_repeat_what_is_the_same_in_all(world, as_curator):
    rows = {"zh": {"title": "Paper 0 on caches", "link": "https://arxiv.org/abs/2611.00000", "tldr": "好。"}}
    assert as_curator.post(URL, asked(world, rows=rows)).status_code == 201


def test_a_category_of_another_list_is_not_ours(world, as_curator):
    PaperList.objects.create(slug="other", name="Other").categories.create(key="else", position=0)
    response = as_curator.post(URL, asked(world, category="else"))
    assert set(assert_problem(response, 400)["errors"]) == {"category"}


def test_a_list_without_a_readme_takes_no_rows(world, as_curator):
    PaperList.objects.create(slug="other", name="Other").categories.create(key="else", position=0)
    response = as_curator.post(URL, asked(world, list="other", category="else"))
    assert set(assert_problem(response, 400)["errors"]) == {"list"}


def test_a_decision_is_learned_from(world, as_curator, monkeypatch, django_capture_on_commit_callbacks):
    from ingest import tasks

    sent = []
    monkeypatch.setattr(tasks.train, "apply_async", lambda args, *_, **__: sent.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        as_curator.post(URL, {"list": "small", "paper": world.waiting[0].pk, "kind": "reject"})
    assert sent == [("small",)]


def test_decisions_are_filtered(world, as_curator):
    accepted = as_curator.post(URL, asked(world)).json()["id"]
    as_curator.post(f"{URL}{world.rejected.pk}/undo/")
    undone = Decision.objects.get(kind="undo").pk

    def ids(query: str) -> list[int]:
        response = as_curator.get(f"{URL}?{query}")
        assert response.status_code == 200, response.content
        return [decision["id"] for decision in response.json()["results"]]

    assert ids("") == [undone, accepted, world.rejected.pk]
    assert ids("kind=accept") == ids("category=kv-compression") == ids("in_force=true") == [accepted]
    assert ids("in_force=false") == [undone, world.rejected.pk]
    assert ids(f"paper={world.waiting[0].pk}") == [accepted]
    assert ids("user=curator&list=small") == [undone, accepted, world.rejected.pk]
    assert ids("user=nobody") == []
