"""How good a list's classifier is, in figures and in words."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ingest import learningcurve, scorecard
from ingest.models import Head
from kbsite import classifierplots as plots
from kbsite.access import Action, named, needs
from papers.models import PaperList


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the newest head, or of the one asked for with ?head=, and how the heads got there."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    steps = learningcurve.curve(paper_list)
    head = _head(paper_list, request.GET.get("head"))
    card = scorecard.scorecard(paper_list, head) if head else None
    versions = [step.version for step in steps]
    context = {
        "list": paper_list,
        "head": head,
        "card": card,
        "reliability": plots.reliability(card) if card else None,
        "recall": plots.recall(card) if card else None,
        "learning": plots.learning(steps),
        "steps": steps[::-1],
        "newest": versions[-1] if versions else None,
        "older": max((version for version in versions if head and version < head.version), default=None),
        "newer": min((version for version in versions if head and version > head.version), default=None),
        "agreement": scorecard.agreement(paper_list),
    }
    return render(request, "kbsite/classifier/page.html", context)


def _head(paper_list: PaperList, version: str | None) -> Head | None:
    """Return the head of this version, the newest unless one is given; Http404 where there is no such head."""
    found = Head.objects.filter(list=paper_list).defer("arrays")
    if version is None:
        return found.first()
    if not (version.isascii() and version.isdigit() and len(version) <= 9):
        raise Http404
    return get_object_or_404(found, version=int(version))
