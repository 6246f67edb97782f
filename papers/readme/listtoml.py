"""Writes a list.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from papers.readme.listfile import ListFile


def as_toml(settings: ListFile) -> str:
    """Return the settings as the text of a list.toml, which reads as the very same again."""
    return "\n".join(_lines(settings)) + "\n"


def _lines(settings: ListFile) -> Iterator[str]:
    yield "# What this list is called, which file is which language, and which heading is which category."
    yield from _pairs({"slug": settings.slug, "name": settings.name})
    if settings.homepage:
        yield from _pairs({"homepage": settings.homepage})
    for language, file in settings.languages.items():
        yield from ("", f"[languages.{language}]", *_pairs({"file": file}))
    for category in settings.categories:
        yield from ("", "[[categories]]", *_pairs({"key": category.key, "headings": category.headings}))
        if category.order:
            yield from _pairs({"order": category.order})
    for topic in settings.topics:
        told = {"slug": topic.slug, "source": topic.source, "query": topic.query, "schedule": topic.schedule}
        yield from ("", "[[topics]]", *_pairs(told))
    if settings.checks:
        yield from ("", "[publish]", *_pairs({"checks": settings.checks}))
    if settings.columns:
        yield from ("", "[columns]", *_pairs(settings.columns, quoted=True))
    for language, words in settings.glossary.items():
        if words:
            yield from ("", f"[glossary.{language}]", *_pairs(words, quoted=True))


def _pairs(told: Mapping[str, str | Sequence[str]], quoted: bool = False) -> Iterator[str]:
    for key, value in told.items():
        text = _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"
        yield f"{_quoted(key) if quoted else key} = {text}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
