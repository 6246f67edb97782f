"""A paper as a row, written once for all who see it alike."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from papers.models import Paper

register = template.Library()

TEMPLATES = {"list": "_includes/paper_row.html", "table": "kbsite/papers/table_row.html"}


@register.simple_tag(takes_context=True)
def paper_row(context: Context, paper: Paper, layout: str) -> SafeString:
    """Return a paper's row without a reader's marks; what was written of the same object before is given again.

    A search shows its words in it, so each search writes its own.
    """
    words = {"paper": paper, "standing": True}
    if search := context.get("search"):
        words |= {"search": search, "passages": context["passages"]}
        return _written(layout, words)
    rows: dict[Any, SafeString] = paper.__dict__.setdefault("_rows", {})
    key = layout, get_language()
    if key not in rows:
        rows[key] = _written(layout, words)
    return rows[key]


def _written(layout: str, words: dict[str, Any]) -> SafeString:
    return SafeString(get_template(TEMPLATES[layout]).render(words))
