"""Misspelt words of titles put right.

By symmetric deletion (W. Garbe, SymSpell): two words that differ by one letter, or by two that changed places, are the
same once each has lost one of its letters. So every word of a title is stored with all it may be after such a loss, and
an index finds those that share one with the word in question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Max

from papers.models import Paper, SearchText, SearchWord
from papers.search import tsquery
from papers.search.syntax import Term, plain

SHORTEST, LONGEST = 4, 32  # letters; shorter words have too many neighbours
BATCH = 5000  # titles
RARER = 20  # times a mistake is than the word that was meant: some abstracts have it, too
ENOUGH = 5  # texts: what these have is no mistake
FAR_FROM = 7  # letters of a word from which on two mistakes are forgiven

_WORD = re.compile(r"[^\W_]+")


def is_due() -> bool:
    """Say whether titles came in whose words are not known yet."""
    newest = Paper.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return newest > _read()


def learn(limit: int | None = None) -> int:
    """Take in the words of up to `limit` new titles; return how many were read."""
    done = 0
    while limit is None or done < limit:
        size = BATCH if limit is None else min(BATCH, limit - done)
        titles = list(Paper.objects.filter(pk__gt=_read()).order_by("pk").values_list("pk", "title")[:size])
        if not titles:
            break
        _count(titles)
        done += len(titles)
    return done


def corrected(words: Collection[str]) -> dict[str, str]:
    """Return the words that hardly any text has, with the nearest one of a title, the more frequent first."""
    asked = {word for word in words if SHORTEST <= len(word) <= LONGEST and not word.isdigit()}
    if not asked:
        return {}
    missing = asked - set(SearchWord.objects.filter(word__in=asked).values_list("word", flat=True))
    found = {word: _nearest(word) for word in missing}
    return {word: other for word, other in found.items() if other}


def distance(one: str, other: str) -> int:
    """Return how many letters are missing, too many, other ones or swapped (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


def _said(word: str, most: int) -> int:
    """In how many texts the word is, in any of its forms; of more than `most` just so many."""
    return SearchText.objects.filter(body=tsquery.of_term(Term(word)))[:most].count()


def _nearest(word: str) -> str:
    most = 2 if len(word) >= FAR_FROM else 1
    near = SearchWord.objects.filter(gaps__overlap=_gaps(word)).values_list("word", "papers")
    ranked = sorted((distance(word, other), -papers, other) for other, papers in near)
    if not ranked or ranked[0][0] > most:
        return ""
    other, said = ranked[0][2], _said(word, ENOUGH)
    is_a_mistake = said < ENOUGH and (said == 0 or _said(other, said * RARER) == said * RARER)
    return other if is_a_mistake else ""


def _gaps(word: str) -> list[str]:
    return list(dict.fromkeys([word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]))


def _read() -> int:
    return SearchWord.objects.aggregate(last=Max("last_paper"))["last"] or 0


def _count(titles: Iterable[tuple[int, str]]) -> None:
    counts: Counter[str] = Counter()
    last: dict[str, int] = {}
    newest = 0
    for pk, title in titles:
        newest = max(newest, pk)
        for word in {word for word in _WORD.findall(plain(title).lower()) if SHORTEST <= len(word) <= LONGEST}:
            counts[word] += 1
            last[word] = pk
    if newest not in last.values():  # a title of short words: it is read all the same
        last.setdefault("", newest)
        counts[""] = 0
        last[""] = newest
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO papers_searchword (word, gaps, papers, last_paper) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (word) DO UPDATE SET papers = papers_searchword.papers + excluded.papers,"
            " last_paper = greatest(papers_searchword.last_paper, excluded.last_paper)",
            [(word, _gaps(word), counts[word], last[word]) for word in sorted(last)],
        )
