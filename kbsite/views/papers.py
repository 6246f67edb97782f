"""Papers: found by words and filters."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from kbsite.access import Action, needs
from kbsite.completions import completions
from kbsite.filters import STATUSES, PaperFilters
from kbsite.readers import marks_for
from papers import cards, facets
from papers.models import Paper, PaperList
from papers.search import passages

PAGE_SIZE = 25
SUBJECTS = 8
MOST_COUNTED = 20_000  # of more papers found by words, the filters do not say how many each would leave


@needs(Action.READ)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Papers as the address asks for them; what makes no sense in it is ignored and said."""
    filters = PaperFilters(request.GET, queryset=Paper.objects.all(), request=request)
    found = filters.qs.for_pages().with_standing()
    search = found.found
    if search is not None and search.is_named and search.ids and len(filters.value) == 1:
        return _go_to(request, search.ids[0])
    page = page_of(found, request.GET.get("page", ""), PAGE_SIZE)
    context = {
        "search": search,
        "passages": passages.of_papers(list(page), search.stems) if search else {},
        "filters": filters,
        "value": filters.value,
        "list": filters.paper_list,
        "lists": list(PaperList.objects.order_by("name")),
        "page": page,
        "marks": marks_for(request.user, page),
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "facets": _facets(
            request.GET, filters, search.total if search and search.ids is not None else page.paginator.count
        ),
        "carried": [(name, text) for name, text in request.GET.items() if name not in ("q", "page") and text],
    }
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "kbsite/papers/results.html" if is_part else "kbsite/papers/index.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@needs(Action.READ)
@require_safe
def complete(request: HttpRequest) -> JsonResponse:
    """What may be meant by what stands in the search box so far; the API answers the same, and counts who asks."""
    response = JsonResponse({"results": completions(request.GET.get("q", ""))})
    response["Cache-Control"] = "private, max-age=60"
    return response


def _go_to(request: HttpRequest, pk: int) -> HttpResponse:
    where = reverse("paper", args=[pk])
    return HttpResponseClientRedirect(where) if request.htmx else redirect(where)  # type: ignore[attr-defined]


def page_of(found: Any, number: str, size: int) -> Page[Any]:
    """Return a page of rows; the nearest one there is when the number makes no sense."""
    return Paginator(found, size).get_page(number if number.isascii() else 1)


def _facets(asked: QueryDict, filters: PaperFilters, found: int) -> dict[str, Any]:
    """Return what each filter would leave, counted in the papers that all the other filters leave."""

    def without(*names: str) -> Any:
        data = asked.copy()
        for name in names:
            data.pop(name, None)
        data["sort"] = "newest"  # all that fulfil what is asked, and no ranking: they are only counted
        if filters.qs.found is not None and filters.qs.found.corrected:
            data["q"] = str(filters.qs.found.query)
        return PaperFilters(data, queryset=Paper.objects.all(), request=filters.request).qs

    paper_list = filters.paper_list
    named = list(cards.categories(paper_list)) if paper_list else []
    if "q" in filters.value and found > MOST_COUNTED:
        return {
            "categories": [(category, None) for category in named],
            "statuses": [(name, None) for name in STATUSES],
        }
    of_category = facets.categories(without("category"), paper_list) if paper_list else {}
    of_status = facets.statuses(without("status"), paper_list)
    return {
        "categories": [(category, of_category.get(category.key, 0)) for category in named],
        "statuses": [(name, of_status.get(name, 0)) for name in STATUSES],
        "years": facets.years(without("year", "since", "until")),
        "subjects": facets.subjects(without("subject"), SUBJECTS),
        "sources": facets.sources(without("source")),
        "code": facets.with_code(without("code")),
    }
