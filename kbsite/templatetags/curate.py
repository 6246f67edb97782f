"""How the curators' pages show what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import get_language_info

from papers.readme.inline import plain

register = template.Library()

COLOURS = 8  # that the style sheet has for categories

_MARKUP = re.compile(r"[*_`\[\]<>&\\~|$]")


@register.filter
def percent(probability: float | None) -> str:
    """A probability as people read it; what rounds to certainty says that it is none."""
    if probability is None:
        return "–"
    if 0 < probability < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < probability < 1 else f"{probability:.0%}".replace("%", " %")


@register.simple_tag
def share(probability: float | None) -> SafeString:
    """A probability as a bar. The figure beside it says the same in words, so readers of screens skip it."""
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect width="{}" height="8"></rect></svg>',
        f"{100 * (probability or 0):.1f}",
    )


@register.filter
def slot(place: int) -> int:
    """The number of the colour and shape of a list's nth category."""
    return place % COLOURS


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in one unit."""
    seconds = (timezone.now() - moment).total_seconds()
    return "just now" if seconds < 60 else f"{timesince(moment, depth=1)} ago"


@register.filter
def web(url: Any) -> str:
    """The address if it is one of the web, else nothing: lists are written by strangers."""
    return url if isinstance(url, str) and re.match(r"https?://", url, re.IGNORECASE) else ""


@register.filter
def bare(url: Any) -> str:
    """An address without what every address has."""
    return re.sub(r"^https?://(?:www\.)?|/$", "", str(url))


@register.filter
def shown(markdown: str) -> str:
    """What readers see of a cell of a README."""
    return plain(markdown) if _MARKUP.search(markdown) else markdown


@register.filter
def short(name: str) -> str:
    """A heading without what it adds in brackets."""
    return re.sub(r"\s*[(（].*$", "", name) or name


@register.filter
def language_name(code: str) -> str:
    """A language as it calls itself."""
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """The value under a key that the template computes."""
    return mapping.get(key)


@register.filter
def source_name(source: str) -> str:
    """A source as people call it."""
    return _SOURCES.get(source, source.replace("_", " "))


_SOURCES = {"arxiv": "arXiv", "huggingface": "Hugging Face", "file": "a file", "readme": "the README"}


@register.filter
def marked(text: str, terms: list[str]) -> SafeString:
    """The text with the terms that told the classifier most, marked."""
    words = sorted((term for term in terms if term), key=len, reverse=True)
    if not words:
        return conditional_escape(text)
    joined = "|".join(r"[\s\-]+".join(map(re.escape, word.split())) for word in words)
    parts = re.split(rf"(?<!\w)({joined})(?!\w)", text, flags=re.IGNORECASE)
    # Every second part is a term; all of them are escaped before they are joined to the marks.
    return mark_safe(  # noqa: S308
        "".join(
            f"<mark>{conditional_escape(part)}</mark>" if place % 2 else conditional_escape(part)
            for place, part in enumerate(parts)
        )
    )
