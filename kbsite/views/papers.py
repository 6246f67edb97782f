"""Papers: found by words and filters."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from kbsite import facetvalues, paperpages
from kbsite.access import Action, needs
from kbsite.browsing import FACETS, Browse
from kbsite.completions import completions
from kbsite.filters import PaperFilters
from kbsite.paperfiles import FORMS
from kbsite.readers import marks_for
from papers.models import Paper
from papers.search import passages

PAGE_SIZE = 25
LAYOUTS = ("list", "table")
MOST_COUNTED = 20_000  # of more papers found by words, the filters do not say how many each would leave


@needs(Action.READ)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Papers as the address asks for them; what makes no sense in it is ignored and said."""
    filters = PaperFilters(request.GET, queryset=Paper.objects.all(), request=request)
    search = filters.qs.found if filters.order == "match" else None
    if search is not None and search.is_named and search.ids and len(filters.value) == 1:
        return _go_to(request, search.ids[0])
    browse = Browse(filters)
    page = paperpages.page_of(browse, request.GET.dict(), PAGE_SIZE)
    are_counted = search is None or search.total <= MOST_COUNTED
    layout = request.GET.get("layout")
    context = {
        "search": search,
        "passages": passages.of_papers(list(page), search.stems) if search else {},
        "filters": filters,
        "value": filters.value,
        "list": filters.paper_list,
        "lists": browse.lists,
        "page": page,
        "marks": marks_for(request.user, page),
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "facets": facetvalues.facets(browse, request.GET, are_counted),
        "chips": facetvalues.chips(browse, request.GET),
        "layout": layout if layout in LAYOUTS else LAYOUTS[0],
        "carried": [(name, text) for name, texts in request.GET.lists() for text in texts if _is_carried(name, text)],
        "words": _words(request.GET),
        "forms": FORMS.values(),
    }
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "kbsite/papers/results.html" if is_part else "kbsite/papers/index.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@needs(Action.READ)
@require_safe
def facet(request: HttpRequest, name: str) -> HttpResponse:
    """All values of a facet, with how many papers each would leave of those that the address asks for."""
    if name not in FACETS:
        raise Http404("There is no such facet.")
    filters = PaperFilters(request.GET, queryset=Paper.objects.all(), request=request)
    values = facetvalues.values_of(Browse(filters), name, request.GET)
    context = {"name": name, "title": facetvalues.TITLES[name], "values": values, "words": _words(request.GET)}
    return render(request, "kbsite/papers/facet.html", context)


def _is_carried(name: str, text: str) -> bool:
    """Whether a new search goes on asking for this."""
    return bool(text) and name != "q" and name not in facetvalues.PLACES


def _words(asked: QueryDict) -> str:
    """Return the address's words without where its page stands and how it looks: what the same papers are asked by."""
    words = asked.copy()
    for name in (*facetvalues.PLACES, "layout"):
        words.pop(name, None)
    return words.urlencode()


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
