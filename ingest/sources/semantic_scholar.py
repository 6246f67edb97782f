"""Semantic Scholar: what it knows of papers that we have, 500 at a time. Asked with a key only (`S2_API_KEY`).

Not through the `semanticscholar` package: it takes an outage for papers that are unknown. One POST of ours is read
whole, and is believed when it answers for each paper that was asked for, in order.

Where a paper was published is evidence here and no venue of a list: the name may be the conference's while all else
is still the preprint's. The key that DBLP gave it (conf/nips/SmithJ24) says most, an ACL id as much, a name little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.conf import settings

from ingest.sources import fields, http
from papers import identity, venues
from papers.records import FactRecord, Identifier, PaperRecord, Rejected

SOURCE = "semanticscholar"
HOST = http.Host(SOURCE, "Semantic Scholar", delay=1.0)
MOST_AT_ONCE = 500
FIELDS = (
    *("title", "abstract", "authors", "publicationDate", "externalIds", "venue", "publicationVenue"),
    *("publicationTypes", "journal", "year", "citationCount", "tldr", "openAccessPdf"),
)
SCHEMES = {"arxiv": "ARXIV", "doi": "DOI", "acl": "ACL"}  # ours -> how Semantic Scholar writes it

_DOI = re.compile(r"10\.\d{4,9}/[\x21-\x7e]+")
_DBLP = re.compile(r"(?:conf|journals)/(?P<stream>[a-z0-9-]+)/\S*?(?P<year>\d\d)?[a-z]*")
_PREPRINTS = {"", "arxiv.org", "arxiv", "corr"}

Known = PaperRecord | Rejected | None  # None: a paper that Semantic Scholar does not know


def has_key() -> bool:
    """Say whether Semantic Scholar may be asked at all."""
    return bool(settings.S2_API_KEY)


def can_name(identifier: Identifier) -> bool:
    """Say whether Semantic Scholar can be asked for a paper of this identifier."""
    return identifier.scheme in SCHEMES and (identifier.scheme != "doi" or _DOI.fullmatch(identifier.value) is not None)


def batch(papers: Sequence[Identifier]) -> list[Known]:
    """Return what is known of each of these papers, in order; at most 500, each of which it `can_name`.

    An answer about another paper than the one asked for is Rejected. That all of them are unknown is believed when it
    is said twice. Raise SourceUnavailable.
    """
    answers = _ask(papers)
    if not any(answers):
        answers = _ask(papers)
    return [_read(asked, answer) for asked, answer in zip(papers, answers, strict=True)]


def _ask(papers: Sequence[Identifier]) -> list[Any]:
    origin = str(settings.S2_API_URL).rstrip("/").removesuffix("/graph/v1")
    ids = [f"{SCHEMES[scheme]}:{value}" for scheme, value in papers]

    def whole(answer: http.Answer) -> list[Any]:
        told = http.read_json(answer)
        if not isinstance(told, list) or not all(each is None or isinstance(each, dict) for each in told):
            raise http.Unreadable("JSON that is no list of papers")
        if len(told) != len(ids):
            raise http.Unreadable(f"a list of {len(told)} papers when asked for {len(ids)}")
        return told

    try:
        return http.post(
            HOST,
            f"{origin}/graph/v1/paper/batch",
            whole,
            {"ids": ids},
            params={"fields": ",".join(FIELDS)},
            headers={"x-api-key": settings.S2_API_KEY},
        )
    except http.Refused as refusal:
        if refusal.status == 400 and "No valid paper ids" in str(refusal):
            return [None] * len(ids)  # how it says that it knows none of them
        if refusal.status in (401, 403):
            raise http.Refused(f"{refusal}: is S2_API_KEY a key of Semantic Scholar, and still good?") from refusal
        raise


def _read(asked: Identifier, paper: Any) -> Known:
    """Return one answer as a record that carries the identifier asked for."""
    if paper is None:
        return None
    given = _mapping(paper.get("externalIds"))
    known = list(dict.fromkeys(_identifiers(given)))
    others = [each.value for each in known if each.scheme == asked.scheme]
    if others and asked.value not in others:
        return Rejected(asked.value, f"Semantic Scholar answered with {asked.scheme} {others[0]}")
    title = fields.text(paper.get("title"))
    if not title:
        return Rejected(asked.value, "no title")
    return PaperRecord(
        source=SOURCE,
        identifiers=(asked, *(each for each in known if each != asked)),
        title=title,
        abstract=fields.text(paper.get("abstract")),
        authors=fields.names(paper.get("authors")),
        published=_day(paper.get("publicationDate")),
        facts=tuple(_facts(paper, given)),
    )


def _identifiers(given: Mapping[str, Any]) -> Iterator[Identifier]:
    """Yield the names of the paper; a preprint's DOI is its arXiv id, and DBLP's key is evidence, no name."""
    for key, form in (("ArXiv", "arxiv:{}"), ("DOI", "doi:{}"), ("ACL", "{}")):
        if (value := fields.text(given.get(key))) and (found := identity.identify(form.format(value))):
            yield found


def _facts(paper: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[FactRecord]:
    """Yield what is known now; what is missing may come later, so it is no fact."""
    pdf = fields.text(_mapping(paper.get("openAccessPdf")).get("url"))
    values = {
        "citations": fields.count(paper.get("citationCount")),
        "tldr": fields.text(_mapping(paper.get("tldr")).get("text")) or None,
        "pdf": pdf if re.match(r"https?://\S+$", pdf) else None,
        "venue_evidence": _venue_evidence(paper, given),
    }
    for kind, value in values.items():
        if value is not None:
            yield FactRecord(kind, value)


def _venue_evidence(paper: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what says where a paper was published, and how far it can be believed; None for a mere preprint.

    {"signal": "dblp" | "acl" | "name", "venue": its name there, "known_as": NeurIPS, "year": 2024, "key": …}. The
    year of a mere name may be the preprint's, so it is left out.
    """
    name = fields.text(paper.get("venue")) or fields.text(_mapping(paper.get("publicationVenue")).get("name"))
    name = "" if name.casefold() in _PREPRINTS else name
    key, acl = fields.text(given.get("DBLP")), fields.text(given.get("ACL"))
    evidence: dict[str, Any] = {"venue": name, "types": list(fields.texts(paper.get("publicationTypes")))}
    found = _DBLP.fullmatch(key)
    if found and found["stream"] not in _PREPRINTS:
        short = venues.name(found["stream"]) if venues.is_venue(found["stream"]) else ""
        evidence |= {"signal": "dblp", "key": key, "known_as": short, "year": _year(found["year"], paper)}
    elif acl:
        evidence |= {"signal": "acl", "key": acl, "year": fields.count(paper.get("year"))}
    elif name:
        evidence |= {"signal": "name"}
    else:
        return None
    return {part: value for part, value in evidence.items() if value}


def _year(digits: str | None, paper: Mapping[str, Any]) -> int | None:
    """Return the year that the last two digits of a DBLP key mean: that of the paper if it fits, else the nearest."""
    told = fields.count(paper.get("year"))
    if not digits or (told is not None and told % 100 == int(digits)):
        return told
    latest = date.today().year + 1
    return latest - (latest - int(digits)) % 100


def _day(value: Any) -> date | None:
    try:
        return fields.day(value)
    except ValueError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
