"""Paper search of Hugging Face, in plain words: the 120 most relevant papers are all one can get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, Window, hf_papers, http

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("Hugging Face search")
QUERY = gettext_lazy("Words, as one would type them: prompt compression for large language models.")
OVERLAP_DAYS = 0

LONGEST_QUERY = 250  # characters that the search takes
LIMIT = 120


def check(query: str) -> None:
    """Raise BadQuery for an empty query and for one that is too long."""
    if not query.strip():
        raise BadQuery(_("a search needs words"))
    if len(query) > LONGEST_QUERY:
        raise BadQuery(_("%(n)s characters: the search takes %(most)s") % {"n": len(query), "most": LONGEST_QUERY})


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield one page, the most relevant first. The search knows no dates, so the window is not used.

    That a topic which had results has none is believed when it is said twice.
    """
    asked: http.Params = {"q": topic.query, "limit": LIMIT}
    items = hf_papers.ask("papers/search", asked)
    if not items and topic.watermark:
        items = hf_papers.ask("papers/search", asked)
    yield hf_papers.page(items)
