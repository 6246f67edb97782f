"""The first page: each list at a glance, what is new, and how the sources are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ingest import health
from kbsite import plots
from kbsite.access import Action, needs
from papers import overview
from papers.models import Paper


@needs(Action.READ)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every list with its categories over time, what is new in it, and the sources' last runs."""
    today = timezone.localdate()
    overviews = overview.overviews()
    topics = health.topics()
    context = {
        "overviews": [(each, plots.timeline(each.lines, today)) for each in overviews],
        "papers": Paper.objects.count(),
        "topic_health": topics,
        "sources": health.sources(topics),
        "other_work": health.other_work(),
        "now": timezone.now(),
    }
    return render(request, "kbsite/home/page.html", context)
