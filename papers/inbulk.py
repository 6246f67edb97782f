"""Decides on many papers at once: one act, undone as one, with a result for each paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from papers import acts, entries, review
from papers.models import Act, Category, Decision, Paper, PaperList
from papers.prefill import prefill
from papers.readme.row import RowFields

MOST = 1000  # papers at once
TWO = "The list wants two opinions on each paper: decide one by one."


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one paper: its decision, or why there is none."""

    paper: int
    decision: Decision | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a bulk action did; `act` is None where every paper was refused."""

    act: Act | None
    results: tuple[Result, ...]

    @property
    def decided(self) -> int:
        """On how many papers it decided."""
        return sum(result.decision is not None for result in self.results)


def accept(category: Category, papers: Sequence[int], user: AbstractBaseUser, note: str = "") -> Done:
    """Accept papers, by their primary keys, into a category, each with the row that is known of it."""
    return _each(
        category.list, papers, user, lambda paper: review.accept(category, paper, rows(category, paper), user, note)
    )


def reject(
    paper_list: PaperList, papers: Sequence[int], user: AbstractBaseUser, reason: str = "", note: str = ""
) -> Done:
    """Reject papers for this list."""
    return _each(paper_list, papers, user, lambda paper: review.reject(paper_list, paper, user, reason, note))


def defer(
    paper_list: PaperList, papers: Sequence[int], user: AbstractBaseUser, until: date | None, note: str = ""
) -> Done:
    """Put papers off until a day, or a newer version of each; raise ValueError when that day is not ahead."""
    return _each(paper_list, papers, user, lambda paper: review.defer(paper_list, paper, user, until, note))


def rows(category: Category, paper: Paper) -> dict[str, RowFields]:
    """Return the rows of a paper that nobody wrote: prefilled in the primary language, and its columns in the others.

    Raise ValueError for a list without a README.
    """
    documents = list(category.list.documents.all())
    if not documents:
        raise ValueError(_("%(list)s has no README yet to take a row.") % {"list": category.list})
    primary, *others = documents
    found = {primary.language: prefill(paper, primary, category)}
    return found | {each.language: RowFields(extra=prefill(paper, each, category).extra) for each in others}


def _each(
    paper_list: PaperList, papers: Sequence[int], user: AbstractBaseUser, decide: Callable[[Paper], Decision]
) -> Done:
    if len(papers) > MOST:
        raise ValueError(_("At most %(most)s papers at once.") % {"most": MOST})
    results = []
    if paper_list.second_opinion:  # each is to be looked at by two
        return Done(None, tuple(Result(pk, refused=TWO) for pk in dict.fromkeys(papers)))
    with acts.act(paper_list, user, Act.Kind.BULK) as made:
        # One at a time in a list, or two of them would wait for each other's papers for ever.
        PaperList.objects.select_for_update(no_key=True).get(pk=paper_list.pk)
        found = Paper.objects.prefetch_related("identifiers", "facts").in_bulk(papers)
        for pk in dict.fromkeys(papers):
            if pk not in found:
                results.append(Result(pk, refused=_("There is no such paper.")))
                continue
            try:
                with transaction.atomic():
                    results.append(Result(pk, decide(found[pk])))
            except (review.AlreadyDecided, entries.AlreadyListed) as clash:
                results.append(Result(pk, refused=str(clash)))
    return Done(None if made.is_empty else made, tuple(results))
