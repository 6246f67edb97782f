"""What a curator sees of a paper before deciding: the card, its place in the queue, and why a queue is empty.

Reads only, in a number of queries that does not depend on how many papers, entries or suggestions there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from papers import keywords, review
from papers.models import (
    Category,
    CategoryText,
    Decision,
    Document,
    Entry,
    EntryText,
    Fact,
    Paper,
    PaperList,
    Review,
    Suggestion,
)
from papers.prefill import prefill
from papers.querysets import LIKELY
from papers.readme.row import RowFields

_InCategory = TypeVar("_InCategory", Decision, Entry)

OUT = "out"  # the classifier's word for papers that belong nowhere
CLEAR = 0.6  # of what speaks for the list, the share that a category must hold to be more than a guess
DOUBT = (0.35, 0.65)  # relevance between these says neither yes nor no

# Facts worth a line on the card, in this order; other kinds stay in the catalogue.
FACTS = ("venue", "code", "upvotes", "stars", "citations", "project", "keywords", "tldr")


@dataclass(frozen=True, slots=True)
class Chance:
    """A category, and how probable the classifier finds it; None when it has not spoken."""

    category: Category
    probability: float | None
    best: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A listed paper that is much like this one, and where it stands."""

    paper: Paper
    similarity: float
    categories: tuple[str, ...]
    tags: tuple[str, ...]  # as the primary language has them


@dataclass(frozen=True, slots=True)
class Criterion:
    """What the list itself says of a category, and which of its keywords stand in the paper's title or abstract."""

    category: Category
    text: CategoryText  # as the primary language has it
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """Everything that a decision on one paper needs."""

    paper_list: PaperList
    paper: Paper
    suggestion: Suggestion | None
    chances: tuple[Chance, ...]
    neighbours: tuple[Neighbour, ...]
    facts: tuple[Fact, ...]
    rows: tuple[tuple[Document, RowFields], ...]  # prefilled, the primary language first
    entries: tuple[Entry, ...]  # where the list has it already
    decision: Decision | None  # the one in force
    returned: Review | None  # why it is back in the queue, of a paper that was rejected once

    @property
    def is_open(self) -> bool:
        """Whether the paper awaits a decision."""
        return not self.entries and self.decision is None

    @property
    def best(self) -> Chance | None:
        """The most probable category."""
        return next((chance for chance in self.chances if chance.best), None)

    @property
    def in_doubt(self) -> bool:
        """Whether the classifier cannot say if the paper belongs in the list at all."""
        return self.suggestion is not None and DOUBT[0] < self.suggestion.relevance < DOUBT[1]

    @property
    def rivals(self) -> tuple[Chance, ...]:
        """The categories between which the classifier is unsure, the more probable first; empty when it is sure."""
        ranked = sorted(self.chances, key=lambda chance: -(chance.probability or 0))
        total = sum(chance.probability or 0 for chance in ranked)
        if len(ranked) < 2 or total <= DOUBT[0] or (ranked[0].probability or 0) >= CLEAR * total:
            return ()
        return tuple(ranked[:2])

    @property
    def criterion(self) -> Criterion | None:
        """What the list says of the suggested category; None when nothing is suggested or nothing said."""
        return criterion(self.best.category, self.paper) if self.best else None

    @property
    def sentence(self) -> str:
        """The sentence of the abstract that spoke loudest for the best category, unless the abstract has changed."""
        said = self.suggestion.sentence if self.suggestion and self.best else ""
        return said if said in self.paper.abstract else ""

    @property
    def usual_tags(self) -> list[str]:
        """The tags of its neighbours, the most frequent first."""
        counted = Counter(tag for neighbour in self.neighbours for tag in neighbour.tags)
        return [tag for tag, _ in counted.most_common()]

    @property
    def terms(self) -> list[str]:
        """The words that spoke loudest for the best category."""
        return [str(term) for term, _ in self.suggestion.terms] if self.suggestion else []


def card(paper_list: PaperList, paper: Paper) -> Card:
    """Return the card of a paper, decided or not."""
    suggestion = Suggestion.objects.filter(list=paper_list, paper=paper).select_related("category").first()
    said = suggestion.probabilities if suggestion else {}
    reviewed = (
        Review.objects.filter(list=paper_list, paper=paper)
        .exclude(state=Review.State.DEFERRED, until__lte=timezone.localdate())  # its day has come: open again
        .select_related("decision__user", "decision__duplicate_of")
        .first()
    )
    decision = reviewed.decision if reviewed else None
    is_back = reviewed is not None and decision is None and reviewed.returned_at is not None
    if decision:
        _named(paper_list, [decision])
    facts = sorted((fact for fact in paper.facts.all() if fact.kind in FACTS), key=lambda fact: FACTS.index(fact.kind))
    best = suggestion.category_id if suggestion else None
    return Card(
        paper_list=paper_list,
        paper=paper,
        suggestion=suggestion,
        chances=tuple(
            Chance(category, said.get(category.key, 0.0) if suggestion else None, category.pk == best)
            for category in categories(paper_list)
        ),
        neighbours=_neighbours(paper_list, suggestion),
        facts=tuple(facts),
        rows=tuple((document, prefill(paper, document)) for document in paper_list.documents.all()),
        entries=tuple(_named(paper_list, Entry.objects.filter(category__list=paper_list, paper=paper))),
        decision=decision,
        returned=reviewed if is_back else None,
    )


def categories(paper_list: PaperList) -> list[Category]:
    """Return the list's categories in its order, with their names; read once for each PaperList object."""
    texts = CategoryText.objects.select_related("document").defer("document__source")
    found = Category.objects.order_by("position").prefetch_related(Prefetch("texts", texts))
    prefetch_related_objects([paper_list], Prefetch("categories", found))
    return list(paper_list.categories.all())


def definitions(paper_list: PaperList) -> list[tuple[Category, list[CategoryText]]]:
    """Return what the list itself says of each category, in each of its languages."""
    return [
        (category, [text for text in category.texts.all() if text.definition]) for category in categories(paper_list)
    ]


def criterion(category: Category, paper: Paper) -> Criterion | None:
    """Return what the list's primary language says of a category, with its keywords in the paper; None if nothing."""
    text = next((text for text in category.texts.all() if text.document.is_primary), None)
    if text is None or not (text.definition or text.keywords):
        return None
    return Criterion(category, text, tuple(keywords.found_in(paper.text, text.keywords)))


def _named(paper_list: PaperList, rows: Iterable[_InCategory]) -> list[_InCategory]:
    """Return the rows with their categories filled in from those of the list, which have their names at hand."""
    known = {category.pk: category for category in categories(paper_list)}
    found = list(rows)
    for row in found:
        if row.category_id is not None:
            row.category = known[row.category_id]
    return found


def _neighbours(paper_list: PaperList, suggestion: Suggestion | None) -> tuple[Neighbour, ...]:
    likeness = {int(pk): float(value) for pk, value in suggestion.nearest} if suggestion else {}
    found = (
        Entry.objects.filter(category__list=paper_list, paper__in=likeness)
        .select_related("paper")
        .prefetch_related(Prefetch("texts", EntryText.objects.filter(document__is_primary=True)))
        .order_by("pk")
    )
    listed: dict[int, list[Entry]] = {}
    for entry in _named(paper_list, found):
        listed.setdefault(entry.paper_id, []).append(entry)
    return tuple(
        Neighbour(
            listed[pk][0].paper,
            value,
            tuple(entry.category.name for entry in listed[pk]),
            tuple(tag for entry in listed[pk] for text in entry.texts.all() for tag in text.tags),
        )
        for pk, value in likeness.items()
        if pk in listed
    )


# --- the queue around a card ------------------------------------------------------------------------------


def waiting(paper_list: PaperList, category: str = "") -> QuerySet[Suggestion]:
    """Return what awaits a decision, the most relevant first; of one suggested category if its key is given."""
    found = review.queue(paper_list)
    return found.filter(category__key=category) if category else found


def before(found: QuerySet[Suggestion], suggestion: Suggestion) -> QuerySet[Suggestion]:
    """Return the part of a queue ahead of a suggestion, the nearest first."""
    ahead = Q(relevance__gt=suggestion.relevance) | Q(relevance=suggestion.relevance, paper_id__lt=suggestion.paper_id)
    return found.filter(ahead).order_by("relevance", "-paper_id")


def after(found: QuerySet[Suggestion], suggestion: Suggestion) -> QuerySet[Suggestion]:
    """Return the part of a queue behind a suggestion."""
    return found.filter(
        Q(relevance__lt=suggestion.relevance) | Q(relevance=suggestion.relevance, paper_id__gt=suggestion.paper_id)
    )


def following(paper_list: PaperList, paper: Paper, category: str = "") -> Suggestion | None:
    """Return whose turn it is after this paper: the next one in the queue, else the first."""
    found = waiting(paper_list, category).exclude(paper=paper)
    here = Suggestion.objects.filter(list=paper_list, paper=paper).first()
    return (after(found, here).first() if here else None) or found.first()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The papers around one in the queue."""

    ahead: tuple[Suggestion, ...]
    here: Suggestion | None  # None when the paper is not in this queue
    behind: tuple[Suggestion, ...]
    place: int  # of `here`, from 1

    @property
    def previous(self) -> Suggestion | None:
        """The one just before."""
        return self.ahead[-1] if self.ahead else None

    @property
    def next(self) -> Suggestion | None:
        """The one just after."""
        return self.behind[0] if self.behind else None


def around(found: QuerySet[Suggestion], paper: Paper, ahead: int = 2, behind: int = 9) -> Neighbourhood:
    """Return some of the queue before and after a paper; from its top when the paper is not in it."""
    here = found.filter(paper=paper).first()
    if here is None:
        return Neighbourhood((), None, tuple(found[:behind]), 0)
    front = before(found, here)
    return Neighbourhood(tuple(reversed(front[:ahead])), here, tuple(after(found, here)[:behind]), front.count() + 1)


class Waiting(NamedTuple):
    """How many papers await a decision, and how many of them likely belong in the list."""

    all: int
    likely: int


def counts(paper_list: PaperList) -> dict[str, Waiting]:
    """Return how many papers await a decision, by the key of the suggested category."""
    by_category = review.queue(paper_list).order_by().values_list("category__key")
    rows = by_category.annotate(n=Count("pk"), likely=Count("pk", filter=Q(relevance__gte=LIKELY)))
    return {key or "": Waiting(n, likely) for key, n, likely in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a review stands, for an empty queue to explain itself."""

    candidates: int  # papers that are not in the list
    unclassified: int  # of them, undecided and the classifier has not spoken
    decided: int
    deferred: int
    returns: date | None  # when the first deferred paper comes back


def standing(paper_list: PaperList) -> Standing:
    """Return how the list's review stands."""
    deferred = Review.objects.filter(list=paper_list, state=Review.State.DEFERRED, until__gt=timezone.localdate())
    first = deferred.order_by("until").first()
    open_papers = Paper.objects.awaiting_review(paper_list)
    return Standing(
        candidates=Paper.objects.not_listed_in(paper_list).count(),
        unclassified=open_papers.exclude(pk__in=Suggestion.objects.filter(list=paper_list).values("paper")).count(),
        decided=Review.objects.filter(list=paper_list).exclude(state=Review.State.OPEN).count(),
        deferred=deferred.count(),
        returns=first.until if first else None,
    )


# --- history ----------------------------------------------------------------------------------------------


def last_of(paper_list: PaperList, user: AbstractBaseUser) -> Decision | None:
    """Return the newest decision of this person in this list that is still in force: what `undo` means next."""
    found = Decision.objects.filter(_in_force(), list=paper_list, user=user)  # type: ignore[misc]
    return next(iter(_named(paper_list, found.select_related("paper")[:1])), None)


def _in_force() -> Exists:
    return Exists(Review.objects.filter(decision=OuterRef("pk")))
