"""A paper as a row, written once for all who see it alike, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from papers.models import Entry, Paper, PaperList, Review, Suggestion
from papers.querysets import LIKELY

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


@register.inclusion_tag("_includes/standing.html")
def standing(paper: Paper) -> dict[str, Any]:
    """Show where a paper of with_standing() is listed or suggested; of unlikely suggestions only the best one."""
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
    return {"standings": shown, "names_lists": len(found) > 1}
