"""Deciding on many papers of a queue at once: choose by filter or by hand, look at a sample, act, undo as one.

What was looked at is what is decided on: the form of the second step names the papers, however the queue has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from kbsite import curation, toast
from kbsite.access import Action, named, needs
from kbsite.forms import DeferForm, RejectForm
from kbsite.narrowing import queue_of
from kbsite.numbers import numbers
from kbsite.templatetags.curate import queue_url
from kbsite.views.papers import page_of
from kbsite.views.queue import ORDER_NAMES
from papers import cards, inbulk
from papers.inbulk import MOST
from papers.models import Decision, Hold, Paper, PaperList, Suggestion
from papers.queue import Queue

PAGE_SIZE = 50
SAMPLE = 10
LONGEST_NOTE = 5000
ACCEPT, REJECT, DEFER = Decision.Kind.ACCEPT, Decision.Kind.REJECT, Decision.Kind.DEFER


class AcceptForm(forms.Form):
    """Into which category papers go."""

    accept = forms.ChoiceField(
        label=gettext_lazy("Category"), error_messages={"required": gettext_lazy("Choose a category.")}
    )

    def __init__(self, data: Any = None, *, paper_list: PaperList) -> None:
        super().__init__(data)
        self.categories = list(cards.categories(paper_list))
        choices = [("", "—"), *((each.key, each.name) for each in self.categories)]
        self.fields["accept"].choices = choices  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Chosen:
    """Papers that somebody chose, in the order of the queue, before they are decided on."""

    papers: tuple[int, ...]
    matching: int  # how many there were to choose: more than `papers` where these are too many
    sample: tuple[Suggestion, ...]  # spread over the order
    lowest: float  # relevance
    highest: float
    held: int  # that other curators read at the moment

    @property
    def as_text(self) -> str:
        """The papers as a hidden field names them."""
        return ",".join(map(str, self.papers))


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The queue as a table to choose from; POST shows what was chosen, or does what was chosen for it."""
    queue = queue_of(request, get_object_or_404(PaperList, slug=slug))
    if "do" in request.POST:
        return _act(request, queue)
    if "look" in request.POST:
        return _look(request, queue)
    if request.method == "POST":
        return HttpResponseBadRequest("Which button?")
    waiting = cards.counts(queue.unspoken)
    page = page_of(queue.waiting, request.GET.get("page", ""), PAGE_SIZE)
    context = {
        "list": queue.paper_list,
        "queue": queue,
        "orders": ORDER_NAMES,
        "page": page,
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "categories": [
            (each, waiting[each.key].all if each.key in waiting else 0) for each in cards.categories(queue.paper_list)
        ],
        "in_all": sum(each.all for each in waiting.values()),
    }
    return render(request, "kbsite/queue/bulk.html", context)


def _look(request: HttpRequest, queue: Queue) -> HttpResponse:
    """Show how many papers were chosen, a sample of them, and what can be done with them."""
    found = queue.waiting
    if request.POST["look"] != "all":
        found = found.filter(paper__in=numbers(request.POST.getlist("paper")))
    chosen = _chosen(queue, found)
    if not chosen.papers:
        messages.warning(request, _("No paper is ticked, or somebody has decided on it meanwhile."))
        return redirect(queue_url(queue, "bulk"))
    return _ask(request, queue, chosen)


def _act(request: HttpRequest, queue: Queue) -> HttpResponse:
    papers = numbers(request.POST.get("papers", "").split(","))
    kind = request.POST["do"]
    form = _form(queue.paper_list, kind, request.POST)
    if form is None or len(papers) > MOST:
        return HttpResponseBadRequest(
            "Which button?" if form is None else _("At most %(most)s papers at once.") % {"most": MOST}
        )
    if form.is_valid():
        try:
            done = _decide(queue, papers, form, request.POST.get("note", "")[:LONGEST_NOTE])
        except ValueError as problem:
            form.add_error(None, str(problem))
        else:
            return _done(request, queue, kind, done)
    chosen = _chosen(queue, queue.waiting.filter(paper__in=papers))
    return _ask(request, queue, chosen, HTTPStatus.UNPROCESSABLE_ENTITY, **{kind: form})


def _form(paper_list: PaperList, kind: str, data: Any) -> forms.Form | None:
    if kind == ACCEPT:
        return AcceptForm(data, paper_list=paper_list)
    return {REJECT: RejectForm, DEFER: DeferForm}[Decision.Kind(kind)](data) if kind in (REJECT, DEFER) else None


def _decide(queue: Queue, papers: Sequence[int], form: forms.Form, note: str) -> inbulk.Done:
    paper_list, user = queue.paper_list, queue.viewer
    if isinstance(form, AcceptForm):
        category = next(each for each in form.categories if each.key == form.cleaned_data["accept"])
        return curation.accept_all(category, papers, user, note)
    if isinstance(form, DeferForm):
        return curation.defer_all(paper_list, papers, user, form.day, note)
    return curation.reject_all(paper_list, papers, user, form.cleaned_data["reject"], note)


def _done(request: HttpRequest, queue: Queue, kind: str, done: inbulk.Done) -> HttpResponse:
    """Go back to the table, with a toast that undoes it; where papers were refused, tell which and why."""
    refused = [result for result in done.results if result.decision is None]
    words = {
        ACCEPT: ngettext("%(n)d paper accepted.", "%(n)d papers accepted.", done.decided),
        REJECT: ngettext("%(n)d paper rejected.", "%(n)d papers rejected.", done.decided),
        DEFER: ngettext("%(n)d paper put off.", "%(n)d papers put off.", done.decided),
    }[Decision.Kind(kind)] % {"n": done.decided}
    if done.act is not None and not refused:
        toast.done(request, words, done.act)
        return redirect(queue_url(queue, "bulk"))
    titles = dict(Paper.objects.filter(pk__in=[result.paper for result in refused]).values_list("pk", "title"))
    context = {
        "list": queue.paper_list,
        "queue": queue,
        "done": done,
        "words": words,
        "refused": [(result.paper, titles.get(result.paper), result.refused) for result in refused],
    }
    return render(request, "kbsite/queue/bulk_done.html", context)


def _ask(
    request: HttpRequest, queue: Queue, chosen: Chosen, status: int = HTTPStatus.OK, **bound: forms.Form
) -> HttpResponse:
    context = {
        "list": queue.paper_list,
        "queue": queue,
        "chosen": chosen,
        "most": MOST,
        "note": request.POST.get("note", ""),
        "accept": AcceptForm(paper_list=queue.paper_list),
        "reject": RejectForm(),
        "defer": DeferForm(),
        **bound,
    }
    return render(request, "kbsite/queue/bulk_sure.html", context, status=status)


def _chosen(queue: Queue, found: Any) -> Chosen:
    pairs = list(found.values_list("paper_id", "relevance")[:MOST])
    papers = [paper for paper, _ in pairs]
    spread = papers if len(papers) <= SAMPLE else [papers[place * len(papers) // SAMPLE] for place in range(SAMPLE)]
    relevances = [relevance for _, relevance in pairs] or [0.0]
    holds = Hold.objects.filter(list=queue.paper_list, paper__in=papers, until__gt=timezone.now())
    return Chosen(
        tuple(papers),
        len(papers) if len(papers) < MOST else found.count(),
        tuple(found.filter(paper__in=spread)),
        min(relevances),
        max(relevances),
        holds.exclude(user=queue.viewer.pk).count(),
    )
