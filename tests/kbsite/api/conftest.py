"""A small list in two languages, and clients for each kind of person."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from ingest.classifier import evaluate
from ingest.models import Head, Run, Topic
from kbsite.models import ApiToken
from papers import catalog, review
from papers.models import Category, Document, Entry, Paper, PaperList, Suggestion
from papers.readme.importer import import_readme
from papers.records import FactRecord, Identifier, PaperRecord

ENGLISH = """# A list

## KV Compression

**Definition**: keeps fewer keys and values.

**Keywords**: KV cache, eviction

| Title | Venue | Tags | Code | TL;DR |
| :--- | :--- | :--- | :--- | :--- |
| [Keep the Heavy Hitters](https://arxiv.org/abs/2306.14048) | NeurIPS 2023 | `eviction` | [Code](https://github.com/h/h2o) | Keeps what matters. |
| [Snap the Cache](https://arxiv.org/abs/2404.14469) | arXiv 2024.04 | `eviction`, `prefill` | - | Looks at the end of the prompt. |

## Surveys

| Title | Venue | Tags | TL;DR |
| :--- | :--- | :--- | :--- |
| [A Survey](https://arxiv.org/abs/2401.00001) | arXiv 2024.01 | `survey` | Tells of all. |

Thanks for reading.
"""
CHINESE = (
    ENGLISH.replace("# A list", "# 一个列表")
    .replace("Keeps what matters.", "保留重要的。")
    .replace("Looks at the end of the prompt.", "看提示的末尾。")
    .replace("Tells of all.", "讲述一切。")
    .replace("`eviction`", "`淘汰`")
    .replace("`survey`", "`综述`")
)
SEEN = {"kv-compression": 0.7, "surveys": 0.1, "out": 0.2}


@pytest.fixture(autouse=True)
def _no_throttles(monkeypatch):
    """Tests ask more often than people; the one about throttles sets its own rates."""
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": None, "user": None})


@pytest.fixture
def administrator(django_user_model):
    return django_user_model.objects.create_superuser("root", password="a long password")


@pytest.fixture
def as_anonymous():
    return APIClient()


@pytest.fixture
def as_reader(reader):
    return client_of(reader)


@pytest.fixture
def as_curator(curator):
    return client_of(curator)


@pytest.fixture
def as_maintainer(maintainer):
    return client_of(maintainer)


@pytest.fixture
def as_administrator(administrator):
    return client_of(administrator)


def client_of(user) -> APIClient:
    """A client with a token of this person."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.create(user, 'tests')[1]}")
    return client


def add_papers(count: int, start: int = 0, published: date | None = date(2026, 11, 1)) -> list[Paper]:
    """Papers that no list has, with an identifier, a fact and an abstract each."""
    records = [
        PaperRecord(
            source="arxiv",
            identifiers=(Identifier("arxiv", f"2611.{start + n:05}"), Identifier("doi", f"10.1000/x{start + n}")),
            title=f"Paper {start + n} on caches",
            abstract="We compress the cache of a language model.",
            authors=("Ada Lovelace",),
            subjects=("cs.CL",),
            published=published,
            version=1,
            facts=(FactRecord("upvotes", n),),
        )
        for n in range(count)
    ]
    papers = catalog.upsert(records).papers
    return [papers[record.identifiers[0]] for record in records]


def suggest(paper_list: PaperList, paper: Paper, relevance: float = 0.8) -> Suggestion:
    return Suggestion.objects.create(
        list=paper_list,
        paper=paper,
        head="v1",
        text_hash=paper.text_hash,
        relevance=relevance,
        category=paper_list.categories.first(),
        probabilities=SEEN,
        nearest=[[paper.pk, 0.91]],
        terms=[["cache", 1.5]],
        sentence="We compress the cache of a language model.",
    )


def add_head(paper_list: PaperList, version: int = 1, **metrics: object) -> Head:
    """A head with these figures."""
    meta = {
        "lexicon": "a lexicon",
        "recipe": {"ridge": 0.3, "seed": 0},
        "classes": ["kv-compression", "surveys", "out"],
    }
    return Head.objects.create(
        list=paper_list,
        version=version,
        encoder="an encoder",
        examples_hash="0" * 64,
        meta=meta,
        arrays=b"",
        metrics=metrics,
    )


FIGURES = evaluate.score(
    ["kv-compression", "surveys", "out", "out"],
    np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.1, 0.7]]),
    ["kv-compression", "surveys", "out"],
    sure_from=0.6,
) | {"papers": 4}


@pytest.fixture
def world(db, curator):
    """The list, three papers awaiting review, one rejected, a topic and a run."""
    paper_list = PaperList.objects.create(slug="small", name="A small list", homepage="https://example.org/")
    import_readme(paper_list, "en", ENGLISH.encode(), "README.md")
    import_readme(paper_list, "zh", CHINESE.encode(), "README_CN.md")
    papers = add_papers(4)
    for rank, paper in enumerate(papers):
        suggest(paper_list, paper, 0.9 - rank / 10)
    rejected = review.reject(paper_list, papers[3], curator, "off-topic", "Not ours.")
    topic = Topic.objects.create(slug="kv-cache", list=paper_list, source="arxiv", query="all:cache")
    head = add_head(paper_list, **FIGURES)
    run = Run.objects.create(
        kind="pull",
        subject="kv-cache",
        topic=topic,
        state="done",
        finished_at=datetime(2026, 11, 20, tzinfo=UTC),
        rejections=[["no id", "no identifier"]],
    )
    return SimpleNamespace(
        list=paper_list,
        kv=Category.objects.get(list=paper_list, key="kv-compression"),
        english=Document.objects.get(language="en"),
        chinese=Document.objects.get(language="zh"),
        entry=Entry.objects.order_by("id").first(),
        waiting=papers[:3],
        rejected=rejected,
        suggestion=Suggestion.objects.get(paper=papers[0]),
        topic=topic,
        run=run,
        head=head,
    )
