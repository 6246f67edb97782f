"""Saved searches: what is new in each, its papers, its feed, renaming and deleting."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kbsite.access import Action, needs
from kbsite.filters import PaperFilters
from kbsite.forms import OneLine
from kbsite.readers import found_by, marks_for, name_of, new_in, query_of
from kbsite.views.papers import PAGE_SIZE, page_of
from papers import savedsearches
from papers.models import Paper, SavedSearch


class NameForm(forms.Form):
    """What a search is called."""

    name = OneLine(max_length=savedsearches.LONGEST_NAME, label=gettext_lazy("Name"))


@needs(Action.KEEP_READING)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's searches with what is new in each; POST saves what the address asks for, as on the papers page."""
    if request.method == "POST":
        return _save(request)
    searches = list(savedsearches.of(request.user).select_related("user"))  # type: ignore[arg-type]
    new = new_in(searches)
    return render(request, "kbsite/searches/index.html", {"searches": [(each, new[each.pk]) for each in searches]})


def _save(request: HttpRequest) -> HttpResponse:
    filters = PaperFilters(request.GET, queryset=Paper.objects.all(), request=request)
    query = query_of(filters)
    try:
        search, is_new = savedsearches.save(request.user, query, name_of(filters))  # type: ignore[arg-type]
    except savedsearches.TooMany:
        problem = _("You keep %(n)d searches already; delete one first.") % {"n": savedsearches.MOST}
    except savedsearches.SaysNothing:
        problem = _("Say first what you search for: words or a filter.")
    except savedsearches.TooLong:
        problem = _("This search says too much to be kept; take something away.")
    else:
        if is_new:
            messages.success(request, _("Saved. It has a feed, and counts what is new from now on."))
        return redirect("search", search.pk)
    messages.error(request, problem)
    return redirect(reverse("papers", query=request.GET or None))


@needs(Action.KEEP_READING)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The papers of one's search, those that came last first; whoever looks has seen what is new. POST changes it."""
    search = get_object_or_404(savedsearches.of(request.user).select_related("user"), pk=pk)  # type: ignore[arg-type]
    if request.method == "POST":
        return _change(request, search)
    began = timezone.now()  # what comes while the page is made is not on it
    page = page_of(found_by(search).for_pages().with_standing(), request.GET.get("page", ""), PAGE_SIZE)
    context = {
        "search": search,
        "by_words": "q" in QueryDict(search.query),
        "new": new_in([search])[search.pk],
        "page": page,
        "elided": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "marks": marks_for(request.user, page),
        "feed": request.build_absolute_uri(reverse("search-feed", args=[search.secret])),
        "longest": savedsearches.LONGEST_NAME,
    }
    response = render(request, "kbsite/searches/show.html", context)
    if request.method == "GET" and page.number == 1:
        savedsearches.looked(search, began)
    return response


def _change(request: HttpRequest, search: SavedSearch) -> HttpResponse:
    """Rename it, give its feed another address, or delete it, as the button says."""
    if "delete" in request.POST:
        search.delete()
        messages.success(request, _("The search “%(name)s” is deleted, and its feed with it.") % {"name": search.name})
        return redirect("searches")
    if "renew" in request.POST:
        savedsearches.renew(search)
        messages.success(request, _("The feed has a new address; the old one opens nothing any more."))
        return redirect("search", search.pk)
    if "rename" not in request.POST:
        return HttpResponseBadRequest("Which button?")
    form = NameForm(request.POST)
    if form.is_valid():
        savedsearches.rename(search, form.cleaned_data["name"])
        messages.success(request, _("Saved."))
    else:
        messages.error(
            request, _("A search needs a name of at most %(n)d characters.") % {"n": savedsearches.LONGEST_NAME}
        )
    return redirect("search", search.pk)
