"""A paper as a row, written once for all who see it alike.

A page has dozens of them. What is the same in every row of a paper is put together here and not by templates, whose
tags and includes would take most of the page's time; it stays with the paper, which may be kept (papers/keptrows.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kbsite import mathematics
from kbsite.templatetags.kbsite import (
    address,
    authors,
    category,
    found,
    is_web,
    label,
    mark,
    marked_for,
    percent,
    short,
    status,
)
from papers.models import Entry, Paper, PaperList, Review, Suggestion
from papers.querysets import LIKELY
from papers.search import Found

register = template.Library()

SHOWN = 320  # characters of an abstract


@register.simple_tag(takes_context=True)
def paper_row(context: Context, paper: Paper, layout: str = "list", likeness: float | None = None) -> SafeString:
    """Return a paper of with_standing() as a row of a list ("brief": without its abstract) or of a table.

    Without a reader's marks, so it is the same for all. A search shows its words in it.
    """
    asked = context.get("search")
    search = asked if isinstance(asked, Found) else None  # a saved search marks nothing
    if layout == "table":
        words = {"paper": paper, "search": search}
        return _rendered(words) if search else _once(paper, layout, lambda paper: _rendered(words))
    return _row(paper, search, context.get("passages") or {}, layout == "brief", likeness)


def _rendered(words: dict[str, Any]) -> SafeString:
    return SafeString(get_template("kbsite/papers/table_row.html").render(words))


def _row(
    paper: Paper, search: Found | None, passages: Mapping[int, str], is_brief: bool, likeness: float | None
) -> SafeString:
    title = marked_for(paper.title, search.stems) if search and search.stems else title_of(paper)
    near = ""
    if search and search.ids and paper.pk not in search.literal:
        near = _badge(_("near in meaning") if search.by_meaning else _("near"), "quiet")
    text = ""
    if passage := passages.get(paper.pk):
        text = f'<p class="paper-text">{found(passage)}</p>'
    elif paper.abstract and not is_brief:
        text = f'<p class="paper-text clamp">{_once(paper, "begins", _begins)}</p>'
    alike = ""
    if likeness:
        told = _("%(share)s alike") % {"share": percent(likeness)}
        alike = f'<span class="muted">{escape(told)}</span>'
    return _safe(
        f'<h3 class="paper-title"><a href="{_once(paper, "address", _address)}">{title}</a></h3>\n'
        f'<p class="paper-meta">\n  {told_of(paper)}\n  {near}</p>\n{text}\n'
        f'<p class="paper-where">{standing(paper)}{alike}</p>'
    )


def _address(paper: Paper) -> SafeString:
    return _safe(reverse("paper", args=[paper.pk]))


def _begins(paper: Paper) -> SafeString:
    text = paper.abstract
    return escape(text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…")


@register.simple_tag
def title_of(paper: Paper) -> SafeString:
    """Return the title with its formulas."""
    return _once(paper, "title", lambda paper: mathematics.html(paper.title))


@register.simple_tag
def told_of(paper: Paper) -> SafeString:
    """Return what a row tells in small print: authors, day, identifiers, subjects, code. With for_pages()."""
    return _once(paper, "told", _told)


@register.simple_tag
def identifiers(paper: Paper) -> SafeString:
    """Return the paper's identifiers as links, these prefetched."""
    links = (f'<a href="{escape(address(row))}">{escape(label(row))}</a>' for row in paper.identifiers.all())
    return _safe('<span aria-hidden="true"> · </span>'.join(links))


@register.simple_tag
def standing(paper: Paper) -> SafeString:
    """Return where a paper of with_standing() is listed or suggested; of unlikely suggestions only the best one."""
    return _once(paper, "standing", _stands)


def _once(paper: Paper, part: str, write: Callable[[Paper], SafeString]) -> SafeString:
    """Return a part of what is written of a paper in this language, written when it is first asked for."""
    written: dict[Any, SafeString] = paper.__dict__.setdefault("_written", {})
    key = part, get_language()
    if key not in written:
        written[key] = write(paper)
    return written[key]


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308  each part is escaped where it is put together


def _told(paper: Paper) -> SafeString:
    parts = []
    if paper.authors:
        parts.append(f'<span class="authors">{escape(authors(paper, 3))}</span>')
    if paper.published:
        parts.append(f'<time datetime="{paper.published.isoformat()}">{paper.published.isoformat()}</time>')
    parts.append(f"<span>{identifiers(paper)}</span>")
    if paper.subjects:
        parts.append(f"<span>{escape(' '.join(paper.subjects[:3]))}</span>")
    for fact in paper.facts.all():
        if fact.kind == "code" and is_web(fact.value):
            parts.append(f'<a href="{escape(fact.value)}">{escape(_("code"))}</a>')
    if paper.withdrawn:
        parts.append(f'<span class="badge badge-bad">{escape(_("withdrawn"))}</span>')
    return _safe("\n  ".join(parts))


# --- where it stands ------------------------------------------------------------------------------------------


_KIND_OF_BADGE = {"rejected": "bad", "deferred": "warn"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What one list, its classifier and its curators say of a paper."""

    list: PaperList
    entries: tuple[Entry, ...]
    suggestion: Suggestion | None
    state: str  # of its review
    returned: Review | None  # of a paper that was rejected and is back in the queue

    @property
    def is_likely(self) -> bool:
        """Whether the classifier finds that it belongs in the list."""
        return self.suggestion is not None and self.suggestion.relevance >= LIKELY

    @property
    def html(self) -> str:
        """All that the list says: the categories it stands in, or what is to become of it."""
        if self.entries:
            return f"{' '.join(map(_entry, self.entries))}\n  {_badge(_('listed'), 'good')}"
        parts: list[str] = []
        if self.suggestion and self.is_likely:
            parts.append(category(self.suggestion.category))
        if self.state:
            parts.append(_badge(status(self.state).lower(), _KIND_OF_BADGE.get(self.state, "")))
        elif self.returned:
            parts.append(get_template("_includes/returned.html").render({"review": self.returned}))
        elif self.is_likely:
            parts.append(_badge(_("suggested"), "accent"))
        if self.suggestion:
            told = _("relevance %(share)s") % {"share": percent(self.suggestion.relevance)}
            parts.append(f'<span class="muted">{escape(told)}</span>')
        return "\n  ".join(parts)


def _stands(paper: Paper) -> SafeString:
    entries: dict[PaperList, list[Entry]] = {}
    for entry in paper.entries.all():
        entries.setdefault(entry.category.list, []).append(entry)
    suggestions = {each.list: each for each in paper.suggestions.all()}
    states = {each.list: each.state for each in paper.reviews.all() if each.state != "open"}
    back = {each.list: each for each in paper.reviews.all() if each.state == "open" and each.returned_at}
    found = [
        Standing(each, tuple(entries.get(each, ())), suggestions.get(each), states.get(each, ""), back.get(each))
        for each in dict.fromkeys([*entries, *states, *back, *suggestions])
    ]
    shown = [each for each in found if each.entries or each.state or each.returned or each.is_likely] or found[:1]
    names = len(found) > 1
    return _safe(
        "\n  ".join(
            f'<span class="muted">{escape(each.list.name)}:</span> {each.html}' if names else each.html
            for each in shown
        )
    )


def _entry(entry: Entry) -> str:
    of = entry.category
    address = f"{reverse('list', args=[of.list.slug])}#entry-{entry.pk}"
    name = of.name
    return f'<a class="cat" href="{address}" title="{escape(name)}">{mark(of)}<span>{escape(short(name))}</span></a>'


@lru_cache(maxsize=100)
def _badge(text: str, kind: str) -> str:
    return f'<span class="badge{f" badge-{kind}" if kind else ""}">{escape(text)}</span>'
