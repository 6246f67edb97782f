"""The map of the field: a list's papers and its candidates as points; near each other, what they are about is alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from kbsite import fieldplot
from kbsite.access import Action, named, needs
from kbsite.fieldplot import Asked
from kbsite.templatetags.kbsite import colour
from papers import cards, fieldmap
from papers.fieldmap import STANDINGS, FieldMap
from papers.models import Category, PaperList

LONGEST_WORDS = 300
YEAR = 31_536_000  # seconds


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The listed papers as links in an SVG, the regions in words; a script draws the candidates and lets one look."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    categories = cards.categories(paper_list)
    found = fieldmap.field_map(paper_list)
    context: dict[str, Any] = {"list": paper_list, "categories": categories, "map": found}
    if found is not None:
        asked = _asked(request, categories)
        points = found.points
        context |= {
            "asked": asked,
            "shown": len(set(points.papers[asked.of(points)].tolist())),
            "plot": fieldplot.plot(found, asked, [colour(each.position) for each in categories]),
            "shapes": range(8),
            "years": sorted({year for year in points.year.tolist() if year}, reverse=True),
            "statuses": [name for place, name in enumerate(STANDINGS) if (points.standing == place).any()],
            "labels": [{"x": each.x, "y": each.y, "text": " · ".join(each.terms[:2])} for each in found.regions],
            "listed": len(set(points.papers[points.standing == 0].tolist())),
            "candidates": int((points.standing != 0).sum()),
        }
    return render(request, "kbsite/list/map.html", context)


@needs(Action.READ, named)
@require_safe
@gzip_page
def points(request: HttpRequest, slug: str) -> HttpResponse:
    """The points, as `fieldplot.packed` says."""
    return _kept(request, slug, lambda found: fieldplot.packed(found.points), "application/octet-stream")


@needs(Action.READ, named)
@require_safe
@gzip_page
def titles(request: HttpRequest, slug: str) -> HttpResponse:
    """The title of each point, a line each, in the order of the points."""

    def lines(found: FieldMap) -> bytes:
        return "\n".join(fieldmap.titles(found.points)).encode()

    return _kept(request, slug, lines, "text/plain; charset=utf-8")


@needs(Action.READ, named)
@require_safe
def found(request: HttpRequest, slug: str) -> HttpResponse:
    """The papers of the map that a search for the words `q` finds."""
    current = fieldmap.field_map(get_object_or_404(PaperList, slug=slug))
    words = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    here = set(current.points.papers.tolist()) if current is not None else set()
    return JsonResponse({"papers": sorted(here & fieldmap.found_by(words)) if words else []})


def _kept(request: HttpRequest, slug: str, content: Callable[[FieldMap], bytes], kind: str) -> HttpResponse:
    """Answer with what a version of the map is made of; Http404 where there is no map.

    Under the address of its version it is kept for good, under another one the browser asks whether it is the same.
    """
    current = fieldmap.field_map(get_object_or_404(PaperList, slug=slug))
    if current is None:
        raise Http404(_("No paper has a place on the map yet."))
    etag = f'"{current.version}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(content(current), content_type=kind)
    response["ETag"] = etag
    if request.GET.get("v") == current.version:
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(response, no_cache=True)
    return response


def _asked(request: HttpRequest, categories: list[Category]) -> Asked:
    """Return what the address asks, in the words of the page of papers; what makes no sense asks nothing."""
    keys = [category.key for category in categories]
    category, status, year = (request.GET.get(name, "") for name in ("category", "status", "year"))
    words = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    return Asked(
        category=keys.index(category) if category in keys else None,
        status=status if status in STANDINGS else "",
        year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        words=words,
        found=fieldmap.found_by(words) if words else (),
    )
