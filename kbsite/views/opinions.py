"""Where two curators differ on a paper: both opinions side by side, and the buttons that settle it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kbsite import curation, toast
from kbsite.access import Action, named, needs
from kbsite.narrowing import queue_of
from kbsite.numbers import numbers
from kbsite.templatetags.curate import queue_url
from papers import opinions
from papers.entries import AlreadyListed
from papers.models import Act, PaperList
from papers.opinions import CannotSpeak
from papers.review import AlreadyDecided, NotInForce

MOST = 100  # papers on the page


@needs(Action.DECIDE, named)
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """The papers on which two curators differ, those that came first first."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    found = opinions.disagreements(paper_list)
    context = {
        "list": paper_list,
        "found": opinions.side_by_side(paper_list, found[:MOST]),
        "count": found.count(),
    }
    return render(request, "kbsite/queue/disagreements.html", context)


@needs(Action.DECIDE, named)
@require_POST
def settle(request: HttpRequest, slug: str, paper_id: int) -> HttpResponse:
    """Decide for one of two opinions, then go on with the disagreements."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    waiting = opinions.awaiting(paper_list).filter(paper=paper_id).select_related("paper", "category", "duplicate_of")
    opinion = waiting.filter(pk__in=numbers([request.POST.get("opinion", "")])).first()
    try:
        if opinion is None:
            raise CannotSpeak(_("This opinion was taken back, or settled already."))
        opinion.list = paper_list
        decision = curation.settle_between(opinion, request.user)  # type: ignore[arg-type]
        toast.done(request, _("Settled."), Act.objects.get(decisions=decision))
    except (CannotSpeak, AlreadyDecided, AlreadyListed) as clash:
        messages.error(request, str(clash))
    return redirect("disagreements", slug)


@needs(Action.DECIDE, named)
@require_POST
def take_back(request: HttpRequest, slug: str, paper_id: int) -> HttpResponse:
    """Take one's own opinion on a paper back, and show its card again."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    user: Any = request.user
    opinion = opinions.awaiting(paper_list).filter(paper=paper_id, user=user).select_related("paper", "user").first()
    try:
        if opinion is None:
            raise NotInForce(_("You have no opinion on this paper that could be taken back."))
        opinion.list = paper_list
        opinions.take_back(opinion)
    except NotInForce as clash:
        messages.error(request, str(clash))
    return redirect(queue_url(queue_of(request, paper_list), paper=paper_id))
