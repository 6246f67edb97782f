"""A unified diff for people: counted, and with the words marked that differ between an old line and its new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import groupby, pairwise

from papers.readme.document import split_lines

SHOWN = 1000  # lines; who changed more wants the file, not a page of it
_KINDS = {"+": "add", "-": "del", "@": "hunk", "\\": "hunk"}


@dataclass(slots=True)
class Line:
    """A line of a diff: what it does, and its text in parts, each with whether it differs."""

    kind: str  # "add", "del", "hunk" or "ctx"
    text: str
    parts: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def sign(self) -> str:
        """What stands before the line."""
        return {"add": "+", "del": "-"}.get(self.kind, " ")


@dataclass(frozen=True, slots=True)
class Diff:
    """A diff of one file."""

    added: int
    removed: int
    lines: list[Line]
    hidden: int  # how many lines are not among `lines`


def read(unified: str) -> Diff:
    """Return a unified diff of one file in lines, without the two that name the file."""
    lines = []
    for text in split_lines(unified)[2:]:
        text = text.rstrip("\r\n")
        kind = _KINDS.get(text[:1], "ctx")
        lines.append(Line(kind, text if kind == "hunk" else text[1:]))
    shown = lines[:SHOWN]
    _mark(shown)
    added, removed = (sum(line.kind == kind for line in lines) for kind in ("add", "del"))
    return Diff(added, removed, shown, len(lines) - len(shown))


def _mark(lines: list[Line]) -> None:
    for line in lines:
        line.parts = [(line.text, False)]
    blocks = [(kind, list(block)) for kind, block in groupby(lines, key=lambda line: line.kind)]
    for (kind, olds), (next_kind, news) in pairwise(blocks):
        # Only lines that replace each other one by one are compared.
        if (kind, next_kind) == ("del", "add") and len(olds) == len(news):
            for old, new in zip(olds, news, strict=True):
                old.parts, new.parts = _differing(old.text, new.text)


def _differing(old: str, new: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    old_words, new_words = re.findall(r"\w+|\W", old), re.findall(r"\w+|\W", new)
    steps = SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes()
    olds = _parts(old_words, ((kind, start, end) for kind, start, end, _, _ in steps))
    news = _parts(new_words, ((kind, start, end) for kind, _, _, start, end in steps))
    return olds, news


def _parts(words: list[str], steps: Iterator[tuple[str, int, int]]) -> list[tuple[str, bool]]:
    return [("".join(words[start:end]), kind != "equal") for kind, start, end in steps if start < end]
