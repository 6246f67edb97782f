"""What a search finds: the one function behind pages, API and exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from papers import identity, vectors
from papers.search import conditions, meaning, spelling, translation, tsquery, words
from papers.search.fusion import fused
from papers.search.syntax import Query, Term, parse, readable

if TYPE_CHECKING:
    from papers.querysets import PaperQuerySet

NEAR = 50  # papers that are near in meaning
FEW = 10  # papers that have all the words; with fewer, those that have most of them are shown, too
MOST_OFFERED = 4


@dataclass(frozen=True)
class Found:
    """The papers of a search, the best first, and how they were found."""

    query: Query
    papers: PaperQuerySet = field(repr=False, compare=False)  # among which it was looked for
    ids: tuple[int, ...] | None = None  # None: all that fulfil the query, in no order of their own
    total: int = 0  # papers that fulfil the query; where it is cut, there are more
    literal: frozenset[int] = frozenset()  # those of `ids` that do
    every: Sequence[int] | None = field(default=None, repr=False)  # all papers that do; None where it was not asked
    is_named: bool = False  # the text is an identifier or a link: only the paper that has it
    by_meaning: bool = False  # meaning was asked, too
    lacks_encoder: bool = False  # it would have been, but there is nobody to ask
    corrected: dict[str, str] = field(default_factory=dict)  # words as typed -> as they were looked for
    stems: tuple[str, ...] = ()  # of the words to be shown in the texts

    @property
    def is_cut(self) -> bool:
        """Whether there are more papers that fulfil the query than are given."""
        return self.ids is not None and self.total > words.MOST

    @property
    def near(self) -> int:
        """How many papers are given that do not fulfil the query but are near to it."""
        return len(set(self.ids or ()) - self.literal)

    @cached_property
    def offers(self) -> list[tuple[Term, Query, int]]:
        """Each thing asked for that would be worth leaving out, the query without it, and how many that finds."""
        return sorted(self._offers(), key=lambda offer: -offer[2])[:MOST_OFFERED]

    def _offers(self) -> Iterator[tuple[Term, Query, int]]:
        if len(self.query.groups) < 2:
            return
        for group in self.query.groups:
            rest = self.query.without(group)
            if count := self.papers.filter(conditions.holds(translation.translated(rest))).count():
                yield group[0], rest, count


def found(papers: PaperQuerySet, text: str, with_meaning: bool = True) -> Found:
    """Look for what a text asks for among the papers: by its words and by its meaning, both rankings in one."""
    text = readable(text)
    identifier = identity.identify(text)
    if identifier is not None:
        named = tuple(papers.with_identifier(*identifier).values_list("pk", flat=True)[:1])
        return Found(parse(text), papers, named, len(named), frozenset(named), is_named=True)
    query = parse(text)
    if not query.groups:
        return Found(query, papers, ())
    said = translation.translated(query)
    stems = tsquery.lexemes(said)
    if conditions.words_of(said) is None or not any(stems):
        return Found(query, papers, stems=_flat(stems))
    by_words, corrected = words.ranked(papers, said, stems), {}
    if not by_words.total and (corrected := spelling.corrected(_words(query))):
        right = query.with_words(corrected)
        said = translation.translated(right)
        stems = tsquery.lexemes(said)
        by_words, query = words.ranked(papers, said, stems), right
    loosely = words.loosely(papers, said, stems, by_words.ids) if by_words.total < FEW else []
    nearest, lacks_encoder = near(papers, query) if with_meaning else (None, False)
    exact = [pk for pk in _called(papers, text) if pk not in by_words.ids[:1]]
    ids = list(dict.fromkeys([*exact, *fused([*by_words.ids, *loosely], nearest or [])]))
    return Found(
        query,
        papers,
        tuple(ids),
        by_words.total,
        frozenset(by_words.ids),
        by_words.every,
        by_meaning=nearest is not None,
        lacks_encoder=lacks_encoder,
        corrected=corrected,
        stems=_flat(stems),
    )


def matching(papers: PaperQuerySet, text: str) -> PaperQuerySet:
    """Return those of the papers that fulfil what a text asks for, all of them and in no order; a paper by its names.

    Right for conditions and counts, and whatever must not depend on an encoder.
    """
    text = readable(text)
    identifier = identity.identify(text)
    if identifier is not None:
        return papers.with_identifier(*identifier)
    query = translation.translated(parse(text))
    return papers.filter(conditions.holds(query)) if query.groups else papers.none()


def near(papers: PaperQuerySet, query: Query) -> tuple[list[int] | None, bool]:
    """Return the papers that are near in meaning and fulfil all but the bare words; and whether an encoder lacks."""
    text = translation.in_other_words(query) if query.loose else ""
    if not any(char.isascii() and char.isalpha() for char in text):
        return None, False
    answer = meaning.vector_of(text)
    if answer is None:
        return None, True
    encoder, vector = answer
    strict = query.strict
    among = papers.filter(conditions.holds(translation.translated(strict))) if strict.groups else papers
    return [pk for pk, _ in vectors.nearest_among(vector, among, NEAR, encoder)], False


def _called(papers: PaperQuerySet, text: str) -> list[int]:
    """Return the papers whose whole title this is; a single word is looked for as others are."""
    if " " not in text.strip():
        return []
    return list(papers.order_by().filter(title_key=identity.title_key(text)).values_list("pk", flat=True)[:3])


def _flat(stems: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stem for group in stems for stem in group))


def _words(query: Query) -> set[str]:
    """The words that may be misspelt: not those in quotes or of a field other than the title."""
    return {
        word.lower()
        for group in query.groups
        for term in group
        if term.kind == "words" and term.field in ("", "title") and not term.negated
        for word in term.text.split()
    }
