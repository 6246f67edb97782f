"""The row that a paper would get, filled in from what is known of it before a curator looks at it."""

from __future__ import annotations

from collections.abc import Sequence

from papers.catalog import rank
from papers.models import Category, Document, Paper
from papers.readme.columns import columns
from papers.readme.table import Column, Role, RowFields

_AUTHORS = frozenset({"author", "authors", "作者"})  # headers of columns that can be filled in
_MOST_AUTHORS = 3


def prefill(paper: Paper, document: Document, category: Category | None = None) -> RowFields:
    """Return the row that this paper would get in this document, from what is known of it.

    It has every further column of the category's table; while no category is chosen, of all tables.
    """
    table = columns(document, category)
    facts = {fact.kind: fact.value for fact in sorted(paper.facts.all(), key=lambda fact: -rank(fact.source))}
    code = facts.get("code")
    return RowFields(
        title=paper.title,
        link=paper.link,
        venue=_venue(paper, table),
        tags=(),
        code=(("", str(code)),) if code else (),
        tldr=str(facts.get("tldr", "")),
        extra={column.name: _extra(paper, column) for column in table if column.role == Role.EXTRA},
    )


def _venue(paper: Paper, table: Sequence[Column]) -> str:
    if paper.published is None:
        return ""
    if any(column.role == Role.VENUE and column.years for column in table):
        return str(paper.published.year)
    return paper.published.strftime("arXiv %Y.%m") if "arxiv.org" in paper.link else ""


def _extra(paper: Paper, column: Column) -> str:
    if column.name.casefold() in _AUTHORS:
        return ", ".join([*paper.authors[:_MOST_AUTHORS], *["et al."][: len(paper.authors) > _MOST_AUTHORS]])
    return str(paper.published.year) if column.years and paper.published else ""
