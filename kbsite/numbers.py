"""Numbers that a browser sends as text: ids, mostly, which must fit into a column of the database."""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = 18  # of a bigint, whichever they are


def number(text: str) -> int | None:
    """Return the number that a text is, from 0 on; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def numbers(texts: Iterable[str]) -> list[int]:
    """Return the numbers among these texts."""
    return [found for text in texts if (found := number(text)) is not None]
