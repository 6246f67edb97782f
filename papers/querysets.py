"""Every read that pages, API and exports share, as a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, FilteredRelation, Func, OuterRef, Q, Subquery, Value
from django.utils import timezone

from papers import hangings

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    # Named in the base classes.
    from papers.models import Decision, EntryChange, Paper, PaperList, Review, Suggestion  # noqa: F401
    from papers.search import Found

LIKELY = 0.5  # a suggestion of at least this relevance says that the paper belongs in the list
LARGEST = 2**53 - 1  # count that a fact may tell: beyond it a number of JSON is no exact one any more


class EntryChangeQuerySet(models.QuerySet["EntryChange"]):
    """Questions about what was done to entries."""

    def in_force(self) -> EntryChangeQuerySet:
        """What nobody undid; that an act was undone, and done again, is told by no row of its own here."""
        return self.filter(Q(act=None) | Q(act__undone_by=None)).exclude(act__kind="undo")


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Questions about what was decided. An undoing is a decision, too, and may be undone itself."""

    def not_taken_back(self) -> DecisionQuerySet:
        """What nobody undid, or what was undone and done again."""
        return self.alias(is_undone=_is_odd("id", "undoes_id")).filter(Q(undone_by=None) | Q(is_undone=False))

    def taking_back(self) -> DecisionQuerySet:
        """The undoings that take a decision back."""
        return self.alias(takes_back=_is_odd("undoes_id", "id")).filter(kind="undo", takes_back=True)

    def doing_again(self) -> DecisionQuerySet:
        """The undoings that undo another one, so that the decision holds again."""
        return self.alias(takes_back=_is_odd("undoes_id", "id")).filter(kind="undo", takes_back=False)


def _is_odd(found: str, by: str) -> Func:
    """Whether an odd number of words, each of which undoes the one before, come after a decision, or before it."""
    return Func(
        F("pk"),
        template="""(
            WITH RECURSIVE word (id, n) AS (
                SELECT %(expressions)s, 0
                UNION ALL
                SELECT said.%(found)s, n + 1 FROM papers_decision AS said JOIN word ON said.%(by)s = word.id
                WHERE said.undoes_id IS NOT NULL
            ) SELECT max(n) & 1 = 1 FROM word
        )""",
        found=found,
        by=by,
        output_field=models.BooleanField(),
    )


class PaperQuerySet(models.QuerySet["Paper"]):
    """Questions about papers."""

    def with_identifier(self, scheme: str, value: str) -> PaperQuerySet:
        return self.filter(identifiers__scheme=scheme, identifiers__value=value)

    found: Found | None = None  # how they were found, of what found_by gives
    hanging: frozenset[str] = frozenset()  # what is read with them

    def matching(self, text: str) -> PaperQuerySet:
        """All papers that fulfil what a text asks for (papers/search/syntax.py), in no order of their own."""
        from papers import search

        return search.matching(self, text)

    def found_by(self, text: str) -> PaperQuerySet:
        """The paper of an identifier or link, else what a search finds among these papers, the best first.

        Filter before: at most words.MOST papers with the words and some that are near in meaning are given. `found`
        says how they were found, and stays with what is made of this queryset.
        """
        from papers import search

        found = search.found(self, text)
        if found.ids is None:
            papers = self.matching(text).newest()
        else:
            ids = Value(list(found.ids), output_field=ArrayField(models.BigIntegerField()))
            place = Func(ids, F("pk"), function="array_position", output_field=models.IntegerField())
            # An array is one parameter, however many papers there are: it is sent and read much sooner than as many.
            is_found = Func(F("pk"), ids, template="%(expressions)s)", function="", arg_joiner=" = ANY(")
            is_found.output_field = models.BooleanField()
            papers = self.filter(is_found).order_by(place)
        papers.found = found
        return papers

    def _clone(self) -> PaperQuerySet:
        clone: PaperQuerySet = super()._clone()  # type: ignore[misc]
        clone.found, clone.hanging = self.found, self.hanging
        return clone

    def listed_in(self, paper_list: PaperList) -> PaperQuerySet:
        return self.filter(Exists(_entries().filter(paper=OuterRef("pk"), category__list=paper_list)))

    def not_listed_in(self, paper_list: PaperList) -> PaperQuerySet:
        return self.filter(~Exists(_entries().filter(paper=OuterRef("pk"), category__list=paper_list)))

    def awaiting_review(self, paper_list: PaperList) -> PaperQuerySet:
        """Papers nobody has decided on for this list, and deferred ones whose day has come."""
        from papers.models import Review

        reviews = Review.objects.filter(list=paper_list, paper=OuterRef("pk"))
        closed = reviews.exclude(state="open").exclude(due())
        return self.not_listed_in(paper_list).filter(~Exists(closed), withdrawn=False)

    def without_embedding(self, encoder: str) -> PaperQuerySet:
        """Papers whose current text has no vector under this encoder."""
        from papers.models import Embedding

        current = Embedding.objects.filter(paper=OuterRef("pk"), encoder=encoder, text_hash=OuterRef("text_hash"))
        return self.filter(~Exists(current))

    def without_any_embedding(self) -> PaperQuerySet:
        """Papers whose current text has no vector under any encoder."""
        from papers.models import Embedding

        return self.filter(~Exists(Embedding.objects.filter(paper=OuterRef("pk"), text_hash=OuterRef("text_hash"))))

    def without_suggestion(self, paper_list: PaperList, head: str) -> PaperQuerySet:
        """Papers whose current text this head has not yet spoken on."""
        from papers.models import Suggestion

        current = Suggestion.objects.filter(
            paper=OuterRef("pk"), list=paper_list, head=head, text_hash=OuterRef("text_hash")
        )
        return self.filter(~Exists(current))

    def of_category(self, key: str, paper_list: PaperList | None = None) -> PaperQuerySet:
        """Papers that stand in a category of this key, and those the classifier finds likely to belong there."""
        return self.filter(in_category(key, paper_list))

    def of_venues(self, names: Iterable[str], paper_list: PaperList | None = None) -> PaperQuerySet:
        """Papers that a list, or any, says were published at one of these, by the venues' normalised names."""
        return self.filter(Exists(_texts_of(paper_list).filter(venue_name__in=[*names])))

    def with_tags(self, tags: Iterable[str], paper_list: PaperList | None = None) -> PaperQuerySet:
        """Papers to which a list, or any, gives one of these tags, in any of its languages."""
        return self.filter(Exists(_texts_of(paper_list).filter(tags__overlap=[*tags])))

    def of_status(self, status: str, paper_list: PaperList | None = None) -> PaperQuerySet:
        """Papers by where they stand in a list, or in any.

        listed, likely, awaiting, returned (rejected once, and back with news), rejected, deferred, duplicate.
        """
        return self.filter(standing(status, paper_list))

    def in_region(self, number: int) -> PaperQuerySet:
        """Papers that stand in this region of the map of the field."""
        from papers.models import Place

        here = Place.objects.filter(paper=OuterRef("pk"), layout__is_ready=True, region=number)
        return self.filter(Exists(here))

    def from_source(self, *sources: str) -> PaperQuerySet:
        """Papers that any of these sources tells of."""
        from papers.models import SourceRecord

        return self.filter(Exists(SourceRecord.objects.filter(paper=OuterRef("pk"), source__in=sources)))

    def listed_in_any(self, slugs: Iterable[str]) -> PaperQuerySet:
        """Papers that stand in any of the lists of these names."""
        return self.filter(Exists(_entries().filter(paper=OuterRef("pk"), category__list__slug__in=[*slugs])))

    def with_code(self) -> PaperQuerySet:
        """Papers of which a source or a list knows the code."""
        from papers.models import EntryText, Fact

        told = EntryText.objects.filter(entry__paper=OuterRef("pk")).exclude(code=[])
        return self.filter(Exists(Fact.objects.filter(paper=OuterRef("pk"), kind="code")) | Exists(told))

    def seen_by(self, user: AbstractBaseUser, is_seen: bool = True) -> PaperQuerySet:
        """Papers that a reader opened or ticked as seen, or those that they did not."""
        from papers.models import Seen

        seen = Exists(Seen.objects.filter(user=user.pk, paper=OuterRef("pk")))
        return self.filter(seen if is_seen else ~seen)

    def with_arrival(self, listed_in: PaperList | None = None, listed: bool = False) -> PaperQuerySet:
        """With `came_at`: when a paper came here or, of `listed` ones, when it last entered the list, or any."""
        if not listed:
            return self.annotate(came_at=F("added_at"))
        entered = _entries_of(listed_in).order_by("-added_at").values("added_at")[:1]
        return self.annotate(came_at=Subquery(entered))

    def most_relevant(self, paper_list: PaperList | None = None) -> PaperQuerySet:
        """With `relevance`, as the classifier sees it for this list or the one they suit best; the highest first."""
        if paper_list is not None:
            said = FilteredRelation("suggestions", condition=Q(suggestions__list=paper_list))
            found = self.annotate(said=said, relevance=F("said__relevance"))
        else:
            best = _suggestions_of(None).order_by("-relevance").values("relevance")[:1]
            found = self.annotate(relevance=Subquery(best))
        return found.order_by(F("relevance").desc(nulls_last=True), F("published").desc(nulls_last=True), "-id")

    def newest(self) -> PaperQuerySet:
        return self.order_by(F("published").desc(nulls_last=True), "-id")

    def by_title(self) -> PaperQuerySet:
        return self.order_by("title_key", "id")

    def last_added(self) -> PaperQuerySet:
        """Those that came here last come first."""
        return self.order_by("-id")

    def most_upvoted(self) -> PaperQuerySet:
        """With `upvotes`, by the source that knows of most; those of which nobody tells come last."""
        from papers.models import Fact

        told = Fact.objects.filter(paper=OuterRef("pk"), kind="upvotes", value__gte=0, value__lte=LARGEST)
        most = told.order_by("-value").values("value")[:1]
        found = self.annotate(upvotes=Subquery(most, output_field=models.JSONField()))
        return found.order_by(F("upvotes").desc(nulls_last=True), F("published").desc(nulls_last=True), "-id")

    def with_hanging(self, *kinds: str) -> PaperQuerySet:
        """With what hangs on them of these kinds (papers/hangings.py), of all together in one query more."""
        found = self.all()
        found.hanging = self.hanging | {*kinds}
        return found

    def for_pages(self) -> PaperQuerySet:
        """With what a row of papers shows."""
        return self.with_hanging("identifiers", "facts", "entries")

    def with_reviews(self) -> PaperQuerySet:
        """With where it stands in each list's review."""
        return self.with_hanging("reviews")

    def with_standing(self) -> PaperQuerySet:
        """With what the classifier and curators said of it."""
        return self.with_hanging("suggestions", "reviews")

    def _fetch_all(self) -> None:
        is_read = self._result_cache is not None
        super()._fetch_all()
        are_papers = self._fields is None  # type: ignore[attr-defined]  # else values of them
        if self.hanging and are_papers and not is_read:
            hangings.hang(self._result_cache or [], self.hanging)


def standing(status: str, paper_list: PaperList | None = None) -> Q:
    """Return the condition of a paper that stands so in the list, or in any list."""
    from papers.models import Review

    if status == "listed":
        return Q(Exists(_entries_of(paper_list)))
    if status in ("likely", "awaiting"):
        waiting = waiting_suggestions(LIKELY if status == "likely" else 0.0).filter(paper=OuterRef("pk"))
        return Q(Exists(waiting.filter(list=paper_list) if paper_list else waiting))
    if status == "returned":
        reviews = returned_reviews().filter(paper=OuterRef("pk"))
    else:
        reviews = Review.objects.filter(paper=OuterRef("pk"), state=status)
    if status == "deferred":
        reviews = reviews.exclude(due())
    return Q(Exists(reviews.filter(list=paper_list) if paper_list else reviews))


def any_of(conditions: Iterable[Q]) -> Q:
    """Return the condition that one of these holds, of which there is one at least."""
    return reduce(or_, conditions)


def in_category(key: str, paper_list: PaperList | None = None) -> Q:
    """Return the condition of a paper that stands in a category of this key, or is likely to belong there."""
    return Q(Exists(_entries_of(paper_list).filter(category__key=key))) | suggested(paper_list, key)


def suggested(paper_list: PaperList | None, key: str) -> Q:
    """Return the condition of an unlisted paper that the classifier finds likely to belong in a category."""
    listed = _entries().filter(paper=OuterRef("paper"), category__list=OuterRef("list"))
    found = _suggestions_of(paper_list).filter(category__key=key, relevance__gte=LIKELY)
    return Q(Exists(found.filter(~Exists(listed))))


def awaiting() -> Q:
    """Return the condition of a suggestion whose list's queue holds it.

    It asks of the row at hand, so what reads the queue from its top looks at no more rows than it shows.
    """
    from papers.models import Review

    closed = Review.objects.filter(list=OuterRef("list"), paper=OuterRef("paper")).exclude(state="open")
    listed = _entries().filter(paper=OuterRef("paper"), category__list=OuterRef("list"))
    return Q(~Exists(closed.exclude(due())), ~Exists(listed), paper__withdrawn=False)


def waiting_suggestions(at_least: float = 0.0) -> models.QuerySet[Suggestion]:
    """Return the suggestions that await a decision, of every list: what `review.queue` holds, for all at once."""
    from papers.models import Suggestion

    found = Suggestion.objects.filter(awaiting())
    return found.filter(relevance__gte=at_least) if at_least else found


def returned_reviews() -> models.QuerySet[Review]:
    """Return the reviews of papers that were rejected and are back in the queue with news."""
    from papers.models import Review

    listed = _entries().filter(paper=OuterRef("paper"), category__list=OuterRef("list"))
    return Review.objects.filter(~Exists(listed), state="open", returned_at__isnull=False, paper__withdrawn=False)


def _entries_of(paper_list: PaperList | None) -> Any:
    found = _entries().filter(paper=OuterRef("pk"))
    return found.filter(category__list=paper_list) if paper_list else found


def _texts_of(paper_list: PaperList | None) -> Any:
    from papers.models import EntryText

    found = EntryText.objects.filter(entry__paper=OuterRef("pk"))
    return found.filter(document__list=paper_list) if paper_list else found


def _suggestions_of(paper_list: PaperList | None) -> Any:
    from papers.models import Suggestion

    found = Suggestion.objects.filter(paper=OuterRef("pk"))
    return found.filter(list=paper_list) if paper_list else found


def _entries() -> Any:
    from papers.models import Entry

    return Entry.objects.all()


def due() -> Q:
    """Return the condition of a review whose deferral is over."""
    return Q(state="deferred", until__lte=timezone.localdate())
