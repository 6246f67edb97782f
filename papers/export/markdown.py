"""Markdown: the README itself."""

from __future__ import annotations

from pathlib import PurePosixPath

from papers.export.formats import Exported, Format, document_of
from papers.models import PaperList
from papers.readme.exporter import export


def render(paper_list: PaperList, language: str) -> Exported:
    """Return the README of a language."""
    document = document_of(paper_list, language)
    return Exported(PurePosixPath(document.path).name, "text/markdown; charset=utf-8", export(document))


FORMAT = Format("markdown", "Markdown (README)", render)
