"""Saved views: queues as curators narrowed and ordered them, under a name."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import gettext as _

from papers.models import PaperList, SavedView

MOST = 20  # of one person in one list: each is counted when they are shown
MOST_SHOWN = 40  # at once, with those that others share


class NameTaken(ValueError):
    """This person has a view of this name in the list already."""


class TooMany(ValueError):
    """This person keeps as many views in the list as can be."""


def seen_by(user: AbstractBaseUser) -> QuerySet[SavedView]:
    """Return the views that this person sees where they curate: their own, then those that others share, by name.

    What is shared is every curator's, to rename and to delete.
    """
    found = SavedView.objects.filter(Q(user=user.pk) | Q(is_shared=True)).select_related("list", "user")
    return found.order_by(Case(When(user=user.pk, then=0), default=1), "name", "pk")


def save(
    paper_list: PaperList, user: AbstractBaseUser, name: str, words: Mapping[str, str], is_shared: bool = False
) -> SavedView:
    """Keep what an address says of a queue under a name; raise NameTaken or TooMany."""
    if SavedView.objects.filter(list=paper_list, user=user.pk).count() >= MOST:
        raise TooMany(_("You keep %(most)s views of this list already; delete one first.") % {"most": MOST})
    return _written(SavedView(list=paper_list, user_id=user.pk, name=name, words=dict(words), is_shared=is_shared))


def change(view: SavedView, name: str | None = None, is_shared: bool | None = None) -> SavedView:
    """Give a view another name, or share it or no longer; raise NameTaken."""
    view.name = view.name if name is None else name
    view.is_shared = view.is_shared if is_shared is None else is_shared
    return _written(view)


def _written(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise NameTaken(_("You have a view “%(name)s” of this list already.") % {"name": view.name}) from error
    return view
