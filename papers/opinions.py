"""Second opinions: in a list that wants them, a paper is decided by two curators who say the same, each blind first.

What the first one says is kept as an opinion, and the paper stays in the queue of the others. Who speaks second takes
the decision where both say the same; where they differ, all curators see both, and one of them settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from papers import acts, review
from papers.cards import categories
from papers.models import Act, Category, Decision, Document, Hold, Opinion, Paper, PaperList, Review
from papers.prefill import prefill
from papers.readme.row import RowFields


class CannotSpeak(Exception):
    """The curator has spoken on the paper already, or two others have and differ; the message says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a curator says of a paper."""

    kind: Decision.Kind
    category: Category | None = None  # of an acceptance
    rows: Mapping[str, RowFields] = field(default_factory=dict)  # of an acceptance, by language
    reason: str = ""  # of a rejection
    until: date | None = None  # of a deferral; None: a newer version
    duplicate_of: Paper | None = None
    note: str = ""

    def agrees_with(self, opinion: Opinion) -> bool:
        """Say whether an opinion comes to the same: until when and why may differ."""
        mine = (self.kind.value, self.category and self.category.pk, self.duplicate_of and self.duplicate_of.pk)
        return mine == (opinion.kind, opinion.category_id, opinion.duplicate_of_id)


def say(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    verdict: Verdict,
    key: UUID | None = None,
    *,
    settles: bool = False,
) -> Decision | Opinion:
    """Decide; in a list that wants two opinions keep this one, unless another curator said the same.

    `settles`: of two opinions that differ, this is the last word. What came under this key before is returned, and
    not taken again. Raise CannotSpeak, AlreadyDecided or AlreadyListed; ValueError as `papers.review` does.
    """
    if not paper_list.second_opinion:
        return _decide(paper_list, paper, user, verdict, key)
    with transaction.atomic():
        sent = review.sent_before(key) or (Opinion.objects.filter(key=key).first() if key else None)
        if sent:
            return sent
        paper = review.held(paper)
        _hold_still(paper_list, paper)
        said = list(awaiting(paper_list).filter(paper=paper).select_related("user"))
        if len(said) > 1 and settles:
            return _concluded(paper_list, paper, user, verdict, said, key)
        _demand_silence(said, user)
        review.demand_open(_standing(paper_list, paper), verdict.kind)
        _check(paper, verdict)
        if said and verdict.agrees_with(said[0]):
            with acts.act(paper_list, user, Act.Kind(verdict.kind.value)):
                own = _keep(paper_list, paper, user, verdict, key)
                return _concluded(paper_list, paper, user, _with(verdict, paper, said[0]), [*said, own], key)
        with acts.act(paper_list, user, Act.Kind.OPINION):
            Hold.objects.filter(list=paper_list, paper=paper, user=user.pk).delete()
            return _keep(paper_list, paper, user, verdict, key)


def settle(opinion: Opinion, user: AbstractBaseUser) -> Decision:
    """Decide between two opinions for this one, with its row; raise CannotSpeak where there are not two any more."""
    with transaction.atomic():
        paper_list, paper = opinion.list, review.held(opinion.paper)
        _hold_still(paper_list, paper)
        said = list(awaiting(paper_list).filter(paper=paper))
        if len(said) < 2 or opinion.pk not in {each.pk for each in said}:
            raise CannotSpeak(_("These two opinions do not stand against each other any more."))
        if opinion.kind == Decision.Kind.DEFER and not review.can_wait(opinion.until):
            raise CannotSpeak(_("It was to be put off, and the day has come: say something else."))
        return _concluded(paper_list, paper, user, _verdict(opinion), said)


def take_back(opinion: Opinion) -> None:
    """Take an opinion back on which nothing was decided, as an act of who gave it; raise NotInForce of any other."""
    with acts.act(opinion.list, opinion.user, Act.Kind.TAKE_BACK):
        _hold_still(opinion.list, opinion.paper)
        gone = Opinion.objects.filter(pk=opinion.pk, decision=None).delete()[0]
        if not gone:
            raise review.NotInForce(_("This opinion has come to a decision, or is taken back."))


def _decide(
    paper_list: PaperList, paper: Paper, user: AbstractBaseUser, verdict: Verdict, key: UUID | None
) -> Decision:
    """Call the verb of this kind."""
    note = verdict.note
    if verdict.kind == Decision.Kind.ACCEPT:
        assert verdict.category is not None
        return review.accept(verdict.category, paper, verdict.rows, user, note, key)
    if verdict.kind == Decision.Kind.REJECT:
        return review.reject(paper_list, paper, user, verdict.reason, note, key)
    if verdict.kind == Decision.Kind.DEFER:
        return review.defer(paper_list, paper, user, verdict.until, note, key)
    assert verdict.duplicate_of is not None
    return review.duplicate(paper_list, paper, verdict.duplicate_of, user, note, key)


def _concluded(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    verdict: Verdict,
    said: Sequence[Opinion],
    key: UUID | None = None,
) -> Decision:
    """Decide, and note what the opinions came to."""
    with acts.act(paper_list, user, Act.Kind(verdict.kind.value)):
        decision = _decide(paper_list, paper, user, verdict, key)
        Opinion.objects.filter(pk__in=[each.pk for each in said]).update(decision=decision)
    return decision


def _keep(paper_list: PaperList, paper: Paper, user: AbstractBaseUser, verdict: Verdict, key: UUID | None) -> Opinion:
    return Opinion.objects.create(
        list=paper_list,
        paper=paper,
        user=user,  # type: ignore[misc]
        kind=verdict.kind,
        category=verdict.category,
        reason=verdict.reason,
        note=verdict.note,
        until=verdict.until,
        duplicate_of=verdict.duplicate_of,
        rows={language: row.as_json() for language, row in verdict.rows.items()},
        key=key,
    )


def _verdict(opinion: Opinion) -> Verdict:
    return Verdict(
        Decision.Kind(opinion.kind),
        opinion.category,
        {language: RowFields.from_json(row) for language, row in opinion.rows.items()},
        opinion.reason,
        opinion.until,
        opinion.duplicate_of,
        opinion.note,
    )


def _with(verdict: Verdict, paper: Paper, other: Opinion) -> Verdict:
    """Return a verdict with what only the other curator said: why, a note, and what they wrote into the row."""
    rows = {}
    documents = {each.language: each for each in _documents(verdict)}
    for language, row in verdict.rows.items():
        theirs = RowFields.from_json(other.rows.get(language, {}))
        known = prefill(paper, documents[language], verdict.category).as_json() if language in documents else {}
        own, written = row.as_json(), theirs.as_json()
        taken = {name for name, value in own.items() if written[name] and (not value or value == known.get(name))}
        rows[language] = RowFields.from_json(own | {name: written[name] for name in taken})
    return replace(verdict, rows=rows, reason=verdict.reason or other.reason, note=verdict.note or other.note)


def _documents(verdict: Verdict) -> list[Document]:
    return list(verdict.category.list.documents.all()) if verdict.category is not None else []


def _check(paper: Paper, verdict: Verdict) -> None:
    """Refuse what the verbs of a review would refuse, once it became a decision."""
    if verdict.kind == Decision.Kind.DEFER:
        review.demand_ahead(verdict.until)
    if verdict.duplicate_of is not None and verdict.duplicate_of.pk == paper.pk:
        raise ValueError(_("a paper is no duplicate of itself"))


def _demand_silence(said: Sequence[Opinion], user: AbstractBaseUser) -> None:
    if len(said) > 1:
        raise CannotSpeak(_("Two curators differ on it: it is to be settled, see the disagreements."))
    if any(each.user_id == user.pk for each in said):
        raise CannotSpeak(_("You have said what you think of it; another curator’s opinion is awaited."))


def _standing(paper_list: PaperList, paper: Paper) -> Review:
    found = Review.objects.select_related("decision__user").filter(list=paper_list, paper=paper).first()
    return found or Review(list=paper_list, paper=paper)


def _hold_still(paper_list: PaperList, paper: Paper) -> None:
    """Let curators who speak on the same paper in the same moment speak one after the other."""
    with connection.cursor() as cursor:
        name = f"opinion {paper_list.pk} {paper.pk}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


# --- what is told of them -----------------------------------------------------------------------------------------


def awaiting(paper_list: PaperList) -> QuerySet[Opinion]:
    """Return the opinions on which nothing is decided yet, the oldest first."""
    return Opinion.objects.filter(list=paper_list, decision=None).order_by("pk")


def said(paper_list: PaperList, user: AbstractBaseUser) -> Q:
    """Return the condition of what this curator is not to be given: they have spoken on it, or two others differ."""
    mine = awaiting(paper_list).filter(user=user.pk).order_by().values("paper")
    return Q(paper__in=mine) | Q(paper__in=_contested(paper_list))


def visible_to(user: AbstractBaseUser) -> Q:
    """Return the condition of opinions that a curator may see: their own, and what is decided or to be settled.

    Another one's that stands alone is not seen, so that the second curator is not led by the first.
    """
    others = Opinion.objects.filter(decision=None, list=OuterRef("list"), paper=OuterRef("paper"))
    stands_against_another = Q(Exists(others.exclude(user=OuterRef("user"))))
    return Q(user=user.pk) | Q(decision__isnull=False) | stands_against_another


def _contested(paper_list: PaperList) -> QuerySet[Opinion, int]:
    """Return the papers on which two curators differ."""
    papers = awaiting(paper_list).order_by().values("paper").annotate(n=Count("pk"))
    return papers.filter(n__gt=1).values_list("paper", flat=True)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A paper on which two curators differ."""

    paper: Paper
    opinions: tuple[Opinion, ...]  # the first one's first


def disagreements(paper_list: PaperList) -> QuerySet[Paper]:
    """Return the papers that await somebody who settles it, those that wait longest first, with `said` of them."""
    both = awaiting(paper_list).select_related("user", "category", "duplicate_of")
    newest = awaiting(paper_list).filter(paper=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found = Paper.objects.awaiting_review(paper_list).filter(pk__in=_contested(paper_list))
    return found.prefetch_related(Prefetch("opinions", both, to_attr="said")).order_by(Subquery(newest))


def side_by_side(paper_list: PaperList, papers: Iterable[Paper]) -> list[Disagreement]:
    """Return papers of `disagreements` with both opinions."""
    found = [Disagreement(paper, tuple(paper.said)) for paper in papers]  # type: ignore[attr-defined]
    _name(paper_list, [opinion for each in found for opinion in each.opinions])
    return found


def seen_by(user: AbstractBaseUser, paper_list: PaperList, paper: Paper, decision: Decision | None) -> list[Opinion]:
    """Return the opinions that came to a decision; where there is none, two that differ, or this curator's own."""
    found = list(paper.opinions.filter(list=paper_list, decision=decision).select_related("user", "duplicate_of"))
    _name(paper_list, found)
    return found if decision is not None or len(found) > 1 else [each for each in found if each.user_id == user.pk]


def last_of(paper_list: PaperList, user: AbstractBaseUser) -> Opinion | None:
    """Return the newest opinion of this person on which nothing is decided yet."""
    found = awaiting(paper_list).filter(user=user.pk).select_related("paper", "duplicate_of").order_by("-pk").first()
    _name(paper_list, [found] if found is not None else [])
    return found


def _name(paper_list: PaperList, found: Sequence[Opinion]) -> None:
    """Give opinions those categories of the list that have their names at hand."""
    known = {category.pk: category for category in categories(paper_list)}
    for opinion in found:
        if opinion.category_id is not None:
            opinion.category = known[opinion.category_id]
