"""One paper: its page, the same as Markdown, how it is cited, and its short addresses."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kbsite import markdownpages, scholarly
from kbsite.access import Action, named, needs
from kbsite.readers import marks_for
from papers import cards, citing, identity, merging, overview, seen
from papers.codelinks import code_links
from papers.models import Paper, PaperList
from papers.paperhistory import HISTORY, events, versions
from papers.records import Identifier
from papers.relatives import relatives

MARKDOWN = "text/markdown"


@needs(Action.READ)
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper: what sources say of it, where it stands in each list and why, what is like it, what happened to it.

    As Markdown for who prefers that.
    """
    paper = _paper(pk)
    if paper.pk != pk:
        return redirect("paper", paper.pk, permanent=True)
    if request.method == "GET" and request.user.is_authenticated:
        seen.opened(request.user, paper.pk)
    if request.get_preferred_type(["text/html", MARKDOWN]) == MARKDOWN:
        response = _as_markdown(request, paper)
    else:
        response = _as_page(request, paper)
    patch_vary_headers(response, ["Accept"])
    return response


@needs(Action.READ)
@require_safe
def markdown(request: HttpRequest, pk: int) -> HttpResponse:
    """The page as Markdown."""
    paper = _paper(pk)
    return _as_markdown(request, paper) if paper.pk == pk else redirect("paper-markdown", paper.pk, permanent=True)


@needs(Action.READ)
@require_safe
def cite(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The paper in one form of citing it, as a file."""
    paper = _paper(pk)
    if form not in citing.FORMS:
        raise Http404(_("There is no such form."))
    how = citing.FORMS[form]
    name = f"{paper.main_identifier.value if paper.main_identifier.scheme == 'arxiv' else paper.pk}.{how.ending}"
    disposition = content_disposition_header(True, name.replace("/", "-")) or "attachment"
    return HttpResponse(
        how.write(paper, citing.row_of(paper)),
        content_type=f"{how.content_type}; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


@needs(Action.READ)
@require_safe
def by_arxiv(request: HttpRequest, number: str) -> HttpResponse:
    """The short address by arXiv id, with a version or without, leads to the page."""
    found = identity.arxiv_id(number.rstrip("/"))
    return _to(Identifier("arxiv", found[0]) if found else None, number)


@needs(Action.READ)
@require_safe
def by_doi(request: HttpRequest, number: str) -> HttpResponse:
    """The short address by DOI leads to the page; arXiv's and the ACL's own DOIs are known too."""
    return _to(identity.identify(number) if "\x00" not in number else None, number)


@needs(Action.READ)
@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """What this installation holds, for language models."""
    return HttpResponse(markdownpages.llms_txt(request.build_absolute_uri), content_type=f"{MARKDOWN}; charset=utf-8")


@needs(Action.READ, named)
@require_safe
def list_markdown(request: HttpRequest, slug: str) -> HttpResponse:
    """A list as Markdown is its README in its first language."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    primary = paper_list.documents.filter(is_primary=True).values_list("language", flat=True).first()
    if primary is None:
        raise Http404(_("The list has no README yet."))
    return redirect("download", slug, primary, "markdown")


def _paper(pk: int) -> Paper:
    """Return the paper of a number, or that which it turned out to be; raise Http404."""
    found = Paper.objects.for_pages().with_standing().with_hanging(*HISTORY)
    paper = found.filter(pk=pk).first()
    if paper is None and (now := merging.current(pk)):
        paper = found.filter(pk=now).first()
    if paper is None:
        raise Http404(_("There is no paper %(pk)s.") % {"pk": pk})
    return paper


def _to(identifier: Identifier | None, number: str) -> HttpResponse:
    paper = Paper.objects.with_identifier(*identifier).only("pk").first() if identifier else None
    if paper is None:
        raise Http404(_("No paper here is called %(number)s.") % {"number": number})
    return redirect("paper", paper.pk, permanent=True)


def _as_page(request: HttpRequest, paper: Paper) -> HttpResponse:
    rows = list(overview.rows_of(paper))
    address = request.build_absolute_uri(reverse("paper", args=[paper.pk]))
    row = citing.row_of(paper, rows)
    lists = list(PaperList.objects.order_by("name"))
    cards.read_categories(lists)
    alike = relatives(paper)
    context = {
        "paper": paper,
        "address": address,
        "cards": [cards.card(paper_list, paper, to_decide=False) for paper_list in lists],
        "names_lists": len(lists) > 1,
        "category_names": {each.pk: {of.key: of.name for of in cards.categories(each)} for each in lists},
        "rows": rows,
        "code": code_links(paper, rows),
        "versions": versions(paper),
        "relatives": alike,
        "marks": marks_for(request.user, [paper, *(other for other, _likeness in [*alike.listed, *alike.others])]),
        "cited": citing.cite(paper, row),
        "events": events(paper),
        "properties": scholarly.properties(paper, address),
        "names": scholarly.names(paper, row, address),
        "json_ld": scholarly.json_ld(paper, row, address),
    }
    return render(request, "kbsite/papers/detail.html", context)


def _as_markdown(request: HttpRequest, paper: Paper) -> HttpResponse:
    rows = list(overview.rows_of(paper))
    written = markdownpages.paper_page(
        paper,
        rows,
        relatives(paper),
        citing.cite(paper, citing.row_of(paper, rows)),
        request.build_absolute_uri,
    )
    return HttpResponse(written, content_type=f"{MARKDOWN}; charset=utf-8")
