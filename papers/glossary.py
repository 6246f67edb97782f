"""How a list translates its tags: as a curator said, else as its entries that stand in both languages do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from papers import acts
from papers.models import Act, Document, EntryText, GlossaryTerm, PaperList


@dataclass(frozen=True, slots=True)
class Term:
    """One tag of the primary language, and how it is translated."""

    term: str
    learnt: tuple[tuple[str, int], ...]  # translations in the entries with how often, the most frequent first
    own: str = ""  # what a curator said; comes before what was learnt

    @property
    def translation(self) -> str:
        """The word that is used: empty when there is none."""
        return self.own or (self.learnt[0][0] if self.learnt else "")

    @property
    def count(self) -> int:
        """How many entries teach it."""
        return sum(count for _, count in self.learnt)


def tags(source: Document, target: Document) -> dict[str, str]:
    """Return tag of one language -> the other language's tag."""
    learnt = {tag: _ranked(counts)[0][0] for tag, counts in _pairs(source, target).items()}
    return learnt | _own(source, target)


def terms(primary: Document, other: Document) -> list[Term]:
    """Return every tag of the primary language that has a translation or lacks one, the most frequent first."""
    pairs, said = _pairs(primary, other), own(primary.list, other.language)
    used = Counter(tag for tags in primary.texts.values_list("tags", flat=True) for tag in tags)
    found = [Term(tag, tuple(_ranked(pairs[tag])), said.get(tag, "")) for tag in {*used, *pairs, *said}]
    return sorted(found, key=lambda each: (-used[each.term], each.term.casefold(), each.term))


def say(paper_list: PaperList, language: str, words: Mapping[str, str], user: AbstractBaseUser | None = None) -> None:
    """Keep a curator's own translations of tags by term; an empty one is forgotten, and the list's own counts again."""
    given = {term: translation.strip() for term, translation in words.items()}
    forgotten = [term for term, translation in given.items() if not translation]
    with acts.act(paper_list, user, Act.Kind.WORDS, language):
        GlossaryTerm.objects.filter(list=paper_list, language=language, term__in=forgotten).delete()
        GlossaryTerm.objects.bulk_create(
            (
                GlossaryTerm(list=paper_list, language=language, term=term, translation=translation)
                for term, translation in given.items()
                if translation
            ),
            update_conflicts=True,
            unique_fields=["list", "language", "term"],
            update_fields=["translation"],
        )


def own(paper_list: PaperList, language: str) -> dict[str, str]:
    """Return what curators said: tag of the primary language -> its translation."""
    said = GlossaryTerm.objects.filter(list=paper_list, language=language)
    return dict(said.values_list("term", "translation"))


def _own(source: Document, target: Document) -> dict[str, str]:
    """What curators said between two languages; the way back to the primary one is theirs turned round."""
    if source.is_primary:
        return own(target.list, target.language)
    if target.is_primary:
        return {translation: term for term, translation in own(source.list, source.language).items()}
    return {}


def _pairs(source: Document, target: Document) -> defaultdict[str, Counter[str]]:
    """How the entries pair tags: those with as many in both languages, where they stand in the same order.

    What awaits translation or a second look teaches nothing.
    """
    pairs: defaultdict[str, Counter[str]] = defaultdict(Counter)
    theirs = dict(_settled(target))
    for entry, own in _settled(source):
        translated = theirs.get(entry, [])
        if len(own) == len(translated):
            for tag, translation in zip(own, translated, strict=True):
                pairs[tag][translation] += 1
    return pairs


def _settled(document: Document) -> list[tuple[int, list[str]]]:
    texts = EntryText.objects.filter(document=document).exclude(untranslated__contains=["tags"])
    return list(texts.exclude(stale__contains=["tags"]).order_by("entry").values_list("entry_id", "tags"))


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
