"""The page that makes a list from a few words."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kbsite.access import Action, needs
from kbsite.newlistform import NewListForm, Rows
from papers.models import PaperList
from papers.newlist import ListExists, create

_OFFERED = ("en", "zh", "ja", "ko", "de", "fr", "es", "pt", "ru")  # any other code can be typed


@needs(Action.MAKE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The form; POST adds a row to it or takes one away, or makes the list, whole or not at all."""
    if request.method != "POST":
        return _page(request, NewListForm())
    rows = Rows.sent(request.POST)
    if "another" in request.POST:
        kind = request.POST["another"]
        form = _again(request, rows.with_another(kind))
        form.go_on_at(kind)
        return _page(request, form)
    if "without" in request.POST:
        kind, _dash, number = request.POST["without"].partition("-")
        return _page(request, _again(request, rows.without(kind, number)), removed=kind)
    form = NewListForm(request.POST, rows=rows)
    if form.is_valid():
        try:
            paper_list = create(form.new, request.user)  # type: ignore[arg-type]
        except ListExists:
            form.refuse_taken()
        else:
            messages.success(request, _made(paper_list))
            return redirect("list", paper_list.slug)
    form.go_on_at_error()
    return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _again(request: HttpRequest, rows: Rows) -> NewListForm:
    """The form with all that was typed, and nothing said of it yet."""
    return NewListForm(rows=rows, initial=request.POST.dict())


def _made(paper_list: PaperList) -> str:
    words = _(
        "Made “{name}”. What comes next: download its READMEs and its list.toml from {export} and commit them to the "
        "list’s repository. From then on, {publish} commits what is decided here."
    )
    export = format_html('<a href="{}">{}</a>', reverse("export", args=[paper_list.slug]), _("Export"))
    publish = format_html("<code>manage.py publish {} --repo PATH</code>", paper_list.slug)
    return format_html(words, name=paper_list.name, export=export, publish=publish)


def _page(request: HttpRequest, form: NewListForm, status: int = HTTPStatus.OK, removed: str = "") -> HttpResponse:
    context = {"form": form, "offered": _OFFERED, "removed": removed}
    return render(request, "kbsite/list/new.html", context, status=status)
