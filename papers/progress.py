"""How a list's review goes: what was decided, how fast, why papers were rejected, and how long the queue is.

Reads only, in a number of queries that does not depend on how much there is. What counts is what curators decided
and nobody took back; what was read from a README is no reading of the queue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from papers import cards, interrater, review
from papers.cards import OUT
from papers.models import Category, Decision, Entry, PaperList, Review, Suggestion
from papers.models.lists import Origin
from papers.querysets import LIKELY

LATEST = 2000  # decisions that are looked at
PAUSE = timedelta(minutes=15)  # who lets more pass between two decisions is not at work
AT_ONCE = timedelta(seconds=0.5)  # decisions closer together are one act: many papers by one key
DAYS = 60  # for which the length of the queue is told


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision in force, and what the classifier had said of the paper; None where it had not spoken."""

    at: datetime
    user: str
    kind: str
    reason: str
    category: str  # its key; empty unless accepted
    relevance: float | None
    suggested: str  # the key of the category it found most probable

    @property
    def says(self) -> bool | None:
        """Whether the paper belongs in the list; None where the decision does not say."""
        return {Decision.Kind.ACCEPT: True, Decision.Kind.REJECT: False}.get(Decision.Kind(self.kind))

    @property
    def agrees(self) -> bool | None:
        """Whether the classifier had said the same: likely and this category, or unlikely; None if one was silent."""
        if self.relevance is None or self.says is None:
            return None
        likely = self.relevance >= LIKELY
        return likely and self.suggested == self.category if self.says else not likely


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often curators decided as the classifier had suggested."""

    agreed: int
    of: int

    @property
    def share(self) -> float | None:
        """The share from 0 to 1; None of nothing."""
        return self.agreed / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Pace:
    """What one person, or all together, decided."""

    user: str  # empty: all together
    today: int
    in_all: int  # among the latest decisions
    hours: float  # at work on them
    per_hour: float | None  # None before two decisions followed each other
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class InCategory:
    """How often what was accepted into a category had been suggested for it; `category` None: what was rejected."""

    category: Category | None
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Rejected:
    """How many papers were rejected for a reason; empty where none was given."""

    reason: str
    papers: int


@dataclass(frozen=True, slots=True)
class Read:
    """A point of the recall curve: how many papers had been read, and how many of these were accepted."""

    read: int
    found: int


@dataclass(frozen=True, slots=True)
class Day:
    """How many papers waited at the end of a day."""

    day: date
    waiting: int


@dataclass(frozen=True)
class Progress:
    """How the review of a list goes."""

    everybody: Pace
    people: tuple[Pace, ...]  # who decided most today, or then in all, first
    categories: tuple[InCategory, ...]
    reasons: tuple[Rejected, ...]  # the most frequent first
    curve: tuple[Read, ...]
    waiting: int
    days: tuple[Day, ...]  # the last of them is today
    is_whole: bool  # whether there are no older decisions than those looked at
    between: interrater.Between = interrater.NOTHING  # how often two curators say the same


def progress(paper_list: PaperList) -> Progress:
    """Return how the review of a list goes."""
    latest = decided(paper_list)
    today = timezone.localdate()
    by_user: dict[str, list[Decided]] = {}
    for each in latest:
        by_user.setdefault(each.user, []).append(each)
    people = sorted(
        (_pace(user, rows, [rows], today) for user, rows in by_user.items()),
        key=lambda pace: (-pace.today, -pace.in_all, pace.user),
    )
    waiting = review.queue(paper_list).order_by().count()
    reasons = Counter(each.reason for each in latest if each.says is False)
    return Progress(
        everybody=_pace("", latest, by_user.values(), today),
        people=tuple(people),
        categories=_by_category(paper_list, latest),
        reasons=tuple(Rejected(reason, papers) for reason, papers in reasons.most_common()),
        curve=_curve(latest),
        waiting=waiting,
        days=_days(paper_list, waiting, today),
        is_whole=len(latest) < LATEST,
        between=interrater.between(paper_list),
    )


def decided(paper_list: PaperList, most: int = LATEST) -> list[Decided]:
    """Return the newest decisions of curators that nobody took back, the oldest of them first; in one query."""
    rows = _of_curators(paper_list).values_list(
        "at",
        "user__username",
        "kind",
        "reason",
        "category__key",
        "suggestion__relevance",
        "suggestion__probabilities",
    )[:most]
    found = [
        Decided(at, user, kind, reason, category or "", relevance, _most_probable(said))
        for at, user, kind, reason, category, relevance, said in rows
    ]
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Reading:
    """A paper that a curator accepted or rejected."""

    at: datetime
    came: datetime  # when the catalogue took the paper in
    accepted: bool


def readings(paper_list: PaperList, most: int) -> list[Reading]:
    """Return the newest accepted and rejected papers in the order in which they were read; in one query."""
    said = _of_curators(paper_list).filter(kind__in=[Decision.Kind.ACCEPT, Decision.Kind.REJECT])
    rows = said.values_list("at", "paper__added_at", "kind")[:most]
    return [Reading(at, came, kind == Decision.Kind.ACCEPT) for at, came, kind in rows][::-1]


def decided_today(paper_list: PaperList) -> int:
    """Return how many papers curators decided today."""
    return _of_curators(paper_list).filter(at__gte=_midnight(timezone.localdate())).order_by().count()


def _of_curators(paper_list: PaperList) -> QuerySet[Decision]:
    found = Decision.objects.filter(list=paper_list, origin=Origin.CURATOR).exclude(kind=Decision.Kind.UNDO)
    return found.not_taken_back().order_by("-pk")


def _most_probable(said: Mapping[str, float] | None) -> str:
    categories = {key: share for key, share in (said or {}).items() if key != OUT}
    return max(categories, key=categories.__getitem__) if categories else ""


# --- pace and agreement -------------------------------------------------------------------------------------------


def _pace(user: str, rows: Sequence[Decided], by_person: Iterable[Sequence[Decided]], today: date) -> Pace:
    """Return what these decisions tell; people work side by side, so their time is counted person by person."""
    steps = [step for each in by_person for step in _steps(each)]
    hours = sum(steps, timedelta()) / timedelta(hours=1)
    return Pace(
        user=user,
        today=sum(timezone.localdate(each.at) == today for each in rows),
        in_all=len(rows),
        hours=hours,
        per_hour=len(steps) / hours if hours else None,
        agreement=_agreement(rows),
    )


def _steps(rows: Sequence[Decided]) -> list[timedelta]:
    """Return how long a person took for each decision that followed another at work."""
    gaps = [after.at - before.at for before, after in pairwise(rows)]
    return [gap for gap in gaps if AT_ONCE <= gap <= PAUSE]


def _agreement(rows: Iterable[Decided]) -> Agreement:
    said = [each.agrees for each in rows if each.agrees is not None]
    return Agreement(sum(said), len(said))


def _by_category(paper_list: PaperList, rows: Sequence[Decided]) -> tuple[InCategory, ...]:
    found = [
        InCategory(category, _agreement(each for each in rows if each.says and each.category == category.key))
        for category in cards.categories(paper_list)
    ]
    return (*found, InCategory(None, _agreement(each for each in rows if each.says is False)))


def _curve(rows: Sequence[Decided]) -> tuple[Read, ...]:
    points = [Read(0, 0)]
    for each in rows:
        if each.says is not None:
            points.append(Read(points[-1].read + 1, points[-1].found + each.says))
    return tuple(points)


# --- the length of the queue --------------------------------------------------------------------------------------


def _days(paper_list: PaperList, waiting: int, today: date) -> tuple[Day, ...]:
    """Return how many papers waited at the end of each day, reckoned back from now.

    A paper comes when the catalogue takes it in, when a decision on it is undone, when it was put off until then, or
    when there was news of it, of which the last time is known; it goes with a decision. What a withdrawal or a merge
    took away is not reckoned, so that the past is about right.
    """
    since = _midnight(today - timedelta(days=DAYS))
    change: Counter[date] = Counter()
    for rows, sign in _comings_and_goings(paper_list, since, today):
        for day, n in rows:
            change[day] += sign * n
    days = [Day(today, waiting)]
    for back in range(DAYS):
        day = today - timedelta(days=back)
        days.append(Day(day - timedelta(days=1), max(days[-1].waiting - change[day], 0)))
    return tuple(days[::-1])


def _comings_and_goings(
    paper_list: PaperList, since: datetime, today: date
) -> Iterable[tuple[Iterable[tuple[date, int]], int]]:
    spoken = Suggestion.objects.filter(list=paper_list, paper=OuterRef("paper"))
    listed = Entry.objects.filter(category__list=paper_list, paper=OuterRef("paper"), decision=None)
    came = Suggestion.objects.filter(~Exists(listed), list=paper_list, paper__withdrawn=False)
    yield _by_day(came.filter(paper__added_at__gte=since), "paper__added_at"), 1
    decisions = Decision.objects.filter(Exists(spoken), list=paper_list)
    said = decisions.filter(at__gte=since)
    yield _by_day(said.exclude(kind=Decision.Kind.UNDO), "at"), -1
    yield _by_day(said.taking_back(), "at"), 1
    yield _by_day(said.doing_again(), "at"), -1
    sooner = Decision.objects.filter(  # by a README: nobody else decides on what is put off
        list=paper_list, paper=OuterRef("paper"), pk__gt=OuterRef("pk"), at__date__lt=OuterRef("until")
    ).exclude(kind=Decision.Kind.UNDO)
    put_off = decisions.filter(~Exists(sooner), kind=Decision.Kind.DEFER, until__gt=since.date(), until__lte=today)
    yield put_off.not_taken_back().order_by().values_list("until").annotate(n=Count("pk")), 1
    back = Review.objects.filter(Exists(spoken), list=paper_list, returned_at__gte=since)
    yield _by_day(back, "returned_at"), 1


def _by_day(rows: QuerySet[Any], moment: str) -> Iterable[tuple[date, int]]:
    days = rows.order_by().annotate(day=TruncDate(moment)).values_list("day")
    return [(day, n) for day, n in days.annotate(n=Count("pk"))]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
