"""arXiv's feeds: is this one whole, which of its entries can be read, and what paper an entry is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError, tostring

import arxiv
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingest.sources import http, remarks
from papers import identity
from papers.records import FactRecord, Identifier, PaperRecord, Rejected

_ATOM = "{http://www.w3.org/2005/Atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_FEED_TYPES = {"application/atom+xml", "application/xml", "text/xml"}
# XML 1.0 has no place for these, written out or as a reference; one of them would hide a whole page for ever.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));",
    re.IGNORECASE,
)


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
    if answer.content_type not in _FEED_TYPES:
        raise http.Unreadable(f"{http.kind(answer.content_type)} instead of a feed")
    text = _FORBIDDEN.sub("", answer.body.decode("utf-8", "replace"))
    if not text.rstrip().endswith("</feed>"):
        raise http.Unreadable("a feed that is cut off")
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise http.Unreadable(f"a feed with declarations that no feed needs ({error})") from error
    except ParseError as error:
        raise http.Unreadable(f"a broken feed ({error})") from error
    total = (root.findtext(_TOTAL) or "").strip()
    if root.tag != f"{_ATOM}feed" or not total.isdecimal():
        raise http.Unreadable("a document that is no search result")
    entries = root.findall(f"{_ATOM}entry")
    if not entries and int(total) != start:
        raise http.Unreadable(f"an empty page after {start} of {total} papers")
    rejected: dict[str, PaperRecord | Rejected] = {}
    for place, entry in enumerate(entries, start):
        name = (entry.findtext(f"{_ATOM}id") or "").strip()
        if "/api/errors" in name:
            raise http.Refused(f"arXiv refused the question: {(entry.findtext(f'{_ATOM}summary') or '').strip()}")
        if reason := _why_unreadable(entry):
            rejected[name or f"entry {place}"] = Rejected(name or f"entry {place}", reason)
            root.remove(entry)
    return Feed(
        tostring(root, "utf-8", xml_declaration=True) if rejected else text.encode(),
        int(total),
        len(entries) - len(rejected),
        rejected,
    )


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
    comment, abstract = result.comment or "", result.summary
    code = remarks.code_link(comment, abstract)
    return PaperRecord(
        source="arxiv",
        identifiers=(Identifier("arxiv", name[0]), *_publishers(result.doi or "")),
        title=result.title,
        abstract=abstract,
        authors=tuple(author.name for author in result.authors),
        subjects=tuple(dict.fromkeys(filter(None, (result.primary_category, *result.categories)))),
        published=result.published.date(),
        updated=result.updated.date(),
        version=name[1],
        comment=comment,
        journal_ref=result.journal_ref or "",
        withdrawn=remarks.says_withdrawn(comment, abstract),
        facts=(FactRecord("code", code),) if code else (),
    )


def _publishers(dois: str) -> Iterator[Identifier]:
    """Yield what the DOI field names; authors put several there, and arXiv's own DOI is no other name."""
    for doi in dois.split():
        found = identity.identify(doi)
        if found and found.scheme in ("doi", "acl"):
            yield found
