"""A category's keywords in a text: the part of its criterion that can be pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterable


def found_in(text: str, keywords: Iterable[str]) -> list[str]:
    """Return the keywords that the text holds, in their order.

    Case does not count, nor whether words are joined by a space or a hyphen, nor an English plural.
    """
    return [keyword for keyword in keywords if _pattern(keyword).search(text)]


def _pattern(keyword: str) -> re.Pattern[str]:
    words = [re.escape(re.sub(r"(?<=\w{3})s$", "", word)) + "s?" for word in re.split(r"[\s\-]+", keyword) if word]
    if not words:
        return re.compile(r"(?!)")  # found nowhere
    # Chinese has no spaces between its words, so only Latin letters and digits must not go on.
    joined = r"[\s\-]+".join(words)
    return re.compile(rf"(?<![A-Za-z0-9_]){joined}(?![A-Za-z0-9_])", re.IGNORECASE)
