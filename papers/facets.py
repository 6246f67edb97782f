"""How many papers of a set each further filter would leave, in a fixed number of queries from the smaller tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import CharField, Count, F, Func, Q

from papers.models import Entry, Paper, PaperList, Review, SourceRecord, Suggestion
from papers.querysets import LIKELY, PaperQuerySet, due, returned_reviews, waiting_suggestions

Counts = list[tuple[Any, int]]


def statuses(papers: PaperQuerySet, paper_list: PaperList | None) -> dict[str, int]:
    """Return how many papers stand so in the list, or in any, by the names that `standing` knows."""
    chosen = papers.order_by().values("pk")
    listed = Entry.objects.filter(paper__in=chosen)
    waiting = waiting_suggestions().filter(paper__in=chosen)
    reviews = Review.objects.filter(paper__in=chosen).exclude(state=Review.State.OPEN).exclude(due())
    returned = returned_reviews().filter(paper__in=chosen)
    if paper_list:
        listed = listed.filter(category__list=paper_list)
        waiting, reviews = waiting.filter(list=paper_list), reviews.filter(list=paper_list)
        returned = returned.filter(list=paper_list)
    several = paper_list is None  # a paper has one review and one suggestion in each list
    counts: dict[str, int] = dict(reviews.order_by().values_list("state").annotate(n=Count("paper", distinct=several)))
    counts["listed"] = listed.aggregate(n=Count("paper", distinct=True))["n"]
    counts["returned"] = returned.aggregate(n=Count("paper", distinct=several))["n"]
    return counts | waiting.order_by().aggregate(
        awaiting=Count("paper", distinct=several),
        likely=Count("paper", distinct=several, filter=Q(relevance__gte=LIKELY)),
    )


def categories(papers: PaperQuerySet, paper_list: PaperList) -> dict[str, int]:
    """Return by category key how many papers stand there or are likely to belong there."""
    chosen = papers.order_by().values("pk")
    listed = Entry.objects.filter(category__list=paper_list, paper__in=chosen)
    likely = Suggestion.objects.filter(list=paper_list, relevance__gte=LIKELY, paper__in=chosen).exclude(
        paper__in=Paper.objects.listed_in(paper_list).values("pk")
    )
    counts: Counter[str] = Counter()
    for found in (listed, likely):
        counts.update(dict(found.order_by().values_list("category__key").annotate(n=Count("paper", distinct=True))))
    return dict(counts)


def years(papers: PaperQuerySet) -> Counts:
    """Return how many papers appeared in each year, the newest first."""
    found = papers.order_by().exclude(published=None).values_list("published__year").annotate(n=Count("pk"))
    return sorted(found, reverse=True)


def subjects(papers: PaperQuerySet, limit: int) -> Counts:
    """Return the most frequent subjects."""
    each = papers.order_by().annotate(subject=Func(F("subjects"), function="unnest", output_field=CharField()))
    return list(each.values_list("subject").annotate(n=Count("pk")).order_by("-n", "subject")[:limit])


def sources(papers: PaperQuerySet) -> Counts:
    """Return how many papers each source tells of."""
    found = SourceRecord.objects.filter(paper__in=papers.order_by().values("pk"))
    return list(found.order_by().values_list("source").annotate(n=Count("pk")).order_by("-n", "source"))


def with_code(papers: PaperQuerySet) -> int:
    """Return how many papers have known code."""
    return papers.order_by().with_code().count()
