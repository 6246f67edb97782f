"""The review queue as one curator works through it: what waits, in which order, and whose turn is next.

No two curators are given the same paper: whoever is shown one holds it for a while. What somebody skips comes to them
again when nothing else is left. A card costs a number of queries that does not depend on how many papers wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Abs, Coalesce
from django.utils import timezone

from papers import opinions, review, vectors
from papers.models import Embedding, Hold, Paper, PaperList, Skip, Suggestion

HELD_FOR = timedelta(minutes=10)  # since a card was last shown: long enough to read a paper's abstract twice
SKIPPED_FOR = timedelta(hours=12)
MOST_TRIED = 20  # papers that others may take in the same moment before we give up
TOP = 60  # of the most relevant, among which near-copies are told apart
NEAR_COPY = 0.9  # cosine of two papers from which on the second tells a curator little, as for the ranker

RELEVANCE, UNSURE, DIVERSE, NEWEST, CATEGORY, SOURCE = "relevance", "unsure", "diverse", "newest", "category", "source"
ORDERS = (RELEVANCE, UNSURE, DIVERSE, NEWEST, CATEGORY, SOURCE)

_DOUBT = ExpressionWrapper(Abs(F("relevance") - 0.5), output_field=FloatField())
_DAY = Coalesce("paper__published", Value(date.min))
_PLACE = Coalesce("category__position", Value(2**31 - 1))
_COLUMNS: dict[str, dict[str, Any]] = {
    UNSURE: {"doubt": _DOUBT},
    NEWEST: {"day": _DAY},
    CATEGORY: {"place": _PLACE},
    SOURCE: {"told_by": F("paper__source")},
}


@dataclass(frozen=True, slots=True)
class Around:
    """The papers around one in the queue."""

    ahead: tuple[Suggestion, ...]
    here: Suggestion | None  # None when the paper is not in this queue
    behind: tuple[Suggestion, ...]
    place: int  # of `here`, from 1

    @property
    def previous(self) -> Suggestion | None:
        """The one just before."""
        return self.ahead[-1] if self.ahead else None


@dataclass(frozen=True)
class Narrowing:
    """Which part of a queue somebody wants: a condition on suggestions, and the words of an address that ask for it."""

    condition: Q = field(default_factory=Q)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """What awaits a decision in a list, narrowed and ordered as a curator asked."""

    paper_list: PaperList
    viewer: AbstractBaseUser
    category: str = ""  # key of the suggested category, or all
    order: str = RELEVANCE
    narrowed: Narrowing = field(default_factory=Narrowing)

    @cached_property
    def waiting(self) -> QuerySet[Suggestion]:
        """Return what waits, in order."""
        found = self.unspoken
        if self.category:
            found = found.filter(category__key=self.category)
        return found.annotate(**self._columns).order_by(*self._names)

    @property
    def unspoken(self) -> QuerySet[Suggestion]:
        """Return what waits for the viewer's word, in any category: not what waits for another one's only."""
        found = review.queue(self.paper_list).filter(self.narrowed.condition)
        return found.exclude(opinions.said(self.paper_list, self.viewer)) if self.paper_list.second_opinion else found

    @property
    def whole(self) -> Queue:
        """Return this queue without what narrows it."""
        return replace(self, narrowed=Narrowing())

    def take_next(self, but: Collection[int] = ()) -> Suggestion | None:
        """Return the first paper that nobody else holds, now held by the viewer, or None; never one of `but`.

        What the viewer skipped comes last, the longest ago first.
        """
        now = timezone.now()
        self._renew(but)
        held = Hold.objects.filter(list=self.paper_list, paper=OuterRef("paper"), until__gt=now)
        free = self.waiting.exclude(paper__in=but).exclude(Exists(held.exclude(user=self.viewer.pk)))
        skipped = dict(
            Skip.objects.filter(list=self.paper_list, user=self.viewer.pk, at__gt=now - SKIPPED_FOR)
            .order_by("at")
            .values_list("paper", "at")
        )
        for suggestion in free.exclude(paper__in=skipped)[:MOST_TRIED]:
            if self.hold(suggestion.paper_id):
                return suggestion
        again = {suggestion.paper_id: suggestion for suggestion in free.filter(paper__in=skipped)} if skipped else {}
        return next((again[paper] for paper in skipped if paper in again and self.hold(paper)), None)

    def hold(self, paper: int) -> bool:
        """Hold a paper for the viewer from now; return False when somebody else does."""
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO papers_hold (list_id, paper_id, user_id, until)
                VALUES (%(list)s, %(paper)s, %(user)s, %(until)s)
                ON CONFLICT (list_id, paper_id) DO UPDATE SET user_id = %(user)s, until = %(until)s
                WHERE papers_hold.user_id = %(user)s OR papers_hold.until <= %(now)s
                """,
                {
                    "list": self.paper_list.pk,
                    "paper": paper,
                    "user": self.viewer.pk,
                    "until": now + HELD_FOR,
                    "now": now,
                },
            )
            return bool(cursor.rowcount)

    def held_by_another(self, paper: int) -> Hold | None:
        """Return who else reads this paper at the moment."""
        found = Hold.objects.filter(list=self.paper_list, paper=paper, until__gt=timezone.now())
        return found.exclude(user=self.viewer.pk).select_related("user").first()

    def skip(self, paper: Paper) -> None:
        """Pass the paper over: others may have it, and it comes to the viewer again after all that is not skipped."""
        Hold.objects.filter(list=self.paper_list, paper=paper, user=self.viewer.pk).delete()
        Skip.objects.update_or_create(
            list=self.paper_list, paper=paper, user_id=self.viewer.pk, defaults={"at": timezone.now()}
        )

    def around(self, paper: Paper, but: Collection[int] = (), ahead: int = 2, behind: int = 9) -> Around:
        """Return some of the queue before and after a paper; from its top when the paper is not in it.

        What comes before it for the viewer, `but`, does not count for its place, and is what one goes back to.
        """
        here = self.waiting.filter(paper=paper).first()
        if here is None:
            return Around((), None, tuple(self.waiting.exclude(paper__in=but)[:behind]), 0)
        before = self.waiting.filter(self._beyond(here, ahead=True))
        after = self.waiting.filter(self._beyond(here, ahead=False)).exclude(paper__in=but)
        place = before.exclude(paper__in=but).count() + 1
        return Around(tuple(reversed(before.reverse()[:ahead])), here, tuple(after[:behind]), place)

    @cached_property
    def _columns(self) -> dict[str, Any]:
        """Return what the order computes of each suggestion, by name."""
        if self.order == DIVERSE:
            return {"group": self._group}
        return _COLUMNS.get(self.order, {})

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """Return the columns that order the queue; a minus means the greatest first."""
        first = {UNSURE: "doubt", NEWEST: "-day", CATEGORY: "place", SOURCE: "told_by", DIVERSE: "group"}.get(
            self.order
        )
        return (*([first] if first else []), "-relevance", "paper_id")

    @cached_property
    def _group(self) -> Any:
        """Return 0 for the most relevant papers that are no near-copies of a more relevant one, 1 for the copies, 2."""
        top = [suggestion.paper_id for suggestion in replace(self, order=RELEVANCE).waiting[:TOP]]
        copies = near_copies(top)
        return Case(
            When(paper__in=copies, then=Value(1)),
            When(paper__in=top, then=Value(0)),
            default=Value(2),
            output_field=IntegerField(),
        )

    def _beyond(self, here: Suggestion, ahead: bool) -> Q:
        """Return the condition of a place before, or behind, a suggestion in this order."""
        found, same = Q(), Q()
        for column in self._names:
            name, is_falling = column.lstrip("-"), column.startswith("-")
            value = getattr(here, name)
            found |= same & Q(**{f"{name}__{'gt' if is_falling == ahead else 'lt'}": value})
            same &= Q(**{name: value})
        return found

    def _renew(self, papers: Collection[int]) -> None:
        """Go on holding what the viewer holds of these."""
        mine = Hold.objects.filter(list=self.paper_list, user=self.viewer.pk, paper__in=papers)
        mine.update(until=timezone.now() + HELD_FOR)


def near_copies(papers: Sequence[int]) -> list[int]:
    """Return those of the papers that are nearly the same as an earlier one which is none itself."""
    encoder = Embedding.objects.filter(paper__in=papers[:1]).values_list("encoder", flat=True).order_by("-id").first()
    if encoder is None:
        return []
    ids, matrix = vectors.matrix(Embedding.objects.filter(paper__in=papers, encoder=encoder))
    row_of = {paper: row for row, paper in enumerate(ids)}
    kept: list[int] = []  # rows
    copies = []
    for paper in papers:
        row = row_of.get(paper)
        if row is None:
            continue
        if kept and float((matrix[kept] @ matrix[row]).max()) >= NEAR_COPY:
            copies.append(paper)
        else:
            kept.append(row)
    return copies
