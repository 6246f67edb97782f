"""What BibTeX and RIS both say of an entry: where it was published, when, and by whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from papers import dates, venues
from papers.export.formats import Listed
from papers.models import Paper
from papers.readme.inline import plain
from papers.readme.row import RowFields

OTHERS = "others"  # the last author, for those that a row leaves out: so BibTeX writes et al.

_JOURNAL = re.compile(
    r"\b(?:journal|transactions|tmlr|jmlr|tacl|tkde|tpami|tois|nature|science|letters|review|survey[s]?)\b|期刊|学报",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"\b(?:arxiv|corr|preprint|openreview)\b", re.IGNORECASE)
_DATE_PART = r"[\d\s.,/年月日-]|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_ONLY_A_DATE = re.compile(rf"(?:{_DATE_PART})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper as it is cited."""

    title: str
    authors: tuple[str, ...]
    venue: str  # where it was published; empty for a preprint
    is_journal: bool
    year: str
    published: date | None
    link: str
    arxiv: str
    doi: str
    abstract: str
    keywords: tuple[str, ...]
    subject: str  # its first arXiv subject


def cite(entry: Listed) -> Citation:
    """Return how to cite an entry's paper: its own title and authors, and the venue that the list shows."""
    return of_row(entry.paper, entry.fields)


def of_row(paper: Paper, fields: RowFields) -> Citation:
    """Return how to cite a paper of which a row, written or to be, says this."""
    identifiers = {row.scheme: row.value for row in paper.identifiers.all()}
    venue = plain(fields.venue)
    is_published = venues.is_published(venue) and not _ARCHIVE.search(venue) and not _ONLY_A_DATE.fullmatch(venue)
    published_in = venue if is_published else ""
    year = dates.dated(fields.venue, fields.date, "")[:4]
    return Citation(
        title=paper.title,
        authors=tuple(paper.authors) or _written_authors(fields.authors),
        venue=published_in,
        is_journal=bool(_JOURNAL.search(published_in)),
        year=year or (str(paper.published.year) if paper.published else ""),
        published=paper.published,
        link=fields.link or paper.link,
        arxiv=identifiers.get("arxiv", ""),
        doi=identifiers.get("doi", ""),
        abstract=paper.abstract,
        keywords=fields.tags,
        subject=paper.subjects[0] if paper.subjects else "",
    )


def _written_authors(text: str) -> tuple[str, ...]:
    """The authors that a row names, and OTHERS where it leaves some out."""
    names = re.split(r"\s*(?:[,，、;]|\band\b|&)\s*", plain(text).rstrip(". "))
    told = [re.sub(r"\bet\.? ?al\b\.?|等.*$", "", name).strip() for name in names]
    more = (OTHERS,) if re.search(r"\bet\.? ?al\b|等", text) else ()
    return (*(name for name in told if name), *more)


def cited(entries: list[Listed]) -> list[Citation]:
    """Return the citation of every paper once, however many categories it stands in."""
    seen: dict[int, Citation] = {}
    for entry in entries:
        seen.setdefault(entry.paper.pk, cite(entry))
    return list(seen.values())
