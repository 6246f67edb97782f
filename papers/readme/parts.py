"""The parts of a free text: where each value stands, how it is written there, and what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from papers.readme.escape import unlabel
from papers.readme.inline import (
    storable,
)
from papers.readme.roles import Role


class Form(StrEnum):
    """How a value is written where it stands."""

    TEXT = "text"
    LABEL = "label"  # of a link
    ADDRESS = "address"
    BADGE = "badge"  # of shields.io: - between fields, -- and __ for the characters themselves
    TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Part:
    """Where one value stands in a text, and the stretch that it would leave with it: `*` authors `.*`."""

    role: Role
    start: int
    end: int
    outer_start: int
    outer_end: int
    form: Form = Form.TEXT
    label: tuple[int, int] | None = None  # of a code link, where it has words

    def value(self, text: str) -> str:
        """Return what it says."""
        written = text[self.start : self.end]
        match self.form:
            case Form.LABEL:
                return storable(unlabel(written.strip()))
            case Form.ADDRESS:
                return storable(written.replace("\\|", "|").strip())
            case Form.BADGE:
                return storable(unbadge(written))
        return storable(" ".join(written.replace("\\|", "|").split()))


def code_of_parts(text: str, parts: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    """Return (label, address) of each code link among the parts; the label is empty where it is a badge."""
    return tuple(
        (storable(text[slice(*part.label)].strip("[]*_ ")) if part.label else "", part.value(text))
        for part in parts
        if part.role == Role.CODE
    )


def beside(text: str, parts: Sequence[Part]) -> str:
    """Return what of a text no part tells, a space in place of each of them."""
    free, place = "", 0
    for start, end in sorted({(part.outer_start, part.outer_end) for part in parts}):
        free += text[place:start] + " "  # of parts that share their place, the later ones add nothing
        place = max(place, end)
    return free + text[place:]


def unbadge(text: str) -> str:
    """Return what a badge's address says: `arXiv-2025.03` -> `arXiv 2025.03`, `KV__Quant` -> `KV_Quant`."""
    text = text.replace("%20", " ").replace("%26", "&").replace("%27", "'")
    return re.sub(r"--|__|-|_", lambda mark: mark[0][0] if len(mark[0]) == 2 else " ", text).strip()


def badge_text(text: str, like: str) -> str:
    """Return a text as a badge's address holds it, in as many fields as `like` has."""
    words = text.replace("-", "--").replace("_", "__")
    if len(re.findall(r"(?<!-)-(?!-)", like)) == 1 and " " in words:
        first, last = words.rsplit(" ", 1)
        return f"{first.replace(' ', '_')}-{last}"
    return words.replace(" ", "_")
