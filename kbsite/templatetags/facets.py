"""A value of a facet as a link: a page has a hundred, so no template is gone through for each."""

from __future__ import annotations

from urllib.parse import quote

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from kbsite.facetvalues import Value
from kbsite.templatetags.kbsite import category

register = template.Library()


@register.simple_tag
def facet_value(value: Value, name: str, base: str = "") -> SafeString:
    """Return a value of the facet of this name; its address is of this page, or of another one."""
    current = ' aria-current="true"' if value.is_chosen else ""
    title = f' title="{escape(value.label)}"' if value.category else ""
    inside = category(value.category) if value.category else f"<span>{escape(value.label)}</span>"
    count = "" if value.count is None else f'<span class="count">{intcomma(value.count)}</span>'
    address = escape(f"{base}{value.address}")
    known_as = f"{name}-{quote(value.value, safe='')}"
    return mark_safe(  # noqa: S308  each part is escaped
        f'<li><a rel="nofollow" id="{known_as}"{current} href="{address}"{title}>{inside}{count}</a></li>'
    )
