"""The first page: a list as a living page, what is new in it, and for curators how the sources are."""

from __future__ import annotations

import csv

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ingest import health
from kbsite import dashboard, plots
from kbsite.access import Action, is_curator, named, needs
from papers import overview, whatsnew
from papers.export.csv import cell
from papers.models import PaperList


@needs(Action.READ)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The list that the address names, else the first; the others as a line each. Sources are for curators."""
    glances = overview.glances()
    asked = request.GET.get("list", "")
    slug = next((each.slug for each in glances if each.slug == asked), glances[0].slug if glances else None)
    context = {"papers": overview.papers_here(), "others": [each for each in glances if each.slug != slug]}
    if slug is not None:
        context |= _of_list(PaperList.objects.get(slug=slug), request.GET.get("new", ""))
    if is_curator(request.user):
        topics = health.topics()
        context |= {
            "topic_health": topics,
            "sources": health.sources(topics),
            "other_work": health.other_work(),
            "shows_sources": True,
            "now": timezone.now(),
        }
    return render(request, "kbsite/home/page.html", context)


@needs(Action.READ, named)
@require_safe
def figure(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """What one figure of the dashboard shows, as CSV; of venues and tags all, not the most frequent only."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if name not in dashboard.FIGURES:
        raise Http404
    header, rows = dashboard.FIGURES[name](paper_list)
    headers = {"Content-Disposition": content_disposition_header(True, f"{slug}-{name}.csv") or "attachment"}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    writer = csv.writer(response)
    writer.writerow(header)
    writer.writerows([cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return response


def _of_list(paper_list: PaperList, span: str) -> dict[str, object]:
    found = dashboard.of(paper_list, span if span in whatsnew.SPANS else whatsnew.WEEK)
    return {
        "dashboard": found,
        "each": found.overview,
        "timeline": plots.timeline(found.overview.lines, timezone.localdate()),
        "weeks": plots.weekly(found.weeks),
    }
