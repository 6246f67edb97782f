"""How one paper is cited: BibTeX, RIS, APA, and a row for somebody's README."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from papers import dates, overview, titles
from papers.authority import rank
from papers.export import apa, bibtex, ris
from papers.export.citation import Citation, of_row
from papers.models import EntryText, Paper
from papers.readme.escape import address, cell_text, code_text, label_text
from papers.readme.row import RowFields
from papers.texts import fields_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Form:
    """A way to cite a paper: how people and addresses call it, its file's ending and type, and what writes it."""

    identifier: str
    name: StrOrPromise
    ending: str
    content_type: str
    write: Callable[[Paper, RowFields], str]


def row_of(paper: Paper, rows: Sequence[EntryText] | None = None) -> RowFields:
    """Return what the first list that has the paper says of it, else what sources know; facts prefetched.

    `rows` are those that `overview.rows_of` gives, read here unless given.
    """
    listed = list(overview.rows_of(paper)) if rows is None else rows
    if listed:
        return fields_of(listed[0])
    facts = {fact.kind: fact.value for fact in sorted(paper.facts.all(), key=lambda fact: -rank(fact.source))}
    code = facts.get("code")
    return RowFields(
        title=paper.title,
        link=paper.link,
        venue=str(facts.get("venue", "")),
        code=(("", str(code)),) if code else (),
        tldr=str(facts.get("tldr", "")),
    )


def citations(papers: Collection[Paper]) -> list[Citation]:
    """Return how each paper is cited, as the first list that has it does; identifiers and facts prefetched.

    One query for all of them.
    """
    rows: dict[int, list[EntryText]] = {paper.pk: [] for paper in papers}
    texts = EntryText.objects.filter(entry__paper__in=rows, document__is_primary=True).select_related("entry")
    for text in texts.order_by("entry__category__list", "entry__category__position"):
        rows[text.entry.paper_id].append(text)
    return [of_row(paper, row_of(paper, rows[paper.pk])) for paper in papers]


def _row(paper: Paper, row: RowFields) -> str:
    """A row of a table: title with its link, venue or date, tags, code, TL;DR."""
    venue = row.venue or (dates.written_like("2024.01", paper.published) if paper.published else "")
    title, link = label_text(titles.clean(row.title) or paper.title), address(row.link or paper.link)
    code = ", ".join(f"[{label_text(label or 'Code')}]({to})" for label, url in row.code if (to := address(url)))
    cells = (
        f"[{title}]({link})" if link else title,
        cell_text(venue),
        " ".join(f"`{code_text(tag)}`" for tag in row.tags),
        code,
        cell_text(row.tldr),
    )
    return f"| {' | '.join(cells)} |\n"


FORMS = {
    form.identifier: form
    for form in (
        Form("bibtex", "BibTeX", "bib", "application/x-bibtex", lambda *of: bibtex.one(of_row(*of))),
        Form("ris", "RIS", "ris", "application/x-research-info-systems", lambda *of: ris.record(of_row(*of))),
        Form("apa", "APA", "txt", "text/plain", lambda *of: apa.reference(of_row(*of)) + "\n"),
        Form("markdown", _("Markdown row"), "md", "text/markdown", _row),
    )
}


def cite(paper: Paper, row: RowFields) -> list[tuple[Form, str]]:
    """Return the paper in every form, citing what a row of it says; its identifiers prefetched."""
    return [(form, form.write(paper, row)) for form in FORMS.values()]
