"""Titles and abstracts in templates: `{{ paper.abstract|mathematics }}` draws their formulas."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from kbsite import mathematics as formulas

register = template.Library()


@register.filter
def mathematics(text: str) -> SafeString:
    """Return text with its formulas as MathML; all else in it is text."""
    return formulas.html(str(text))


@register.filter
def without_mathematics(text: str) -> str:
    """Return text for where no formula can be drawn, as in a page's title: LaTeX of formulas stays."""
    return formulas.plain(str(text))
