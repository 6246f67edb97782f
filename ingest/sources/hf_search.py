"""Paper search of Hugging Face, in plain words: the 120 most relevant papers are all one can get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.sources import Page, Window, hf_papers, http

if TYPE_CHECKING:
    from ingest.models import Topic

LIMIT = 120


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield one page, the most relevant first. The search knows no dates, so the window is not used.

    That a topic which had results has none is believed when it is said twice.
    """
    asked: http.Params = {"q": topic.query, "limit": LIMIT}
    items = hf_papers.ask("papers/search", asked)
    if not items and topic.watermark:
        items = hf_papers.ask("papers/search", asked)
    yield hf_papers.page(items)
