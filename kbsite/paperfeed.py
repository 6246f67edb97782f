"""The first papers of an address as a feed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page

from kbsite.browsing import Browse
from kbsite.paperpages import ids_of, in_order
from kbsite.views.searchfeed import MOST, SearchFeed, plain
from papers.models import Paper

_LONG_AGO = datetime(1991, 8, 14, tzinfo=UTC)  # of a feed with no entry: the same each time it is asked for


class _Atom(Atom1Feed):
    def latest_post_date(self) -> Any:
        return super().latest_post_date() if self.items else _LONG_AGO


class PapersFeed(SearchFeed):
    """As the feed of a saved search, in the order of the address; an entry's id is its paper's address."""

    feed_type = _Atom

    def get_object(self, request: HttpRequest, browse: Browse) -> Any:  # type: ignore[override]
        return browse, request.GET.urlencode()

    def title(self, asked: Any) -> str:
        browse, _words = asked
        query = browse.filters.value.get("q", "")
        return f"{plain(query)} · Listkeeper" if query else "Listkeeper"

    def subtitle(self, asked: Any) -> str:
        return _("Papers")

    def link(self, asked: Any) -> str:
        return f"{reverse('papers')}?{asked[1]}"

    def feed_url(self, asked: Any) -> str:
        return f"{reverse('papers-file', args=['atom'])}?{asked[1]}"

    def items(self, asked: Any) -> Any:
        return in_order(ids_of(asked[0], MOST), Paper.objects.with_arrival())


_feed = PapersFeed()


@cache_control(max_age=300)
@conditional_page
def answer(request: HttpRequest, browse: Browse) -> HttpResponse:
    """Return the feed, or say that nothing changed since the reader asked last."""
    response: HttpResponse = _feed(request, browse=browse)
    return response
