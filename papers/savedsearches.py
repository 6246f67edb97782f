"""Saved searches: what readers search for again and again, under a name, with what is new since they looked."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from papers.models import SavedSearch
from papers.models.readers import new_secret

MOST = 30  # of one person: what is new in each is counted when they are shown
LONGEST_NAME = 120  # characters
LONGEST_QUERY = 2000  # characters as an address says them; PostgreSQL indexes no text of more than some 2,700 bytes


class TooMany(ValueError):
    """This person keeps as many searches as can be."""


class SaysNothing(ValueError):
    """The search asks for all papers there are."""


class TooLong(ValueError):
    """The search says more than can be kept."""


def of(user: AbstractBaseUser) -> QuerySet[SavedSearch]:
    """Return a reader's searches by name."""
    return SavedSearch.objects.filter(user=user.pk)


def of_secret(secret: str) -> SavedSearch | None:
    """Return the search whose feed this secret opens, while its owner may sign in."""
    if "\x00" in secret:  # with which PostgreSQL compares nothing
        return None
    return SavedSearch.objects.filter(secret=secret, user__is_active=True).select_related("user").first()


def save(user: AbstractBaseUser, query: str, name: str) -> tuple[SavedSearch, bool]:
    """Keep a search and return it, and whether it is new: one that is kept already stays as it is called.

    `query` is what the address says of it. Raise TooMany, TooLong or SaysNothing.
    """
    if not query:
        raise SaysNothing("Say first what you search for: words or a filter.")
    if len(query) > LONGEST_QUERY:
        raise TooLong(f"A search may say at most {LONGEST_QUERY} characters in an address; ask for less.")
    if known := of(user).filter(query=query).first():
        return known, False
    if of(user).count() >= MOST:
        raise TooMany(f"You keep {MOST} searches already; delete one first.")
    try:
        with transaction.atomic():
            return SavedSearch.objects.create(user_id=user.pk, query=query, name=name[:LONGEST_NAME]), True
    except IntegrityError:  # the button was pressed twice at once
        return of(user).get(query=query), False


def rename(search: SavedSearch, name: str) -> SavedSearch:
    """Call a search otherwise."""
    search.name = name
    search.save(update_fields=["name"])
    return search


def renew(search: SavedSearch) -> SavedSearch:
    """Give its feed another address: the older one opens nothing any more."""
    search.secret = new_secret()
    search.save(update_fields=["secret"])
    return search


def looked(search: SavedSearch, at: datetime | None = None) -> None:
    """Note that its owner looked at what there was at a moment, which is now if none is given."""
    search.looked_at = at or timezone.now()
    search.save(update_fields=["looked_at"])
