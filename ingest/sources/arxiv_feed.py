"""arXiv's search results: is this feed whole, which of its entries can be read, and what paper an entry is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, tostring

import arxiv

from ingest.sources import arxiv_papers, http, xmlpage
from papers import identity
from papers.records import PaperRecord, Rejected

_ATOM = "{http://www.w3.org/2005/Atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"


@dataclass(slots=True)
class Feed:
    """A feed that was found whole: what the package may read of it, and what cannot be read."""

    body: bytes
    total: int
    readable: int
    rejected: dict[str, PaperRecord | Rejected]


def whole_feed(start: int, answer: http.Answer) -> Feed:
    """Return the feed without the entries that cannot be read; raise Unreadable unless it is a whole feed.

    A feed without entries is whole at the `start` where its own count says that the search ends.
    """
    root = xmlpage.root(answer, f"{_ATOM}feed", "feed")
    total = xmlpage.text(root, _TOTAL)
    if not total.isdecimal():
        raise http.Unreadable("a document that is no search result")
    entries = root.findall(f"{_ATOM}entry")
    if not entries and int(total) != start:
        raise http.Unreadable(f"an empty page after {start} of {total} papers")
    rejected: dict[str, PaperRecord | Rejected] = {}
    for place, entry in enumerate(entries, start):
        name = xmlpage.text(entry, f"{_ATOM}id")
        if "/api/errors" in name:
            raise http.Refused(f"arXiv refused the question: {xmlpage.text(entry, f'{_ATOM}summary')}")
        if reason := _why_unreadable(entry):
            rejected[name or f"entry {place}"] = Rejected(name or f"entry {place}", reason)
            root.remove(entry)
    body = tostring(root, "utf-8", xml_declaration=True)
    return Feed(body, int(total), len(entries) - len(rejected), rejected)


def _why_unreadable(entry: Element) -> str | None:
    """Return why the package, or we, could not read this entry; one bad date would cost it the whole page."""
    if _name(entry.findtext(f"{_ATOM}id") or "") is None:
        return "no arXiv id"
    if not (entry.findtext(f"{_ATOM}title") or "").strip():
        return "no title"
    for tag in ("published", "updated"):
        given = (entry.findtext(f"{_ATOM}{tag}") or "").strip()
        try:
            datetime.fromisoformat(given.replace("Z", "+00:00")).astimezone(UTC)
        except (ValueError, OverflowError):
            return f"unreadable date {given[:40]!r} ({tag})"
    return None


def _name(address: str) -> tuple[str, int | None] | None:
    """Return id and version of `http://arxiv.org/abs/math.GT/0309136v2`."""
    return identity.arxiv_id(address.partition("/abs/")[2])


def record(result: arxiv.Result) -> PaperRecord:
    """Return the paper of an entry that the package read."""
    name = _name(result.entry_id)
    assert name, "the feed was checked for that"
    return arxiv_papers.record(
        "arxiv",
        name,
        result.title,
        result.summary,
        ", ".join(author.name for author in result.authors),
        subjects=(result.primary_category, *result.categories),
        published=result.published.date(),
        updated=result.updated.date(),
        comment=result.comment or "",
        journal_ref=result.journal_ref or "",
        dois=result.doi or "",
        withdrawn=False,
    )
