"""The upkeep of a list over the API: findings, languages, words and settings, each as one act."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.models import Act, Document, EntryText, Finding
from papers.readme.exporter import export
from tests.factories import make_entry

pytestmark = pytest.mark.django_db

LANGUAGES = "/api/v1/lists/small/languages/"


@pytest.fixture
def finding(world):
    return make_finding(world)


def make_finding(world, field="venue"):
    return Finding.objects.create(
        list=world.list,
        paper=world.entry.paper,
        entry=world.entry,
        document=world.english,
        rule="conflict",
        field=field,
        message="Changed twice",
        values={"base": "a", "here": "NeurIPS 2023", "readme": "ICML 2024"},
    )


def undo(client, told):
    assert client.post(f"/api/v1/acts/{told['act']}/undo/").status_code == 201


# --- findings ---------------------------------------------------------------------------------------------------


def test_a_finding_is_read_and_settled_once(world, finding, as_anonymous, as_curator):
    (told,) = as_anonymous.get("/api/v1/findings/", {"list": "small", "state": "open"}).json()["results"]
    assert (told["field"], told["language"], told["values"]["readme"]) == ("venue", "en", "ICML 2024")
    settled = as_curator.post(f"/api/v1/findings/{finding.pk}/settle/", {"choice": "readme"}).json()
    assert (settled["state"], settled["choice"], settled["settled_by"]) == ("settled", "readme", "curator")
    assert EntryText.objects.get(entry=world.entry, document=world.english).venue == "ICML 2024"
    again = as_curator.post(f"/api/v1/findings/{finding.pk}/settle/", {"choice": "here"})
    assert again.status_code == 409 and again.json()["type"].endswith("not-open")
    undo(as_curator, settled)
    assert EntryText.objects.get(entry=world.entry, document=world.english).venue == "NeurIPS 2023"
    gone = as_curator.post(f"/api/v1/findings/{finding.pk}/settle/", {"choice": "dismiss"}).json()
    assert gone["state"] == "dismissed" and not as_anonymous.get("/api/v1/findings/?state=open").json()["results"]
    assert as_curator.post(f"/api/v1/findings/{finding.pk}/settle/", {"choice": "theirs"}).status_code == 400


def test_findings_cost_the_same_queries_however_many(world, as_anonymous):
    def queries_with(*fields):
        for field in fields:
            make_finding(world, field)
        with CaptureQueriesContext(connection) as queries:
            as_anonymous.get("/api/v1/findings/")
        return len(queries)

    assert queries_with("venue") == queries_with("title", "link", "tldr", "tags", "code")


# --- languages --------------------------------------------------------------------------------------------------


def test_a_language_is_made_brought_in_step_and_unmade(world, as_curator, as_maintainer):
    made = as_maintainer.post(LANGUAGES, {"language": "fr", "path": "README_FR.md"})
    assert made.status_code == 201 and (made.json()["rows"], made.json()["untranslated"]) == (3, 3)
    again = as_maintainer.post(LANGUAGES, {"language": "fr", "path": "README_FR.md"})
    assert again.status_code == 400 and "language" in again.json()["errors"]
    EntryText.objects.filter(document__language="fr", entry=world.entry).delete()
    standing = {each["language"]: each for each in as_curator.get(LANGUAGES).json()}
    assert standing["fr"]["missing"] == 1 and standing["en"]["is_primary"]
    told = as_curator.post(f"{LANGUAGES}fr/in-step/").json()
    assert told["filled"] == 1 and told["act"]
    assert as_curator.post(f"{LANGUAGES}fr/in-step/").json()["act"] is None
    undo(as_curator, told)
    assert not EntryText.objects.filter(document__language="fr", entry=world.entry).exists()
    assert as_curator.post(f"{LANGUAGES}xx/in-step/").status_code == 404


def test_a_language_can_be_unmade(world, as_maintainer):
    undo(as_maintainer, as_maintainer.post(LANGUAGES, {"language": "fr", "path": "README_FR.md"}).json())
    assert not Document.objects.filter(language="fr").exists()


def test_a_translation_is_confirmed(world, as_curator):
    texts = EntryText.objects.filter(entry=world.entry, document=world.chinese)
    texts.update(untranslated=["tags"], stale=["tldr"])
    asked = {"language": "zh", "fields": ["tags"]}
    told = as_curator.post(f"/api/v1/entries/{world.entry.pk}/confirm/", asked).json()
    assert (told["texts"]["zh"]["untranslated"], told["texts"]["zh"]["stale"]) == ([], ["tldr"])
    undo(as_curator, told)
    assert texts.get().untranslated == ["tags"]
    told = as_curator.post(f"/api/v1/entries/{world.entry.pk}/confirm/", {"language": "zh"}).json()
    assert (told["texts"]["zh"]["untranslated"], told["texts"]["zh"]["stale"]) == ([], [])
    for wrong in ({"language": "fr"}, {}, asked | {"fields": ["title"]}):
        assert as_curator.post(f"/api/v1/entries/{world.entry.pk}/confirm/", wrong).status_code == 400


def test_words_are_said_applied_and_taken_back(world, as_curator, as_anonymous):
    words = {each["term"]: each for each in as_anonymous.get(f"{LANGUAGES}zh/words/").json()}
    assert (words["eviction"]["translation"], words["eviction"]["own"]) == ("淘汰", "")
    EntryText.objects.filter(document=world.chinese, tags=["综述"]).update(tags=["survey"], untranslated=["tags"])
    told = as_curator.patch(f"{LANGUAGES}zh/words/", {"words": {"survey": "概览"}, "apply": True}).json()
    assert told["changed_rows"] == 1 and EntryText.objects.filter(document=world.chinese, tags=["概览"]).exists()
    words = {each["term"]: each for each in as_anonymous.get(f"{LANGUAGES}zh/words/").json()}
    assert words["survey"]["own"] == "概览"
    undo(as_curator, told)
    assert not EntryText.objects.filter(document=world.chinese, tags=["概览"]).exists()
    assert as_curator.patch(f"{LANGUAGES}zh/words/", {"words": {"none": ""}}).json()["act"] is None
    assert as_curator.patch(f"{LANGUAGES}en/words/", {"words": {"a": "b"}}).status_code == 409
    for wrong in ({"a": 1}, {"a": "x" * 201}, ["a"]):
        assert as_curator.patch(f"{LANGUAGES}zh/words/", {"words": wrong}).status_code == 400


def test_the_languages_cost_the_same_queries_however_long_the_list(world, as_anonymous):
    def queries_with_more(number):
        for _ in range(number):
            make_entry(world.kv)
        with CaptureQueriesContext(connection) as queries:
            as_anonymous.get(LANGUAGES)
            as_anonymous.get(f"{LANGUAGES}zh/words/")
        return len(queries)

    assert queries_with_more(1) == queries_with_more(30)


# --- settings ---------------------------------------------------------------------------------------------------


def test_orders_and_columns_are_fixed_as_one(world, as_maintainer):
    where = "/api/v1/lists/small/settings/"
    found = as_maintainer.get(where).json()
    assert found["orders"]["surveys"] == {"fixed": "", "found": "none"}
    venue = next(each for each in found["columns"] if each["header"] == "Venue")
    assert (venue["detected"], venue["fixed"]) == ("venue", "")
    told = as_maintainer.patch(where, {"orders": {"surveys": "alphabetical"}, "columns": {"Venue": "extra"}}).json()
    assert told["orders"]["surveys"]["fixed"] == "alphabetical"
    assert next(each for each in told["columns"] if each["header"] == "Venue")["fixed"] == "extra"
    assert EntryText.objects.get(entry=world.entry, document=world.english).extra == {"Venue": "NeurIPS 2023"}
    assert export(world.english) == bytes(world.english.source), "an export writes what was imported"
    undo(as_maintainer, told)
    assert as_maintainer.get(where).json() == found
    assert as_maintainer.patch(where, {}).json()["act"] is None


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"orders": {"nowhere": "none"}}, "orders.nowhere"),
        ({"orders": {"surveys": "by heart"}}, "orders.surveys"),
        ({"columns": {"Venue": "no role"}}, "columns.Venue"),
        ({"columns": {"Venue": "title"}}, "columns"),
    ],
)
def test_settings_that_cannot_be_are_said_by_field(world, as_maintainer, asked, field):
    before = Act.objects.count()
    answer = as_maintainer.patch("/api/v1/lists/small/settings/", asked)
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert Act.objects.count() == before
