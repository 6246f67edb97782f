"""Where a new row goes: as its section is ordered, by date or by title as fixed or found, else at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from papers import identity
from papers.models import Category, Document, EntryText, Order, Paper
from papers.readme.merge import woven

_ENOUGH = 0.8  # of all pairs of rows: real lists are ordered with exceptions
_NEARLY_ALL = 0.95  # by title: a list in no order at all rises in half of its pairs by chance
_FEW_DATES = 3  # rows of different months; fewer say nothing about an order
_FEW_TITLES = 5
_MOST_ROWS = 300  # that are compared with each other


@dataclass(frozen=True, slots=True)
class Placed:
    """What a row is ordered by."""

    position: float
    month: tuple[int, int] | None  # (months since year 0, number of the arXiv id in its month or 0)
    title: str


def position(document: Document, category: Category, paper: Paper) -> float:
    """Return the position for a new row of this paper in this category of this document.

    As the category's order is fixed, else as its rows are found to be ordered. Where the rows of another language
    follow each other as in the primary one, the new row stands behind the same row as there. When no number is
    left between the neighbours, the rows there are numbered anew first.
    """
    texts = _texts(document, category, paper)
    gap = None if document.is_primary else _gap_as_in_primary(document, category, paper, texts)
    if gap is None:
        new = Placed(0.0, _month(paper.link, paper.published), paper.title)
        gap = _gap(new, [_placed(text) for text in texts], _fixed(category))
    return _between(texts, gap)


def place_all(document: Document, category: Category, new: Sequence[EntryText]) -> None:
    """Give rows that were saved without a position their places in a category, and number all its rows anew."""
    fresh = {text.pk for text in new}
    rows = EntryText.objects.filter(document=document, entry__category=category).select_related("entry__paper")
    texts = list(rows.exclude(pk__in=fresh).order_by("position", "pk"))
    placed = [_placed(text) for text in texts]
    order = _fixed(category) or order_of(placed)
    for text in new:
        paper = text.entry.paper
        row = Placed(0.0, _month(paper.link, paper.published), paper.title)
        gap = _gap(row, placed, order)
        texts.insert(gap, text)
        placed.insert(gap, row)
    _number(texts)


def follow(document: Document, category: Category, order: Sequence[int], new: Sequence[EntryText]) -> None:
    """Give rows that came into a category their places in this document, behind what they follow elsewhere.

    `order` are the category's entries, by primary key, as another document has them. Where the rows here have an
    order of their own, the new ones are placed by that.
    """
    fresh = {text.entry_id: text for text in new}
    rows = EntryText.objects.filter(document=document, entry__category=category).order_by("position", "pk")
    standing = {text.entry_id: text for text in rows.exclude(entry__in=fresh)}
    shared = [entry for entry in order if entry in standing]
    in_order = set(shared)
    if not shared or shared != [entry for entry in standing if entry in in_order]:
        place_all(document, category, new)
        return
    known = standing | fresh
    _number([known[entry] for entry in woven(list(standing), [entry for entry in order if entry in known])])


def _number(texts: Sequence[EntryText]) -> None:
    """Number the rows of a category anew, in this order."""
    for number, text in enumerate(texts, 1):
        text.position = float(number)
    # An upsert, since bulk_update takes seconds for a thousand rows.
    EntryText.objects.bulk_create(texts, update_conflicts=True, unique_fields=["id"], update_fields=["position"])


def put_behind(text: EntryText, other: EntryText | None) -> bool:
    """Put a row behind another one of its category and document, before all for None; False when it stands there."""
    texts = _texts(text.document, text.entry.category, text.entry.paper)
    gap = next((place for place, each in enumerate(texts, 1) if other and each.pk == other.pk), 0)
    stands = sum((each.position, each.pk) < (text.position, text.pk) for each in texts)
    if gap == stands:
        return False
    text.position = _between(texts, gap)
    text.save(update_fields=["position"])
    return True


def detected(document: Document) -> dict[int, Order]:
    """Return how the rows of each category of a document are found to be ordered, by the category's primary key."""
    rows: dict[int, list[Placed]] = {}
    for text in document.texts.select_related("entry__paper").order_by("position", "pk"):
        rows.setdefault(text.entry.category_id, []).append(_placed(text))
    return {category: order_of(placed) for category, placed in rows.items()}


def _fixed(category: Category) -> Order | None:
    return Order(category.order) if category.order else None


def _between(texts: Sequence[EntryText], gap: int) -> float:
    """A position with this many of the rows before it; they are numbered anew when there is none."""
    found = _in_gap([text.position for text in texts], gap)
    if any(text.position == found for text in texts):
        _number(texts)
        found = _in_gap([text.position for text in texts], gap)
    return found


def _in_gap(positions: Sequence[float], gap: int) -> float:
    if not positions:
        return 1.0
    if gap == 0:
        return positions[0] - 1.0
    if gap == len(positions):
        return positions[-1] + 1.0
    return (positions[gap - 1] + positions[gap]) / 2


def _gap_as_in_primary(document: Document, category: Category, paper: Paper, texts: Sequence[EntryText]) -> int | None:
    """How many rows stand before the new one as in the primary language; None when that tells nothing."""
    rows = EntryText.objects.filter(
        document__list=document.list_id, document__is_primary=True, entry__category=category
    ).order_by("position", "pk")
    primary = list(rows.values_list("entry_id", "entry__paper_id"))
    place = next((place for place, (_, each) in enumerate(primary) if each == paper.pk), None)
    own = {text.entry_id: number for number, text in enumerate(texts)}
    shared = [own[entry] for entry, _ in primary if entry in own]
    if place is None or not shared or shared != sorted(shared):
        return None
    above = [own[entry] for entry, _ in primary[:place] if entry in own]
    return above[-1] + 1 if above else shared[0]


def _texts(document: Document, category: Category, paper: Paper) -> list[EntryText]:
    """The rows of this category, without the paper's own, which may just be moving in."""
    texts = EntryText.objects.filter(document=document, entry__category=category).exclude(entry__paper=paper)
    return list(texts.select_related("entry__paper").order_by("position", "pk"))


def _placed(text: EntryText) -> Placed:
    return Placed(text.position, _month(text.link, text.entry.paper.published), text.title)


def place(new: Placed, rows: Sequence[Placed], order: Order | None = None) -> float:
    """Return a position for the new row among rows that are sorted by theirs, in this order or as they are.

    Equals one of theirs only when there is no number between two of them.
    """
    return _in_gap([row.position for row in rows], _gap(new, rows, order))


def _gap(new: Placed, rows: Sequence[Placed], order: Order | None) -> int:
    """How many rows stand before the new one."""
    match order or order_of(rows):
        case Order.NEWEST_FIRST if new.month:
            return _least_wrong(rows, lambda row: _compare(row.month, new.month), at_ties_first=True)
        case Order.OLDEST_FIRST if new.month:
            return _least_wrong(rows, lambda row: _compare(new.month, row.month), at_ties_first=False)
        case Order.ALPHABETICAL:
            key = _sort_title(new.title)
            return _least_wrong(rows, lambda row: _compare(key, _sort_title(row.title)), at_ties_first=False)
    return len(rows)


def order_of(rows: Sequence[Placed]) -> Order:
    """Return how rows are ordered. Months count, not days: within a month few lists have an order."""
    dated = [row.month[0] for row in rows if row.month][:_MOST_ROWS]
    if len(set(dated)) >= _FEW_DATES:
        falling, rising = _pairs(dated)
        if falling >= _ENOUGH * (falling + rising):
            return Order.NEWEST_FIRST
        if rising >= _ENOUGH * (falling + rising):
            return Order.OLDEST_FIRST
    titles = [_sort_title(row.title) for row in rows][:_MOST_ROWS]
    if len(set(titles)) >= _FEW_TITLES:
        falling, rising = _pairs(titles)
        if rising >= _NEARLY_ALL * (falling + rising):
            return Order.ALPHABETICAL
    return Order.NONE


def _pairs(values: Sequence[Any]) -> tuple[int, int]:
    """How many pairs fall and how many rise."""
    falling = sum(first > second for first, second in combinations(values, 2))
    rising = sum(first < second for first, second in combinations(values, 2))
    return falling, rising


def _least_wrong(rows: Sequence[Placed], sign: Callable[[Placed], int], at_ties_first: bool) -> int:
    """The gap with the fewest rows on its wrong side; `sign` is 1 for a row that belongs before, else -1."""
    wrong = sum(sign(row) > 0 for row in rows)  # before all rows: those that should stand before are behind
    best, gap = wrong, 0
    for place, row in enumerate(rows, 1):
        wrong -= sign(row)
        if wrong < best or (wrong == best and not at_ties_first):
            best, gap = wrong, place
    return gap


def _compare(first: Any, second: Any) -> int:
    """1 when the first is greater, -1 when it is less, 0 when they are equal or one is unknown."""
    return 0 if first is None or second is None else (first > second) - (first < second)


def _month(link: str, published: date | None) -> tuple[int, int] | None:
    """The month of a paper: an arXiv id says it, and where in the month; else the day of publication."""
    name = identity.identify(link) if link else None
    if name is not None and name.scheme == "arxiv":
        year, month, number = identity.arxiv_month(name.value)
        return year * 12 + month, number
    return (published.year * 12 + published.month, 0) if published else None


def _sort_title(title: str) -> str:
    return re.sub(r"^\W+", "", title.casefold())
