"""Where papers stand in a list: listed, decided, put before its curators by somebody, or none of these.

For many papers at once, in a number of queries that does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import Enum

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from papers import cards
from papers.models import Decision, Entry, Paper, PaperList, Proposal, Review


class State(Enum):
    """How a paper stands in a list."""

    WAITING = "waiting"
    LISTED = "accepted"
    REJECTED = "declined"
    DEFERRED = "deferred"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


_DECIDED = {  # in words, without and with who decided when
    State.REJECTED: (gettext_lazy("rejected already"), gettext_lazy("rejected already by %(who)s on %(day)s")),
    State.DEFERRED: (gettext_lazy("put off"), gettext_lazy("put off by %(who)s on %(day)s")),
    State.DUPLICATE: (
        gettext_lazy("taken for a duplicate"),
        gettext_lazy("taken for a duplicate by %(who)s on %(day)s"),
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a paper stands in a list, and by whose word."""

    state: State
    categories: tuple[str, ...] = ()  # of a listed one: the names of those it stands in
    decision: Decision | None = None  # the one in force
    until: date | None = None  # of a deferred one
    again: bool = False  # a waiting one that was decided, and the decision was taken back
    proposal: Proposal | None = None  # the first that somebody made of it

    @property
    def is_open(self) -> bool:
        """Whether it awaits a decision."""
        return self.state == State.WAITING

    @property
    def told(self) -> str:
        """It in words, to go on after “It is …”: for people who may know who decided."""
        if self.state == State.LISTED:
            return _("listed already, in %(categories)s") % {"categories": _(" and ").join(self.categories)}
        if self.state in _DECIDED:
            return self._decided
        if self.state == State.WITHDRAWN:
            return _("withdrawn by its authors")
        if self.proposal is not None:
            said = {"who": self.proposal.user, "day": f"{self.proposal.confirmed_at:%Y-%m-%d}"}
            if self.proposal.by_author:
                return _("known here, and was put before the curators by its author on %(day)s") % said
            return _("known here, and was put before the curators by %(who)s on %(day)s") % said
        return _("known here, and awaits a decision")

    @property
    def _decided(self) -> str:
        """What was decided, by whom and when as far as is known, and why or until when."""
        by = {"who": self.decision.who, "day": f"{self.decision.at:%Y-%m-%d}"} if self.decision else {}
        told = str(_DECIDED[self.state][bool(by)]) % by
        if self.state == State.REJECTED and self.decision and self.decision.reason:
            return _("%(told)s (%(reason)s)") % {"told": told, "reason": self.decision.get_reason_display().lower()}
        if self.state == State.DEFERRED:
            until = f"{self.until:%Y-%m-%d}" if self.until else _("there is a new version")
            return _("%(told)s, until %(until)s") % {"told": told, "until": until}
        return told


def standings(paper_list: PaperList, papers: Collection[Paper]) -> dict[int, Standing]:
    """Return where each of these papers stands in the list, by its key."""
    wanted = {paper.pk: paper for paper in papers}
    names = {category.pk: category.name for category in cards.categories(paper_list)}
    listed: dict[int, list[str]] = {}
    for paper, category in (
        Entry.objects.filter(category__list=paper_list, paper__in=wanted)
        .order_by("category__position")
        .values_list("paper_id", "category_id")
    ):
        listed.setdefault(paper, []).append(names[category])
    reviews = {
        review.paper_id: review
        for review in Review.objects.filter(list=paper_list, paper__in=wanted).select_related("decision__user")
    }
    undone = set(
        Decision.objects.filter(list=paper_list, paper__in=wanted, kind=Decision.Kind.UNDO).values_list(
            "paper_id", flat=True
        )
    )
    proposed: dict[int, Proposal] = {}
    for proposal in (
        Proposal.objects.filter(list=paper_list, paper__in=wanted).select_related("user").order_by("confirmed_at", "pk")
    ):
        if proposal.paper_id is not None:
            proposed.setdefault(proposal.paper_id, proposal)
    return {
        pk: _standing(paper, tuple(listed.get(pk, ())), reviews.get(pk), pk in undone, proposed.get(pk))
        for pk, paper in wanted.items()
    }


_STATES = {
    Review.State.REJECTED.value: State.REJECTED,
    Review.State.DEFERRED.value: State.DEFERRED,
    Review.State.DUPLICATE.value: State.DUPLICATE,
}


def _standing(
    paper: Paper, categories: tuple[str, ...], review: Review | None, undone: bool, proposal: Proposal | None
) -> Standing:
    decision = review.decision if review else None
    if categories:
        return Standing(State.LISTED, categories, decision, proposal=proposal)
    is_due = review is not None and review.until is not None and review.until <= timezone.localdate()
    if review is not None and review.state in _STATES and not (review.state == Review.State.DEFERRED and is_due):
        return Standing(_STATES[review.state], decision=decision, until=review.until, proposal=proposal)
    if paper.withdrawn:
        return Standing(State.WITHDRAWN, proposal=proposal)
    return Standing(State.WAITING, again=undone and decision is None, proposal=proposal)
