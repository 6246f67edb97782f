"""Lists in the database, made from the samples."""

from __future__ import annotations

from pathlib import Path

from papers.models import Document, Entry, PaperList
from papers.readme.importer import ImportReport, import_readme
from papers.readme.listfile import CategorySetting, ListFile
from tests.papers.readme import samples

SETTINGS = ListFile(
    path=Path("list.toml"),
    slug="sample",
    name="Sample",
    homepage="",
    languages={"en": "README.md", "zh": "README_CN.md"},
    categories=(
        CategorySetting("explicit", ("Explicit", "显式")),
        CategorySetting("kv", ("KV",)),
        CategorySetting("survey", ("Surveys", "综述")),
    ),
    topics=(),
)


def new_list(slug: str = "sample") -> PaperList:
    return PaperList.objects.create(slug=slug, name="Sample")


def take_in(paper_list: PaperList, source: str | bytes, language: str = "en", **options: object) -> ImportReport:
    path = {"en": "README.md", "zh": "README_CN.md"}.get(language, f"README_{language}.md")
    text = source if isinstance(source, bytes) else source.encode()
    return import_readme(paper_list, language, text, path, **options)


def both_languages() -> PaperList:
    paper_list = new_list()
    take_in(paper_list, samples.ENGLISH, listfile=SETTINGS)
    take_in(paper_list, samples.CHINESE, "zh", listfile=SETTINGS)
    return paper_list


def document(paper_list: PaperList, language: str = "en") -> Document:
    return paper_list.documents.get(language=language)


def entry(paper_list: PaperList, title: str, category: str | None = None) -> Entry:
    found = Entry.objects.filter(category__list=paper_list, texts__title=title).distinct()
    return (found.filter(category__key=category) if category else found).get()
