"""Saved views of a review queue: what waits in each, saving the present one, renaming and deleting."""

from __future__ import annotations

from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kbsite.access import Action, named, needs
from kbsite.narrowing import asked_queue, queue_of, waiting_in, words_of
from kbsite.templatetags.curate import queue_url
from papers import savedviews
from papers.models import PaperList, SavedView


class ViewForm(forms.Form):
    """A view's name, and whether the list's other curators see it."""

    name = forms.CharField(max_length=80, label=gettext_lazy("Name"))
    is_shared = forms.BooleanField(required=False, label=gettext_lazy("Shared with the list’s curators"))


@needs(Action.DECIDE, named)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The views with how many papers wait in each; POST saves the queue that the address asks for under a name."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if request.method != "POST":
        return _page(request, paper_list, ViewForm())
    form = ViewForm(request.POST)
    queue = queue_of(request, paper_list)
    if form.is_valid():
        try:
            savedviews.save(paper_list, queue.viewer, words=words_of(queue), **form.cleaned_data)
        except (savedviews.NameTaken, savedviews.TooMany) as problem:
            form.add_error("name", str(problem))
        else:
            messages.success(request, _("Saved as “%(name)s”.") % {"name": form.cleaned_data["name"]})
            return redirect(queue_url(queue))
    return _page(request, paper_list, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@needs(Action.DECIDE, named)
@require_POST
def change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Rename, share or delete a view, as the button says."""
    view = get_object_or_404(savedviews.seen_by(request.user), list__slug=slug, pk=pk)  # type: ignore[arg-type]
    form = ViewForm(request.POST)
    if "delete" in request.POST:
        view.delete()
        messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    elif "save" not in request.POST:
        return HttpResponseBadRequest("Which button?")
    elif form.is_valid():
        try:
            savedviews.change(view, **form.cleaned_data)
        except savedviews.NameTaken as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A view needs a name."))
    return redirect("views", slug)


def _page(request: HttpRequest, paper_list: PaperList, form: ViewForm, status: int = HTTPStatus.OK) -> HttpResponse:
    found = savedviews.seen_by(request.user).filter(list=paper_list)  # type: ignore[arg-type]
    views = list(found[: savedviews.MOST_SHOWN])
    waiting = waiting_in(views)
    context = {
        "list": paper_list,
        "queue": queue_of(request, paper_list),
        "views": [(view, _address(paper_list, view), waiting[view.pk]) for view in views],
        "form": form,
    }
    is_part = request.headers.get("Part") == "1"
    response = render(request, f"kbsite/queue/views{'_part' if is_part else ''}.html", context, status=status)
    patch_vary_headers(response, ["Part"])
    return response


def _address(paper_list: PaperList, view: SavedView) -> str:
    return queue_url(asked_queue(paper_list, view.user, view.words))
