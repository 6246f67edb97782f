"""How good a list's classifier is, in figures and in words."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ingest import drifting, learningcurve, scorecard, versions
from ingest.classifier.heads import HeadError
from ingest.models import Head
from kbsite import classifierplots as plots
from kbsite import rollingback
from kbsite.access import Action, named, needs
from papers.models import Paper, PaperList


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of the newest head, or of the one asked for with ?head=, and how the heads got there."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    steps = learningcurve.curve(paper_list)
    head = _head(paper_list, request.GET.get("head"))
    card = scorecard.scorecard(paper_list, head) if head else None
    newest = steps[-1] if steps else None
    numbers = [step.version for step in steps]
    able = set(versions.able(paper_list).values_list("version", flat=True))
    # One that is the newest again need not be rolled back to, nor what it is again.
    able -= {newest.version, newest.again or newest.version} if newest else set()
    drift = drifting.newest(paper_list)
    strangest = Paper.objects.only("title").in_bulk(drift.strangest if drift else ())
    context = {
        "list": paper_list,
        "head": head,
        "card": card,
        "reliability": plots.reliability(card) if card else None,
        "recall": plots.recall(card) if card else None,
        "learning": plots.learning(steps),
        "steps": steps[::-1],
        "newest": newest,
        "older": max((version for version in numbers if head and version < head.version), default=None),
        "newer": min((version for version in numbers if head and version > head.version), default=None),
        "able": able,
        "drift": drift,
        "strangest": [strangest[pk] for pk in drift.strangest if pk in strangest] if drift else [],
        "agreement": scorecard.agreement(paper_list),
    }
    return render(request, "kbsite/classifier/page.html", context)


@needs(Action.TRAIN, named)
@require_POST
def roll_back(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Let an older version speak again, as a new one."""
    head = get_object_or_404(Head.objects.select_related("list").defer("arrays"), list__slug=slug, version=version)
    try:
        again = rollingback.roll_back(head)
    except versions.InUse:
        messages.info(request, _("%(head)s is in use already.") % {"head": head.name})
    except HeadError as problem:
        messages.error(request, _("It cannot speak again: %(why)s.") % {"why": problem})
    else:
        words = _("%(head)s speaks again, as %(again)s; the queue is classified anew, within minutes.")
        messages.success(request, words % {"head": head.name, "again": again.name})
    return redirect("classifier", slug)


def _head(paper_list: PaperList, version: str | None) -> Head | None:
    """Return the head of this version, the newest unless one is given; Http404 where there is no such head."""
    found = Head.objects.filter(list=paper_list).defer("arrays")
    if version is None:
        return found.first()
    if not (version.isascii() and version.isdigit() and len(version) <= 9):
        raise Http404
    return get_object_or_404(found, version=int(version))
