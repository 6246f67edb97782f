"""Arranging a list's page: entries up and down, behind another one, into another category."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kbsite import toast
from kbsite.access import Action, named, needs
from kbsite.numbers import number, numbers
from kbsite.views.lists import document_of
from papers import acts, arranging, cards, entries
from papers.models import Act, Category, Document, Entry, EntryText, PaperList

_STEPS = {"up": arranging.UP, "down": arranging.DOWN}


@needs(Action.EDIT, named)
@require_POST
def arrange(request: HttpRequest, slug: str) -> HttpResponse:
    """Put an entry `up` or `down`, an `entry` `behind` another one, or `chosen` ones `to` a category.

    A script is answered with what there is to say, everybody else with the page again.
    """
    paper_list = get_object_or_404(PaperList, slug=slug)
    document = document_of(list(paper_list.documents.defer("source")), request.POST.get("language", ""))
    if document is None:
        raise Http404(_("This list holds no README yet."))
    step = next((name for name in _STEPS if name in request.POST), "")
    if step:
        return _answer(request, document, _step(request, document, step))
    if "entry" in request.POST:
        return _answer(request, document, _put(request, document))
    if "to" in request.POST:
        return _answer(request, document, _move(request, document))
    return HttpResponseBadRequest("Say “up”, “down”, “entry” and “behind”, or “chosen” and “to”.")


def _step(request: HttpRequest, document: Document, step: str) -> Entry:
    entry = _entry(document, request.POST[step])
    with acts.act(document.list, request.user, Act.Kind.REORDER) as act:  # type: ignore[arg-type]
        moved = arranging.step(entry, document, _STEPS[step], request.user)  # type: ignore[arg-type]
    _tell(request, document, entry, act, moved)
    return entry


def _put(request: HttpRequest, document: Document) -> Entry:
    """Put an entry where it was dropped: behind another one, or first, perhaps of another category."""
    entry = _entry(document, request.POST["entry"])
    after = _entry(document, request.POST["behind"]) if request.POST.get("behind") else None
    category = _category(document.list, request.POST["to"]) if request.POST.get("to") else entry.category
    try:
        with acts.act(document.list, request.user, Act.Kind.MOVE) as act:  # type: ignore[arg-type]
            is_elsewhere = category.pk != entry.category_id
            if is_elsewhere:
                entries.move(entry, category, request.user)  # type: ignore[arg-type]
            moved = entries.reorder(entry, after, request.user) or is_elsewhere  # type: ignore[arg-type]
    except (entries.AlreadyListed, ValueError) as problem:
        messages.error(request, str(problem))
    else:
        _tell(request, document, entry, act, moved)
    return entry


def _move(request: HttpRequest, document: Document) -> Entry | None:
    category = _category(document.list, request.POST["to"])
    wanted = numbers(request.POST.getlist("chosen"))[: arranging.MOST]
    found = Entry.objects.filter(category__list=document.list, pk__in=wanted).select_related("category__list", "paper")
    chosen = list(found.order_by("category__position", "pk"))
    if not chosen:
        messages.error(request, _("Choose entries first, by the boxes before them."))
        return None
    with acts.act(document.list, request.user, Act.Kind.MOVE) as act:  # type: ignore[arg-type]
        moved = arranging.move_all(chosen, category, request.user)  # type: ignore[arg-type]
    words = ngettext("Moved %(n)d entry to %(to)s.", "Moved %(n)d entries to %(to)s.", len(moved))
    told = words % {"n": len(moved), "to": category.name}
    if left := len(chosen) - len(moved):
        words = ngettext("%(n)d stands there already.", "%(n)d stand there already.", left)
        told += " " + words % {"n": left}
    toast.done(request, told, act)
    return chosen[0]


def _entry(document: Document, pk: str) -> Entry:
    found = Entry.objects.filter(category__list=document.list).select_related("category__list", "paper")
    return get_object_or_404(found, pk=number(pk))


def _category(paper_list: PaperList, key: str) -> Category:
    found = next((category for category in cards.categories(paper_list) if category.key == key), None)
    if found is None:
        raise Http404(_("This list has no category “%(key)s”.") % {"key": key})
    return found


def _tell(request: HttpRequest, document: Document, entry: Entry, act: Act, moved: bool) -> None:
    """Say where an entry stands now, also to those who do not see it move."""
    rows = EntryText.objects.filter(document=document, entry__category=entry.category_id).order_by("position", "pk")
    order = dict(rows.values_list("entry_id", "title"))
    if entry.pk not in order:
        return toast.done(request, _("Moved."), act)
    where = {
        "title": order[entry.pk],
        "place": [*order].index(entry.pk) + 1,
        "of": len(order),
        "category": entry.category.name,
    }
    if moved:
        return toast.done(request, _("“%(title)s” is number %(place)d of %(of)d in %(category)s now.") % where, act)
    messages.info(request, _("“%(title)s” stays number %(place)d of %(of)d in %(category)s.") % where)


def _answer(request: HttpRequest, document: Document, entry: Entry | None) -> HttpResponse:
    query = {"arrange": "1"} | ({} if document.is_primary else {"language": document.language})
    page = reverse("list", args=[document.list.slug], query=query)
    if request.htmx:  # type: ignore[attr-defined]
        failed = any(each.level_tag == "error" for each in messages.get_messages(request))
        status = HTTPStatus.CONFLICT if failed else HTTPStatus.OK
        return render(request, "_includes/messages.html", {"back_to": page}, status=status)
    return redirect(f"{page}#entry-{entry.pk}" if entry else page)
