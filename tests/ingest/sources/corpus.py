"""Made-up papers of some weeks, in the stand-in's format, and what of them there was on an earlier day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]

_CATEGORIES = (["cs.CL"], ["cs.LG", "cs.CL"], ["cs.CV", "cs.LG"], ["cs.CL", "cs.LG", "cs.AI"])
_SATURDAY = 5


def papers(first: date, last: date, a_day: int = 2, revised_after: int = 12) -> list[Row]:
    """Return papers submitted on each of the days.

    Every third is revised after so many days, then with a venue in its comment; every ninth is withdrawn by that.
    Every fifth is seen only two days after its submission; every seventh gets a DOI and a journal some days later.
    """
    rows = []
    for number in range(((last - first).days + 1) * a_day):
        day = first + timedelta(days=number // a_day)
        row = {
            "arxiv_id": f"{day:%y%m}.{number + 1:05}",
            "title": f"Cache {number}: keeping $k$ of n & more",
            "abstract": f"We keep the cache of paper {number}. Code: https://github.com/lab/cache-{number}.",
            "authors": ["Jörg Müller", f"Ann Lee {number}"],
            "categories": _CATEGORIES[number % len(_CATEGORIES)],
            "published": f"{day}T10:00:00Z",
            "seen": day + timedelta(days=2 if number % 5 == 4 else 0),
            "revised": day + timedelta(days=revised_after) if number % 3 == 0 else None,
            "withdrawn": number % 9 == 0,
            "in_print": day + timedelta(days=revised_after + 1) if number % 7 == 0 else None,
            "doi": f"10.1000/cache.{number}" if number % 7 == 0 else None,
        }
        rows.append(row)
    return rows


def as_of(rows: list[Row], today: date) -> list[Row]:
    """Return the papers that were to be seen on a day, as they were then."""
    return [_then(row, today) for row in rows if row["seen"] <= today]


def _then(row: Row, today: date) -> Row:
    given = {key: row[key] for key in ("arxiv_id", "title", "abstract", "authors", "categories", "published")}
    changes = [row["seen"], *(day for day in (row["revised"], row["in_print"]) if day and day <= today)]
    given |= {"versions": [row["published"]], "comment": "9 pages", "announced": f"{_next_working_day(row['seen'])}"}
    if row["revised"] and row["revised"] <= today:
        given["versions"].append(f"{row['revised']}T09:00:00Z")
        given["withdrawn"] = row["withdrawn"]
        given["comment"] = "This paper has been withdrawn" if row["withdrawn"] else "Accepted at ICML 2026"
    if row["in_print"] and row["in_print"] <= today:
        given |= {"doi": row["doi"], "journal_ref": "J. of Caches 1 (2026)"}
    return given | {"updated": given["versions"][-1], "datestamp": f"{max(changes)}"}


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day
