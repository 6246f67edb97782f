"""The history of a list, act by act; undoing one, and taking the history away as a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from kbsite import curation
from kbsite.access import Action, named, needs, of_act
from kbsite.numbers import number
from papers import acts, cards
from papers import history as told
from papers.export.csv import cell
from papers.models import Act, PaperList

PAGE = 50
_NO_ACT = gettext_lazy("It was no act that did it, so it stays: change by hand what you want otherwise.")
FORMS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


@needs(Action.READ, named)
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """What was done to a list, the newest first, from before an act if asked for; by person, kind or paper."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    before = _number(request, "before")
    found = _asked_for(request, paper_list)
    acts_ = list((found.filter(pk__lt=before) if before is not None else found)[: PAGE + 1])
    context = {
        "list": paper_list,
        "told": told.told(acts_[:PAGE]),
        "names": {category.key: category.name for category in cards.categories(paper_list)},
        "older": acts_[PAGE - 1].pk if len(acts_) > PAGE else None,
        "before": before,
        "people": told.people(paper_list),
        "kinds": Act.Kind.choices,
        "is_filtered": any(request.GET.get(name) for name in ("user", "kind", "paper")),
    }
    return render(request, "kbsite/list/history.html", context)


@needs(Action.READ, named)
@require_safe
def export(request: HttpRequest, slug: str, form: str) -> StreamingHttpResponse:
    """The history as a file, a line for each decision and each change of an entry, filtered as the page is."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if form not in FORMS:
        raise Http404
    records = told.records(_asked_for(request, paper_list))
    lines = _as_csv(records) if form == "csv" else (json.dumps(each, ensure_ascii=False) + "\n" for each in records)
    headers = {"Content-Disposition": content_disposition_header(True, f"{slug}-history.{form}") or "attachment"}
    return StreamingHttpResponse(lines, content_type=FORMS[form], headers=headers)


@needs(Action.EDIT, of_act)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an act; where others followed on the same things, go where these are shown, and asked about."""
    act = get_object_or_404(told.acts(), pk=pk)
    if request.method != "POST":
        return _ask(request, act)
    try:
        done = curation.undo_act(act, request.user, cascade="cascade" in request.POST)  # type: ignore[arg-type]
    except acts.Followed as clash:
        if clash.followers:
            return redirect(reverse("undo-act", args=[pk], query={"next": request.POST.get("next", "")}))
        messages.error(request, f"{clash} {_NO_ACT}")
    except acts.CannotUndo as problem:
        messages.error(request, str(problem))
    else:
        together = done.undoes.count()
        words = ngettext("Undone.", "%(n)d acts undone.", together) % {"n": together}
        messages.success(request, words, extra_tags=f"act-{done.pk}")
    return _back(request, act)


def _ask(request: HttpRequest, act: Act) -> HttpResponse:
    followers = acts.followers(act) if act.undone_by_id is None else []
    context = {
        "list": act.list,
        "told": told.told([act])[0],
        "followers": told.told(followers[:PAGE]),
        "number": len(followers),
        "next": request.GET.get("next", ""),
        "names": {category.key: category.name for category in cards.categories(act.list)},
    }
    return render(request, "kbsite/list/undo.html", context)


def _back(request: HttpRequest, act: Act) -> HttpResponse:
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect("history", act.list.slug)


def _asked_for(request: HttpRequest, paper_list: PaperList) -> QuerySet[Act]:
    kind, user = request.GET.get("kind", ""), request.GET.get("user", "")
    if kind and kind not in Act.Kind.values:
        raise Http404(_("“%(kind)s” is no kind of act.") % {"kind": kind})
    return told.acts(paper_list, user=user.replace("\x00", "")[:150], kind=kind, paper=_number(request, "paper"))


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    found = number(text)
    if text and found is None:
        raise Http404(_("“%(name)s” is a number.") % {"name": name})
    return found


class _Line:
    """A file for csv.writer that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _as_csv(records: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(_Line(), list(record))
            yield str(writer.writeheader())
        yield str(writer.writerow({name: _cell(value) for name, value in record.items()}))


def _cell(value: Any) -> Any:
    """A value for a spreadsheet, which must not take a text for a formula."""
    if isinstance(value, str):
        return cell(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
