"""The languages of a list beside each other: what each lacks, and what curators can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kbsite import toast
from kbsite.access import Action, named, needs
from kbsite.numbers import number
from papers import acts, entries, glossary, instep, languages, newlanguage
from papers.languages import Row, Standing
from papers.models import Act, Document, EntryText, PaperList

_MOST_ROWS = 100  # of each kind that a page lists; the next ones follow when these are done
_WORDS_A_PAGE = 200  # each is two fields of a form, of which Django takes a thousand


@dataclass(frozen=True, slots=True)
class Pile:
    """The rows of one kind that a language has to do with."""

    kind: str
    rows: tuple[Row, ...]
    of: int  # rows of the whole list

    @property
    def share(self) -> float:
        """Which part of the list they are."""
        return len(self.rows) / max(self.of, 1)

    @property
    def shown(self) -> tuple[Row, ...]:
        """The first of them."""
        return self.rows[:_MOST_ROWS]

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return max(len(self.rows) - _MOST_ROWS, 0)


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """How each language stands, with the rows that are missing, untranslated, to check again or out of order."""
    return _page(request, get_object_or_404(PaperList, slug=slug))


def _page(request: HttpRequest, paper_list: PaperList, problem: str = "", status: int = HTTPStatus.OK) -> HttpResponse:
    standings = languages.standings(paper_list)
    context = {
        "list": paper_list,
        "standings": [(standing, _piles(standing)) for standing in standings],
        "prose": _prose(standings),
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "kbsite/list/languages.html", context, status=status)


def _piles(standing: Standing) -> list[Pile]:
    of = standing.rows + len(standing.missing) + len(standing.homeless)
    kinds = ("missing", "untranslated", "stale", "out_of_order", "homeless")
    return [Pile(kind, getattr(standing, kind), of) for kind in kinds]


def _prose(standings: list[Standing]) -> dict[str, int]:
    """How many lines of each README still stand there in the words of the primary one."""
    documents = [standing.document for standing in standings]
    return {each.language: len(newlanguage.untranslated_prose(each, documents[0])) for each in documents[1:]}


@needs(Action.TRANSLATE, named)
@require_POST
def bring_in_step(request: HttpRequest, slug: str) -> HttpResponse:
    """Fill in what a language lacks, and order it as the primary one."""
    document = get_object_or_404(Document, list__slug=slug, language=request.POST.get("language", ""))
    with acts.act(document.list, request.user, Act.Kind.IN_STEP, document.path) as act:  # type: ignore[arg-type]
        done = instep.bring_in_step(document, request.user)  # type: ignore[arg-type]
    words = ngettext(
        "%(path)s: %(filled)d row filled in, %(reordered)d put in order.",
        "%(path)s: %(filled)d rows filled in, %(reordered)d put in order.",
        done.filled,
    )
    told = words % {"path": document.path, "filled": done.filled, "reordered": done.reordered}
    if done.filled_in_primary:
        words = ngettext(
            "%(n)d row was missing in the first language.",
            "%(n)d rows were missing in the first language.",
            done.filled_in_primary,
        )
        told += " " + words % {"n": done.filled_in_primary}
    toast.done(request, told if done.changed else _("%(path)s is in step.") % {"path": document.path}, act)
    return redirect("languages", slug)


@needs(Action.TRANSLATE, named)
@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that the doubted fields of a row are right as they stand."""
    texts = EntryText.objects.select_related("document__list", "entry__paper").filter(document__list__slug=slug)
    text = get_object_or_404(texts, pk=number(request.POST.get("text", "")))
    with acts.act(text.document.list, request.user, Act.Kind.CONFIRM) as act:  # type: ignore[arg-type]
        is_new = entries.confirm(text, request.POST.getlist("field"), request.user)  # type: ignore[arg-type]
    if is_new:
        toast.done(request, _("Right as it stands: “%(title)s”.") % {"title": text.title}, act)
    return redirect("languages", slug)


@needs(Action.SET_UP, named)
@require_POST
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a README in a new language."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    language, path = (request.POST.get(name, "").strip() for name in ("language", "path"))
    try:
        with acts.act(paper_list, request.user, Act.Kind.LANGUAGE, path) as act:  # type: ignore[arg-type]
            document = newlanguage.create(paper_list, language, path, request.user)  # type: ignore[arg-type]
    except newlanguage.CannotCreate as problem:
        return _page(request, paper_list, str(problem), HTTPStatus.UNPROCESSABLE_ENTITY)
    toast.done(request, _("Made %(path)s, with every row in it.") % {"path": document.path}, act)
    return redirect("languages", slug)


@needs(Action.READ, named)
@require_safe
def words(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The tags of the primary language and their translations: learnt ones, and the curators' own."""
    document = get_object_or_404(Document, list__slug=slug, language=language, is_primary=False)
    primary = document.list.documents.get(is_primary=True)
    asked = request.GET.get("page", "")
    pages = Paginator(glossary.terms(primary, document), _WORDS_A_PAGE)
    page = pages.get_page(asked if asked.isascii() else 1)
    context = {
        "list": document.list,
        "document": document,
        "primary": primary,
        "page": page,
        "elided": pages.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "waiting": document.texts.filter(untranslated__contains=["tags"]).count(),
    }
    return render(request, "kbsite/list/glossary.html", context)


@needs(Action.TRANSLATE, named)
@require_POST
def say(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Keep the curators' own words; "apply" also translates the tags that await it."""
    document = get_object_or_404(Document, list__slug=slug, language=language, is_primary=False)
    said = dict(zip(request.POST.getlist("term"), request.POST.getlist("own"), strict=False))
    own = glossary.own(document.list, language)
    changed = {term: word.strip() for term, word in said.items() if term.strip() and word.strip() != own.get(term, "")}
    if any(len(word) > 200 or "\x00" in word + term for term, word in changed.items()):
        return HttpResponseBadRequest(_("A tag has at most 200 characters."))
    told = ngettext("%(n)d word changed.", "%(n)d words changed.", len(changed)) % {"n": len(changed)}
    with acts.act(document.list, request.user, Act.Kind.WORDS, language) as act:  # type: ignore[arg-type]
        glossary.say(document.list, language, changed, request.user)  # type: ignore[arg-type]
        if "apply" in request.POST:
            done = instep.translate_tags(document, request.user)  # type: ignore[arg-type]
            told += " " + ngettext("Tags of %(n)d row changed.", "Tags of %(n)d rows changed.", done) % {"n": done}
    toast.done(request, told, act)
    page = number(request.POST.get("page", ""))
    query = {"page": page} if page is not None else None
    return redirect(reverse("glossary", args=[slug, language], query=query))
