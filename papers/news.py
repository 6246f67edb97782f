"""What makes a paper worth a second look: that it is published somewhere, and that its code is there."""

from __future__ import annotations

from collections.abc import Collection

from papers import authority, venues
from papers.models import Fact, Paper, Review

_LONGEST = 200  # characters of a venue that are told


def known(papers: Collection[int]) -> dict[int, dict[str, str]]:
    """Return by paper where it is published and where its code is, as far as sources say, in two queries.

    {"venue": "NeurIPS 2026", "code": "https://…"}; what nobody says is left out.
    """
    said: dict[int, dict[str, str]] = {}
    for pk, journal_ref, comment in Paper.objects.filter(pk__in=papers).values_list("pk", "journal_ref", "comment"):
        venue = venues.of_reference(journal_ref) or venues.of_comment(comment)
        said[pk] = {Review.News.VENUE.value: venue[:_LONGEST]} if venue else {}
    facts = Fact.objects.filter(paper__in=papers, kind__in=["venue", "code"])
    for fact in sorted(facts, key=lambda fact: authority.rank(fact.source)):
        value = str(fact.value or "").strip()
        if told := value if fact.kind == "code" else venues.of_reference(value)[:_LONGEST]:
            said[fact.paper_id].setdefault(fact.kind, told)
    return said
