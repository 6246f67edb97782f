"""Proposals of authors: asked for, confirmed by mail, put before the curators, and told of to who made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from papers import adding, cards, catalog, identity, pasting
from papers.models import Category, Paper, PaperList, Proposal, Review, Suggestion
from papers.querysets import PaperQuerySet
from papers.records import Identifier, PaperRecord, Rejected
from papers.standings import Standing, State, standings

SOURCE = "author"
CONFIRMED_WITHIN = timedelta(days=3)
# How long an address is kept: it is there for questions of the curators.
ERASED_AFTER_DECISION = timedelta(days=30)
ERASED_AFTER = timedelta(days=180)
DROPPED_UNCONFIRMED = timedelta(days=7)

MOST_A_DAY = 3  # of one mail address, in all lists
MOST_UNCONFIRMED_A_DAY = 200  # of all together: mails that nobody answered


class Refused(Exception):
    """The paper cannot be proposed; the message says why, to whom it may concern, and names nobody."""


class NoPaper(Refused):
    """What was given names no paper."""


class TitleMissing(Refused):
    """No source is asked for the title of this paper, so somebody must give it."""


class TooMany(Refused):
    """Enough was proposed for today."""


class Gone(Exception):
    """There is no such proposal, or it was not confirmed in time."""


@dataclass(frozen=True, slots=True)
class Named:
    """A paper as somebody names it."""

    identifier: Identifier
    title: str
    paper: Paper | None  # that is known


def named(text: str, title: str = "") -> Named:
    """Return the one paper that a text names by a link or an id; raise NoPaper or TitleMissing."""
    try:
        items = pasting.read(text)
    except pasting.TooMuch as error:
        raise NoPaper(str(error)) from error
    if len(items) != 1:
        raise NoPaper(_("Name one paper, by its link, arXiv id or DOI."))
    item = items[0]
    if item.problem:
        raise NoPaper(_("%(words)s.") % {"words": capfirst(item.problem)})
    identifier = item.identifiers[0]
    paper = Paper.objects.with_identifier(*identifier).prefetch_related("identifiers").first()
    title = " ".join(title.split()) or item.title
    if not title and paper is None and identifier.scheme != "arxiv":
        raise TitleMissing(_("Give its title, too: nobody can be asked for it."))
    refused = identity.normalise(_record(identifier, title, paper))
    if isinstance(refused, Rejected):
        raise NoPaper(_("It has %(reason)s.") % {"reason": refused.reason})
    return Named(identifier, title, paper)


def propose(
    paper_list: PaperList, given: Named, email: str, category: Category | None = None, why: str = ""
) -> Proposal:
    """Keep a proposal until its author confirms it, and tell nobody of it; raise Refused."""
    email = email.strip().lower()
    refuse_what_is_settled(paper_list, given.paper)
    since = timezone.now() - timedelta(days=1)
    if Proposal.objects.filter(email=email, asked_at__gt=since).count() >= MOST_A_DAY:
        raise TooMany(_("At most %(most)s papers a day can be proposed from one address.") % {"most": MOST_A_DAY})
    if Proposal.objects.filter(confirmed_at=None, asked_at__gt=since).count() >= MOST_UNCONFIRMED_A_DAY:
        raise TooMany(_("More was proposed today than is taken in a day. Please come back tomorrow."))
    return Proposal.objects.create(
        list=paper_list,
        scheme=given.identifier.scheme,
        value=given.identifier.value,
        title=given.title,
        category=category,
        why=why.strip(),
        email=email,
    )


def confirm(key: UUID) -> Proposal:
    """Put a proposal before the curators, once; one that is there stays as it is. Raise Gone or Refused.

    What was settled since it was made is refused, and the proposal is forgotten.
    """
    try:
        with transaction.atomic():
            return _confirm(key)
    except Refused:
        Proposal.objects.filter(key=key, confirmed_at=None).delete()
        raise


def _confirm(key: UUID) -> Proposal:
    found = Proposal.objects.filter(key=key, user=None).select_related("list").first()
    if found is None:
        raise Gone
    # One at a time in a list: of two proposals of one paper, the second one finds the first.
    paper_list = PaperList.objects.select_for_update(no_key=True).get(pk=found.list_id)
    proposal = Proposal.objects.select_for_update().filter(pk=found.pk).first()
    if proposal is None:
        raise Gone
    proposal.list = paper_list
    if proposal.confirmed_at is not None:
        return proposal
    if proposal.asked_at < timezone.now() - CONFIRMED_WITHIN:
        raise Gone
    name = Identifier(proposal.scheme, proposal.value)
    known = Paper.objects.with_identifier(*name).first()
    refuse_what_is_settled(paper_list, known)
    record = _record(name, proposal.title, known)
    stored = catalog.upsert([record])
    proposal.paper = Paper.objects.get(pk=stored.ids[name])
    proposal.confirmed_at = timezone.now()
    proposal.save(update_fields=["paper", "confirmed_at"])
    return proposal


def _record(name: Identifier, title: str, known: Paper | None) -> PaperRecord:
    """What a proposal tells of its paper: of one that is known, nothing new."""
    told = known.title if known is not None and not adding.is_untitled(known) else title
    return PaperRecord(SOURCE, (name,), told or adding.untitled(name))


def refuse_what_is_settled(paper_list: PaperList, paper: Paper | None) -> None:
    """Raise Refused for a paper that the list has, that its curators decided on, or that was proposed already."""
    if paper is None:
        return
    standing = standings(paper_list, [paper])[paper.pk]
    if told := publicly(standing):
        raise Refused(told)
    if Proposal.objects.filter(list=paper_list, paper=paper, user=None).exists():
        raise Refused(_("It was proposed already, and awaits a decision."))


def publicly(standing: Standing) -> str:
    """Return what anybody may know of a paper that does not await a decision; empty for one that does."""
    reason = standing.decision.get_reason_display().lower() if standing.decision else ""
    return {
        State.WAITING: "",
        State.LISTED: _("It is in the list already: %(categories)s.") % {"categories": ", ".join(standing.categories)},
        State.REJECTED: _("The curators have declined it (%(reason)s).") % {"reason": reason}
        if reason
        else _("The curators have declined it."),
        State.DEFERRED: _("The curators have put it off, until %(until)s.")
        % {"until": standing.until or _("there is a new version")},
        State.DUPLICATE: _("The curators take it for a paper that is here under another name."),
        State.WITHDRAWN: _("It was withdrawn."),
    }[standing.state]


# --- reading --------------------------------------------------------------------------------------------------


def of(paper_list: PaperList, paper: Paper) -> list[Proposal]:
    """Return who put a paper before the list's curators, the first ones first."""
    found = list(Proposal.objects.filter(list=paper_list, paper=paper).select_related("user").order_by("confirmed_at"))
    if any(each.category_id for each in found):
        known = {category.pk: category for category in cards.categories(paper_list)}  # with their names at hand
        for each in found:
            each.category = known.get(each.category_id or 0)
    return found


def before_curators(paper_list: PaperList) -> QuerySet[Proposal]:
    """Return what was put before the list's curators, the newest first."""
    return (
        Proposal.objects.filter(list=paper_list, paper__isnull=False)
        .select_related("user", "category", "paper", "list")
        .prefetch_related("paper__identifiers")
        .order_by("-confirmed_at", "-pk")
    )


@dataclass(frozen=True, slots=True)
class Put:
    """A paper that was put before curators, and what has become of it."""

    proposal: Proposal
    standing: Standing
    relevance: float | None  # as the classifier sees it; None where it has not spoken yet

    @property
    def is_untitled(self) -> bool:
        """Whether its title is not known yet."""
        return self.proposal.paper is not None and adding.is_untitled(self.proposal.paper)


def with_standing(paper_list: PaperList, found: Sequence[Proposal]) -> list[Put]:
    """Return what has become of these proposals of one list, in a fixed number of queries."""
    where = standings(paper_list, [each.paper for each in found if each.paper is not None])
    said = Suggestion.objects.filter(list=paper_list, paper__in=where).values_list("paper_id", "relevance")
    relevance = dict(said)
    return [
        Put(each, where[each.paper_id], relevance.get(each.paper_id)) for each in found if each.paper_id is not None
    ]


def untold(paper_list: PaperList) -> PaperQuerySet:
    """Return the papers put before the list's curators, and not declined, of which only who named them has told."""
    proposed = Proposal.objects.filter(list=paper_list, paper=OuterRef("pk"))
    declined = Review.objects.filter(
        list=paper_list, paper=OuterRef("pk"), state__in=[Review.State.REJECTED, Review.State.DUPLICATE]
    )
    return Paper.objects.filter(Exists(proposed), ~Exists(declined), abstract="")


# --- forgetting -----------------------------------------------------------------------------------------------


def purge(now: datetime | None = None) -> tuple[int, int]:
    """Drop what was never confirmed, and erase the addresses that have served; return how many of each."""
    now = now or timezone.now()
    dropped, _ = Proposal.objects.filter(confirmed_at=None, asked_at__lt=now - DROPPED_UNCONFIRMED).delete()
    decided = Review.objects.filter(
        list=OuterRef("list"), paper=OuterRef("paper"), decision__at__lt=now - ERASED_AFTER_DECISION
    )
    served = Q(asked_at__lt=now - ERASED_AFTER) | Q(Exists(decided))
    erased = Proposal.objects.exclude(email="").filter(served).update(email="")
    return dropped, erased
