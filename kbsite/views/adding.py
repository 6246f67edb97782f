"""Adding papers by hand: a box to paste into, a look at every line, and one button that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kbsite import curation, proposing
from kbsite.access import Action, named, needs
from kbsite.forms import one_line
from papers import adding, cards, listsettings, pasting, proposals
from papers.adding import Added, Choice
from papers.models import Category, PaperList
from papers.pasting import Item

LATELY = 50  # of what was put before the curators


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The box and what was added lately; POST shows what each line would do, or does it."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    text = request.POST.get("text", "")
    if request.method != "POST" or not text.strip():
        return _page(request, paper_list)
    try:
        items = pasting.read(text, adding.headers(paper_list))
    except pasting.TooMuch as problem:
        return _page(request, paper_list, text, problem=str(problem), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if "add" not in request.POST:
        return _page(request, paper_list, text, lines=list(enumerate(adding.preview(paper_list, items))))
    choices = _chosen(paper_list, request.POST)
    added = curation.add(paper_list, items, choices, request.user)  # type: ignore[arg-type]
    return _page(request, paper_list, _left(items, added), added=added)


@needs(Action.DECIDE, named)
@require_POST
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Open or close the list's public form."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    listsettings.take_proposals(paper_list, request.POST.get("open") == "1", request.user)  # type: ignore[arg-type]
    messages.success(
        request,
        _("Authors may propose papers now.") if paper_list.takes_proposals else _("The list takes no proposals now."),
    )
    return redirect("add-papers", slug)


def _chosen(paper_list: PaperList, data: Any) -> dict[int, Choice]:
    """What is to become of each line that is ticked, by its place."""
    categories: Mapping[str, Category] = {each.key: each for each in cards.categories(paper_list)}
    taken = {int(place) for place in data.getlist("take") if place.isascii() and place.isdigit() and len(place) < 6}
    return {
        place: Choice(one_line(data.get(f"title-{place}", "")), categories.get(data.get(f"where-{place}", "")))
        for place in taken
    }


def _left(items: Sequence[Item], added: Added) -> str:
    """The lines of what was not added, as they were pasted: they stay in the box."""
    done = {id(each.line.item) for each in added.outcomes if each.is_added}
    return "\n".join({item.first: item.text for item in items if id(item) not in done}.values())


def _page(
    request: HttpRequest,
    paper_list: PaperList,
    text: str = "",
    *,
    lines: Sequence[tuple[int, adding.Line]] = (),
    added: Added | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    found = list(proposals.before_curators(paper_list)[:LATELY])
    context = {
        "list": paper_list,
        "text": text,
        "lines": lines,
        "can_add": sum(line.can_add for _, line in lines),
        "where": request.POST.get("where", ""),
        "added": added,
        "problem": problem,
        "is_empty": request.method == "POST" and not text.strip() and added is None,
        "categories": cards.categories(paper_list),
        "lately": proposals.with_standing(paper_list, found),
        "closed": proposing.why_closed(paper_list),
        "most": pasting.MOST_ITEMS,
    }
    return render(request, "kbsite/list/add.html", context, status=status)
