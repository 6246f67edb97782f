"""The run ledger: what the machine did, when, and how it went; and what curators do about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ingest import claims, health, runs
from ingest.models import Run
from kbsite import broker
from kbsite.access import Action, Allowed, needs, of_run, place_of
from kbsite.api.filters import RunFilters
from kbsite.numbers import numbers

PAGE_SIZE = 25
PATIENCE = timedelta(minutes=2)  # for so long the page looks for a run that was asked for
REPEATABLE = frozenset(Run.State) - {Run.State.RUNNING, Run.State.DONE}


@needs(Action.READ)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every run, the newest first; while one is running the page asks for its changing part again."""
    runs.sweep()
    filters = RunFilters(request.GET, queryset=Run.objects.select_related("topic").defer("rejections", "details"))
    page = _page_of(request, filters.qs)
    is_running = any(run.state == Run.State.RUNNING for run in page)
    context = {
        "page": page,
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "value": {name: value for name, value in filters.form.cleaned_data.items() if value},
        "kinds": Run.Kind.choices,
        "states": Run.State.values,
        "is_live": is_running or _is_awaited(request.GET.get("asked", ""), page),
        "learns_at_once": health.learns_at_once(),
    }
    return _page_or_part(request, "kbsite/runs/index.html", "kbsite/runs/table.html", context)


@needs(Action.READ)
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: how far it is, its window and counts, what it rejected and why, its error and its next try."""
    runs.sweep()  # its process may have died a moment ago
    run = get_object_or_404(Run.objects.select_related("topic__list"), pk=pk)
    context = {
        "run": run,
        "may": Allowed(request.user, place_of(run)),
        "now": timezone.now(),
        "is_live": run.state == Run.State.RUNNING,
        "has_ended": request.htmx and run.state != Run.State.RUNNING,  # type: ignore[attr-defined]
        "can_repeat": run.state in REPEATABLE,
        "successor": Run.objects.filter(kind=run.kind, subject=run.subject, pk__gt=run.pk).first(),
    }
    return _page_or_part(request, "kbsite/runs/detail.html", "kbsite/runs/run.html", context)


@needs(Action.RUN, of_run)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a run to stop."""
    if runs.cancel(get_object_or_404(Run, pk=pk)):
        messages.success(request, _("It stops after the page that it is at; what came is kept."))
    else:
        messages.info(request, _("It was over already."))
    return redirect("run", pk)


@needs(Action.RUN, of_run)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the work of a run to be done again."""
    run = get_object_or_404(Run.objects.select_related("topic"), pk=pk)
    try:
        task = runs.again(run)
    except runs.CannotRepeat as problem:
        messages.error(request, _("Not again: %(why)s.") % {"why": problem})
        return redirect("run", pk)
    asked_at = timezone.now()
    if broker.send(task):
        messages.success(request, _("A worker was asked to do it again; the newest run is the first in this list."))
        return redirect(f"{reverse('runs')}?asked={asked_at.timestamp():.3f}")
    messages.warning(request, _("Noted, but no worker could be asked: the schedule takes it up in a few minutes."))
    return redirect("runs")


@needs(Action.READ)
@require_safe
def parked(request: HttpRequest) -> HttpResponse:
    """The papers that are left out because work on them went wrong again and again."""
    page = _page_of(request, claims.parked())
    context = {"page": page, "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)}
    return render(request, "kbsite/runs/parked.html", context)


@needs(Action.RUN)
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Let one parked paper, or all of them, be taken up again."""
    chosen = claims.parked()
    if "all" not in request.POST:
        chosen = chosen.filter(pk__in=numbers([request.POST.get("claim", "")]))
    count = claims.replay(chosen)
    words = ngettext("%(n)d paper is taken up again.", "%(n)d papers are taken up again.", count)
    messages.success(request, words % {"n": count})
    return redirect("parked")


def _page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    page = request.GET.get("page", "")
    return Paginator(rows, PAGE_SIZE).get_page(page if page.isascii() else 1)


def _page_or_part(request: HttpRequest, page: str, part: str, context: dict[str, object]) -> HttpResponse:
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, part if is_part else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _is_awaited(asked: str, page: Iterable[Run]) -> bool:
    """Say whether a run that was asked for at this moment (a Unix time) may still begin; a busy worker is slow."""
    try:
        moment = datetime.fromtimestamp(float(asked), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return timezone.now() - moment < PATIENCE and all(run.started_at < moment for run in page)
