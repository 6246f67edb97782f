"""What templates may say beyond Django's own tags: the navigation's numbers, category marks, bars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kbsite import mail, toast
from kbsite.access import Action, Allowed, is_curator, may, place_of
from papers import identity, overview
from papers.models import Category, IdentifierRow, Paper
from papers.records import Identifier
from papers.search.passages import FOUND, FOUND_END, marked

register = template.Library()

# A shape for each colour, in a box of 10 by 10, so that a category is known without colour too.
_SHAPES = (
    '<circle cx="5" cy="5" r="4.6"/>',
    '<path d="M.8.8h8.4v8.4H.8z"/>',
    '<path d="M5 .4 9.8 9H.2z"/>',
    '<path d="M5 0l5 5-5 5-5-5z"/>',
    '<path d="M3.4 0h3.2v3.4H10v3.2H6.6V10H3.4V6.6H0V3.4h3.4z"/>',
    '<path d="M5 10 .2 1.4h9.6z"/>',
    '<path d="M2.6.6h4.8L10 5 7.4 9.4H2.6L0 5z"/>',
    '<path d="M1.9 0 5 3.1 8.1 0 10 1.9 6.9 5 10 8.1 8.1 10 5 6.9 1.9 10 0 8.1 3.1 5 0 1.9z"/>',
)

_MARKS = tuple(
    mark_safe(f'<svg class="cat-mark cat-{index}" viewBox="0 0 10 10" aria-hidden="true">{shape}</svg>')  # noqa: S308
    for index, shape in enumerate(_SHAPES)
)

_STATUSES = {
    "listed": _("Listed"),
    "likely": _("Likely, awaiting review"),
    "awaiting": _("Awaiting review"),
    "returned": _("Back with news"),
    "rejected": _("Rejected"),
    "deferred": _("Deferred"),
    "duplicate": _("Duplicate"),
}
SOURCES = {
    "arxiv": _("arXiv"),
    "arxiv-feed": _("arXiv’s daily feed"),
    "huggingface": _("Hugging Face"),
    "semanticscholar": _("Semantic Scholar"),
    "file": _("A file"),
    "readme": _("A list’s README"),
    "hand": _("By hand"),
    "author": _("Its author"),
}
_FACTS = {
    "code": _("Code"),
    "upvotes": _("Upvotes"),
    "stars": _("Stars"),
    "citations": _("Citations"),
    "tldr": _("TL;DR"),
    "keywords": _("Keywords"),
    "venue": _("Venue"),
    "venue_evidence": _("Published, by its word"),
    "listed": _("Listed under"),
    "pdf": _("PDF"),
    "project": _("Project page"),
}


# --- the frame of every page ----------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def site_lists(context: dict[str, Any]) -> list[Any]:
    """Return the lists for the navigation; for curators with `likely`, how many papers they should look at."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return overview.lists(with_likely=user is not None and is_curator(user))


@register.simple_tag(takes_context=True)
def queues(context: dict[str, Any], lists: list[Any]) -> list[Any]:
    """Return those of the lists on whose papers the person looking may decide."""
    user = getattr(context.get("request"), "user", None)
    return [each for each in lists if user is not None and may(user, Action.DECIDE, each.slug)]


@register.simple_tag
def sends_mail() -> bool:
    """Say whether this site can mail a link to somebody who forgot the password."""
    return mail.is_configured()


@register.filter
def of(allowed: Allowed, thing: Any) -> Allowed:
    """Return what the same person may do to the list that this belongs to: `{% with may=may|of:topic.list %}`."""
    return Allowed(allowed.user, place_of(thing))


@register.filter
def total_likely(lists: list[Any]) -> int:
    """Return how many papers in all these lists a curator should look at."""
    return sum(each.likely for each in lists)


# --- words ----------------------------------------------------------------------------------------------------


@register.filter
def act_of(tags: str) -> int | None:
    """The act that a message is about, which can be undone."""
    return toast.act_of(tags)


@register.filter
def status(name: str) -> str:
    """Return where a paper stands, in words."""
    return str(_STATUSES.get(name, name))


@register.filter
def source(name: str) -> str:
    """Return the name of a source, in words; another list is called as it calls itself."""
    return str(SOURCES.get(name, name.removeprefix("peer:")))


@register.filter
def fact(kind: str) -> str:
    """Return what kind of fact it is, in words."""
    return str(_FACTS.get(kind, kind.replace("_", " ").capitalize()))


@register.filter
def is_web(value: Any) -> bool:
    """Say whether a value is an address that may stand in a link."""
    return isinstance(value, str) and re.match(r"https?://", value, re.IGNORECASE) is not None


@register.filter
def host(address: str) -> str:
    """Return an address as people read it: host and path, without the rest."""
    return re.sub(r"^https?://(?:www\.)?|[?#].*$|/$", "", address)


@register.filter
def is_list(value: Any) -> bool:
    """Say whether a value is a list of values."""
    return isinstance(value, list | tuple)


@register.filter
def marked_for(text: str, stems: Sequence[str]) -> SafeString:
    """Return a text in which the words that were searched for are marked."""
    return found(marked(text, stems))


@register.filter
def of_key(values: Mapping[Any, Any], key: Any) -> Any:
    """Return the value of a key, or nothing."""
    return values.get(key, "") if values else ""


@register.filter
def found(excerpt: str) -> SafeString:
    """Return an excerpt with the words that were found marked; all else in it is text."""
    text = str(conditional_escape(excerpt)).replace(FOUND, "<mark>").replace(FOUND_END, "</mark>")
    return mark_safe(text)  # noqa: S308  escaped above


@register.simple_tag
def authors(paper: Paper, limit: int) -> str:
    """Return the first authors, and how many more there are."""
    names, more = ", ".join(paper.authors[:limit]), len(paper.authors) - limit
    if more <= 0:
        return names
    return f"{names} " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}


# --- marks and figures ----------------------------------------------------------------------------------------


@register.filter
def short(name: str) -> str:
    """Return a heading without what stands in brackets at its end: "KV Compression (Cache Level)" is long."""
    return re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", str(name)) or str(name)


@register.simple_tag
def mark(category: Category | int | None) -> SafeString:
    """Return the shape of a category, in its colour."""
    return _MARKS[_index(category)]


@register.simple_tag
def shape(index: int) -> SafeString:
    """Return what a category's mark is drawn of, in a box of 10 by 10."""
    return mark_safe(_SHAPES[index])  # noqa: S308  a constant of this file


@register.filter
def colour(position: int) -> int:
    """Return which of the colours a category's position has."""
    return _index(position)


@register.filter
def at(sequence: Any, place: int) -> Any:
    """Return the item at a place of a sequence."""
    return sequence[place]


@register.simple_tag
def category(category: Category | None, href: str = "") -> SafeString:
    """Return a category's mark and short name, as a link when an address is given; nothing for no category."""
    if category is None:
        return mark_safe("")
    return _named(_index(category), category.name, href)


@lru_cache(maxsize=1000)
def _named(index: int, name: str, href: str) -> SafeString:
    inside = format_html("{}<span>{}</span>", _MARKS[index], short(name))
    if href:
        return format_html('<a class="cat" href="{}" title="{}">{}</a>', href, name, inside)
    return format_html('<span class="cat" title="{}">{}</span>', name, inside)


@register.simple_tag
def bar(share: float | None, category: Category | int | None = None, label: str = "") -> SafeString:
    """Return a bar filled to this share (0 to 1), in the colour of a category if one is given."""
    width = round(min(max(float(share or 0), 0.0), 1.0) * 100, 1)
    colour = f" cat-{_index(category)}" if category is not None else ""
    words = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="bar{}" {}><rect width="{}%" height="100%"/></svg>', colour, words, width)


@register.simple_tag
def share(part: int, of: int) -> float:
    """Return a part's share of something, from 0 to 1."""
    return part / of if of else 0.0


@register.filter
def address(row: IdentifierRow) -> str:
    """Return where an identifier leads."""
    return identity.link(Identifier(row.scheme, row.value))


@register.filter
def label(row: IdentifierRow | Identifier) -> str:
    """Return an identifier as people write it."""
    names = {"arxiv": "arXiv", "doi": "doi", "acl": "ACL", "openreview": "OpenReview"}
    return f"{names[row.scheme]}:{row.value}" if row.scheme in names else re.sub(r"^https?://", "", row.value)


@register.filter
def percent(share: float | str | None) -> str:
    """Return a share as people read it: "<1 %" for a trace, never "100 %" for what is not certain."""
    if share is None or share == "":
        return "–"
    value = float(share) * 100
    if 0 < value < 1:
        return "<1 %"
    if 99 < value < 100:
        return ">99 %"
    return f"{value:.0f} %"


def _index(category: Category | int | None) -> int:
    position = category.position if isinstance(category, Category) else category
    return (position or 0) % len(_SHAPES)
