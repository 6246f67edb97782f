"""Hugging Face Papers: how its JSON is asked for and read. `hf_daily` and `hf_search` say what to ask.

Not through `huggingface_hub`: its list calls drop code links, stars and summaries. What a paper is stands
inside the item's `paper`; the outer dates are off by the hours of US Eastern time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from ingest.sources import Page, fields, http, remarks
from papers import identity
from papers.records import FactRecord, Identifier, PaperRecord, Rejected

# No pause between requests: the answers say when the budget of five minutes is used up, and the client obeys.
HOST = http.Host("huggingface", "Hugging Face")


def ask(path: str, params: http.Params) -> list[Any]:
    """Return the items of a list endpoint under `/api`; raise SourceUnavailable."""
    origin = str(settings.HF_ENDPOINT).rstrip("/").removesuffix("/api")
    return http.get(HOST, f"{origin}/api/{path}", _items, params)


def _items(answer: http.Answer) -> list[Any]:
    items = http.read_json(answer)
    if not isinstance(items, list):
        raise http.Unreadable("JSON that is no list of papers")
    return items


def page(items: list[Any]) -> Page:
    """Return the records of the items, each paper once; an item without an id or a title is Rejected."""
    found: dict[str, PaperRecord] = {}
    rejected = []
    for place, item in enumerate(items, 1):
        result = read(item, f"item {place}")
        if isinstance(result, Rejected):
            rejected.append(result)
        else:
            found.setdefault(result.identifiers[0].value, result)
    return Page(tuple(found.values()), tuple(rejected))


def read(item: Any, name: str) -> PaperRecord | Rejected:
    """Return the paper of one item, or why there is none; `name` is what an item without an id is called."""
    paper = item.get("paper") if isinstance(item, dict) else None
    if not isinstance(paper, dict):
        return Rejected(name, "no paper in it")
    given = fields.text(paper.get("id"))
    arxiv = identity.arxiv_id(given)
    if arxiv is None:
        return Rejected(given or name, "no arXiv id")
    title = fields.text(paper.get("title"))
    if not title:
        return Rejected(given, "no title")
    try:
        published = fields.day(paper.get("publishedAt"))
    except ValueError:
        published = None
    return PaperRecord(
        source="huggingface",
        identifiers=(Identifier("arxiv", arxiv[0]),),
        title=title,
        abstract=fields.text(paper.get("summary")),
        authors=fields.names(paper.get("authors")),
        published=published,
        facts=tuple(_facts(paper)),
    )


def _facts(paper: Mapping[str, Any]) -> Iterator[FactRecord]:
    """Yield what is known of the paper now; what is missing may come hours later, so it is no fact."""
    values = {
        "upvotes": fields.count(paper.get("upvotes")),
        # Some addresses are broken by white space or go on into a folder.
        "code": remarks.code_link("".join(fields.text(paper.get("githubRepo")).split())),
        "stars": fields.count(paper.get("githubStars")),
        "tldr": fields.text(paper.get("ai_summary")) or None,
        "keywords": list(fields.texts(paper.get("ai_keywords"))) or None,
    }
    for kind, value in values.items():
        if value is not None:
            yield FactRecord(kind, value)
