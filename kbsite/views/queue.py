"""The review queue: the next paper as a card, and the verbs that decide on it.

Every step is a form and a redirect, so the queue works without script; asked by htmx, the same views answer
with the changing part of the page only.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from kbsite import curation
from kbsite.access import Action, named, needs, of_decision
from kbsite.forms import DeferForm, DuplicateForm, RejectForm, admission_forms, typed_rows
from papers import cards, merging, preview
from papers.entries import AlreadyListed
from papers.models import Decision, Paper, PaperList
from papers.review import AlreadyDecided, NotInForce

NOBODY = cards.Waiting(0, 0)


@needs(Action.DECIDE, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The most relevant awaiting paper, or the one asked for with ?paper=."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    wanted: Any = request.GET.get("paper", "")
    if not wanted:
        first = cards.waiting(paper_list, _category(request, paper_list)).first()
        wanted = first.paper_id if first else None
    paper = _paper(wanted) if wanted else None
    return _page(request, paper_list, Desk(cards.card(paper_list, paper)) if paper else None)


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, slug: str, paper_id: int) -> HttpResponse:
    """Accept, reject, defer or mark a duplicate, then go on to the next card.

    Who comes back to this address, from a reload or from signing in again, is shown the card.
    """
    paper_list = get_object_or_404(PaperList, slug=slug)
    if request.method != "POST":
        return redirect(_address(paper_list, paper_id))
    paper = _paper(paper_id)
    desk = Desk(cards.card(paper_list, paper), request.POST)
    try:
        decision = desk.decide(request.user)
    except (AlreadyDecided, AlreadyListed) as clash:
        desk = Desk(cards.card(paper_list, paper), request.POST)  # as it stands now, with what was typed
        return _page(request, paper_list, desk, HTTPStatus.CONFLICT, clash=clash)
    if decision is None:
        status = HTTPStatus.OK if desk.lines else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, paper_list, desk, status)
    category = _category(request, paper_list)
    following = cards.following(paper_list, paper, category)
    return redirect(_address(paper_list, following.paper_id if following else None, category))


@needs(Action.DECIDE, of_decision)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back and show its paper again, or return to where the button was."""
    decision = get_object_or_404(Decision.objects.select_related("list", "paper"), pk=pk)
    if request.method != "POST":
        return redirect(_address(decision.list, decision.paper_id))
    try:
        curation.undo(decision, request.user)  # type: ignore[arg-type]
    except NotInForce as clash:
        desk = Desk(cards.card(decision.list, _paper(decision.paper_id)))
        return _page(request, decision.list, desk, HTTPStatus.CONFLICT, clash=clash)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect(_address(decision.list, decision.paper_id, _category(request, decision.list)))


class Desk:
    """A card with the forms that decide on it."""

    def __init__(self, card: cards.Card, data: Any = None) -> None:
        self.card = card
        self.data = data or {}
        self.rows = admission_forms(card.rows, data)
        self.note = self.data.get("note", "")
        # Only the form that was sent is bound: the others have nothing to complain about.
        self.rejection = RejectForm(data if "reject" in self.data else None)
        self.deferral = DeferForm(data if "defer" in self.data else None)
        self.duplicate = DuplicateForm(data if "duplicate" in self.data else None, paper=card.paper)
        self.lines: dict[str, str] = {}  # by language: how the row will stand in the README

    def decide(self, user: Any) -> Decision | None:
        """Do what the pressed button says; return None when that takes no decision, with the errors in the forms."""
        paper_list, paper = self.card.paper_list, self.card.paper
        if "accept" in self.data:
            category = self._category("accept")
            rows = typed_rows(self.rows, category)
            return curation.accept(category, paper, rows, user, self.note) if rows else None
        if self.rejection.is_valid():
            reason = self.rejection.cleaned_data["reject"]
            return curation.reject(paper_list, paper, user, reason, self.note)
        if self.deferral.is_valid():
            return curation.defer(paper_list, paper, user, self.deferral.day, self.note)
        if self.duplicate.is_valid() and self.duplicate.other:
            return curation.duplicate(paper_list, paper, self.duplicate.other, user, self.note)
        if "preview" in self.data:
            category = self._category("preview")
            if rows := typed_rows(self.rows, category):
                self.lines = preview.of_admission(category, paper, rows)
        return None

    def _category(self, verb: str) -> Any:
        return get_object_or_404(self.card.paper_list.categories, key=self.data[verb])

    @property
    def previews(self) -> list[tuple[Any, str | None]]:
        """Each row's form with its line in the README, None unless asked for."""
        return [(form, self.lines.get(form.document.language)) for form in self.rows]


def _page(
    request: HttpRequest,
    paper_list: PaperList,
    desk: Desk | None,
    status: int = HTTPStatus.OK,
    clash: Exception | None = None,
) -> HttpResponse:
    category = _category(request, paper_list)
    card = desk.card if desk else None
    found = cards.waiting(paper_list, category)
    by_category = cards.counts(paper_list)
    in_all = cards.Waiting(*map(sum, zip(NOBODY, *by_category.values(), strict=True)))
    context = {
        "list": paper_list,
        "desk": desk,
        "card": card,
        "clash": clash,
        "around": cards.around(found, card.paper) if card else None,
        "following": cards.following(paper_list, card.paper, category) if card and not card.is_open else None,
        "standing": None if card else cards.standing(paper_list),
        "definitions": cards.definitions(paper_list),
        "filters": [(each, by_category.get(each.key, NOBODY).all) for each in cards.categories(paper_list)],
        "waiting": by_category.get(category, NOBODY).all if category else in_all.all,
        "waiting_in_all": in_all.all,
        "likely": in_all.likely,
        "category": category,
        "last": cards.last_of(paper_list, request.user),  # type: ignore[arg-type]
    }
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "kbsite/queue/stage.html" if is_part else "kbsite/queue/page.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _paper(pk: int | str) -> Paper:
    try:
        found = Paper.objects.for_pages()
        return found.filter(pk=pk).first() or get_object_or_404(found, pk=merging.current(int(pk)))
    except (ValueError, ValidationError):
        raise Http404(f"“{pk}” is no paper.") from None


def _category(request: HttpRequest, paper_list: PaperList) -> str:
    """Return the key of the category that the queue is narrowed to, if it is one of the list's."""
    key = request.POST.get("category") or request.GET.get("category", "")
    return key if any(key == category.key for category in cards.categories(paper_list)) else ""


def _address(paper_list: PaperList, paper_id: int | None, category: str = "") -> str:
    query = urlencode({name: value for name, value in (("paper", paper_id), ("category", category)) if value})
    return reverse("queue", args=[paper_list.slug]) + (f"?{query}" if query else "")
