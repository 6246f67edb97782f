"""What curators do in the review: see the queue, accept, reject, defer, mark a duplicate, undo."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import acts, entries, merging, news
from papers.models import Act, Category, Decision, Entry, Hold, Origin, Paper, PaperList, Review, Suggestion
from papers.querysets import awaiting
from papers.readme.row import RowFields


class AlreadyDecided(Exception):
    """Somebody else decided first; `decision` is theirs."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            _("%(who)s already decided: %(kind)s, %(at)s")
            % {"who": decision.who, "kind": decision.get_kind_display(), "at": f"{decision.at:%Y-%m-%d %H:%M}"}
        )
        self.decision = decision


class NotInForce(Exception):
    """The decision to be undone was undone or followed by another one."""


def queue(paper_list: PaperList) -> QuerySet[Suggestion]:
    """Return what awaits a decision, the most relevant first."""
    return (
        Suggestion.objects.filter(awaiting(), list=paper_list)
        .select_related("category", "paper")
        .order_by("-relevance", "paper_id")
    )


def accept(
    category: Category,
    paper: Paper,
    rows: Mapping[str, RowFields],
    user: AbstractBaseUser,
    note: str = "",
    key: UUID | None = None,
) -> Decision:
    """Accept the paper into the category: the decision and its rows in every language, in one transaction."""
    with acts.act(category.list, user, Act.Kind.ACCEPT):
        if sent := sent_before(key):
            return sent
        decision = _decide(category.list, paper, user, Decision.Kind.ACCEPT, category=category, note=note, key=key)
        entries.admit(category, decision.paper, rows, user, decision)
    return decision


def reject(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    reason: str = "",
    note: str = "",
    key: UUID | None = None,
) -> Decision:
    """Reject the paper for this list."""
    return _decide(paper_list, paper, user, Decision.Kind.REJECT, reason=reason, note=note, key=key)


def defer(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    until: date | None,
    note: str = "",
    key: UUID | None = None,
) -> Decision:
    """Put the paper off until a day, or without one until there is a newer version; it then returns to the queue."""
    demand_ahead(until)
    return _decide(paper_list, paper, user, Decision.Kind.DEFER, until=until, note=note, key=key)


def demand_ahead(until: date | None) -> None:
    """Raise ValueError for a day that does not lie ahead."""
    if not can_wait(until):
        raise ValueError(_("a deferral must end after today"))


def can_wait(until: date | None) -> bool:
    """Say whether a paper can be put off until this day, or without one until there is a newer version."""
    return until is None or until > timezone.localdate()


def duplicate(
    paper_list: PaperList, paper: Paper, of: Paper, user: AbstractBaseUser, note: str = "", key: UUID | None = None
) -> Decision:
    """Say that the paper is another one under a second record."""
    if paper.pk == of.pk:
        raise ValueError(_("a paper is no duplicate of itself"))
    return _decide(paper_list, paper, user, Decision.Kind.DUPLICATE, duplicate_of=of, note=note, key=key)


def undo(decision: Decision, user: AbstractBaseUser) -> Decision:
    """Take a decision back: its entry leaves the list and its paper returns to the queue, whatever followed.

    What `acts.undo` does is exact; this goes as long as the decision is in force. Raise NotInForce when it was undone
    already or another decision followed.
    """
    with acts.act(decision.list, user, Act.Kind.TAKE_BACK):
        review = Review.objects.select_for_update().filter(decision=decision).first()
        if review is None:
            raise NotInForce(_("This decision is no longer in force."))
        undone = Decision.objects.create(
            list=decision.list,
            paper=decision.paper,
            kind=Decision.Kind.UNDO,
            undoes=acts.last_word(decision),
            user=user,  # type: ignore[misc]
        )
        for entry in decision.entries.all():
            entries.remove(entry, user)
        review.state, review.decision, review.until = Review.State.OPEN, None, None
        review.save()
    return undone


_STATES = {
    Decision.Kind.ACCEPT: Review.State.ACCEPTED,
    Decision.Kind.REJECT: Review.State.REJECTED,
    Decision.Kind.DEFER: Review.State.DEFERRED,
    Decision.Kind.DUPLICATE: Review.State.DUPLICATE,
}


def take_out(entry: Entry, user: AbstractBaseUser) -> None:
    """Take an entry out of its list; the decision that brought it in, when still in force, is undone with it."""
    with acts.act(entry.category.list, user, Act.Kind.REMOVE):
        if entry.decision is not None and Review.objects.filter(decision=entry.decision).exists():
            undo(entry.decision, user)
        else:
            entries.remove(entry, user)


def reconsider(papers: Collection[int]) -> list[Review]:
    """Return to the queue, and here, what has news since it was set aside.

    These are rejected papers that have gained a venue or code, each once in a list: rejected again, it is for good; and
    papers that were put off until a newer version, when there is one. The decisions stay in the history.
    """
    if not papers:
        return []
    with transaction.atomic():
        set_aside = Review.objects.filter(_MAY_RETURN, paper__in=papers, paper__withdrawn=False)
        reviews = list(
            set_aside.annotate(number=F("paper__version"), text=F("paper__text_hash")).select_for_update(of=("self",))
        )
        rejected = [review.paper_id for review in reviews if review.state == Review.State.REJECTED]
        said = news.known(rejected) if rejected else {}
        returned: list[Review] = []
        for review in reviews:
            is_rejected = review.state == Review.State.REJECTED
            found = _gained(review, said[review.paper_id]) if is_rejected else _newer(review)
            if found:
                review.state, review.decision, review.returned_at = Review.State.OPEN, None, timezone.now()
                review.returned_for, review.returned_with = found
                returned.append(review)
        Review.objects.bulk_update(returned, ["state", "decision", "returned_for", "returned_with", "returned_at"])
    return returned


_ONCE = Q(returned_at=None) | Q(returned_for=Review.News.VERSION)
_MAY_RETURN = Q(_ONCE, state=Review.State.REJECTED, rejected_with__isnull=False) | Q(
    state=Review.State.DEFERRED, until=None
)


def _gained(review: Review, said: Mapping[str, str]) -> tuple[Review.News, str] | None:
    """Return what is known of a rejected paper that was not when it was rejected."""
    before = review.rejected_with or []
    return next(((each, said[each]) for each in Review.News if each in said and each not in before), None)


def _newer(review: Any) -> tuple[Review.News, str] | None:
    """Return the version of a paper, when it is another one than was put off."""
    if review.put_off_with == version_of(review.number, review.text):
        return None
    return Review.News.VERSION, f"v{review.number}" if review.number else ""


def version_of(number: int | None, text_hash: str) -> str:
    """Return what tells a version of a paper from another: its number, where sources count, and its text."""
    return f"{number or ''} {text_hash}"


def told_by_readme(
    paper_list: PaperList, verdicts: Sequence[tuple[Paper, Category | None]], note: str, user: AbstractBaseUser | None
) -> list[Decision]:
    """Write what a newer README says of papers as decisions: accepted into a category, or rejected (None).

    Of each paper the last one is in force from then on, whatever was decided before: who edits the list's README
    edits the list. `user` is who took the README in, if anybody is known. The entries are the caller's to change.
    """
    seen = {
        suggestion.paper_id: _as_seen(suggestion)
        for suggestion in Suggestion.objects.filter(list=paper_list, paper__in=[paper.pk for paper, _ in verdicts])
    }
    rejected = [paper.pk for paper, category in verdicts if category is None]
    said = news.known(rejected) if rejected else {}
    with transaction.atomic():
        decisions = Decision.objects.bulk_create(
            Decision(
                list=paper_list,
                paper=paper,
                kind=Decision.Kind.ACCEPT if category is not None else Decision.Kind.REJECT,
                category=category,
                reason="" if category is not None else Decision.Reason.OTHER,
                note=note,
                suggestion=seen.get(paper.pk),
                origin=Origin.README,
                user=user,  # type: ignore[misc]
            )
            for paper, category in verdicts
        )
        Review.objects.bulk_create(
            (
                Review(
                    list=paper_list,
                    paper_id=paper,
                    state=_STATES[Decision.Kind(decision.kind)],
                    decision=decision,
                    rejected_with=sorted(said.get(paper, {})) if decision.kind == Decision.Kind.REJECT else None,
                )
                for paper, decision in {decision.paper_id: decision for decision in decisions}.items()
            ),
            update_conflicts=True,
            unique_fields=["list", "paper"],
            update_fields=["state", "decision", "until", "put_off_with", "rejected_with"],
        )
    return decisions


def _decide(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    kind: Decision.Kind,
    key: UUID | None = None,
    **fields: Any,
) -> Decision:
    """Write the decision and where the paper now stands; one that came under this key before is not taken again.

    Raise AlreadyDecided when somebody was first, and AlreadyListed when a listed paper is to be anything but accepted.
    """
    with acts.act(paper_list, user, Act.Kind(kind.value)):
        if sent := sent_before(key):
            return sent
        paper = held(paper)
        Review.objects.bulk_create([Review(list=paper_list, paper=paper)], ignore_conflicts=True)
        review = Review.objects.select_for_update().get(list=paper_list, paper=paper)
        demand_open(review, kind)
        decision = Decision.objects.create(
            list=paper_list,
            paper=paper,
            kind=kind,
            user=user,  # type: ignore[misc]
            suggestion=_seen(paper_list, paper),
            key=key,
            **fields,
        )
        review.state, review.decision, review.until = _STATES[kind], decision, fields.get("until")
        is_put_off = kind == Decision.Kind.DEFER and review.until is None
        review.put_off_with = version_of(paper.version, paper.text_hash) if is_put_off else ""
        review.rejected_with = sorted(news.known([paper.pk])[paper.pk]) if kind == Decision.Kind.REJECT else None
        review.save()
        Hold.objects.filter(list=paper_list, paper=paper).delete()
    return decision


def demand_open(review: Review, kind: Decision.Kind) -> None:
    """Raise AlreadyDecided or AlreadyListed where no such decision can be taken."""
    if review.decision is not None and not _is_due(review):
        raise AlreadyDecided(review.decision)
    listed = Entry.objects.filter(category__list=review.list_id, paper=review.paper_id)
    if kind != Decision.Kind.ACCEPT and listed.exists():
        raise entries.AlreadyListed(_("“%(paper)s” stands in the list: take it out first.") % {"paper": review.paper})


def sent_before(key: UUID | None) -> Decision | None:
    """Return the decision that came under this key, also one whose transaction still runs: it is waited for."""
    if key is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
    return Decision.objects.filter(key=key).first()


def held(paper: Paper) -> Paper:
    """Return the paper, or the one that it was merged into meanwhile, which stays while the transaction lasts."""
    now = merging.hold([paper.pk]).get(paper.pk, paper.pk)
    return paper if now == paper.pk else Paper.objects.get(pk=now)


def _is_due(review: Review) -> bool:
    return review.state == Review.State.DEFERRED and review.until is not None and review.until <= timezone.localdate()


def _seen(paper_list: PaperList, paper: Paper) -> dict[str, Any] | None:
    """What the classifier had said at this moment: later training must know it."""
    suggestion = Suggestion.objects.filter(list=paper_list, paper=paper).first()
    return _as_seen(suggestion) if suggestion is not None else None


def _as_seen(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "head": suggestion.head,
        "relevance": suggestion.relevance,
        "probabilities": suggestion.probabilities,
    }
