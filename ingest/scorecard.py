"""A head's figures as people read them: by name of category, with how far chance alone could have moved them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from django.db.models import QuerySet

from ingest.classifier.evaluate import DEPTHS
from ingest.models import Head
from papers import cards
from papers.cards import OUT
from papers.models import Category, Decision, PaperList
from papers.querysets import LIKELY

Z = 1.96  # of the normal distribution: 95 in 100
LATEST = 500  # decisions that are looked at for agreement
SHADES = 9


@dataclass(frozen=True, slots=True)
class Share:
    """A share of so many, and the range in which the true one lies, 95 times in 100 (Wilson 1927)."""

    value: float
    of: int

    @property
    def low(self) -> float:
        return self._bound(-1)

    @property
    def high(self) -> float:
        return self._bound(1)

    def _bound(self, sign: int) -> float:
        if self.of == 0:
            return 0.0 if sign < 0 else 1.0
        spread = Z * sqrt(self.value * (1 - self.value) / self.of + Z * Z / (4 * self.of * self.of))
        bound = (self.value + Z * Z / (2 * self.of) + sign * spread) / (1 + Z * Z / self.of)
        return min(max(bound, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: what it was right and wrong about, and where its papers were put."""

    key: str
    category: Category | None  # None for "out", and for a category that is gone
    precision: float
    recall: Share
    f1: float
    support: int
    said: tuple[tuple[int, int, bool], ...]  # (count, shade 0 to 9, is right) for each class in order


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers that were about equally sure: how many, how sure on the mean, and how often right."""

    since: float  # the least probability in it; it is a tenth wide
    papers: int
    sure: float
    right: float


@dataclass(frozen=True, slots=True)
class Unsure:
    """The band of answers that are not to be trusted: those less probable than `below`."""

    below: float
    share: float  # of all answers
    accuracy_outside: float | None  # None where there is no answer
    accuracy_inside: float | None


@dataclass(frozen=True, slots=True)
class Depth:
    """How much of what belongs in the list is found when so much of the order is read."""

    percent: int
    recall: float
    best: float  # that any order could reach: what is read may be fewer papers than what belongs


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The figures of one head; None or empty where a head of an older version did not measure them."""

    accuracy: Share
    macro_f1: float
    guessing: float  # the accuracy of always saying the most frequent class
    log_loss: float | None
    brier: float | None
    calibration_error: float | None
    reliability: tuple[Bin, ...]
    unsure: Unsure | None
    recall: tuple[Depth, ...]
    relevance: Mapping[str, float]
    rows: tuple[ClassRow, ...]

    @property
    def papers(self) -> int:
        """How many papers it was asked about."""
        return self.accuracy.of

    @property
    def category(self) -> Share:
        """How many of the list's own papers were put into their category: the figure that "out" cannot flatter."""
        own = [row for row in self.rows if row.key != OUT]
        total = sum(row.support for row in own)
        right = sum(n for row in own for n, _, is_right in row.said if is_right)
        return Share(right / total if total else 0.0, total)


def scorecard(paper_list: PaperList, head: Head) -> Scorecard | None:
    """Return the head's figures; None when it had nothing to be measured on."""
    figures = head.metrics
    classes = figures.get("confusion", {}).get("classes", [])
    if not classes:
        return None
    named = {category.key: category for category in cards.categories(paper_list)}
    rows = tuple(
        _row(key, named.get(key), figures["per_class"][key], counts, place)
        for place, (key, counts) in enumerate(zip(classes, figures["confusion"]["matrix"], strict=True))
    )
    papers = sum(row.support for row in rows)
    relevance = figures.get("relevance") or {}
    return Scorecard(
        accuracy=Share(figures["accuracy"], papers),
        macro_f1=figures["macro_f1"],
        guessing=max(row.support for row in rows) / papers if papers else 0.0,
        log_loss=figures.get("log_loss"),
        brier=figures.get("brier"),
        calibration_error=figures.get("expected_calibration_error"),
        reliability=tuple(
            Bin(each["from"], each["papers"], each["sure"], each["right"]) for each in figures.get("reliability") or ()
        ),
        unsure=Unsure(**figures["unsure"]) if figures.get("unsure") else None,
        recall=_depths(relevance, papers, sum(row.support for row in rows if row.key != OUT)),
        relevance=relevance,
        rows=rows,
    )


def _depths(relevance: Mapping[str, Any], papers: int, wanted: int) -> tuple[Depth, ...]:
    """Return the recall at each depth that was measured, as evaluate counts what is read: rounded up."""
    measured = [(depth, relevance.get(f"recall_at_{depth}_percent")) for depth in DEPTHS]
    return tuple(
        Depth(depth, recall, min(1.0, ceil(depth / 100 * papers) / wanted))
        for depth, recall in measured
        if recall is not None and wanted
    )


def _row(
    key: str, category: Category | None, figures: Mapping[str, Any], counts: Sequence[int], place: int
) -> ClassRow:
    total = sum(counts)
    shades = [round(SHADES * count / total) if total else 0 for count in counts]
    return ClassRow(
        key=key,
        category=category,
        precision=figures["precision"],
        recall=Share(figures["recall"], figures["support"]),
        f1=figures["f1"],
        support=figures["support"],
        said=tuple((n, shade, at == place) for at, (n, shade) in enumerate(zip(counts, shades, strict=True))),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often curators decided as the classifier had suggested, among their latest decisions."""

    accepted: int
    as_suggested: int  # of those accepted: likely, and into the very category
    rejected: int
    as_unlikely: int  # of those rejected: found unlikely


def agreement(paper_list: PaperList) -> Agreement:
    """Return how curators' latest decisions, undone ones left out, compare with the suggestions they saw."""
    found: QuerySet[Decision] = (
        Decision.objects.filter(list=paper_list, kind__in=[Decision.Kind.ACCEPT, Decision.Kind.REJECT])
        .exclude(suggestion=None)
        .not_taken_back()
        .select_related("category")[:LATEST]
    )
    accepted = [each for each in found if each.kind == Decision.Kind.ACCEPT]
    rejected = [each for each in found if each.kind == Decision.Kind.REJECT]
    return Agreement(
        accepted=len(accepted),
        as_suggested=sum(_is_likely(each) and _best(each) == _key(each) for each in accepted),
        rejected=len(rejected),
        as_unlikely=sum(not _is_likely(each) for each in rejected),
    )


def _is_likely(decision: Decision) -> bool:
    return float((decision.suggestion or {}).get("relevance", 0.0)) >= LIKELY


def _best(decision: Decision) -> str | None:
    said: Mapping[str, float] = (decision.suggestion or {}).get("probabilities", {})
    categories = {key: share for key, share in said.items() if key != OUT}
    return max(categories, key=categories.__getitem__) if categories else None


def _key(decision: Decision) -> str | None:
    return decision.category.key if decision.category else None
