"""arXiv's search API, through the `arxiv` package: it writes the query and reads the entries, we ask.

The package sets no timeout, believes half a feed and an HTML page with status 200, and drops what a repeated
entry pushes off a page. So its session gets a transport that asks through our own client and checks each feed
before the package sees it, and the paging is done here, by counting the different papers that came.

Sizes and limits: the API's user manual, https://info.arxiv.org/help/api/user-manual.html.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import arxiv
import requests
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from requests.adapters import BaseAdapter

from ingest.sources import BadQuery, Page, SourceUnavailable, Window, arxiv_feed, arxiv_oai, arxiv_papers, http
from papers import identity
from papers.records import PaperRecord, Rejected

if TYPE_CHECKING:
    from ingest.models import Topic

log = logging.getLogger(__name__)

LABEL = gettext_lazy("arXiv search")
QUERY = gettext_lazy('A search as arXiv\'s API takes it: cat:cs.CL AND (abs:"context compression" OR abs:"KV cache").')
OVERLAP_DAYS = 7  # a paper is found by the day of its submission, and shown up to four days later around holidays

PAGE_SIZE = 200  # about 0.5 MB; arXiv allows 2,000
MOST_RESULTS = 9_000  # of one search: arXiv answers 500 to a start of 10,000 or more
IDS_AT_ONCE = 100
MOST_DAYS = timedelta(days=30)  # of a window that leads up to today; longer ones go by OAI-PMH where they can

# To the search, `cat:cs` is nobody's category; only a few archives are one, undivided.
_CATEGORY = re.compile(
    r"cat:(?P<name>[a-z-]+\.[A-Za-z-]+|[a-z-]+(?=\.\*)|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nucl-(?:ex|th)|quant-ph)(?:\.\*)?"
)


def check(query: str) -> None:
    """Raise BadQuery for an empty query, and one whose quotes or parentheses do not close."""
    if not query.strip():
        raise BadQuery(_('a search needs words, as in cat:cs.CL AND abs:"context compression"'))
    if query.count('"') % 2:
        raise BadQuery(_("a quotation mark is missing"))
    depth = 0
    for character in re.sub(r'"[^"]*"', "", query):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    if depth:
        raise BadQuery(_("a parenthesis is missing"))


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield the topic's papers whose first version is of the window's days, oldest first.

    That a topic which had results has none is not believed until arXiv says so twice. When fewer papers came
    than arXiv counted, also on a second look, raise SourceUnavailable after the pages that did come.

    A search for nothing but categories goes by OAI-PMH when it is large: when it catches up with more than
    `MOST_DAYS`, or has more results than can be paged through.
    """
    expected = topic.watermark is not None
    leads_up_to_today = window.until >= timezone.now().date() - timedelta(days=1)
    categories = only_categories(topic.query) if leads_up_to_today else ()
    if not categories:
        yield from _search(topic.query, window, expected)
        return
    if window.until - window.since <= MOST_DAYS:
        try:
            yield from _search_whole(topic.query, window, expected)
            return
        except _TooMany as too_many:
            log.info("%s: going by OAI-PMH", too_many)
    yield from arxiv_oai.submitted([arxiv_oai.set_of(category) for category in categories], window)


def only_categories(query: str) -> tuple[str, ...]:
    """Return the categories and archives that a query asks for, () when it asks for anything else.

    `cat:cs.CL OR (cat:cs.LG OR cat:math.*)` -> `("cs.CL", "cs.LG", "math")`
    """
    words = query.replace("(", " ").replace(")", " ").split()
    terms, between = words[::2], words[1::2]
    found = [_CATEGORY.fullmatch(term) for term in terms]
    if not (all(found) and len(terms) == len(between) + 1 and set(between) <= {"OR"}):
        return ()
    return tuple(dict.fromkeys(each["name"] for each in found if each))


def lookup(ids: Sequence[str]) -> Iterator[Page]:
    """Yield the papers of these arXiv ids, in no order; a paper that arXiv does not know is absent.

    One malformed id would cost all others their answer, so it is Rejected without being asked for.
    """
    named = {text: identity.arxiv_id(text) for text in ids}
    if nonsense := tuple(Rejected(text, "no arXiv id") for text, name in named.items() if name is None):
        yield Page((), nonsense)
    known = list(dict.fromkeys(name[0] for name in named.values() if name))
    for first in range(0, len(known), IDS_AT_ONCE):
        some = known[first : first + IDS_AT_ONCE]
        for page in _everything(_Asker(arxiv.Search(id_list=some, max_results=None)), expected=True):
            yield replace(page, total=None)


def _search(query: str, window: Window, expected: bool, total: int | None = None) -> Iterator[Page]:
    """Yield the pages of a window, in halves when it holds more than can be paged through."""
    try:
        for page in _search_whole(query, window, expected):
            yield replace(page, total=total or page.total)
    except _TooMany as too_many:
        if window.since == window.until:
            raise http.Refused(f"{too_many} on {window.since} alone: the query is too wide") from None
        for half in window.halves():
            yield from _search(query, half, expected, total or too_many.total)


def _search_whole(query: str, window: Window, expected: bool) -> Iterator[Page]:
    """Yield the pages of a window; raise _TooMany before the first when it holds more than can be paged through."""
    if window.since > window.until:
        return
    asker = _Asker(
        arxiv.Search(
            _query(query, window),
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
    )
    yield from _everything(asker, expected)


def _query(query: str, window: Window) -> str:
    days = f"submittedDate:[{window.since:%Y%m%d}0000 TO {window.until:%Y%m%d}2359]"
    query = " ".join(query.split())
    return f"({query}) AND {days}" if query else days


class _TooMany(Exception):
    """A search with more results than arXiv lets anyone page through."""

    def __init__(self, total: int) -> None:
        super().__init__(f"arXiv counts {total} papers")
        self.total = total


def _everything(asker: _Asker, expected: bool) -> Iterator[Page]:
    """Yield every result once, looking through the search a second time when the first look falls short.

    A page starts after as many different papers as have come: an entry that is repeated pushes another one
    off the page, and counting entries would skip that one. When a page brings nothing new, its order changed
    between two pages.
    """
    sent: set[str] = set()
    for look in (1, 2):
        came: set[str] = set()
        total: int | None = None
        while total is None or len(came) < total:
            answer = asker.ask(len(came))
            total = answer.total
            if total > MOST_RESULTS and not sent:
                raise _TooMany(total)
            yield answer.page(without=sent)
            sent |= answer.names
            if answer.names <= came:
                break
            came |= answer.names
        if len(sent) >= total and (total or look == 2 or not expected):
            return
    raise SourceUnavailable(f"arXiv counted {total} papers and sent {len(sent)}: the rest is asked for again later")


@dataclass(slots=True)
class _Answer:
    """One page of results, by the name that each is counted under."""

    total: int
    results: dict[str, PaperRecord | Rejected]

    @property
    def names(self) -> set[str]:
        return set(self.results)

    def page(self, without: set[str]) -> Page:
        """Return what was not sent before."""
        news = [result for name, result in self.results.items() if name not in without]
        return Page(
            tuple(result for result in news if isinstance(result, PaperRecord)),
            tuple(result for result in news if isinstance(result, Rejected)),
            self.total,
        )


class _Asker:
    """One search, asked page by page."""

    def __init__(self, search: arxiv.Search) -> None:
        self._search = search
        self._transport = _Transport()
        self._client = arxiv.Client(page_size=PAGE_SIZE, delay_seconds=0, num_retries=0)
        self._client.query_url_format = _address() + "?{}"
        for scheme in ("http://", "https://"):
            self._client._session.mount(scheme, self._transport)

    def ask(self, start: int) -> _Answer:
        """Return the page that starts at this result; raise SourceUnavailable."""
        found: list[arxiv.Result] = []
        # Stopped after the first page, or the package would go on by its own count.
        for result in self._client.results(self._search, offset=start):
            found.append(result)
            if len(found) == self._transport.feed.readable:
                break
        feed = self._transport.feed
        records = {record.identifiers[0].value: record for record in map(arxiv_feed.record, found)}
        return _Answer(feed.total, {**records, **feed.rejected})


class _Transport(BaseAdapter):
    """What the package's session sends requests through: our client, and then the check of the feed."""

    feed: arxiv_feed.Feed

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        assert request.url
        start = int(parse_qs(urlsplit(request.url).query)["start"][0])
        self.feed = http.get(arxiv_papers.host(), request.url, partial(arxiv_feed.whole_feed, start))
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.raw = io.BytesIO(self.feed.body)
        return response

    def close(self) -> None:
        pass


def _address() -> str:
    """Return the address of the API from the setting, which may be given with or without its path."""
    given = str(settings.ARXIV_API_URL).rstrip("/?")
    return given if given.endswith("/api/query") else f"{given}/api/query"
