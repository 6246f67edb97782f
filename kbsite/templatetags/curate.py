"""How the curators' pages show what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf.locale import LANG_INFO
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kbsite import mathematics, proposing
from kbsite.narrowing import words_of
from kbsite.templatetags.kbsite import SOURCES
from papers import findings, languages, proposals
from papers.cards import OUT
from papers.models import Paper, PaperList, Proposal
from papers.queue import RELEVANCE, Queue
from papers.readme.fieldwise import EXTRA
from papers.readme.inline import plain

register = template.Library()

CATEGORY_KEYS = "123456789abfghilmqstvwyz"  # the other letters are verbs of the queue

_MARKUP = re.compile(r"[*_`\[\]<>&\\~|$]")


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in one unit."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment, depth=1)}


@register.filter
def shown(markdown: str) -> str:
    """What readers see of a cell of a README."""
    return plain(markdown) if _MARKUP.search(markdown) else markdown


@register.filter
def language_name(code: str) -> str:
    """A language as it calls itself; "zh" without a script is the simplified one."""
    for known in (code, f"{code}-hans"):
        if known in LANG_INFO and "name_local" in LANG_INFO[known]:
            return str(LANG_INFO[known]["name_local"])
    return code


@register.filter
def key_of(place: int) -> str:
    """The key that accepts into a list's nth category; none beyond the letters that are free."""
    return CATEGORY_KEYS[place] if place < len(CATEGORY_KEYS) else ""


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """The value under a key that the template computes."""
    return mapping.get(key)


@register.filter
def likeliest(probabilities: Mapping[str, float]) -> tuple[str, float]:
    """The category that a stored suggestion found most probable, and how probable."""
    named = [(key, value) for key, value in probabilities.items() if key != OUT]
    return max(named, key=lambda pair: pair[1], default=("", 0.0))


@register.filter
def field_name(field: str) -> str:
    """A field of a row as people call it."""
    return str(_FIELDS.get(field, field.removeprefix(EXTRA)))


@register.simple_tag
def open_findings(paper_list: PaperList) -> int:
    """How many findings of a list await somebody's word."""
    return findings.count(paper_list)


_FIELDS = {
    "title": _("Title"),
    "link": _("Link"),
    "venue": _("Venue"),
    "tags": _("Tags"),
    "code": _("Code"),
    "tldr": _("TL;DR"),
    "nickname": _("Nickname"),
    "authors": _("Authors"),
    "date": _("Date"),
    "extra": _("Other columns"),
    "row": _("The row"),
    "category": _("Category"),
    "columns": _("What columns tell"),
    "name": _("Name"),
    "homepage": _("Homepage"),
    "second_opinion": _("Two opinions on each paper"),
    "takes_proposals": _("Authors may propose papers"),
}


@register.simple_tag
def marked(text: str, terms: list[str], sentence: str = "", about: str = "") -> SafeString:
    """The text with the terms that told the classifier most marked, and the sentence that did, titled as given.

    Formulas are drawn, and nothing is marked in them.
    """
    parts = text.partition(sentence) if sentence else (text, "", "")
    before, found, after = (mathematics.html(part, partial(_with_terms, terms=terms)) for part in parts)
    # All of it is escaped before it is joined to the marks.
    if not found:
        return before + after
    return before + format_html('<mark class="trigger" title="{}">{}</mark>', about, found) + after


def _with_terms(text: str, terms: list[str]) -> SafeString:
    words = sorted((term for term in terms if term), key=len, reverse=True)
    if not words:
        return mark_safe(mathematics.in_words(text))  # noqa: S308  it is escaped there
    joined = "|".join(r"[\s\-]+".join(map(re.escape, word.split())) for word in words)
    parts = re.split(rf"(?<!\w)({joined})(?!\w)", text, flags=re.IGNORECASE)
    # Every second part is a term.
    return format_html_join(
        "",
        "{}{}{}",
        [
            (mark_safe("<mark>"), part, mark_safe("</mark>"))
            if place % 2
            else ("", mark_safe(mathematics.in_words(part)), "")  # noqa: S308  it is escaped there
            for place, part in enumerate(parts)
        ],
    )


@register.simple_tag
def takes_proposals(paper_list: PaperList) -> bool:
    """Whether authors may propose papers for a list now."""
    return not proposing.why_closed(paper_list)


@register.simple_tag
def put_before(paper_list: PaperList, paper: Paper) -> list[Proposal]:
    """Who put a paper before the curators of a list: by hand, or its author."""
    return proposals.of(paper_list, paper)


@register.simple_tag
def languages_to_do(paper_list: PaperList) -> int:
    """How many rows are missing in a language or await a translator's hand."""
    return languages.to_do(paper_list)


@register.simple_tag
def queue_url(queue: Queue, at: str = "queue", **asked: Any) -> str:
    """The address of a queue as it is narrowed and ordered, but for what is asked: paper, category, order, …

    `at` names another page of the same queue.
    """
    return _with_words(reverse(at or "queue", args=[queue.paper_list.slug]), {"paper": None, **words_of(queue)} | asked)


@register.simple_tag
def queue_words(queue: Queue) -> str:
    """What the address of a form says of the queue that it is in, from the question mark on."""
    return _with_words("", words_of(queue))


@register.simple_tag
def narrowings(queue: Queue, at: str = "queue") -> list[tuple[str, str]]:
    """What narrows a queue, each in words and with the address of the queue without it."""
    return [
        (_NARROWED.get(name, "%s") % _shown_word(name, text), queue_url(queue, at, **{name: None}))
        for name, text in queue.narrowed.words.items()
    ]


@register.simple_tag
def sources(queue: Queue) -> dict[str, Any]:
    """The sources that a queue can be narrowed to, with their names; another one stays where it was asked for."""
    asked = queue.narrowed.words.get("source", "")
    return SOURCES if asked in SOURCES or not asked else {asked: asked, **SOURCES}


def _shown_word(name: str, text: str) -> Any:
    if name == "source":
        return SOURCES.get(text, text)
    if name.startswith("relevance"):
        return f"{float(text):.0%}"
    if name == "code":
        return _("Has code") if text.lower() in ("true", "1") else _("No code")
    return text


_NARROWED = {
    "q": _("“%s”"),
    "author": _("by %s"),
    "since": _("from %s"),
    "until": _("until %s"),
    "relevance_min": _("relevance from %s"),
    "relevance_max": _("relevance up to %s"),
}


@register.simple_tag
def whole_queue_url(queue: Queue, at: str = "queue") -> str:
    """The address of a queue narrowed by its category alone, in the same order."""
    return queue_url(queue, at, **dict.fromkeys(queue.narrowed.words))


def _with_words(path: str, words: Mapping[str, Any]) -> str:
    query = {name: value for name, value in words.items() if value and (name, value) != ("order", RELEVANCE)}
    return f"{path}?{urlencode(query)}" if query else path
