"""The words of a search in the texts that it found: marked in titles, and the passages of an abstract that have most.

The database is asked for stems only; a word has a stem when it begins with it (English stems end in `i` where words
have a `y`). Cutting and stemming each abstract again, as PostgreSQL's ts_headline does, takes longer than the search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from papers.search.syntax import CJK

if TYPE_CHECKING:
    from papers.models import Paper

# Marks around the words that were found: characters for private use, which no text holds and HTML does not know.
FOUND, FOUND_END = "\ue000", "\ue001"
LENGTH = 320  # characters of a passage
_BEFORE = 60  # of them before the first word that was found
_LONGEST_ENDING = 7  # letters that a word may have beyond its stem: compress -> compressibility is another word

_WORD = re.compile(f"[^\\W_{CJK}]+")


def marked(text: str, stems: Sequence[str]) -> str:
    """Return the text with the words of these stems between FOUND and FOUND_END."""
    spans = _spans(text, stems)
    for start, end in reversed(spans):
        text = f"{text[:start]}{FOUND}{text[start:end]}{FOUND_END}{text[end:]}"
    return text


def passage(text: str, stems: Sequence[str]) -> str:
    """Return the part of a text with the most of the words, marked; empty where it has none."""
    spans = _spans(text, stems)
    if not spans:
        return ""
    start = _start(text, max(spans, key=lambda span: (_worth(text, spans, span[0]), -span[0]))[0])
    end = len(text) if len(text) <= start + LENGTH else text.rfind(" ", start + LENGTH // 2, start + LENGTH)
    end = end if end > start else start + LENGTH
    cut = marked(text[start:end].strip(), stems)
    return f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}"


def _worth(text: str, spans: list[tuple[int, int]], start: int) -> int:
    return len({text[a:b].lower() for a, b in spans if start <= a < start + LENGTH - _BEFORE})


def _start(text: str, found: int) -> int:
    """Where a passage begins: with its sentence if that is near, else with a word before what was found."""
    if found <= _BEFORE:
        return 0
    sentence = text.rfind(". ", max(found - 2 * _BEFORE, 0), found)
    return sentence + 2 if sentence >= 0 else text.find(" ", found - _BEFORE) + 1


def _spans(text: str, stems: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words stand, in order; neighbours of CJK as one."""
    begins = {_head(stem): len(stem) for stem in stems if not re.match(f"[{CJK}]", stem)}
    found = [word.span() for word in _words(text, begins) if _has_stem(word[0].lower(), begins)]
    for stem in stems:
        if re.match(f"[{CJK}]", stem):
            found += [place.span() for place in re.finditer(re.escape(stem), text)]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _words(text: str, heads: Iterable[str]) -> Iterator[re.Match[str]]:
    """Yield the words of a text that begin with one of these; looking for them is sooner done than at each word."""
    lower = text.lower()
    if len(lower) != len(text):  # a letter became two
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    for head in heads:
        place = lower.find(head)
        while place >= 0:
            word = _WORD.match(text, place)
            if word and not (place and _WORD.match(text, place - 1, place)):
                yield word
            place = lower.find(head, place + 1)


def _has_stem(word: str, begins: dict[str, int]) -> bool:
    return any(
        word.startswith(head) and (len(head) > 2 or len(word) <= size + 1) and len(word) <= size + _LONGEST_ENDING
        for head, size in begins.items()
    )


def _head(stem: str) -> str:
    return stem[:-1] if stem.endswith("i") and len(stem) > 3 else stem


def of_papers(papers: Sequence[Paper], stems: Sequence[str]) -> dict[int, str]:
    """Return by paper the passage that shows best what was found: of the abstract, else of what a list says of it."""
    if not stems:
        return {}
    from papers.models import EntryText

    found = {paper.pk: passage(paper.abstract, stems) for paper in papers}
    said = EntryText.objects.filter(entry__paper__in=[pk for pk in found if not found[pk]]).order_by("pk")
    for pk, *texts in said.values_list("entry__paper", "tldr", "title"):
        found[pk] = found[pk] or next(filter(None, (passage(text, stems) for text in texts)), "")
    return found
