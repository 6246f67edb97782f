"""A reading list as a file: BibTeX to cite from, CSV for spreadsheets, Markdown for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from papers import citing, venues
from papers.export import bibtex
from papers.export.citation import Citation
from papers.export.csv import cell
from papers.export.formats import Exported
from papers.models import Reading
from papers.readme.escape import address, cell_text, label_text

_COLUMNS = ("title", "link", "state", "note", "added", "authors", "published", "venue", "arxiv", "doi")
_HEADINGS = {"reading": "Reading", "to-read": "To read", "read": "Read"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A paper of a reading list, and how it is cited."""

    reading: Reading
    citation: Citation


def kept(readings: QuerySet[Reading]) -> list[Kept]:
    """Return the papers of a reading list in its order, cited as the first list that has them does; in five queries."""
    found = list(readings.prefetch_related("paper__identifiers", "paper__facts"))
    return [*map(Kept, found, citing.citations([each.paper for each in found]))]


def as_bibtex(papers: list[Kept]) -> str:
    """Return an entry for every paper."""
    return bibtex.many(each.citation for each in papers)


def as_csv(papers: list[Kept]) -> str:
    """Return a header and a line for every paper; several authors are separated by `; `."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for reading, cited in ((each.reading, each.citation) for each in papers):
        values = (
            cited.title,
            cited.link,
            reading.state,
            reading.note,
            reading.added_at.date().isoformat(),
            "; ".join(cited.authors),
            cited.published.isoformat() if cited.published else "",
            venues.name(cited.venue),
            cited.arxiv,
            cited.doi,
        )
        writer.writerow([cell(value) for value in values])
    return written.getvalue()


def as_markdown(papers: list[Kept]) -> str:
    """Return a section for each state with its papers, and their notes below them as quotes."""
    return "\n".join(["# Reading list\n", *_sections(papers)])


def _sections(papers: list[Kept]) -> Iterator[str]:
    for state, heading in _HEADINGS.items():
        of_state = [each for each in papers if each.reading.state == state]
        if of_state:
            yield f"## {heading}\n\n" + "".join(map(_item, of_state))


def _item(each: Kept) -> str:
    cited = each.citation
    title, link = label_text(cited.title), address(cited.link)
    authors = ", ".join(cited.authors[:3]) + (" et al." if len(cited.authors) > 3 else "")
    about = ", ".join(part for part in (authors, cited.venue, cited.year) if part)
    line = f"- [{title}]({link})" if link else f"- {title}"
    line += f" — {cell_text(about, pipes=False)}\n" if about else "\n"
    return line + "".join(f"  > {cell_text(words, pipes=False)}\n" for words in each.reading.note.splitlines())


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a reading list: how people and addresses call it, its file's ending and type, what writes it."""

    identifier: str
    name: str
    ending: str
    content_type: str
    write: Callable[[list[Kept]], str]


FORMS = {
    form.identifier: form
    for form in (
        Form("bibtex", "BibTeX", "bib", "application/x-bibtex", as_bibtex),
        Form("csv", "CSV", "csv", "text/csv", as_csv),
        Form("markdown", "Markdown", "md", "text/markdown", as_markdown),
    )
}


def render(readings: QuerySet[Reading], form: str) -> Exported:
    """Return a reading list in one of FORMS, as a file."""
    how = FORMS[form]
    content = how.write(kept(readings)).encode()
    return Exported(f"reading-list.{how.ending}", f"{how.content_type}; charset=utf-8", content)
