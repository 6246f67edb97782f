"""Which venues and which tags a list's papers have most, as its primary language shows them. One query each."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Func, QuerySet, TextField

from papers.models import EntryText, PaperList

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Frequent:
    """A venue or a tag, and how many of the list's papers have it."""

    name: str
    papers: int


def venues(paper_list: PaperList, most: int | None = SHOWN) -> tuple[Frequent, ...]:
    """Return the venues by their normalised names, the most frequent first; all of them where `most` is None."""
    rows = _shown(paper_list).exclude(venue_name="").values_list("venue_name")
    found = rows.annotate(n=Count("entry__paper", distinct=True)).order_by("-n", "venue_name")
    return tuple(Frequent(name, n) for name, n in found[:most])


def tags(paper_list: PaperList, most: int | None = SHOWN) -> tuple[Frequent, ...]:
    """Return the tags, the most frequent first; all of them where `most` is None."""
    rows = _shown(paper_list).annotate(tag=Func(F("tags"), function="unnest", output_field=TextField()))
    found = rows.values_list("tag").annotate(n=Count("entry__paper", distinct=True)).order_by("-n", "tag")
    return tuple(Frequent(name, n) for name, n in found[:most])


def _shown(paper_list: PaperList) -> QuerySet[EntryText]:
    return EntryText.objects.filter(document__list=paper_list, document__is_primary=True).order_by()
