"""Another list, followed: each paper of its README is a record, with a fact that says in which sections it stands.

A repository's README comes from GitHub's API, without a token: who follows a list is a curator, who must not read
what the operator's token may. It is believed when it is the very file that Git has, and not asked for in full again
while its ETag is the same. Any other address is one that a person typed, so it is guarded, and read in full each time.

What a list says is believed least of all: a title and a link of a paper that nobody else told of.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, Window, fields, guard, http
from papers import titles, venues
from papers.readme.document import parse
from papers.readme.inline import is_code_address, plain
from papers.readme.row import Row
from papers.records import FactRecord, Identifier, PaperRecord

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("Another list")
QUERY = gettext_lazy(
    "A repository on GitHub, as owner/name, or the address of a README: https://example.org/README.md."
)
OVERLAP_DAYS = 0

PAGE_SIZE = 500
LONGEST_SOURCE = 200  # characters of a source's name that the database holds

_GITHUB = http.Host("github", "GitHub", largest=guard.LARGEST)
_REPOSITORY = re.compile(r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<name>[A-Za-z0-9_.-]{1,100})")
_ON_GITHUB = re.compile(r"https?://(?:www\.)?github\.com/(?P<path>[^?#]+)", re.IGNORECASE)
_PAGE_OF_A_FILE = re.compile(r"(?P<repository>[^/]+/[^/]+)/(?:blob|raw)/(?P<file>.+)")
_BROKEN_ARXIV = re.compile(r"https?://(?:\w+\.)*arxiv\.org/", re.IGNORECASE)
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Readme:
    """A README as it came, and the mark by which it is known again."""

    body: bytes
    validator: str


def check(query: str) -> None:
    """Raise BadQuery for what is neither a repository nor an address that may be asked."""
    _place(query)


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield the papers of the list, whenever they were added to it; the window is not used.

    A README that has not changed gives one page without papers that says so. One without papers, or something that
    is no README, raises SourceUnavailable: what is wrong then is the query or the answer, not the list.
    """
    place = _place(topic.query)
    try:
        readme = _of_repository(place, topic.validator) if isinstance(place, str) else _at_address(place)
    except http.Unchanged:
        readme = _Readme(b"", topic.validator)
    if readme.validator and readme.validator == topic.validator:
        yield Page((), validator=topic.validator, note=f"{_name(place)} has not changed since it was last read.")
        return
    records, rows = read(readme.body, _name(place))
    if not records:
        raise http.Refused(
            f"no paper was found in the README of {_name(place)} ({len(readme.body):,} bytes, {rows} rows)"
        )
    others = rows - sum(len(fact.value) for record in records for fact in record.facts if fact.kind == "listed")
    note = f"{others} of {rows} rows name code or nothing that a paper is known by." if others else ""
    for first in range(0, len(records), PAGE_SIZE):
        some = tuple(records[first : first + PAGE_SIZE])
        yield Page(some, total=len(records), validator=readme.validator, note=note)


def read(readme: bytes, name: str) -> tuple[list[PaperRecord], int]:
    """Return the papers of a README, each once, and how many rows there are; a row that only names code is no paper."""
    places: dict[Identifier, list[tuple[Row, str]]] = {}
    rows = 0
    for section in parse(readme).sections:
        place = fields.text(" › ".join(filter(None, [*section.path, section.name])))
        for row in section.rows:
            rows += 1
            if row.identifier is not None and _is_of_a_paper(row.identifier) and titles.clean(row.fields.title):
                places.setdefault(row.identifier, []).append((row, place))
    return [_record(identifier, found, name) for identifier, found in places.items()], rows


def _is_of_a_paper(identifier: Identifier) -> bool:
    """Whether a row's link leads to a paper: not to code, and not to an arXiv id that is none."""
    scheme, value = identifier
    is_code = is_code_address(value) and not value.lower().endswith(".pdf")
    return scheme != "url" or not (is_code or _BROKEN_ARXIV.match(value))


def _record(identifier: Identifier, found: list[tuple[Row, str]], name: str) -> PaperRecord:
    row = found[0][0]
    return PaperRecord(
        source=source_name(name),
        identifiers=(identifier,),
        title=titles.clean(row.fields.title),
        facts=tuple(_facts(found)),
    )


def _facts(found: list[tuple[Row, str]]) -> Iterator[FactRecord]:
    """Yield what the list says of a paper by all its rows; where it was published is the list's word, no more."""
    yield FactRecord("listed", [place for _, place in found])
    addresses = (fields.text(address) for row, _ in found for _, address in row.fields.code)
    if code := next(filter(re.compile(r"https?://\S+$").match, addresses), None):
        yield FactRecord("code", code)
    named = (fields.text(plain(row.fields.venue)) for row, _ in found)
    if venue := next(filter(venues.is_published, named), None):
        yield FactRecord("venue_evidence", {"signal": "list", "venue": venue})


def source_of(query: str) -> str:
    """Return what the list of a query is called as a source of records and facts; "" for a query that names none."""
    try:
        return source_name(_name(_place(query)))
    except BadQuery:
        return ""


def source_name(name: str) -> str:
    """Return what a list is called as a source of records and facts: peer:owner/name."""
    full = f"peer:{name}"
    if len(full) <= LONGEST_SOURCE:
        return full
    return f"{full[: LONGEST_SOURCE - 13]}#{hashlib.sha256(full.encode()).hexdigest()[:12]}"


# --- where it is


def _place(query: str) -> str | httpx.URL:
    """Return the repository (`owner/name`) or the address that a query names; raise BadQuery."""
    query = query.strip()
    if on_github := _ON_GITHUB.fullmatch(query):
        path = on_github["path"].strip("/")
        if file := _PAGE_OF_A_FILE.fullmatch(path):
            return _vetted(f"https://raw.githubusercontent.com/{file['repository']}/{file['file']}")
        query = path.removesuffix(".git")
    if _REPOSITORY.fullmatch(query):
        return query
    if not re.match(r"https?://", query, re.IGNORECASE):
        raise BadQuery(_("name a repository on GitHub as owner/name, or give the address of a README: https://…"))
    return _vetted(query)


def _vetted(address: str) -> httpx.URL:
    try:
        return guard.vet(address)
    except guard.Forbidden as problem:
        raise BadQuery(str(problem)) from problem


def _name(place: str | httpx.URL) -> str:
    """Return how people know the list: owner/name, or its address without the scheme."""
    return place if isinstance(place, str) else re.sub(r"^https?://", "", str(place.copy_with(fragment=None)))


def _of_repository(repository: str, validator: str) -> _Readme:
    """Return a repository's README; raise Unchanged while it is still the one of this ETag.

    GitHub tells of it first, with the name that Git gave its content. A file that was cut on its way would else be
    taken for whole, and not asked for again as long as its ETag stays.
    """
    address = f"{str(settings.GITHUB_API_URL).rstrip('/')}/repos/{repository}/readme"
    known = {"If-None-Match": validator} if validator else {}
    try:
        told = http.get(_GITHUB, address, _told, headers={"Accept": "application/vnd.github+json"} | known)
        check = partial(_text, blob=told.blob)
        found = http.get(_GITHUB, address, check, headers={"Accept": "application/vnd.github.raw+json"})
    except http.Refused as refusal:
        if refusal.status == 404:
            raise http.Refused(
                f"GitHub has no README of {repository}: no such repository, or not a public one"
            ) from None
        raise
    return _Readme(found.body, told.validator)


def _at_address(url: httpx.URL) -> _Readme:
    host = http.Host(f"web:{url.host}"[:100], url.host, largest=guard.LARGEST, transport=guard.transport)
    found = http.get(host, str(url), _text)
    return _Readme(found.body, hashlib.sha256(found.body).hexdigest())


@dataclass(frozen=True, slots=True)
class _Told:
    """What GitHub tells of a README."""

    blob: str  # the SHA-1 that Git knows its content by
    validator: str


def _told(answer: http.Answer) -> _Told:
    told = http.read_json(answer)
    blob = fields.text(told.get("sha")) if isinstance(told, dict) else ""
    if not re.fullmatch(r"[0-9a-f]{40}", blob):
        raise http.Unreadable("JSON that tells of no file")
    return _Told(blob, answer.validator)


def _text(answer: http.Answer, blob: str = "") -> _Readme:
    """Return a README; raise Unreadable for what is none, or is not the file of which Git knows the content so."""
    body = answer.body
    if "html" in answer.content_type or _HTML.match(body):
        raise http.Unreadable("an HTML page instead of a README: the address of the raw file is needed")
    if not body.strip():
        raise http.Unreadable("an empty file")
    if b"\x00" in body:
        raise http.Unreadable("something that is no text")
    if blob and blob != hashlib.sha1(b"blob %d\x00" % len(body) + body).hexdigest():  # noqa: S324 (Git's own)
        raise http.Unreadable("a README that is not whole")
    return _Readme(body, answer.validator)
