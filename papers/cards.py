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
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import hangings, keywords, vectors
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
from papers.querysets import LIKELY, due
from papers.readme.row import RowFields

_InCategory = TypeVar("_InCategory", Decision, Entry, Suggestion)
_OfList = TypeVar("_OfList", Suggestion, Review)

OUT = "out"  # the classifier's word for papers that belong nowhere
CLEAR = 0.6  # of what speaks for the list, the share that a category must hold to be more than a guess
POSSIBLE = 0.35  # less relevant than this, and which category it would be does not matter
SAME_TEXT = 0.93  # cosine from which two abstracts are likely of one work

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
    text: CategoryText | None  # as the primary language has it
    keywords: tuple[str, ...]

    @property
    def words(self) -> str:
        """The curators' own words, else the README's."""
        return self.category.criterion or (self.text.definition if self.text else "")


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another paper that may be the same."""

    paper: Paper
    why: str


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
    returned: Review | None  # why it is back in the queue, of a paper that was set aside
    sure_from: float | None = None  # from so probable an answer on the head that spoke is trusted; None: not known
    lookalikes: tuple[Lookalike, ...] = ()

    @property
    def peers(self) -> list[tuple[str, list[str]]]:
        """The other lists that have it, and under which headings."""
        told = sorted((fact for fact in self.paper.facts.all() if fact.kind == "listed"), key=lambda fact: fact.source)
        return [(fact.source, [str(place) for place in fact.value]) for fact in told]

    @property
    def summaries(self) -> list[Fact]:
        """The TL;DRs that sources offer, but for the one that stands in the row already."""
        shown = {row.tldr for _, row in self.rows}
        return [fact for fact in self.facts if fact.kind == "tldr" and str(fact.value) not in shown]

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
        """Whether the classifier cannot say if the paper belongs in the list at all: neither is sure, yes or no."""
        if self.suggestion is None or self.sure_from is None:
            return False
        return max(self.suggestion.relevance, 1 - self.suggestion.relevance) < self.sure_from

    @property
    def is_unsure(self) -> bool:
        """Whether its most probable answer, a category or none, is in the unsure band of the head that spoke."""
        if self.suggestion is None or self.sure_from is None:
            return False
        return max(self.suggestion.probabilities.values(), default=0.0) < self.sure_from

    @property
    def in_doubt_which(self) -> bool:
        """Whether the classifier cannot say which category it is, of a paper that may belong in the list."""
        return bool(self.rivals) or (self.is_unsure and not self.in_doubt)

    @property
    def rivals(self) -> tuple[Chance, ...]:
        """Two categories of which neither stands out, the more probable first; else empty."""
        ranked = sorted(self.chances, key=lambda chance: -(chance.probability or 0))
        total = sum(chance.probability or 0 for chance in ranked)
        if len(ranked) < 2 or total <= POSSIBLE or (ranked[0].probability or 0) >= CLEAR * total:
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


def card(paper_list: PaperList, paper: Paper, *, to_decide: bool = True) -> Card:
    """Return the card of a paper, decided or not; for reading only, without its rows to be and its lookalikes.

    What hangs on the paper already is taken as it was when it was read.
    """
    suggestion = _of_list(paper.suggestions.all(), paper_list)
    if suggestion is not None:
        _named(paper_list, [suggestion])
    said = suggestion.probabilities if suggestion else {}
    reviewed = _of_list(paper.reviews.all(), paper_list)
    if reviewed is not None and _is_due(reviewed):
        reviewed = None
    decision = _decision_of(reviewed) if reviewed else None
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
        rows=tuple(
            (document, prefill(paper, document)) for document in (paper_list.documents.all() if to_decide else ())
        ),
        entries=tuple(
            _named(paper_list, [each for each in paper.entries.all() if each.category.list_id == paper_list.pk])
        ),
        decision=decision,
        returned=reviewed if is_back else None,
        lookalikes=lookalikes(paper) if to_decide else (),
    )


def _of_list(rows: Iterable[_OfList], paper_list: PaperList) -> _OfList | None:
    return next((row for row in rows if row.list_id == paper_list.pk), None)


def _is_due(review: Review) -> bool:
    """Whether the day has come that it was put off to: it is open again."""
    return review.state == Review.State.DEFERRED and review.until is not None and review.until <= timezone.localdate()


def _decision_of(review: Review) -> Decision | None:
    if review.decision_id is None:
        return None
    return Decision.objects.select_related("user", "duplicate_of").get(pk=review.decision_id)


def lookalikes(paper: Paper, limit: int = 3) -> tuple[Lookalike, ...]:
    """Return other papers of the same title, and those whose text says nearly the same."""
    same = Paper.objects.filter(title_key=paper.title_key).exclude(pk=paper.pk).order_by("pk")[:limit]
    found = {other.pk: Lookalike(other, _("the same title")) for other in same}
    own = paper.embeddings.filter(text_hash=paper.text_hash).order_by("-pk").first()
    if own is not None:
        near = vectors.nearest_of_all(own.vector, limit, own.encoder, without=[paper.pk, *found])
        close = {other: likeness for other, likeness in near if likeness >= SAME_TEXT}
        others = Paper.objects.in_bulk(close)
        found |= {
            pk: Lookalike(others[pk], _("%(share)s the same text") % {"share": f"{likeness:.0%}"})
            for pk, likeness in close.items()
            if pk in others
        }
    return tuple(found.values())[:limit]


def categories(paper_list: PaperList) -> list[Category]:
    """Return the list's categories in its order, with their names; read once for each PaperList object."""
    read_categories([paper_list])
    return list(paper_list.categories.all())


def read_categories(lists: Iterable[PaperList]) -> None:
    """Read the categories of all these lists at once, where that is not done yet."""
    hangings.hang_categories([each for each in lists if "categories" not in getattr(each, _PREFETCHED, {})])


_PREFETCHED = "_prefetched_objects_cache"


def definitions(paper_list: PaperList) -> list[tuple[Category, list[CategoryText]]]:
    """Return what the list itself says of each category, in each of its languages."""
    return [
        (category, [text for text in category.texts.all() if text.definition]) for category in categories(paper_list)
    ]


def criterion(category: Category, paper: Paper) -> Criterion | None:
    """Return what the list's primary language says of a category, with its keywords in the paper; None if nothing."""
    text = next((text for text in category.texts.all() if text.document.is_primary), None)
    found = Criterion(category, text, tuple(keywords.found_in(paper.text, text.keywords)) if text else ())
    return found if found.words or (text and text.keywords) else None


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


class Waiting(NamedTuple):
    """How many papers await a decision, and how many of them likely belong in the list."""

    all: int
    likely: int


def counts(waiting: QuerySet[Suggestion]) -> dict[str, Waiting]:
    """Return how many papers await a decision, of these, by the key of the suggested category."""
    by_category = waiting.order_by().values_list("category__key")
    rows = by_category.annotate(n=Count("pk"), likely=Count("pk", filter=Q(relevance__gte=LIKELY)))
    return {key or "": Waiting(n, likely) for key, n, likely in rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a review stands, for an empty queue to explain itself."""

    candidates: int  # papers that are not in the list
    unclassified: int  # of them, undecided and the classifier has not spoken
    waiting: int  # for anybody's word
    decided: int
    deferred: int
    returns: date | None  # when the first deferred paper comes back; None where all wait for a newer version


def standing(paper_list: PaperList) -> Standing:
    """Return how the list's review stands."""
    deferred = Review.objects.filter(list=paper_list, state=Review.State.DEFERRED).exclude(due())
    first = deferred.exclude(until=None).order_by("until").first()
    open_papers = Paper.objects.awaiting_review(paper_list)
    return Standing(
        candidates=Paper.objects.not_listed_in(paper_list).count(),
        unclassified=open_papers.exclude(pk__in=Suggestion.objects.filter(list=paper_list).values("paper")).count(),
        waiting=open_papers.filter(pk__in=Suggestion.objects.filter(list=paper_list).values("paper")).count(),
        decided=Review.objects.filter(list=paper_list).exclude(state=Review.State.OPEN).count(),
        deferred=deferred.count(),
        returns=first.until if first else None,
    )


# --- history ----------------------------------------------------------------------------------------------


def last_of(paper_list: PaperList, user: AbstractBaseUser) -> Decision | None:
    """Return the newest decision of this person in this list that is still in force: what `undo` means next."""
    found = Decision.objects.filter(_in_force(), list=paper_list, user=user)  # type: ignore[misc]
    return next(iter(_named(paper_list, found.select_related("paper", "duplicate_of")[:1])), None)


def taken_back(paper_list: PaperList, paper: Paper, user: AbstractBaseUser) -> Decision | None:
    """Return how this person took a decision on a paper back, when nothing was decided on it since."""
    newest = Decision.objects.filter(list=paper_list, paper=paper).select_related("undoes").first()
    if newest is None or newest.user_id != user.pk or newest.kind != Decision.Kind.UNDO:
        return None
    return None if newest.undoes is not None and newest.undoes.kind == Decision.Kind.UNDO else newest


def _in_force() -> Exists:
    return Exists(Review.objects.filter(decision=OuterRef("pk")))
