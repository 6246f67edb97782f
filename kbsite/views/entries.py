"""One entry of a list: its row in each language, its category, and its end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from kbsite import curation, toast
from kbsite.access import Action, named, needs
from kbsite.forms import RowForm, row_forms, typed_rows
from papers import acts, cards, entries, preview, shelves
from papers.models import Act, Category, Entry, EntryText
from papers.texts import fields_of


@needs(Action.EDIT, named)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an entry's rows as forms; POST saves, previews or removes."""
    entry = get_object_or_404(Entry.objects.select_related("category__list"), pk=pk, category__list__slug=slug)
    desk = Desk(entry, request.POST if {"save", "preview"} & set(request.POST) else None)
    if "remove" in request.POST:
        with acts.act(desk.list, request.user, Act.Kind.REMOVE) as act:  # type: ignore[arg-type]
            curation.take_out(entry, request.user)  # type: ignore[arg-type]
        toast.done(request, f"Removed “{desk.title}” from {entry.category}.", act)
        return redirect("list", slug)
    if "save" in request.POST:
        with acts.act(desk.list, request.user, Act.Kind.EDIT) as act:  # type: ignore[arg-type]
            is_saved = desk.save(request.user, request.POST.get("seen", ""))
        if is_saved:
            toast.done(request, f"Saved “{desk.title}”.", act)
            return HttpResponseRedirect(_came_from(request) or f"{reverse('list', args=[slug])}#entry-{entry.pk}")
        status = HTTPStatus.CONFLICT if desk.clash else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, desk, status)
    return _page(request, desk)


class Desk:
    """An entry with the forms of its rows."""

    def __init__(self, entry: Entry, data: Any = None) -> None:
        self.entry, self.data = entry, data
        self.list = entry.category.list
        self.texts: list[EntryText] = sorted(
            entry.texts.select_related("document__list"),
            key=lambda text: (not text.document.is_primary, text.document.language),
        )
        self.forms = row_forms([(text.document, fields_of(text)) for text in self.texts], entry.category, data)
        self.categories = cards.categories(self.list)
        wanted = (data or {}).get("category", entry.category.key)
        self.category: Category = get_object_or_404(self.list.categories, key=wanted)
        self.clash = self.problem = ""

    @property
    def title(self) -> str:
        """What the entry is called."""
        return self.texts[0].title if self.texts else str(self.entry.paper)

    @property
    def rows(self) -> list[tuple[RowForm, EntryText, str]]:
        """Each language: its form, what is stored, and the line as it will stand in the README."""
        typed = typed_rows(self.forms, self.category) if self.data else {}
        lines: dict[str, str] = {}
        try:
            if typed is not None:
                lines = preview.of_edit(self.entry, typed, self.category)
        except entries.AlreadyListed as problem:
            self.problem = str(problem)
        return [
            (form, text, lines.get(text.document.language, ""))
            for form, text in zip(self.forms, self.texts, strict=True)
        ]

    @property
    def is_wrong(self) -> bool:
        """Whether a row was typed that cannot stand."""
        return any(form.is_bound and form.errors for form in self.forms)

    @property
    def seen(self) -> str:
        """The newest change of the entry: if another one comes before saving, somebody else was here."""
        newest = self.changes.first()
        return str(newest.pk) if newest else "none"

    @property
    def changes(self) -> Any:
        """What was done to it so far, the newest first."""
        return shelves.changes(self.list, self.entry.paper)

    def save(self, user: Any, seen: str) -> bool:
        """Store the rows and the category; return False, with the reason told, when that cannot be."""
        typed = typed_rows(self.forms, self.category)
        if typed is None:
            return False
        try:
            with transaction.atomic():
                get_object_or_404(Entry.objects.select_for_update(), pk=self.entry.pk)
                if seen and seen != self.seen:
                    newest = self.changes.first()
                    self.clash = f"{newest.who or 'Somebody'} changed this entry at {newest.at:%H:%M}."
                    return False
                entries.edit_rows(self.entry, typed, user)
                if self.category.pk != self.entry.category_id:
                    entries.move(self.entry, self.category, user)
        except entries.AlreadyListed as problem:
            self.problem = str(problem)
            return False
        return True


def _page(request: HttpRequest, desk: Desk, status: int = HTTPStatus.OK) -> HttpResponse:
    rows = desk.rows
    context = {
        "list": desk.list,
        "entry": desk.entry,
        "desk": desk,
        "rows": rows,
        "changes": [(change, shelves.differences(change)) for change in desk.changes[:20]],
        "back": _came_from(request),
    }
    return render(request, "kbsite/list/entry.html", context, status=status)


def _came_from(request: HttpRequest) -> str:
    """Return the page of this site that led here, if it said so."""
    back = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else ""
