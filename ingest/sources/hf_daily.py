"""The daily papers of Hugging Face, picked by its users: one list a day, 1 to 4 days after arXiv."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, Window, hf_papers, http
from papers.records import Identifier

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("Hugging Face daily papers")
QUERY = ""
OVERLAP_DAYS = 14  # papers are picked up to two weeks after arXiv, and summaries come later still

PAGE_SIZE = 100  # the most that is given; three days in two years had more than the default of 50
SATURDAY = 5


def check(query: str) -> None:
    """Raise BadQuery for any query: the list of a day is one for all."""
    if query.strip():
        raise BadQuery(_("the daily papers are one list for all: leave the query empty"))


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield the papers of each day's list, a page or more a day, the newest day last; the query is not used.

    A day that has not begun at Hugging Face is not asked for, and one that it calls future ends the window. That
    a working day has no papers is believed when it is said twice.
    """
    today = timezone.now().date()
    day = window.since
    while day <= min(window.until, today):
        try:
            yield from _day(day)
        except http.Refused as refusal:
            if refusal.status == 400 and (day == today or "future" in str(refusal)):
                return
            raise
        day += timedelta(days=1)


def _day(day: date) -> Iterator[Page]:
    seen: set[Identifier] = set()
    number = 0
    while True:
        asked: http.Params = {"date": day.isoformat(), "limit": PAGE_SIZE, "p": number}
        items = hf_papers.ask("daily_papers", asked)
        if not items and number == 0 and day.weekday() < SATURDAY:
            items = hf_papers.ask("daily_papers", asked)
        page = hf_papers.page(items)
        yield page
        # A mirror that does not know `p` gives the same page for ever.
        names = {record.identifiers[0] for record in page.records}
        if len(items) < PAGE_SIZE or names <= seen:
            return
        seen |= names
        number += 1
