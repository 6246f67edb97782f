"""Reading foreign JSON: a field that is missing, empty or of the wrong type is the same absent field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any


def text(value: Any) -> str:
    """Return the text of a field, or "", without the NUL and lone surrogates that no database takes."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "ignore").decode().strip()


def texts(value: Any) -> tuple[str, ...]:
    """Return the non-empty texts of a list, in order; () when it is no list."""
    return tuple(filter(None, map(text, value))) if isinstance(value, list) else ()


def names(value: Any) -> tuple[str, ...]:
    """Return people's names from a list of names or of `{"name": …}`."""
    if not isinstance(value, list):
        return ()
    return texts([person.get("name") if isinstance(person, dict) else person for person in value])


def count(value: Any) -> int | None:
    """Return a whole number of 0 or more that fits 32 bits, or None; True is no number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    return None


def day(value: Any) -> date | None:
    """Return the day in UTC of an ISO date or time, None for an empty field; ValueError if unreadable."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"unreadable date {value!r}")
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError):
        raise ValueError(f"unreadable date {value[:40]!r}") from None
