"""A list as a living page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kbsite.access import Action, may, named, needs
from papers import shelves
from papers.models import Document, PaperList


@needs(Action.READ, named)
@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The sections and entries of a list in one language, of one tag if asked for."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    documents = list(paper_list.documents.defer("source"))
    document = document_of(documents, request.GET.get("language", ""))
    tag = request.GET.get("tag", "").strip()
    found = shelves.shelves(document, tag) if document else []
    context = {
        "list": paper_list,
        "documents": documents,
        "document": document,
        "shelves": found,
        "shown": sum(len(shelf.entries) for shelf in found),
        "tags": shelves.tags(document) if document else [],
        "tag": tag,
        "arranging": "arrange" in request.GET and not tag and may(request.user, Action.EDIT, slug),
    }
    return render(request, "kbsite/list/page.html", context)


def document_of(documents: list[Document], language: str) -> Document | None:
    """Return the document of this language, the primary one if none is named; raise Http404 for another language."""
    if not language:
        return documents[0] if documents else None
    found = next((document for document in documents if document.language == language), None)
    if found is None:
        known = ", ".join(document.language for document in documents) or "none"
        raise Http404(
            _("This list has no README in “%(language)s”. Its languages: %(languages)s.")
            % {"language": language, "languages": known}
        )
    return found
