"""What templates may say beyond Django's own tags: the navigation's numbers, category marks, bars."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from kbsite.access import is_curator
from papers import identity, overview
from papers.models import Category, IdentifierRow
from papers.records import Identifier

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


@register.simple_tag(takes_context=True)
def site_lists(context: dict[str, Any]) -> list[Any]:
    """Return the lists for the navigation; for curators with `awaiting`, how many papers wait for a decision."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return overview.lists(with_awaiting=user is not None and is_curator(user))


@register.filter
def total_awaiting(lists: list[Any]) -> int:
    """Return how many papers await a decision in all these lists."""
    return sum(each.awaiting for each in lists)


@register.filter
def short(name: str) -> str:
    """Return a heading without what stands in brackets at its end: "KV Compression (Cache Level)" is long."""
    return re.sub(r"\s*[(（][^()（）]*[)）]\s*$", "", str(name)) or str(name)


@register.simple_tag
def mark(category: Category | int | None) -> SafeString:
    """Return the shape of a category, in its colour."""
    index = _index(category)
    return format_html(
        '<svg class="cat-mark cat-{}" viewBox="0 0 10 10" aria-hidden="true">{}</svg>',
        index,
        mark_safe(_SHAPES[index]),  # noqa: S308  a constant of this file
    )


@register.simple_tag
def category(category: Category, href: str = "") -> SafeString:
    """Return a category's mark and short name, as a link when an address is given."""
    name = category.name
    inside = format_html("{}<span>{}</span>", mark(category), short(name))
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


@register.filter
def address(row: IdentifierRow) -> str:
    """Return where an identifier leads."""
    return identity.link(Identifier(row.scheme, row.value))


@register.filter
def label(row: IdentifierRow) -> str:
    """Return an identifier as people write it."""
    names = {"arxiv": "arXiv", "doi": "doi", "acl": "ACL", "openreview": "OpenReview"}
    return f"{names[row.scheme]}:{row.value}" if row.scheme in names else re.sub(r"^https?://", "", row.value)


@register.filter
def percent(share: float | None) -> str:
    """Return a share as people read it: "<1 %" for a trace, never "100 %" for what is not certain."""
    if share is None:
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
