"""What an export would change in each README, and the files to take away."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from kbsite import diffs
from papers import shelves
from papers.export import FORMATS, NoSuchDocument
from papers.models import PaperList
from papers.readme import exporter


@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Each README's diff against what was imported, its untranslated rows, and every format to download."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    parts = [
        {
            "document": document,
            "diff": diffs.read(exporter.diff(document)),
            "untranslated": shelves.untranslated(document),
        }
        for document in paper_list.documents.all()
    ]
    context = {"list": paper_list, "parts": parts, "formats": FORMATS.values()}
    return render(request, "kbsite/list/export.html", context)


@require_safe
def download(request: HttpRequest, slug: str, language: str, form: str) -> HttpResponse:
    """The very bytes that `export_list` writes."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if form not in FORMATS:
        return _missing(f"There is no format “{form}”. There are: {', '.join(FORMATS)}.")
    try:
        file = FORMATS[form].render(paper_list, language)
    except NoSuchDocument as error:
        return _missing(f"{error}.")
    disposition = content_disposition_header(as_attachment=True, filename=file.file_name)
    return HttpResponse(
        file.content, content_type=file.content_type, headers={"Content-Disposition": disposition or "attachment"}
    )


def _missing(words: str) -> HttpResponse:
    return HttpResponseNotFound(words, content_type="text/plain; charset=utf-8")
