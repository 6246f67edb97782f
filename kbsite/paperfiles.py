"""The papers of an address as files that are written while they are read, however many there are."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kbsite import paperfeed
from kbsite.access import Action, needs
from kbsite.browsing import Browse
from kbsite.filters import PaperFilters
from kbsite.paperpages import ids_of, in_chunks
from papers import citing
from papers.export import bibtex
from papers.export.citation import Citation, of_row
from papers.export.csv import cell
from papers.models import EntryText, Paper

_COLUMNS = ("title", "link", "authors", "published", "venue", "subjects", "arxiv", "doi", "listed_in")


class _Line:
    """What a csv.writer writes to: it gives each line back."""

    def write(self, text: str) -> str:
        return text


def as_csv(papers: Iterable[list[Paper]]) -> Iterator[str]:
    """Yield a header and a line for every paper; several values are separated by `; `."""
    line: Callable[[Iterable[str]], str] = csv.writer(_Line(), lineterminator="\r\n").writerow
    yield line(_COLUMNS)
    for some in papers:
        for paper, cited in zip(some, _cited(some), strict=True):
            values = (
                cited.title,
                cited.link,
                "; ".join(cited.authors),
                cited.published.isoformat() if cited.published else "",
                cited.venue,
                " ".join(paper.subjects),
                cited.arxiv,
                cited.doi,
                "; ".join(dict.fromkeys(entry.category.list.slug for entry in paper.entries.all())),
            )
            yield line(cell(value) for value in values)


def as_bibtex(papers: Iterable[list[Paper]]) -> Iterator[str]:
    """Yield an entry for every paper, no two under one key."""
    yield from bibtex.each(citation for some in papers for citation in _cited(some))


def _cited(papers: list[Paper]) -> list[Citation]:
    """Return how each paper is cited, as the first list that has it does."""
    rows: dict[int, list[EntryText]] = {paper.pk: [] for paper in papers}
    texts = EntryText.objects.filter(entry__paper__in=rows, document__is_primary=True).select_related("entry")
    for text in texts.order_by("entry__category__list", "entry__category__position"):
        rows[text.entry.paper_id].append(text)
    return [of_row(paper, citing.row_of(paper, rows[paper.pk])) for paper in papers]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that the papers of an address can be had in."""

    ending: str
    name: Any  # for people, translated when it is shown
    content_type: str
    write: Callable[[Iterable[list[Paper]]], Iterator[str]] | None = None  # None: a feed


FORMS = {
    form.ending: form
    for form in (
        Form("csv", "CSV", "text/csv", as_csv),
        Form("bib", "BibTeX", "application/x-bibtex", as_bibtex),
        Form("atom", gettext_lazy("Feed"), "application/atom+xml"),
    )
}


@needs(Action.READ)
@require_safe
def show(request: HttpRequest, ending: str) -> HttpResponse | StreamingHttpResponse:
    """The papers that the address asks for, in its order: all of them, or the first ones as a feed."""
    if ending not in FORMS:
        raise Http404(_("There is no such form. There are: %(forms)s.") % {"forms": ", ".join(FORMS)})
    form = FORMS[ending]
    filters = PaperFilters(request.GET, queryset=Paper.objects.all(), request=request)
    browse = Browse(filters)
    if form.write is None:
        return paperfeed.answer(request, browse)
    papers = in_chunks(ids_of(browse), Paper.objects.for_pages())
    disposition = content_disposition_header(True, f"papers.{ending}") or "attachment"
    return StreamingHttpResponse(
        form.write(papers),
        content_type=f"{form.content_type}; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )
