"""The first page: a list as a living page, what is new in it, and for curators how the sources are."""

from __future__ import annotations

import csv

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from ingest import health
from kbsite import dashboard, plots
from kbsite.access import Action, is_curator, may, named, needs
from papers import overview, whatsnew
from papers.export.csv import cell
from papers.models import Act, PaperList


@needs(Action.READ)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The list that the address names, else the first; the others as a line each. Sources are for curators."""
    lists = {each.slug: each for each in PaperList.objects.order_by("name")}
    chosen = lists.get(request.GET.get("list", "")) or next(iter(lists.values()), None)
    if chosen is not None:
        context: dict[str, object] = {"name": chosen.name, "body": _body(request, chosen)}
    else:
        context = {"papers": overview.papers_here()}
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


def _body(request: HttpRequest, paper_list: PaperList) -> str:
    """Return the list and the others as HTML; for who decides on nothing in it, as it was a minute ago at most.

    It takes 35 queries and 90 ms of processor time, most of that Django's, and some 60 ms of the database's with
    100,000 papers, and is the same for all readers. What was
    done to the list since is seen at once: its last act is part of the key.
    """
    span = request.GET.get("new", "")
    span = span if span in whatsnew.SPANS else whatsnew.WEEK
    if may(request.user, Action.DECIDE, paper_list.slug):
        return _made(request, paper_list, span)
    last = Act.objects.filter(list=paper_list).order_by("-pk").values_list("pk", flat=True).first()
    key = f"home-{paper_list.pk}-{span}-{get_language()}-{last}"
    return cache.get_or_set(key, lambda: _made(request, paper_list, span), overview.MINUTE) or ""


def _made(request: HttpRequest, paper_list: PaperList, span: str) -> str:
    found = dashboard.of(paper_list, span)
    context = {
        "dashboard": found,
        "each": found.overview,
        "timeline": plots.timeline(found.overview.lines, timezone.localdate()),
        "weeks": plots.weekly(found.weeks),
        "papers": overview.papers_here(),
        "others": [each for each in overview.glances() if each.slug != paper_list.slug],
    }
    return render_to_string("kbsite/home/list.html", context, request)
