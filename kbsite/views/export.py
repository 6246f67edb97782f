"""What an export would change in each README, the commit that publishing makes of it, and the files to take away."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ingest import topics
from kbsite import diffs
from kbsite.access import Action, named, needs
from papers import shelves
from papers.export import FORMATS, NoSuchDocument
from papers.listsettings import settings_of
from papers.models import PaperList
from papers.publication.draft import draft
from papers.publication.patch import mail
from papers.readme import exporter, listfile
from papers.readme.listtoml import as_toml


@needs(Action.READ, named)
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The message of the commit, each README's diff and untranslated rows, and every format to download."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    written = draft(paper_list)
    parts = [
        {
            "document": file.document,
            "diff": diffs.read(exporter.compare(file.before, file.after, file.path)),
            "untranslated": shelves.untranslated(file.document),
        }
        for file in written.files
    ]
    context = {"list": paper_list, "draft": written, "parts": parts, "formats": FORMATS.values()}
    return render(request, "kbsite/list/export.html", context)


@needs(Action.READ, named)
@require_safe
def patch(request: HttpRequest, slug: str) -> HttpResponse:
    """The very bytes that `publish --patch` writes."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    written = draft(paper_list)
    content = mail(written.message, written.changes, timezone.now())
    if not content:
        return _missing(_("Nothing to publish: no README would change."))
    return _attached(content, f"{slug}.patch", "text/x-patch")  # of no one encoding: it has the bytes of the READMEs


@needs(Action.READ, named)
@require_safe
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """The list.toml that goes with the READMEs."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if not paper_list.documents.exists():
        return _missing(_("The list has no README yet, so no list.toml either."))
    text = as_toml(settings_of(paper_list, topics.declared(paper_list)))
    return _attached(text.encode(), listfile.NAME, "application/toml")


@needs(Action.READ, named)
@require_safe
def download(request: HttpRequest, slug: str, language: str, form: str) -> HttpResponse:
    """The very bytes that `export_list` writes."""
    paper_list = get_object_or_404(PaperList, slug=slug)
    if form not in FORMATS:
        return _missing(
            _("There is no format “%(form)s”. There are: %(forms)s.") % {"form": form, "forms": ", ".join(FORMATS)}
        )
    try:
        file = FORMATS[form].render(paper_list, language)
    except NoSuchDocument as error:
        return _missing(f"{error}.")
    return _attached(file.content, file.file_name, file.content_type)


def _attached(content: bytes, name: str, content_type: str) -> HttpResponse:
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(
        content, content_type=content_type, headers={"Content-Disposition": disposition or "attachment"}
    )


def _missing(words: str) -> HttpResponse:
    return HttpResponseNotFound(words, content_type="text/plain; charset=utf-8")
