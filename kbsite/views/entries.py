"""One entry of a list: its row in each language, its category, and its end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kbsite import curation, toast
from kbsite.access import Action, named, needs
from kbsite.forms import RowForm, row_forms, typed_rows
from papers import acts, arranging, cards, entries, preview, shelves
from papers.models import Act, Category, Entry, EntryText
from papers.readme.fieldwise import values_of
from papers.texts import fields_of


@needs(Action.EDIT, named)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show an entry's rows as forms; POST saves, previews or removes.

    `translate` names a language to be written beside the original; `also` a second category to place the paper in.
    """
    entry = get_object_or_404(Entry.objects.select_related("category__list", "paper"), pk=pk, category__list__slug=slug)
    desk = Desk(
        entry,
        request.POST if {"save", "preview"} & set(request.POST) else None,
        **{name: request.POST.get(name, request.GET.get(name, "")) for name in ("translate", "also")},
    )
    if "remove" in request.POST:
        with acts.act(desk.list, request.user, Act.Kind.REMOVE) as act:  # type: ignore[arg-type]
            curation.take_out(entry, request.user)  # type: ignore[arg-type]
        toast.done(
            request,
            _("Removed “%(title)s” from %(category)s.") % {"title": desk.title, "category": entry.category},
            act,
        )
        return redirect("list", slug)
    if "save" in request.POST:
        kind = Act.Kind.ADD if desk.also else Act.Kind.EDIT
        with acts.act(desk.list, request.user, kind) as act:  # type: ignore[arg-type]
            is_saved = desk.save(request.user, request.POST.get("seen", ""), is_right=request.POST["save"] == "right")
        if is_saved:
            told = _("“%(title)s” stands in %(category)s, too.") if desk.also else _("Saved “%(title)s”.")
            told %= {"title": desk.title, "category": desk.category.name}
            toast.done(request, told, act)
            return HttpResponseRedirect(_came_from(request) or f"{reverse('list', args=[slug])}#entry-{desk.entry.pk}")
        status = HTTPStatus.CONFLICT if desk.clash else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(request, desk, status)
    return _page(request, desk)


class Desk:
    """An entry with the forms of its rows: of all of them, or of one language beside the original.

    With `also` they are those of a second entry of the paper, in that category, prefilled from this one.
    """

    def __init__(self, entry: Entry, data: Any = None, translate: str = "", also: str = "") -> None:
        self.entry, self.data = entry, data
        self.list = entry.category.list
        texts = sorted(
            entry.texts.select_related("document__list"),
            key=lambda text: (not text.document.is_primary, text.document.language),
        )
        self.title = texts[0].title if texts else str(entry.paper)
        self.original = texts[0] if translate and texts and translate != texts[0].document.language else None
        self.texts: list[EntryText] = [
            text for text in texts if not self.original or text.document.language == translate
        ]
        if not self.texts and self.original:
            raise Http404(_("This entry has no row in “%(translate)s”.") % {"translate": translate})
        self.categories = cards.categories(self.list)
        self.also = self._named(also) if also else None
        self.category = self.also or self._named((data or {}).get("category", entry.category.key))
        rows = [(text.document, fields_of(text)) for text in self.texts]
        self.forms = row_forms(rows, self.also or entry.category, data)
        self.clash = self.problem = ""

    def _named(self, key: str) -> Category:
        found = next((category for category in self.categories if category.key == key), None)
        if found is None:
            raise Http404(_("This list has no category “%(key)s”.") % {"key": key})
        return found

    @property
    def translated(self) -> EntryText | None:
        """The row that is written beside the original."""
        return self.texts[0] if self.original else None

    @property
    def original_fields(self) -> list[tuple[str, str]]:
        """What the original says, field by field, as people read it."""
        if self.original is None:
            return []
        return [(name, shelves.as_text(value)) for name, value in values_of(fields_of(self.original)).items() if value]

    @property
    def elsewhere(self) -> list[Category]:
        """The categories that the paper could be placed in, too."""
        taken = set(self.list_entries.values_list("category", flat=True))
        return [category for category in self.categories if category.pk not in taken]

    @property
    def list_entries(self) -> QuerySet[Entry]:
        """Every entry of the paper in this list."""
        return Entry.objects.filter(category__list=self.list, paper=self.entry.paper_id)

    @property
    def rows(self) -> list[tuple[RowForm, EntryText, str]]:
        """Each language: its form, what is stored, and the line as it will stand in the README."""
        typed = typed_rows(self.forms, self.category) if self.data else {}
        lines: dict[str, str] = {}
        try:
            if typed is not None and self.also:
                lines = preview.of_place(self.entry, self.also, typed)
            elif typed is not None:
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

    def save(self, user: Any, seen: str, *, is_right: bool = False) -> bool:
        """Store the rows and the category; return False, with the reason told, when that cannot be.

        `is_right` says that the translation is right in all that was in doubt, as it now stands.
        """
        typed = typed_rows(self.forms, self.category)
        if typed is None:
            return False
        try:
            with transaction.atomic():
                get_object_or_404(Entry.objects.select_for_update(), pk=self.entry.pk)
                if seen and seen != self.seen:
                    newest = self.changes.first()
                    who = newest.who or _("Somebody")
                    self.clash = _("%(who)s changed this entry at %(at)s.") % {"who": who, "at": f"{newest.at:%H:%M}"}
                    return False
                if self.also:
                    self.entry = arranging.place_too(self.entry, self.also, user, typed)
                    return True
                entries.edit_rows(self.entry, typed, user)
                if self.category.pk != self.entry.category_id:
                    entries.move(self.entry, self.category, user)
                if is_right and self.translated:
                    text = EntryText.objects.select_related("document__list", "entry__paper").get(pk=self.translated.pk)
                    entries.confirm(text, entries.TRANSLATED_FIELDS, user)
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
        "names": {category.key: category.name for category in desk.categories},
        "changes": [(change, shelves.differences(change)) for change in desk.changes[:20]],
        "back": _came_from(request),
    }
    return render(request, "kbsite/list/entry.html", context, status=status)


def _came_from(request: HttpRequest) -> str:
    """Return the page of this site that led here, if it said so."""
    back = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else ""
