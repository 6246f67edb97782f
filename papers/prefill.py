"""The row that a paper would get, filled in from what is known of it before a curator looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from papers import dates, titles, venues
from papers.authority import rank
from papers.models import Category, Document, EntryText, Paper
from papers.readme.columns import columns
from papers.readme.roles import Column, Role
from papers.readme.row import RowFields

_MOST_AUTHORS = 3
_NEIGHBOURS = 200  # rows that show how the list writes things
_ET_AL = re.compile(r",?\s*(?:et\.? ?al\.?|等)")


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a document writes a preprint's venue, dates and authors: an example of each, empty where it has none."""

    venue: str = ""
    date: str = ""
    authors: str = ""


def prefill(paper: Paper, document: Document, category: Category | None = None) -> RowFields:
    """Return the row that this paper would get in this document, from what is known of it.

    It has every further column of the category's table; while no category is chosen, of all tables. Venue, date
    and authors are written as the document's newest rows write theirs.
    """
    table = columns(document, category)
    roles = {column.role for column in table}
    manner = _manner(document)
    facts = {fact.kind: fact.value for fact in sorted(paper.facts.all(), key=lambda fact: -rank(fact.source))}
    code = facts.get("code")
    return RowFields(
        title=paper.title,
        link=paper.link,
        nickname=titles.known_as(paper.title) if Role.NICKNAME in roles else "",
        authors=_authors(paper.authors, manner.authors) if Role.AUTHORS in roles else "",
        venue=_venue(paper, table, manner, str(facts.get("venue", ""))) if Role.VENUE in roles or not table else "",
        date=_date(paper, table, manner) if Role.DATE in roles else "",
        tags=(),
        code=(("", str(code)),) if code else (),
        tldr=str(facts.get("tldr", "")),
        extra={column.name: _extra(paper, column) for column in table if column.role == Role.EXTRA},
    )


def _manner(document: Document) -> _Manner:
    rows = EntryText.objects.filter(document=document, line__isnull=False).order_by("-pk")
    told = list(rows.values_list("venue", "date", "authors")[:_NEIGHBOURS])
    return _Manner(
        venue=_example(venue for venue, _, _ in told if venues.name(venue) == "arXiv"),
        date=_example(date for _, date, _ in told if dates.read(date)),
        authors=max((authors for _, _, authors in told), key=lambda each: _ET_AL.search(each) is not None, default=""),
    )


def _example(written: Iterable[str]) -> str:
    """The first that shows how wide its numbers are, else the first."""
    found = list(written)
    return next((text for text in found if dates.tells_width(text)), found[0] if found else "")


def _venue(paper: Paper, table: Sequence[Column], manner: _Manner, published_in: str) -> str:
    """Where it was published, if a source says so, else the preprint as this list writes one."""
    if published_in and not venues.is_preprint(published_in):
        return published_in
    if paper.published is None:
        return ""
    if any(column.role == Role.VENUE and column.years for column in table):
        return str(paper.published.year)
    if "arxiv.org" not in paper.link:
        return ""
    return dates.written_like(manner.venue or "arXiv 2024.01", paper.published)


def _date(paper: Paper, table: Sequence[Column], manner: _Manner) -> str:
    if paper.published is None:
        return ""
    if any(column.role == Role.DATE and column.years for column in table):
        return str(paper.published.year)
    return dates.written_like(manner.date or "2024.01", paper.published)


def _authors(names: Sequence[str], example: str) -> str:
    """All of them, or the first as the example has them: `First, Second et al.`, `Last et al.`"""
    if not names:
        return ""
    if example and _ET_AL.search(example) is None:  # no row leaves any out
        return ", ".join(names)
    shown = _ET_AL.split(example)[0].split(",") if example else [""] * _MOST_AUTHORS
    told = list(names[: len(shown)])
    if example and len(shown) == 1 and " " not in shown[0].strip():
        told = [name.split()[-1] for name in told]
    return ", ".join(told) + (" et al." if len(names) > len(told) else "")


def _extra(paper: Paper, column: Column) -> str:
    return str(paper.published.year) if column.years and paper.published else ""
