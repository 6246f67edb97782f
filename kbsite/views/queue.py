"""The review queue: the next paper as a card, and the verbs that decide on it.

Every step is a form and a redirect, so the queue works without script; asked by htmx, the same views answer
with the changing part of the page only. The page's own script shows the next card at once and sends the decision
after it (static/kbsite/outbox.js): it asks for cards `but` those it has, and of a decision for what became of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from ingest import versions
from kbsite import curation
from kbsite.access import Action, named, needs, of_decision
from kbsite.forms import DeferForm, DuplicateForm, RejectForm, admission_forms, typed_rows
from kbsite.narrowing import queue_of
from kbsite.numbers import number, numbers
from kbsite.templatetags.curate import queue_url
from papers import cards, listsettings, merging, opinions, preview
from papers.entries import AlreadyListed
from papers.models import Decision, Opinion, Paper, PaperList
from papers.opinions import CannotSpeak
from papers.queue import CATEGORY, DIVERSE, NEWEST, RELEVANCE, SOURCE, UNSURE, Queue
from papers.review import AlreadyDecided, NotInForce

NOBODY = cards.Waiting(0, 0)
LONGEST_CRITERION = 5000
MOST_BUT = 100  # papers that a page can say it has
LARGEST = 2**31 - 1  # number of a version
BY_RELEVANCE = (RELEVANCE, DIVERSE)  # the orders in which a paper can move up
ORDER_NAMES = {
    RELEVANCE: _("most relevant first"),
    UNSURE: _("most unsure first"),
    DIVERSE: _("most relevant, near-copies later"),
    NEWEST: _("newest first"),
    CATEGORY: _("by suggested category"),
    SOURCE: _("by source"),
}


@needs(Action.DECIDE, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The paper whose turn it is, or the one asked for with ?paper=; what is shown is held for who looks at it."""
    queue = queue_of(request, get_object_or_404(PaperList, slug=slug))
    but = numbers(request.GET.get("but", "").split(",")[:MOST_BUT])
    if wanted := request.GET.get("paper", ""):
        paper = _paper(wanted)
        queue.hold(paper.pk)
    elif turn := queue.take_next(but):
        paper = _paper(turn.paper_id)
    else:
        return _page(request, queue, None)
    return _page(request, queue, Desk(cards.card(queue.paper_list, paper)), but=but)


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, slug: str, paper_id: int) -> HttpResponse:
    """Accept, reject, defer, mark a duplicate or skip, then go on to the next card.

    Who comes back to this address, from a reload or from signing in again, is shown the card.
    """
    queue = queue_of(request, get_object_or_404(PaperList, slug=slug))
    if request.method != "POST":
        return redirect(queue_url(queue, paper=paper_id))
    paper = _paper(paper_id)
    if "skip" in request.POST:
        queue.skip(paper)
        return _became(request, queue) if _is_sent_after(request) else _go_on(queue, paper)
    desk = Desk(cards.card(queue.paper_list, paper), request.POST)
    try:
        said = desk.decide(request.user)
    except (AlreadyDecided, AlreadyListed, CannotSpeak) as clash:
        if _is_sent_after(request):
            return _became(request, queue, HTTPStatus.CONFLICT, paper, clash)
        paper = _paper(paper_id)  # as it stands now, with what was typed
        desk = Desk(cards.card(queue.paper_list, paper), request.POST)
        return _page(request, queue, desk, HTTPStatus.CONFLICT, clash=clash)
    if said is None:
        if request.headers.get("Preview") == "1":
            return render(request, "kbsite/queue/lines.html", {"desk": desk})
        if _is_sent_after(request):
            return _became(request, queue, HTTPStatus.UNPROCESSABLE_ENTITY, paper, desk.errors)
        status = HTTPStatus.OK if desk.lines else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, queue, desk, status)
    return _became(request, queue) if _is_sent_after(request) else _go_on(queue, paper)


@needs(Action.DECIDE, named)
@require_safe
def moved(request: HttpRequest, slug: str) -> HttpResponse:
    """What the head that learned last moved up, with the papers around the one that is read; 204 where nothing did.

    The page asks for it a moment after a decision, with the version `since` which it was told of.
    """
    queue = queue_of(request, get_object_or_404(PaperList, slug=slug))
    since = number(request.GET.get("since", "")) or 0
    told = versions.moved(queue.paper_list, min(since, LARGEST)) if queue.order in BY_RELEVANCE else None
    paper = Paper.objects.filter(pk__in=numbers([request.GET.get("paper", "")])).first()
    if told is None or not told[1] or paper is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    context = {
        "queue": queue,
        "version": told[0],
        "moved": told[1],
        "around": queue.around(paper),
        "filters": [(each, 0) for each in cards.categories(queue.paper_list)],
    }
    return render(request, "kbsite/queue/moved.html", context)


@needs(Action.DECIDE, of_decision)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back and show its paper again, or return to where the button was."""
    decision = get_object_or_404(Decision.objects.select_related("list", "paper"), pk=pk)
    if request.method != "POST":
        return redirect(queue_url(queue_of(request, decision.list), paper=decision.paper_id))
    try:
        curation.undo(decision, request.user)  # type: ignore[arg-type]
    except NotInForce as clash:
        desk = Desk(cards.card(decision.list, _paper(decision.paper_id)))
        return _page(request, queue_of(request, decision.list), desk, HTTPStatus.CONFLICT, clash=clash)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect(queue_url(queue_of(request, decision.list), paper=decision.paper_id))


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def criterion(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Say what belongs into a category, in the curators' own words."""
    queue = queue_of(request, get_object_or_404(PaperList, slug=slug))
    category = get_object_or_404(queue.paper_list.categories, key=key)
    if request.method == "POST":
        words = request.POST.get("criterion", "")[:LONGEST_CRITERION]
        listsettings.say_criterion(category, words, request.user)  # type: ignore[arg-type]
    return redirect(queue_url(queue, paper=request.POST.get("paper", "")))


class Desk:
    """A card with the forms that decide on it."""

    def __init__(self, card: cards.Card, data: Any = None) -> None:
        said = card.suggestion
        self.card = replace(card, sure_from=versions.sure_from(card.paper_list, said.head)) if said else card
        self.data = data or {}
        self.rows = admission_forms(card.rows, data)
        self.note = self.data.get("note", "")
        # Only the form that was sent is bound: the others have nothing to complain about.
        self.rejection = RejectForm(data if "reject" in self.data else None)
        self.deferral = DeferForm(data if "defer" in self.data else None)
        self.duplicate = DuplicateForm(data if "duplicate" in self.data else None, paper=card.paper)
        self.lines: dict[str, str] = {}  # by language: how the row will stand in the README
        self.settles = "settles" in self.data  # between two opinions that differ
        self.key = uuid.uuid4()  # of the decision that this card will lead to

    def decide(self, user: Any) -> curation.Said | None:
        """Do what the pressed button says; return None when that decides nothing, with the errors in the forms."""
        paper_list, paper = self.card.paper_list, self.card.paper
        key, settles = _key(self.data), self.settles
        if "accept" in self.data:
            category = self._category("accept")
            rows = typed_rows(self.rows, category)
            return curation.accept(category, paper, rows, user, self.note, key, settles=settles) if rows else None
        if self.rejection.is_valid():
            reason = self.rejection.cleaned_data["reject"]
            return curation.reject(paper_list, paper, user, reason, self.note, key, settles=settles)
        if self.deferral.is_valid():
            return curation.defer(paper_list, paper, user, self.deferral.day, self.note, key, settles=settles)
        if self.duplicate.is_valid() and self.duplicate.other:
            return curation.duplicate(paper_list, paper, self.duplicate.other, user, self.note, key, settles=settles)
        if "preview" in self.data:
            category = self._category("preview")
            if rows := typed_rows(self.rows, category):
                self.lines = preview.of_admission(category, paper, rows)
        return None

    def _category(self, verb: str) -> Any:
        return get_object_or_404(self.card.paper_list.categories, key=self.data[verb])

    @property
    def errors(self) -> str:
        """What is wrong in the forms, in one line."""
        forms = (*self.rows, self.rejection, self.deferral, self.duplicate)
        return " ".join(dict.fromkeys(str(text) for form in forms for told in form.errors.values() for text in told))

    @property
    def previews(self) -> list[tuple[Any, str | None]]:
        """Each row's form with its line in the README, None unless asked for."""
        return [(form, self.lines.get(form.document.language)) for form in self.rows]


def _page(
    request: HttpRequest,
    queue: Queue,
    desk: Desk | None,
    status: int = HTTPStatus.OK,
    clash: Exception | None = None,
    but: Sequence[int] = (),
) -> HttpResponse:
    paper_list, card = queue.paper_list, desk.card if desk else None
    context = _news(request, queue) | {
        "desk": desk,
        "card": card,
        "clash": clash,
        "around": queue.around(card.paper, but) if card else None,
        "gone": -len(but),
        "reader": queue.held_by_another(card.paper.pk) if card and card.is_open else None,
        "standing": None if card else cards.standing(paper_list),
        "definitions": cards.definitions(paper_list),
        "orders": ORDER_NAMES,
        "said": _opinions(request, card) if card else (),
        "taken_back": cards.taken_back(paper_list, card.paper, queue.viewer) if card and card.is_open else None,
        "address": queue_url(queue, paper=card.paper.pk if card else None),
    }
    is_part = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    template = "kbsite/queue/stage.html" if is_part else "kbsite/queue/page.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _became(
    request: HttpRequest,
    queue: Queue,
    status: int = HTTPStatus.OK,
    paper: Paper | None = None,
    wrong: object = None,
) -> HttpResponse:
    """Tell what became of a decision that was sent while the next card was read already."""
    context = _news(request, queue) | {
        "undecided": paper,
        "wrong": wrong,
        "address": queue_url(queue),
        "is_answer": True,
    }
    return render(request, "kbsite/queue/news.html", context, status=status)


def _news(request: HttpRequest, queue: Queue) -> dict[str, Any]:
    """Return what every answer shows: the last decision, and how many papers wait."""
    by_category = cards.counts(queue.unspoken)
    in_all = _in_all(by_category)
    last, own = cards.last_of(queue.paper_list, queue.viewer), None
    contested = 0
    if queue.paper_list.second_opinion:
        own = opinions.last_of(queue.paper_list, queue.viewer)
        contested = opinions.disagreements(queue.paper_list).count()
    return {
        "list": queue.paper_list,
        "queue": queue,
        "category": queue.category,
        "filters": [(each, by_category.get(each.key, NOBODY).all) for each in cards.categories(queue.paper_list)],
        "waiting": by_category.get(queue.category, NOBODY).all if queue.category else in_all.all,
        "waiting_in_all": in_all.all,
        # Of the whole list, as the navigation says.
        "likely": (_in_all(cards.counts(queue.whole.unspoken)) if queue.narrowed.words else in_all).likely,
        "last": last,
        "last_opinion": own if own and (last is None or own.at > last.at) else None,
        "contested": contested,
    }


def _in_all(by_category: dict[str, cards.Waiting]) -> cards.Waiting:
    return cards.Waiting(*map(sum, zip(NOBODY, *by_category.values(), strict=True)))


def _opinions(request: HttpRequest, card: cards.Card) -> list[Opinion]:
    """Return what this curator may know of the opinions on a paper."""
    if not card.paper_list.second_opinion:
        return []
    user: Any = request.user
    return opinions.seen_by(user, card.paper_list, card.paper, card.decision)


def _go_on(queue: Queue, paper: Paper) -> HttpResponse:
    following = queue.take_next([paper.pk])
    return redirect(queue_url(queue, paper=following.paper_id if following else None))


def _is_sent_after(request: HttpRequest) -> bool:
    """Say whether the page shows the next card already and asks only what became of this one."""
    return request.headers.get("Outbox") == "1"


def _key(data: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(data.get("key", ""))
    except ValueError:
        return None


def _paper(pk: int | str) -> Paper:
    try:
        found = Paper.objects.for_pages()
        return found.filter(pk=pk).first() or get_object_or_404(found, pk=merging.current(int(pk)))
    except (ValueError, ValidationError):
        raise Http404(_("“%(pk)s” is no paper.") % {"pk": pk}) from None
