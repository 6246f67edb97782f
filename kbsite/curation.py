"""The verbs of a review as the site speaks them, for pages and API alike.

In a list that wants two opinions on each paper, what one curator says is an opinion (papers/opinions.py) and teaches
nothing yet.

Each is the verb of `papers.review`, and on commit the learner is told of it or, where none lives, a worker is asked to
learn from it. The asking never costs the decision: when the broker is out of reach, the decision stands and is learned
from at the next training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ingest import learner, tasks
from kbsite import broker
from kbsite.access import Action, demand, may, place_of
from papers import acts, adding, findings, inbulk, opinions, proposals, review
from papers.models import (
    Act,
    Category,
    Decision,
    Entry,
    Finding,
    Opinion,
    Paper,
    PaperList,
    Proposal,
    Review,
    RowChange,
)
from papers.opinions import Verdict
from papers.pasting import Item
from papers.readme.row import RowFields

Said = Decision | Opinion

# The rows that setting a list up changes: its columns, how many decide, the order of a section, a README more or less.
_SET_UP = (
    Q(table="papers_paperlist", columns__overlap=["columns", "second_opinion"])
    | Q(table="papers_category", columns__contains=["order"])
    | Q(table="papers_document", operation__in="ID")
)


def accept(
    category: Category,
    paper: Paper,
    rows: Mapping[str, RowFields],
    user: AbstractBaseUser,
    note: str = "",
    key: UUID | None = None,
    *,
    settles: bool = False,
) -> Said:
    """Accept the paper into the category with a row by language; raise AlreadyDecided, AlreadyListed or CannotSpeak."""
    verdict = Verdict(Decision.Kind.ACCEPT, category, rows, note=note)
    return _say(category.list, paper, user, verdict, key, settles)


def reject(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    reason: str = "",
    note: str = "",
    key: UUID | None = None,
    *,
    settles: bool = False,
) -> Said:
    """Reject the paper for this list; raise AlreadyDecided or CannotSpeak."""
    verdict = Verdict(Decision.Kind.REJECT, reason=reason, note=note)
    return _say(paper_list, paper, user, verdict, key, settles)


def defer(
    paper_list: PaperList,
    paper: Paper,
    user: AbstractBaseUser,
    until: date | None,
    note: str = "",
    key: UUID | None = None,
    *,
    settles: bool = False,
) -> Said:
    """Put the paper off until a day, or (None) a newer version.

    Raise AlreadyDecided, CannotSpeak, or ValueError when that day is not ahead.
    """
    return _say(paper_list, paper, user, Verdict(Decision.Kind.DEFER, until=until, note=note), key, settles)


def duplicate(
    paper_list: PaperList,
    paper: Paper,
    of: Paper,
    user: AbstractBaseUser,
    note: str = "",
    key: UUID | None = None,
    *,
    settles: bool = False,
) -> Said:
    """Say that the paper is another one again; raise AlreadyDecided, CannotSpeak; ValueError of itself."""
    verdict = Verdict(Decision.Kind.DUPLICATE, duplicate_of=of, note=note)
    return _say(paper_list, paper, user, verdict, key, settles)


def settle_between(opinion: Opinion, user: AbstractBaseUser) -> Decision:
    """Decide between two curators for this opinion; raise CannotSpeak where they do not differ any more."""
    return _learned_from(opinions.settle(opinion, user))


def _say(
    paper_list: PaperList, paper: Paper, user: AbstractBaseUser, verdict: Verdict, key: UUID | None, settles: bool
) -> Said:
    said = opinions.say(paper_list, paper, user, verdict, key, settles=settles)
    return _learned_from(said) if isinstance(said, Decision) else said


def undo(decision: Decision, user: AbstractBaseUser) -> Decision:
    """Take a decision back; raise NotInForce when it was undone or followed by another one.

    All that it changed is put back exactly where it was an act of its own and nothing followed; else its entry leaves
    the list and its paper returns to the queue.
    """
    if not Review.objects.filter(decision=decision).exists():
        raise review.NotInForce(_("This decision is no longer in force."))
    if decision.act is not None and decision.act.kind == decision.kind:
        with suppress(acts.CannotUndo):
            acts.undo(decision.act, user)
            return _learned_from(acts.last_word(decision))
    return _learned_from(review.undo(decision, user))


def undo_act(act: Act, user: AbstractBaseUser, *, cascade: bool = False) -> Act:
    """Undo an act, with what followed it if asked for; raise Followed or CannotUndo.

    What only those who set a list up may do, only they may undo: raise PermissionDenied.
    """
    with transaction.atomic():
        undoing = acts.undo(act, user, cascade=cascade)
        if undoing.rows.filter(_SET_UP).exists():
            demand(user, Action.SET_UP, place_of(act.list))
    transaction.on_commit(partial(_ask_for_training, act.list.slug))
    return undoing


def beyond(found: Sequence[Act], user: AbstractBaseUser) -> set[int]:
    """Return those acts of one list, by primary key, that this person may not undo though they may edit the list."""
    if not found or may(user, Action.SET_UP, place_of(found[0].list)):
        return set()
    return set(RowChange.objects.filter(_SET_UP, act__in=found).values_list("act", flat=True))


def accept_all(category: Category, papers: Sequence[int], user: AbstractBaseUser, note: str = "") -> inbulk.Done:
    """Accept papers into the category as one act, with the rows that are known of them."""
    return _all_learned_from(category.list, inbulk.accept(category, papers, user, note))


def reject_all(
    paper_list: PaperList, papers: Sequence[int], user: AbstractBaseUser, reason: str = "", note: str = ""
) -> inbulk.Done:
    """Reject papers for this list as one act."""
    return _all_learned_from(paper_list, inbulk.reject(paper_list, papers, user, reason, note))


def defer_all(
    paper_list: PaperList, papers: Sequence[int], user: AbstractBaseUser, until: date | None, note: str = ""
) -> inbulk.Done:
    """Put papers off as one act, until a day or newer versions; raise ValueError when that day is not ahead."""
    return inbulk.defer(paper_list, papers, user, until, note)  # says nothing of the papers: nothing to learn


def _all_learned_from(paper_list: PaperList, done: inbulk.Done) -> inbulk.Done:
    transaction.on_commit(partial(_ask_for_training, paper_list.slug))
    return done


def take_out(entry: Entry, user: AbstractBaseUser) -> None:
    """Take an entry out of its list, with the decision that brought it in."""
    slug = entry.category.list.slug
    review.take_out(entry, user)
    transaction.on_commit(partial(_ask_for_training, slug))


def settle(finding: Finding, choice: str, user: AbstractBaseUser) -> None:
    """Settle what was changed here and in the README; raise NotOpen or CannotSettle."""
    findings.settle(finding, choice, user)
    transaction.on_commit(partial(_ask_for_training, finding.list.slug))


def add(
    paper_list: PaperList, items: Sequence[Item], choices: Mapping[int, adding.Choice], user: AbstractBaseUser
) -> adding.Added:
    """Put pasted papers before the list's curators, or straight into it; a worker is asked to find out about them.

    Nothing goes straight into a list that wants two opinions.
    """
    if paper_list.second_opinion:
        choices = {place: replace(choice, category=None) for place, choice in choices.items()}
    added = adding.add(paper_list, items, choices, user)
    if added.queued or added.accepted:
        transaction.on_commit(partial(_ask_about, paper_list.slug))
    if added.accepted:
        transaction.on_commit(partial(_ask_for_training, paper_list.slug))
    return added


def confirm(key: UUID) -> Proposal:
    """Put an author's proposal before the curators; raise Gone or Refused. A worker is asked to find out about it."""
    proposal = proposals.confirm(key)
    transaction.on_commit(partial(_ask_about, proposal.list.slug))
    return proposal


def _ask_about(slug: str) -> None:
    broker.send(tasks.take_in.s(slug))  # where it is out of reach, the schedule finds out, a little later


def _learned_from(decision: Decision) -> Decision:
    if decision.kind == Decision.Kind.DEFER:  # says nothing of the paper: nothing to learn
        return decision
    transaction.on_commit(partial(_ask_for_training, decision.list.slug))
    return decision


def _ask_for_training(slug: str) -> None:
    learner.tell(slug)
    if not learner.lives():
        broker.send(tasks.train.s(slug))  # training looks at all decisions whenever it runs: one short attempt will do
