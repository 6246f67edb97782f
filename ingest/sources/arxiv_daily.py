"""arXiv day by day: the feed of what is announced today, and OAI-PMH for what the feed has no room or memory for.

The feed says which papers are new in a category, also when they are old and only cross-listed there now. It has no
comments, no days of versions, and no yesterday. So a pull asks for it first: while it is the one that was taken in
last, nothing else is asked. Else OAI-PMH tells of all that changed since the watermark, which fills in days without
a pull, and completes the feed's own papers; what only the feed tells comes last.

The feeds: https://info.arxiv.org/help/rss.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, SourceUnavailable, Window, arxiv_oai, arxiv_papers, http, xmlpage
from papers import identity
from papers.records import PaperRecord, Rejected

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("arXiv daily")
QUERY = gettext_lazy("Categories with blanks between: cs.CL cs.LG.")
OVERLAP_DAYS = 2

ANNOUNCED_AFTER = timedelta(days=14)  # that a paper may wait from its submission until it is announced
SATURDAY = 5

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CATEGORY = re.compile(r"[a-z][a-z-]*(?:\.[A-Za-z][A-Za-z-]+)?")
_NEW = {"new", "cross"}  # the others are replacements of papers announced before
_SUMMARY = re.compile(r"arXiv:\S+\s+Announce Type:\s*\S+\s+Abstract:\s*")


def check(query: str) -> None:
    """Raise BadQuery for no category, and for what is none."""
    if not _categories(query):
        raise BadQuery(_("the daily feed is one of categories, as cs.CL cs.LG"))
    for category in _categories(query):
        if not _CATEGORY.fullmatch(category):
            raise BadQuery(_("“%(category)s” is no category of arXiv; one is cs.CL") % {"category": category})


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield what was announced in the topic's categories on the window's days; today's feed comes last.

    Replacements, and changes in what is said of older papers, are news for those who know the paper already. With
    OAI-PMH out of order the feed's papers come all the same, and then SourceUnavailable is raised.
    """
    categories = _categories(topic.query)
    feed = _Feed()
    if window.until >= timezone.now().date():
        try:
            feed = _ask(categories, unless=topic.validator if _follows(topic, window) else "")
        except http.Unchanged:
            yield Page((), validator=topic.validator, note="arXiv has announced nothing since the last pull.")
            return
    sets = [arxiv_oai.set_of(category) for category in categories]
    first_new = window.since - ANNOUNCED_AFTER
    is_silent = not feed.announced
    try:
        for page in arxiv_oai.changes(sets, window):
            is_silent = is_silent and not page.records
            new: list[PaperRecord] = []
            old: list[PaperRecord] = []
            for paper in page.records:
                is_new = feed.announces(paper) or (paper.published or first_new) >= first_new
                (new if is_new else old).append(paper)
            yield Page(tuple(new), page.rejected, updates=tuple(old))
            feed.leave_out(page.records)
    except SourceUnavailable:
        yield feed.page()
        raise
    # A day without announcements is one, when OAI-PMH at least tells of the days before.
    yield replace(feed.page(), validator="") if is_silent else feed.page()


def _categories(query: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\s,+]+", query)))


def _follows(topic: Topic, window: Window) -> bool:
    """Tell whether nothing before the last pull is asked for, so that a feed seen then has no news."""
    yesterday = timezone.now().date() - timedelta(days=1)
    return topic.watermark == yesterday and window.since >= yesterday - timedelta(days=OVERLAP_DAYS)


@dataclass(slots=True)
class _Feed:
    """One day's announcements, by arXiv id."""

    new: dict[str, PaperRecord] = field(default_factory=dict)
    replaced: dict[str, PaperRecord] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    validator: str = ""
    note: str = ""
    announced: frozenset[str] = frozenset()

    def announces(self, record: PaperRecord) -> bool:
        """Tell whether this paper is new in the categories today, however old it is."""
        return record.identifiers[0].value in self.announced

    def leave_out(self, told: Sequence[PaperRecord]) -> None:
        """Forget what has been told more fully."""
        for record in told:
            name = record.identifiers[0].value
            for part in (self.new, self.replaced):
                if name in part and (part[name].version or 0) <= (record.version or 0):
                    del part[name]

    def page(self) -> Page:
        """Return what is left as the last page of a pull."""
        return Page(
            tuple(self.new.values()),
            tuple(self.rejected),
            validator=self.validator,
            note=self.note,
            updates=tuple(self.replaced.values()),
        )


def _ask(categories: Sequence[str], unless: str) -> _Feed:
    """Return today's feed; raise Unchanged when it has the validator `unless`.

    That nothing is announced on a working day is believed when it is said twice: it may be a holiday.
    """
    address = f"{str(settings.ARXIV_FEED_URL).rstrip('/').removesuffix('/atom').removesuffix('/rss')}/atom"
    asked = (arxiv_papers.host(), f"{address}/{'+'.join(categories)}", _read)
    feed = http.get(*asked, headers={"If-None-Match": unless} if unless else {})
    if not feed.announced and timezone.now().weekday() < SATURDAY:
        feed = http.get(*asked)
    if not feed.announced:
        feed.note = "arXiv announces nothing today, as on weekends and holidays."
    return feed


def _read(answer: http.Answer) -> _Feed:
    root = xmlpage.root(answer, f"{_ATOM}feed", "feed")
    feed = _Feed(validator=answer.validator)
    for place, entry in enumerate(root.findall(f"{_ATOM}entry"), 1):
        paper = _paper(entry, place)
        if isinstance(paper, Rejected):
            feed.rejected.append(paper)
        else:
            part = feed.new if xmlpage.text(entry, f"{_ARXIV}announce_type") in _NEW else feed.replaced
            part[paper.identifiers[0].value] = paper
    feed.announced = frozenset(feed.new)
    return feed


def _paper(entry: Element, place: int) -> PaperRecord | Rejected:
    """Return the paper of an entry, or why it cannot be read. Its `published` is the day of the announcement."""
    given = xmlpage.text(entry, f"{_ATOM}id")
    name = identity.arxiv_id(given)
    if name is None:
        return Rejected(given or f"entry {place}", "no arXiv id")
    title = xmlpage.text(entry, f"{_ATOM}title")
    if not title:
        return Rejected(given, "no title")
    return arxiv_papers.record(
        "arxiv-feed",
        name,
        title,
        _SUMMARY.sub("", xmlpage.text(entry, f"{_ATOM}summary"), count=1),
        xmlpage.text(entry, f"{_DC}creator"),
        subjects=[category.get("term", "") for category in entry.findall(f"{_ATOM}category")],
        journal_ref=xmlpage.text(entry, f"{_ARXIV}journal_reference"),
        dois=xmlpage.text(entry, f"{_ARXIV}DOI"),
        license=xmlpage.text(entry, f"{_DC}rights"),
        withdrawn=None,
    )
