"""Reads for the pages that look at everything at once: the navigation and the dashboard."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, QuerySet
from django.db.models.functions import TruncMonth

from papers import cards, whatsnew
from papers.kept import kept
from papers.models import Category, CategoryText, Decision, Entry, EntryText, Paper, PaperList, Suggestion
from papers.querysets import LIKELY, waiting_suggestions
from papers.whatsnew import SPANS, WEEK, News, midnight

DECISIONS = 4  # how many of the latest are shown
MINUTE = 60


@dataclass(frozen=True, slots=True)
class ListInSight:
    """A list as the navigation names it."""

    slug: str
    name: str
    likely: int  # papers that wait for a decision and likely belong in the list; 0 when nobody asked


def lists(with_likely: bool = False) -> list[ListInSight]:
    """Return every list by name, in two queries at most."""
    waiting = awaiting(LIKELY) if with_likely else {}
    names = PaperList.objects.order_by("name").values_list("pk", "slug", "name")
    return [ListInSight(slug, name, waiting.get(pk, 0)) for pk, slug, name in names]


def awaiting(at_least: float = 0.0) -> dict[int, int]:
    """Return how many papers wait for a decision, by list."""
    found = waiting_suggestions(at_least).order_by()
    return dict(found.values_list("list").annotate(n=Count("pk")))


@dataclass(frozen=True, slots=True)
class Month:
    """How many papers of a category appeared in a month: those listed, and those likely to belong there."""

    first: date
    listed: int
    likely: int


@dataclass(frozen=True, slots=True)
class Line:
    """A category on the dashboard."""

    category: Category
    definition: str
    listed: int
    likely: int
    months: tuple[Month, ...]  # those in which anything appeared, the earliest first


@dataclass(frozen=True)
class Overview:
    """A list as the dashboard shows it."""

    list: PaperList
    languages: tuple[str, ...]
    lines: tuple[Line, ...]
    listed: int  # papers, each once
    has_suggestions: bool
    news: News
    decisions: QuerySet[Decision]

    @property
    def likely(self) -> int:
        """How many papers await a decision and likely belong in the list."""
        return sum(line.likely for line in self.lines)


@dataclass(frozen=True, slots=True)
class Glance:
    """A list in a line: what it is called, how many papers it holds, and how many came in lately."""

    slug: str
    name: str
    listed: int
    added: int  # in the last week


def glances() -> list[Glance]:
    """Return every list by name, in three queries however many there are."""
    held = sizes()
    week = Entry.objects.filter(added_at__gte=midnight(SPANS[WEEK])).order_by().values_list("category__list")
    added = dict(week.annotate(n=Count("paper", distinct=True)))
    names = PaperList.objects.order_by("name").values_list("pk", "slug", "name")
    return [Glance(slug, name, held.get(pk, 0), added.get(pk, 0)) for pk, slug, name in names]


def overview(paper_list: PaperList, span: str = WEEK) -> Overview:
    """Return a list as the dashboard shows it, with what is new in a span of SPANS."""
    return Overview(
        list=paper_list,
        languages=tuple(paper_list.documents.values_list("language", flat=True)),
        lines=lines(paper_list),
        listed=Paper.objects.listed_in(paper_list).count(),
        has_suggestions=Suggestion.objects.filter(list=paper_list).exists(),
        news=whatsnew.news(paper_list, span),
        decisions=Decision.objects.filter(list=paper_list)
        .select_related("paper", "user", "category", "duplicate_of", "undoes")
        .defer("paper__search", "paper__abstract", "duplicate_of__search", "duplicate_of__abstract")
        .prefetch_related(_texts())
        .order_by("-pk")[:DECISIONS],
    )


def papers_here() -> int:
    """Return how many papers the catalogue holds, as of a minute ago at most.

    PostgreSQL counts by looking at every row: 6 ms at 100,000, and more with a cold cache or other work.
    """
    return kept("papers-here", MINUTE, Paper.objects.count)


def rows_of(paper: Paper) -> QuerySet[EntryText]:
    """Return what the lists show of a paper, each in its primary language."""
    if not paper.entries.all():  # as they hang on it
        return EntryText.objects.none()
    found = EntryText.objects.filter(entry__paper=paper, document__is_primary=True)
    found = found.select_related("entry__category__list")
    texts = Prefetch(
        "entry__category__texts", CategoryText.objects.select_related("document").defer("document__source")
    )
    return found.prefetch_related(texts).order_by("entry__category__list", "entry__category__position")


def sizes() -> dict[int, int]:
    """Return how many papers each list holds, each once, in one query."""
    found = Entry.objects.order_by().values_list("category__list")
    return dict(found.annotate(n=Count("paper", distinct=True)))


def lines(paper_list: PaperList) -> tuple[Line, ...]:
    """Return the list's categories with their papers by month, listed ones and likely ones."""
    by_month = {
        "listed": _by_month(Entry.objects.filter(category__list=paper_list)),
        "likely": _by_month(waiting_suggestions(LIKELY).filter(list=paper_list)),
    }
    found = []
    for category, texts in cards.definitions(paper_list):
        here = {kind: months.get(category.pk, {}) for kind, months in by_month.items()}
        days = sorted(day for day in {*here["listed"], *here["likely"]} if day is not None)
        found.append(
            Line(
                category=category,
                definition=next((text.definition for text in texts if text.document.is_primary), ""),
                listed=sum(here["listed"].values()),
                likely=sum(here["likely"].values()),
                months=tuple(Month(day, here["listed"].get(day, 0), here["likely"].get(day, 0)) for day in days),
            )
        )
    return tuple(found)


def _texts() -> Prefetch[str, QuerySet[CategoryText], str]:
    return Prefetch("category__texts", CategoryText.objects.select_related("document").defer("document__source"))


def _by_month(rows: QuerySet[Entry] | QuerySet[Suggestion]) -> dict[int, dict[date | None, int]]:
    """Return by category and month of publication (None: unknown) how many rows there are."""
    found: dict[int, dict[date | None, int]] = {}
    months = rows.order_by().annotate(month=TruncMonth("paper__published"))
    for category, month, n in months.values_list("category", "month").annotate(n=Count("pk")):
        found.setdefault(category, Counter())[month] = n
    return found
