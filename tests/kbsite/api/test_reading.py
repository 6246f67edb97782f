"""What readers get, and how they choose among it."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ingest.models import Run, Topic
from papers import review
from papers.models import EntryText, PaperList
from papers.readme.importer import import_readme
from tests.kbsite.api.conftest import ENGLISH, FIGURES, add_head, add_papers, suggest
from tests.kbsite.api.test_errors import assert_problem


@pytest.fixture
def get(world, as_anonymous):
    def results(address: str) -> list[dict]:
        response = as_anonymous.get(f"/api/v1/{address}")
        assert response.status_code == 200, response.content
        return response.json()["results"]

    return results


def test_a_list_tells_its_categories_and_documents(world, as_anonymous):
    shown = as_anonymous.get("/api/v1/lists/small/").json()
    assert [category["key"] for category in shown["categories"]] == ["kv-compression", "surveys"]
    assert shown["categories"][0]["texts"]["en"] == {
        "name": "KV Compression",
        "definition": "keeps fewer keys and values.",
        "keywords": ["KV cache", "eviction"],
    }
    assert [(document["language"], document["is_primary"]) for document in shown["documents"]] == [
        ("en", True),
        ("zh", False),
    ]


def test_categories_of_one_list(get, world):
    PaperList.objects.create(slug="other", name="Other").categories.create(key="else", position=0)
    assert len(get("categories/")) == 3
    assert [category["key"] for category in get("categories/?list=other")] == ["else"]
    assert [category["list"] for category in get("categories/?key=surveys")] == ["small"]


def titles(rows: list[dict]) -> list[str]:
    return [row["paper"]["title"] for row in rows]


def test_entries_by_category_tag_language_and_translation(get, world):
    both = ["Keep the Heavy Hitters", "Snap the Cache"]
    assert len(get("entries/?list=small")) == 3
    assert titles(get("entries/?category=kv-compression")) == both
    assert titles(get("entries/?tag=eviction")) == titles(get("entries/?tag=淘汰")) == both
    assert get("entries/?tag=eviction&language=zh") == []
    assert titles(get("entries/?tag=prefill&language=zh")) == ["Snap the Cache"]
    assert len(get("entries/?language=zh")) == 3 and get("entries/?language=fr") == []
    assert titles(get("entries/?venue=neurips")) == ["Keep the Heavy Hitters"]
    assert titles(get("entries/?venue=arXiv&category=kv-compression")) == ["Snap the Cache"]
    assert get("entries/?venue=NeurIPS 2023") == [], "a venue goes by its name"
    assert get("entries/?untranslated=true") == []
    EntryText.objects.filter(entry=world.entry, document=world.chinese).update(untranslated=["tldr"])
    assert titles(get("entries/?untranslated=true")) == both[:1]
    assert titles(get("entries/?untranslated=true&language=zh")) == both[:1]
    assert get("entries/?untranslated=true&language=en") == []
    assert len(get("entries/?untranslated=false")) == 2


def test_a_paper_tells_its_identifiers_facts_and_where_it_is_listed(world, as_anonymous):
    paper = as_anonymous.get(f"/api/v1/papers/{world.waiting[1].pk}/").json()
    assert {(i["scheme"], i["value"]) for i in paper["identifiers"]} == {("arxiv", "2611.00001"), ("doi", "10.1000/x1")}
    assert {(f["kind"], f["value"]) for f in paper["facts"]} == {("upvotes", 1)}
    assert paper["entries"] == []
    listed = as_anonymous.get(f"/api/v1/papers/{world.entry.paper_id}/").json()
    assert listed["entries"] == [{"id": world.entry.pk, "list": "small", "category": "kv-compression"}]


@pytest.mark.parametrize(
    "query",
    [
        "value=2611.00001",
        "value=2611.00001v7",
        "value=arXiv:2611.00001",
        "value=https://arxiv.org/pdf/2611.00001v2.pdf",
        "value=https://huggingface.co/papers/2611.00001",
        "value=https://doi.org/10.1000/X1",
        "value=10.1000/x1",
        "scheme=arxiv&value=2611.00001",
        "scheme=doi&value=10.1000/x1",
        "scheme=arxiv&value=https://arxiv.org/abs/2611.00001",
    ],
)
def test_a_paper_is_found_by_any_of_its_names(world, as_anonymous, query):
    response = as_anonymous.get(f"/api/v1/papers/by-identifier/?{query}")
    assert response.json()["id"] == world.waiting[1].pk


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("value=", 400),
        ("value=two words", 404),
        ("value=%00", 400),
        ("value=2611.00001&scheme=isbn", 400),
        ("value=" + "x" * 3000, 400),
        ("value=2611.99999", 404),
        ("scheme=openreview&value=abc", 404),
        ("scheme=doi&value=2611.00001", 404),
        ("value=http://[", 404),
    ],
)
def test_a_name_of_no_paper(world, as_anonymous, query, status):
    assert_problem(as_anonymous.get(f"/api/v1/papers/by-identifier/?{query}"), status)


def test_suggestions_awaiting_review_are_the_queue(get, world):
    queue = list(review.queue(world.list).values_list("pk", flat=True))
    assert [s["id"] for s in get("suggestions/?list=small&awaiting=true")] == queue
    assert len(queue) == 3 and len(get("suggestions/?list=small")) == 4
    assert [s["paper"]["id"] for s in get("suggestions/?list=small&awaiting=false")] == [world.rejected.paper_id]
    assert len(get("suggestions/?relevance_min=0.75")) == 2
    assert len(get("suggestions/?category=kv-compression")) == 4 and get("suggestions/?category=surveys") == []
    assert len(get(f"suggestions/?paper={world.waiting[0].pk}")) == 1


def test_a_suggestion_says_why(world, as_anonymous):
    found = as_anonymous.get(f"/api/v1/suggestions/{world.suggestion.pk}/").json()
    assert found["terms"] == [{"term": "cache", "weight": 1.5}]
    assert found["sentence"] == "We compress the cache of a language model."
    assert found["criterion"] == {"definition": "keeps fewer keys and values.", "keywords": []}
    world.kv.texts.update(keywords=["Eviction", "Language Models"])
    found = as_anonymous.get(f"/api/v1/suggestions/{world.suggestion.pk}/").json()
    assert found["criterion"]["keywords"] == ["Language Models"]
    world.kv.texts.update(definition="", keywords=[])
    assert as_anonymous.get(f"/api/v1/suggestions/{world.suggestion.pk}/").json()["criterion"] is None


def test_the_queues_of_all_lists_together(get, world):
    other = PaperList.objects.create(slug="other", name="Other")
    other.categories.create(key="else", position=0)
    suggest(other, world.waiting[0], 0.05)
    waiting = [(s["list"], s["paper"]["id"]) for s in get("suggestions/?awaiting=true")]
    assert waiting == [*[("small", paper.pk) for paper in world.waiting], ("other", world.waiting[0].pk)]
    assert len(get("suggestions/?awaiting=false")) == 1


def test_papers_are_filtered_and_searched_as_on_the_page(get, world):
    first = world.waiting[0]
    assert len(get("papers/")) == 7
    assert [p["id"] for p in get("papers/?search=2611.00000")] == [first.pk]
    assert {p["id"] for p in get("papers/?search=language caches")} == {
        p["id"] for p in get("papers/?q=language caches")
    }
    assert len(get("papers/?search=language caches")) == 4
    assert get("papers/?search=language -model") == []
    assert {p["id"] for p in get("papers/?status=awaiting&list=small")} == {paper.pk for paper in world.waiting}
    assert [p["id"] for p in get("papers/?status=rejected")] == [world.rejected.paper_id]
    assert len(get("papers/?status=listed&category=surveys")) == 1
    assert len(get("papers/?year=2026&since=2026-11-01&until=2026-11-01&subject=cs.CL&author=Ada Lovelace")) == 4
    assert [p["id"] for p in get("papers/?sort=relevance&status=likely")] == [paper.pk for paper in world.waiting]


def test_papers_come_newest_first_and_those_without_a_day_last(get, world):
    add_papers(1, 50, date(2026, 12, 1))
    days = [paper["published"] for paper in get("papers/")]
    assert days == sorted(filter(None, days), reverse=True) + [None] * 3


def test_runs_and_topics(get, world):
    assert [run["rejections"] for run in get("runs/?kind=pull&state=done&topic=kv-cache")] == [
        [{"record": "no id", "reason": "no identifier"}]
    ]
    assert get("runs/?kind=train") == get("runs/?topic=absent") == []
    assert len(get("topics/?list=small&source=arxiv&enabled=true")) == 1
    assert get("topics/?enabled=false") == []


def test_what_an_exception_of_ours_said_is_for_curators(world, as_anonymous, as_curator):
    Run.objects.filter(pk=world.run.pk).update(state="failed", error="KeyError: '/srv/somewhere'")
    assert "srv" not in as_anonymous.get(f"/api/v1/runs/{world.run.pk}/").json()["error"]
    assert "srv" in as_curator.get(f"/api/v1/runs/{world.run.pk}/").json()["error"]
    Run.objects.filter(pk=world.run.pk).update(state="late", error="arXiv did not answer.")
    assert as_anonymous.get(f"/api/v1/runs/{world.run.pk}/").json()["error"] == "arXiv did not answer."


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("entries/?list=absent", "list"),
        ("entries/?list=not a slug", "list"),
        ("entries/?untranslated=perhaps", "untranslated"),
        ("entries/?paper=one", "paper"),
        ("entries/?paper=-1", "paper"),
        ("entries/?paper=" + "9" * 30, "paper"),
        ("suggestions/?relevance_min=2", "relevance_min"),
        ("suggestions/?relevance_min=nan", "relevance_min"),
        ("suggestions/?list=small&awaiting=maybe", "awaiting"),
        ("decisions/?kind=like", "kind"),
        ("decisions/?in_force=2", "in_force"),
        ("runs/?state=lost", "state"),
        ("topics/?source=usenet", "source"),
        ("papers/?page_size=1000", "page_size"),
        ("papers/?status=lost", "status"),
        ("papers/?year=66", "year"),
        ("papers/?since=yesterday", "since"),
        ("papers/?sort=random", "sort"),
        ("papers/?list=absent", "list"),
        ("papers/?cursor=garbage", "cursor"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named_never_ignored(world, as_anonymous, address, field):
    assert set(assert_problem(as_anonymous.get(f"/api/v1/{address}"), 400)["errors"]) == {field}


def test_filters_are_of_lists_and_change_no_single_row(world, as_anonymous):
    assert as_anonymous.get(f"/api/v1/entries/{world.entry.pk}/?list=absent&paper=x").status_code == 200


def test_a_head_tells_what_it_learned_from_and_how_good_it_is(get, world, as_anonymous):
    shown = as_anonymous.get(f"/api/v1/heads/{world.head.pk}/").json()
    assert (shown["list"], shown["version"], shown["name"]) == ("small", 1, "v1")
    assert (shown["encoder"], shown["lexicon"], shown["recipe"]) == (
        "an encoder",
        "a lexicon",
        {"ridge": 0.3, "seed": 0},
    )
    metrics = shown["metrics"]
    assert metrics["confusion"]["matrix"] == [[1, 0, 0], [1, 0, 0], [0, 0, 2]]
    assert metrics["reliability"][0] == {"from": 0.5, "papers": 1, "sure": 0.5, "right": 0.0}
    assert metrics["unsure"] == {"below": 0.6, "share": 0.25, "accuracy_outside": 1.0, "accuracy_inside": 0.0}
    assert metrics["relevance"]["recall_at_5_percent"] == 0.5
    assert "arrays" not in shown and "meta" not in shown


def test_heads_of_a_list_are_its_learning_curve(get, world, curator):
    other = PaperList.objects.create(slug="other", name="Other")
    add_head(other, 1)
    review.undo(world.rejected, curator)
    add_head(world.list, 2)
    review.reject(world.list, world.waiting[0], curator)
    review.reject(world.list, world.waiting[1], curator)
    add_head(world.list, 3, accuracy=0.9)
    heads = get("heads/?list=small")
    assert [(head["version"], head["decisions"]) for head in heads] == [(3, 2), (2, 0), (1, 1)]
    assert [head["version"] for head in get("heads/?list=small&version=2")] == [2]
    assert len(get("heads/")) == 4


def test_a_figure_that_an_older_version_did_not_measure_is_null(get, world):
    add_head(world.list, 2)
    add_head(world.list, 3, accuracy=0.9)
    newest, without = get("heads/?list=small")[:2]
    assert without["metrics"] is None
    assert newest["metrics"]["accuracy"] == 0.9 and newest["metrics"]["unsure"] is None


ADDRESSES = [
    "lists/",
    "categories/",
    "entries/",
    "papers/",
    "papers/?search=caches&list=small&sort=relevance",
    "suggestions/",
    "suggestions/?list=small&awaiting=true",
    "decisions/",
    "heads/",
    "topics/",
    "runs/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_more_rows_take_no_more_queries(world, as_anonymous, curator, address):
    join = "&" if "?" in address else "?"

    def queries(expected: int | None = None) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = as_anonymous.get(f"/api/v1/{address}{join}page_size=100")
        assert response.status_code == 200
        rows = len(response.json()["results"])
        assert expected is None or rows >= expected, rows
        return len(captured)

    before = queries()
    for n in range(12):
        paper_list = PaperList.objects.create(slug=f"list-{n}", name=f"List {n}")
        import_readme(paper_list, "en", ENGLISH.encode(), "README.md")
        add_head(paper_list, **FIGURES)
        Topic.objects.create(slug=f"topic-{n}", list=paper_list, source="arxiv")
        Run.objects.create(kind="pull", topic=Topic.objects.get(slug=f"topic-{n}"), rejections=[["a", "b"]])
    for paper in add_papers(12, 100):
        suggest(world.list, paper)
    for paper in add_papers(12, 200):
        suggest(world.list, paper)
        review.undo(review.reject(world.list, paper, curator), curator)
    assert queries(expected=12) == before
    assert before <= 11


@pytest.mark.parametrize("address", ["lists/small/", *ADDRESSES])
def test_reading_twice_gives_the_same_bytes_and_changes_nothing(world, as_anonymous, address):
    first = as_anonymous.get(f"/api/v1/{address}")
    with CaptureQueriesContext(connection) as captured:
        second = as_anonymous.get(f"/api/v1/{address}")
    assert first.content == second.content
    written = [query["sql"] for query in captured if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert written == []


def test_the_root_leads_to_every_resource(world, as_maintainer):
    root = as_maintainer.get("/api/v1/").json()
    assert set(root) == {
        "lists",
        "categories",
        "entries",
        "papers",
        "suggestions",
        "decisions",
        "opinions",
        "views",
        "proposals",
        "acts",
        "findings",
        "heads",
        "topics",
        "runs",
        "parked",
        "memberships",
        "invitations",
        "searches",
        "reading",
        "seen",
    }
    for address in root.values():
        assert as_maintainer.get(address).status_code == 200


def test_head_answers_like_get_without_a_body(world, as_anonymous):
    response = as_anonymous.head("/api/v1/papers/")
    assert response.status_code == 200 and response.content == b""
