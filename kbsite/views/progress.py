"""How the review of a list goes, in figures and in words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ingest import remaining
from kbsite import progressplots as plots
from kbsite.access import Action, named, needs
from papers import progress
from papers.models import Decision, PaperList


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """What was decided, what likely is left, and whether to go on; who decided how much is shown to curators only."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    found, outlook = progress.progress(paper_list), remaining.outlook(paper_list)
    rejected = sum(each.papers for each in found.reasons)
    context = {
        "list": paper_list,
        "progress": found,
        "outlook": outlook,
        "curve": plots.recall(found, outlook),
        "points": plots.curve_points(found),
        "queue": plots.queue(found),
        "days": plots.days_shown(found)[::-1],
        "reasons": [(_name(each.reason), each.papers, each.papers / rejected) for each in found.reasons],
        "most": progress.LATEST,
    }
    return render(request, "kbsite/queue/progress.html", context)


def _name(reason: str) -> str:
    """Return a reason of rejection as people read it; empty where none was given."""
    return str(Decision.Reason(reason).label) if reason in Decision.Reason.values else reason
