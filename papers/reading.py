"""Reading lists: papers that somebody wants to read, reads or has read, with notes that only they see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from papers import merging
from papers.models import Paper, Reading, Seen

LONGEST_NOTE = 10_000  # characters


@dataclass(frozen=True, slots=True)
class Mark:
    """What one reader noted of one paper."""

    state: str  # of their reading list; empty for a paper that is not in it
    is_seen: bool


def marks(user: AbstractBaseUser, papers: Iterable[Paper]) -> dict[int, Mark]:
    """Return what a reader noted of each of these papers, by its primary key, in one query."""
    wanted = [paper.pk for paper in papers]
    own = Reading.objects.filter(user=user.pk, paper=OuterRef("pk")).values("state")[:1]
    seen = Exists(Seen.objects.filter(user=user.pk, paper=OuterRef("pk")))
    found = Paper.objects.filter(pk__in=wanted).order_by().values_list("pk", Subquery(own), seen)
    return {pk: Mark(state or "", is_seen) for pk, state, is_seen in found}


def of(user: AbstractBaseUser) -> QuerySet[Reading]:
    """Return a reader's list, what was added last first."""
    return Reading.objects.filter(user=user.pk).select_related("paper")


def counts(user: AbstractBaseUser) -> dict[str, int]:
    """Return how many papers of a reader's list are in each state."""
    found = Reading.objects.filter(user=user.pk).order_by().values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(map(str, Reading.State), 0) | dict(found)


def put(user: AbstractBaseUser, paper: int, state: str | None = None, note: str | None = None) -> Reading:
    """Put a paper on a reader's list, or change what is noted of it there; what is not given stays as it is.

    The paper is given by its primary key, also by that of a paper that turned out to be another one; raise
    Paper.DoesNotExist where there is none.
    """
    given = {name: value for name, value in (("state", state), ("note", note)) if value is not None}
    with transaction.atomic():
        now = merging.hold([paper]).get(paper)
        if now is None:
            raise Paper.DoesNotExist(f"There is no paper {paper}.")
        reading, _ = Reading.objects.update_or_create(user_id=user.pk, paper_id=now, defaults=given)
    return reading


def take_off(user: AbstractBaseUser, paper: int) -> bool:
    """Take a paper off a reader's list, with its note, by its primary key; say whether it was on it."""
    gone, _ = Reading.objects.filter(user=user.pk, paper=paper).delete()
    return bool(gone)
