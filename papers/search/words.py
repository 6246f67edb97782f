"""The order of papers by the words of a query, at a cost that does not grow with how many papers have them.

PostgreSQL ranks every match, which for words that a third of all abstracts have takes a third of a second. Here the
index by words gives the keys of all papers with them, without a look at any text, and only the newest of these are
candidates, and the newest with all of them in their titles. Those whose titles say most come first, and of these the
texts are looked at. How much a word counts is told by how rare it is (K. Spärck
Jones, "A statistical interpretation of term specificity", 1972), which ANALYZE has counted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.search import SearchRank
from django.db import connection
from django.db.models import F, OrderBy, Value

from papers.models import SearchText
from papers.search import conditions, tsquery
from papers.search.syntax import Query

if TYPE_CHECKING:
    from papers.querysets import PaperQuerySet

MOST = 250  # papers in an answer; of more it is said that there are more
TITLED = 150  # papers that have all the words in their titles, the newest
LOOKED_AT = 120  # whose texts are
LOOSE = 50  # papers that have some of the words only
COMMON = 1000  # papers that are looked through for some of the words
MOSTLY = 0.7  # of what all words weigh, which a paper with some of them must have
REMEMBERED = 300.0  # seconds

# A word in the title, in the abstract, among the authors, in a list's row.
_WEIGHTS = "{0.35, 0.3, 0.4, 1.0}"  # as PostgreSQL wants them: D, C, B, A


@dataclass(frozen=True, slots=True)
class Ranked:
    """Papers by their words, the best first, at most MOST of them; `total` is how many there are, or MOST + 1."""

    ids: tuple[int, ...] = ()
    total: int = 0
    every: Sequence[int] = ()  # all there are, the newest first


def ranked(papers: PaperQuerySet, query: Query, stems: Sequence[Sequence[str]]) -> Ranked:
    """Return those of the papers that have all the words, in the order of how well."""
    asked = conditions.words_of(query)
    if asked is None:
        return Ranked()
    among = papers.filter(conditions.holds(_rest(query)))
    rows = _among(SearchText.objects.filter(body=asked), among)
    words = _flat(stems)
    every = _newest_first(rows)
    total = min(len(every), MOST + 1)
    newest = _titles(every[:total], words)
    if total > TITLED:  # else they are all there
        is_plain = not any(term.negated for group in query.groups for term in group)  # else the abstract decides, too
        titled = _among(SearchText.objects.all(), among) if is_plain else rows
        newest |= _rows(titled.filter(title=asked), words, TITLED)
    ids = sorted(newest, key=lambda pk: (*newest[pk], pk), reverse=True)[:MOST]
    return Ranked((*_by_texts(ids[:LOOKED_AT], stems), *ids[LOOKED_AT:]), total, every)


def loosely(papers: PaperQuerySet, query: Query, stems: Sequence[Sequence[str]], but: Collection[int]) -> list[int]:
    """Return papers that have most of the bare words, told by their weight, and all else that is asked for."""
    loose = [group for group, each in zip(stems, query.groups, strict=True) if group and each in query.loose]
    if len(loose) < 2:
        return []
    share = frequencies()
    rarest: list[str] = []
    seen = 0.0
    for group in sorted(loose, key=lambda group: _share(group, share)):
        seen += _share(group, share) * share.get("", 0)
        if rarest and seen > COMMON:
            break
        rarest += group
    strict = query.strict
    rows = SearchText.objects.filter(body=tsquery.of_lexemes(rarest))
    if (words := conditions.words_of(strict)) is not None:
        rows = rows.filter(body=words)
    rows = _among(rows.exclude(pk__in=but), papers.filter(conditions.holds(_rest(strict))))
    some = _rows(rows, _flat(loose), COMMON)
    ids = sorted(some, key=lambda pk: (*some[pk], pk), reverse=True)
    return _by_texts(ids[:LOOKED_AT], loose, MOSTLY)[:LOOSE]


def frequencies() -> Mapping[str, float]:
    """Return which share of papers has a stem, for those that are frequent; under "" how many papers there are."""
    return _frequencies(int(time.monotonic() / REMEMBERED))


@lru_cache(maxsize=1)
def _frequencies(period: int) -> Mapping[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats"
            " WHERE schemaname = current_schema() AND tablename = 'papers_searchtext' AND attname = 'body'"
        )
        stems, shares = cursor.fetchone() or (None, None)
        cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'papers_searchtext'::regclass")
        papers = cursor.fetchone()[0]
    return {**dict(zip(stems or (), shares or (), strict=False)), "": papers}


def _rest(query: Query) -> Query:
    return conditions.other_than_words(query)


def _among(rows: Any, papers: PaperQuerySet) -> Any:
    return rows.filter(paper__in=papers.order_by().values("pk")) if papers.query.where else rows


def _newest_first(rows: Any) -> list[int]:
    """Return the keys of all papers of the rows. As one array: a row for each takes longer to read than to find."""
    newest = OrderBy(F("day"), descending=True, nulls_last=True), OrderBy(F("pk"), descending=True)
    found: list[int] = rows.order_by().aggregate(ids=ArrayAgg("pk", order_by=newest, default=[]))["ids"]
    return found


def _titles(papers: Sequence[int], stems: Sequence[str]) -> dict[int, tuple[float, date]]:
    """Return of each paper how many of the words its title has, and how prominently; its day."""
    if not papers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT paper_id, ts_rank(title, %s::tsquery), coalesce(day, '0001-01-01') FROM papers_searchtext"
            " WHERE paper_id = ANY(%s)",
            [tsquery.either_of(stems), list(papers)],
        )
        return {pk: (rank, day) for pk, rank, day in cursor.fetchall()}


def _rows(rows: Any, stems: Sequence[str], most: int) -> dict[int, tuple[float, date]]:
    """Return the newest papers of the rows, with the same."""
    titled = SearchRank(F("title"), tsquery.of_lexemes(stems)) if stems else Value(0.0)
    newest = rows.annotate(titled=titled).order_by(F("day").desc(nulls_last=True), "-pk")
    return {pk: (rank, day or date.min) for pk, rank, day in newest.values_list("pk", "titled", "day")[:most]}


def _by_texts(papers: Sequence[int], stems: Sequence[Sequence[str]], least: float = 0.0) -> list[int]:
    """Return the papers by how much of what is asked they say, and how prominently; not those with less than `least`.

    A text is unpacked once for all words: `body || ''` is a copy of it in memory.
    """
    groups = [group for group in stems if group]
    if not papers or not groups:
        return list(papers)
    share = frequencies()
    weights = [-math.log(_share(group, share)) for group in groups]
    columns = ", ".join(f"ts_rank('{_WEIGHTS}', body, %s::tsquery)" for _ in groups)
    sql = (
        f"SELECT paper_id, {columns} FROM"  # noqa: S608  the words are parameters
        " (SELECT paper_id, body || ''::tsvector AS body FROM papers_searchtext WHERE paper_id = ANY(%s) OFFSET 0) few"
    )
    with connection.cursor() as cursor:
        asked = [tsquery.either_of(group) for group in groups]
        cursor.execute(sql, [*asked, list(papers)])
        said = {pk: ranks for pk, *ranks in cursor.fetchall()}
    whole = sum(weights)
    scores = {}
    for pk in papers:
        ranks = said.get(pk, ())
        covered = sum(weight for weight, rank in zip(weights, ranks, strict=False) if rank > 0)
        if covered >= least * whole:
            scores[pk] = sum(weight * _saturated(rank) for weight, rank in zip(weights, ranks, strict=False))
    return sorted(scores, key=lambda pk: -scores[pk])


def _saturated(rank: float) -> float:
    """What a word is worth that is said so prominently: twice as often is not twice as much."""
    return rank / (rank + 0.3)


def _share(group: Sequence[str], share: Mapping[str, float]) -> float:
    """Which share of papers has one of these stems, never nothing and never all."""
    papers = max(share.get("", 0), 1)
    rare = min(0.5, max(min(share.values(), default=0) / 2, 1 / papers, 1e-6))
    known = sum(share.get(stem, 0) if stem else 0 for stem in group)
    return min(max(known, rare), 0.9)


def _flat(stems: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(stem for group in stems for stem in group))
