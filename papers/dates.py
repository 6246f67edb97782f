"""The day, month or year that a text writes, as exact as it is written and no more."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from papers import identity

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*[-./年]\s*(?P<month>\d{1,2})(?:\s*[-./月]\s*(?P<day>\d{1,2}))?(?!\d)"
)
_WORDS = re.compile(
    r"(?<![a-z])(?:(?P<before>\d{1,2})\s+)?(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s+"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<year>(?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?!\d)")
# ICML'23, EMNLP24; the 23rd volume is no year
_SHORT_YEAR = re.compile(r"(?<=[A-Za-z])(?<!vol)\s?['’]?(?P<year>[12]\d)(?!\d)", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def read(text: str) -> str:
    """Return the date in a text as "2024-06-12", "2024-06" or "2024", empty when there is none."""
    if (found := _NUMBERS.search(text)) is not None:
        return _iso(found["year"], int(found["month"]), int(found["day"] or 0))
    if (found := _WORDS.search(text)) is not None:
        return _iso(
            found["year"], _MONTHS.index(found["month"][:3].lower()) + 1, int(found["day"] or found["before"] or 0)
        )
    if (found := _YEAR.search(text)) is not None:
        return found["year"]
    return ""


def dated(venue: str, written: str, link: str) -> str:
    """Return when a paper was published: as its date is written, else the venue, else the month of its arXiv id."""
    for text in (written, venue):
        if (found := read(text)) != "":
            return found
    if (short := _SHORT_YEAR.search(venue)) is not None:
        return f"20{short['year']}"
    return _arxiv_month(link)


@lru_cache(maxsize=20_000)
def _arxiv_month(link: str) -> str:
    name = identity.identify(link) if link else None
    if name is None or name.scheme != "arxiv":
        return ""
    year, month, _ = identity.arxiv_month(name.value)
    return _iso(str(year), month, 0)


def written_like(example: str, day: date) -> str:
    """Return the example with its date exchanged for this day, as exact and in the same form as it has one.

    `arXiv 2024.06` -> `arXiv 2025.02`, `Jul 2018` -> `Feb 2025`; an example without a date stays as it is.
    """
    if (found := _NUMBERS.search(example)) is not None:
        written = re.sub(r"\d+", "{}", found[0])
        told = [name for name in ("month", "day") if found[name]]
        width = 1 if any(len(found[name]) == 1 for name in told) else 2  # `2025.2.12` fills up no number
        new = written.format(day.year, *(f"{getattr(day, name):0{width}d}" for name in told))
    elif (found := _WORDS.search(example)) is not None:
        month = f"{day:%b}" if len(found["month"]) == len(re.findall(r"[A-Za-z]+", found[0])[0]) else f"{day:%B}"
        number = f"{day.day} " if found["before"] else ""
        new = f"{number}{month} {f'{day.day}, ' if found['day'] else ''}{day.year}"
    elif (found := _YEAR.search(example)) is not None:
        new = str(day.year)
    else:
        return example
    return example[: found.start()] + new + example[found.end() :]


def tells_width(text: str) -> bool:
    """Return whether a text shows if the numbers of dates are filled up: `2024.06` and `2024.6` do, not `2024.12`."""
    found = _NUMBERS.search(text)
    numbers = [found[name] for name in ("month", "day") if found[name]] if found else []
    return any(len(number) == 1 or number.startswith("0") for number in numbers)


def _iso(year: str, month: int, day: int) -> str:
    if not 1 <= month <= 12:
        return year
    return f"{year}-{month:02d}-{day:02d}" if 1 <= day <= 31 else f"{year}-{month:02d}"
