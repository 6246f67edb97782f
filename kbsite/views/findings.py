"""What awaits a curator's word: rows that were changed here and in the README."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from kbsite import curation, toast
from kbsite.access import Action, named, needs
from kbsite.numbers import number
from papers import acts, cards, findings
from papers.models import Act, Finding, PaperList

PAGE = 50
_SAID = {findings.HERE: _("Kept ours."), findings.README: _("Took the README's."), "dismiss": _("Let it go.")}


@needs(Action.READ, named)
@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The open findings of a list with what each side says, the newest first, from before one if asked for."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    before = request.GET.get("before", "")
    pk = number(before)
    if before and pk is None:
        raise Http404(_("“before” is the number of a finding."))
    waiting = findings.waiting(paper_list)
    shown = list((waiting.filter(pk__lt=pk) if before else waiting)[: PAGE + 1])
    context = {
        "list": paper_list,
        "questions": [(finding, findings.field_of(finding), findings.values(finding)) for finding in shown[:PAGE]],
        "names": {category.key: category.name for category in cards.categories(paper_list)},
        "older": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        "before": before,
    }
    return render(request, "kbsite/list/findings.html", context)


@needs(Action.SETTLE, named)
@require_POST
def settle(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Keep ours, take the README's, or let a question go that asks for nothing any more."""
    finding = get_object_or_404(Finding, pk=pk, list__slug=slug)
    choice = request.POST.get("choice", "")
    if choice not in _SAID:
        return HttpResponseBadRequest("“choice” is here, readme or dismiss.")
    try:
        with acts.act(finding.list, request.user, Act.Kind.FINDING) as act:  # type: ignore[arg-type]
            if choice == "dismiss":
                findings.dismiss(finding, request.user)  # type: ignore[arg-type]
            else:
                curation.settle(finding, choice, request.user)  # type: ignore[arg-type]
        toast.done(request, str(_SAID[choice]), act)
    except (findings.NotOpen, findings.CannotSettle) as problem:
        messages.error(request, str(problem))
    return redirect("findings", slug)
