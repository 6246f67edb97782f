"""The run ledger: what the machine did, when, and how it went."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from ingest.models import Run
from kbsite.api.filters import RunFilters

PAGE_SIZE = 25


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every run, the newest first; while one is running the page asks for its changing part again."""
    filters = RunFilters(request.GET, queryset=Run.objects.select_related("topic"))
    number = request.GET.get("page", "")
    page = Paginator(filters.qs, PAGE_SIZE).get_page(number if number.isascii() else 1)
    context = {
        "page": page,
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "value": {name: value for name, value in filters.form.cleaned_data.items() if value},
        "kinds": Run.Kind.choices,
        "states": Run.State.values,
        "is_live": any(run.state == Run.State.RUNNING for run in page),
    }
    return _page_or_part(request, "kbsite/runs/index.html", "kbsite/runs/table.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: its window, its counts, what it rejected and why, and its error."""
    run = get_object_or_404(Run.objects.select_related("topic__list"), pk=pk)
    context = {"run": run, "is_live": run.state == Run.State.RUNNING}
    return _page_or_part(request, "kbsite/runs/detail.html", "kbsite/runs/run.html", context)


def _page_or_part(request: HttpRequest, page: str, part: str, context: dict[str, object]) -> HttpResponse:
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, part if is_part else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
