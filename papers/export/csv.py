"""CSV: one entry a line, for spreadsheets. No cell is ever taken for a formula."""

from __future__ import annotations

import csv
import io

from papers import dates, titles, venues
from papers.export.formats import Exported, Format, Listed, file_name, listed
from papers.models import PaperList

_COLUMNS = (
    *("category", "title", "link", "nickname", "venue", "date", "tags", "code", "tldr"),
    *("clean_title", "known_as", "venue_name", "dated"),
    *("arxiv", "doi", "authors", "published", "paper_title", "language"),
)
# What Excel, LibreOffice and Google Sheets take for the start of a formula, and the white space they skip.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render(paper_list: PaperList, language: str) -> Exported:
    """Return a header and a line for every entry; several values in one cell are separated by `; `."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    entries = listed(paper_list, language)
    further = list(dict.fromkeys(name for entry in entries for name in entry.fields.extra))
    writer.writerow([cell(name) for name in (*_COLUMNS, *further)])
    for entry in entries:
        extra = [entry.fields.extra.get(name, "") for name in further]
        writer.writerow([cell(value) for value in (*_values(entry), *extra)])
    name = file_name(paper_list, language, "csv")
    return Exported(name, "text/csv; charset=utf-8", written.getvalue().encode())


def _values(entry: Listed) -> list[str]:
    fields, paper = entry.fields, entry.paper
    identifiers = {row.scheme: row.value for row in paper.identifiers.all()}
    return [
        entry.category.key,
        fields.title,
        fields.link,
        fields.nickname,
        fields.venue,
        fields.date,
        "; ".join(fields.tags),
        "; ".join(url for _, url in fields.code),
        fields.tldr,
        titles.clean(fields.title),
        titles.known_as(fields.title, fields.nickname),
        venues.name(fields.venue),
        dates.dated(fields.venue, fields.date, fields.link),
        identifiers.get("arxiv", ""),
        identifiers.get("doi", ""),
        "; ".join(paper.authors) or fields.authors,
        paper.published.isoformat() if paper.published else "",
        paper.title,
        entry.language,
    ]


def cell(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would calculate."""
    return f"'{text}" if text.lstrip(" \ufeff\u00a0").startswith(_FORMULA_STARTS) else text


FORMAT = Format("csv", "CSV", render)
