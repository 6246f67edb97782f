"""The pages of authors: propose a paper, confirm it, and see what becomes of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kbsite import curation, mail, proposing
from kbsite.access import Action, named, needs
from kbsite.proposalform import ProposalForm
from papers import adding, cards, proposals
from papers.models import PaperList, Proposal
from papers.records import Identifier


@needs(Action.PROPOSE, named)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; POST keeps the proposal and sends the mail that confirms it."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    closed = proposing.why_closed(paper_list)
    if request.method != "POST" or closed:
        status = HTTPStatus.OK if request.method != "POST" else HTTPStatus.CONFLICT
        return _form(request, paper_list, None if closed else ProposalForm(paper_list=paper_list), closed, status)
    form = ProposalForm(request.POST, paper_list=paper_list)
    if form.is_of_a_program:
        return _sent(request, paper_list)  # let it believe so
    if not form.is_valid() or form.named is None:
        return _form(request, paper_list, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if proposing.is_too_often(request):
        told = _("Too much was proposed from your network. Try again in an hour.")
        return _form(request, paper_list, form, told, HTTPStatus.TOO_MANY_REQUESTS)
    given = form.cleaned_data
    try:
        proposing.propose(request, paper_list, form.named, given["email"], given["category"], given["why"])
    except proposals.TooMany as refused:
        return _form(request, paper_list, form, str(refused), HTTPStatus.TOO_MANY_REQUESTS)
    except (proposals.Refused, proposing.Closed) as refused:
        return _form(request, paper_list, form, str(refused), HTTPStatus.CONFLICT)
    except mail.Undeliverable as trouble:
        return _form(request, paper_list, form, str(trouble), HTTPStatus.SERVICE_UNAVAILABLE)
    return _sent(request, paper_list, given["email"], is_known=form.named.paper is not None)


@needs(Action.PROPOSE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Where the mail leads: a button that confirms, since programs that look at mails follow links, too."""
    try:
        key = proposing.key_of(token)
        if request.method == "POST":
            return redirect("proposal", curation.confirm(key).key)
        proposal = Proposal.objects.select_related("list").filter(key=key, user=None).first()
        if proposal is None:
            raise proposals.Gone
    except proposals.Gone:
        return render(request, "kbsite/proposals/gone.html", status=HTTPStatus.GONE)
    except proposals.Refused as refused:
        return render(request, "kbsite/proposals/gone.html", {"told": str(refused)}, status=HTTPStatus.CONFLICT)
    if proposal.confirmed_at is not None:
        return redirect("proposal", proposal.key)
    return render(request, "kbsite/proposals/confirm.html", _named(proposal))


@needs(Action.PROPOSE)
@never_cache
@require_safe
def state(request: HttpRequest, key: UUID) -> HttpResponse:
    """What has become of a proposal, for whoever has the address of this page."""
    proposal = Proposal.objects.select_related("list", "paper").filter(key=key, user=None).first()
    if proposal is None:
        raise Http404(_("There is no such proposal, or it was never confirmed."))
    put = next(iter(proposals.with_standing(proposal.list, [proposal])), None)
    context = _named(proposal) | {
        "standing": put.standing if put else None,
        "days": proposals.CONFIRMED_WITHIN.days,
    }
    response = render(request, "kbsite/proposals/state.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _named(proposal: Proposal) -> dict[str, Any]:
    paper = proposal.paper
    title = paper.title if paper is not None and not adding.is_untitled(paper) else proposal.title
    return {
        "proposal": proposal,
        "list": proposal.list,
        "title": title,
        "name": Identifier(proposal.scheme, proposal.value),
    }


def _form(
    request: HttpRequest,
    paper_list: PaperList,
    form: ProposalForm | None,
    told: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "list": paper_list,
        "form": form,
        "shown": proposing.shown_now(),
        "told": told,
        "definitions": cards.definitions(paper_list) if form else [],
        "erased_after": proposals.ERASED_AFTER_DECISION.days,
        "erased_at_last": proposals.ERASED_AFTER.days,
        "dropped_after": proposals.DROPPED_UNCONFIRMED.days,
    }
    return render(request, "kbsite/proposals/form.html", context, status=status)


def _sent(request: HttpRequest, paper_list: PaperList, email: str = "", is_known: bool = False) -> HttpResponse:
    context = {
        "list": paper_list,
        "email": email or request.POST.get("email", ""),
        "is_known": is_known,
        "days": proposals.CONFIRMED_WITHIN.days,
    }
    return render(request, "kbsite/proposals/sent.html", context)
