"""The feed of a saved search. Its address holds a secret, so that a feed reader needs no session."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from kbsite.access import Action, needs
from kbsite.readers import found_by
from papers import savedsearches
from papers.models import Paper, SavedSearch

_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MOST = 50  # entries: a reader that comes once a day misses none of them


class SearchFeed(Feed):  # type: ignore[type-arg]  # generic for mypy only
    """The papers that came last, as Atom (RFC 4287)."""

    feed_type = Atom1Feed
    author_name = "Listkeeper"  # of entries that name none: Atom wants one

    def get_object(self, request: HttpRequest, secret: str) -> SavedSearch:
        search = savedsearches.of_secret(secret)
        if search is None:
            raise Http404(_("No feed has this address."))
        return search

    def title(self, search: SavedSearch) -> str:
        return f"{_plain(search.name)} · Listkeeper"

    def subtitle(self, search: SavedSearch) -> str:
        return _("What is new in a saved search")

    def link(self, search: SavedSearch) -> str:
        return f"{reverse('papers')}?{search.query}"

    def items(self, search: SavedSearch) -> Any:
        return found_by(search)[:MOST]

    def item_title(self, paper: Paper) -> str:
        return _plain(paper.title)

    def item_description(self, paper: Paper) -> str:
        return _plain(paper.abstract)

    def item_link(self, paper: Paper) -> str:
        return reverse("paper", args=[paper.pk])

    def item_author_name(self, paper: Paper) -> str | None:
        return _plain(", ".join(paper.authors)) or None

    def item_categories(self, paper: Paper) -> list[str]:
        return [_plain(subject) for subject in paper.subjects]

    def item_pubdate(self, paper: Any) -> datetime:
        came_at: datetime = paper.came_at
        return came_at

    def item_updateddate(self, paper: Any) -> datetime:
        return self.item_pubdate(paper)


def _plain(text: str) -> str:
    """Return the text without what XML 1.0 cannot say; a source may have told it."""
    return _UNSAYABLE.sub(" ", text)


_feed = SearchFeed()


@needs(Action.ENTER)
@require_safe
@cache_control(private=True, max_age=600)
@conditional_page
def show(request: HttpRequest, secret: str) -> HttpResponse:
    """The feed of the search that the secret opens; no machine that finds the address lists it."""
    response: HttpResponse = _feed(request, secret=secret)
    response["X-Robots-Tag"] = "noindex"
    return response
