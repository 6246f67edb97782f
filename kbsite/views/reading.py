"""A reader's list of papers, marks on papers wherever they are shown, and what they have seen."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kbsite.access import Action, needs
from kbsite.readers import marks_for
from kbsite.views.papers import PAGE_SIZE, page_of
from papers import reading, seen
from papers.export import readinglist
from papers.models import Paper, Reading


@needs(Action.KEEP_READING)
@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """One's reading list, all of it or what is in one state; what was added last first."""
    state = request.GET.get("state", "")
    found = reading.of(_reader(request)).prefetch_related("paper__identifiers", "paper__facts")
    if state in Reading.State:
        found = found.filter(state=state)
    page = page_of(found, request.GET.get("page", ""), PAGE_SIZE)
    counts = reading.counts(_reader(request))
    context = {
        "page": page,
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "state": state if state in Reading.State else "",
        "counts": counts.items(),
        "total": sum(counts.values()),
        "forms": readinglist.FORMS.values(),
        "longest": reading.LONGEST_NOTE,
    }
    return render(request, "kbsite/reading/page.html", context)


@needs(Action.KEEP_READING)
@never_cache
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    """One's reading list as a file, or what is in one state."""
    if form not in readinglist.FORMS:
        raise Http404(_("There is no such form. There are: %(forms)s.") % {"forms": ", ".join(readinglist.FORMS)})
    found = reading.of(_reader(request))
    if (state := request.GET.get("state", "")) in Reading.State:
        found = found.filter(state=state)
    file = readinglist.render(found, form)
    disposition = content_disposition_header(True, file.file_name) or "attachment"
    return HttpResponse(file.content, content_type=file.content_type, headers={"Content-Disposition": disposition})


@needs(Action.KEEP_READING)
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Note something of a paper, as the button says: on one's reading list, or that it was seen."""
    words = _noted(_reader(request), pk, request.POST)
    if words is None:
        return HttpResponseBadRequest("Which button?")
    if request.htmx:  # type: ignore[attr-defined]
        return _part(request, pk)
    messages.success(request, words)
    return redirect(f"{_back(request)}#paper-{pk}")


def _noted(user: Any, pk: int, given: QueryDict) -> str | None:
    """Do what a button asks for and return what to say of it; None where no button asks so."""
    if "take-off" in given:
        reading.take_off(user, pk)
        return _("Taken off your reading list.")
    if given.get("seen") == "1":
        seen.tick(user, [pk])
        return _("Marked as seen.")
    if given.get("seen") == "0":
        seen.untick(user, [pk])
        return _("No longer marked as seen.")
    state, note = given.get("state"), given.get("note")
    if (state is None and note is None) or (state is not None and state not in Reading.State):
        return None
    if note is not None:
        note = note.replace("\r\n", "\n")[: reading.LONGEST_NOTE]  # the browser lets nobody type more
    try:
        reading.put(user, pk, state, note)
    except Paper.DoesNotExist:
        raise Http404(_("There is no paper %(pk)s.") % {"pk": pk}) from None
    return _("Saved in your reading list.")


def _part(request: HttpRequest, pk: int) -> HttpResponse:
    """The marks of one paper, in place of those that were."""
    paper = get_object_or_404(Paper.objects.only("pk", "title"), pk=pk)
    response = render(request, "kbsite/reading/marks.html", {"paper": paper, "marks": marks_for(request.user, [paper])})
    patch_vary_headers(response, ["HX-Request"])
    return response


@needs(Action.KEEP_READING)
@require_POST
def change_seen(request: HttpRequest) -> HttpResponse:
    """Remember which papers one opens, or no longer; forget what was seen."""
    user, given = _reader(request), request.POST
    if given.get("remember") in ("0", "1"):
        seen.remember(user, given["remember"] == "1")
        messages.success(
            request,
            _("Papers that you open are marked as seen from now on.")
            if given["remember"] == "1"
            else _("Papers that you open are no longer remembered."),
        )
    elif "forget" in given:
        n = seen.forget(user)
        words = ngettext("Forgotten: %(n)d paper.", "Forgotten: %(n)d papers.", n) % {"n": n}
        messages.success(request, words)
    else:
        return HttpResponseBadRequest("Which button?")
    return redirect(reverse("account") + "#seen")


def _reader(request: HttpRequest) -> Any:
    """Return who asks: the anonymous do not get here."""
    return request.user


def _back(request: HttpRequest) -> str:
    """Return the page whose button was pressed, if it is one of this site."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return came_from if is_ours and came_from else reverse("reading")
