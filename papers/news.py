"""What makes a paper worth a second look: that it is published somewhere, and that its code is there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from papers import authority, venues
from papers.models import Fact, Paper, Review

_LONGEST = 200  # characters of a venue that are told
_STRONG = ("dblp", "acl")  # signals that need no second one


def known(papers: Collection[int]) -> dict[int, dict[str, str]]:
    """Return by paper where it is published and where its code is, as far as sources say, in two queries.

    {"venue": "NeurIPS 2026", "code": "https://…"}; what nobody says is left out.
    """
    said: dict[int, dict[str, str]] = {}
    for pk, journal_ref, comment in Paper.objects.filter(pk__in=papers).values_list("pk", "journal_ref", "comment"):
        venue = venues.of_reference(journal_ref) or venues.of_comment(comment)
        said[pk] = {Review.News.VENUE.value: venue[:_LONGEST]} if venue else {}
    facts = Fact.objects.filter(paper__in=papers, kind__in=["venue", "venue_evidence", "code"])
    for fact in sorted(facts, key=lambda fact: authority.rank(fact.source)):
        kind, told = _told(fact)
        if told:
            said[fact.paper_id].setdefault(kind, told)
    return said


def _told(fact: Fact) -> tuple[str, str]:
    """Return what a fact tells of: a venue counts by its name, and by evidence that is strong enough alone."""
    if fact.kind == "venue_evidence":
        return "venue", _by_evidence(fact.value)
    value = str(fact.value or "").strip()
    return fact.kind, value if fact.kind == "code" else venues.of_reference(value)[:_LONGEST]


def _by_evidence(value: Any) -> str:
    """Return the venue that DBLP's key or an id of the ACL Anthology proves; a mere name may be a wish."""
    if not isinstance(value, dict) or value.get("signal") not in _STRONG:
        return ""
    name = str(value.get("known_as") or value.get("venue") or "")
    return venues.of_reference(f"{name} {value.get('year') or ''}".strip())[:_LONGEST] if name else ""
