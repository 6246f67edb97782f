"""How good a list's classifier is, in figures and in words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ingest import scorecard
from ingest.models import Head
from papers.models import PaperList

EARLIER = 20


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The current head's figures, what curators made of its suggestions, and the heads before it."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    heads = list(Head.objects.filter(list=paper_list).defer("arrays", "meta")[: EARLIER + 1])
    head = Head.objects.defer("arrays").get(pk=heads[0].pk) if heads else None
    context = {
        "list": paper_list,
        "head": head,
        "card": scorecard.scorecard(paper_list, head) if head else None,
        "agreement": scorecard.agreement(paper_list),
        "earlier": heads[1:],
    }
    return render(request, "kbsite/classifier/page.html", context)
