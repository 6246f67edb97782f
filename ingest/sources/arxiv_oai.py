"""arXiv by OAI-PMH: everything that changed since a day, with licence and all versions; for bulk and for catching up.

Its days are those of the last change, not of submission. Neither `sickle` nor `oaipmh-scythe` is used: both repair a
page that is cut off and lose the rest of the harvest in silence, and neither keeps a pace.

The protocol: https://www.openarchives.org/OAI/openarchivesprotocol.html and https://info.arxiv.org/help/oa/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ingest.sources import BadQuery, Page, SourceUnavailable, Window, arxiv_papers, http, xmlpage
from papers import identity
from papers.records import PaperRecord, Rejected

if TYPE_CHECKING:
    from ingest.models import Topic

LABEL = gettext_lazy("arXiv harvest (OAI-PMH)")
QUERY = gettext_lazy(
    "Sets as OAI-PMH names them, with blanks between: cs:cs:CL physics:hep-th. Empty for all of arXiv."
)
OVERLAP_DAYS = 2

EARLIEST = date(2005, 9, 16)  # arXiv refuses an earlier day; papers older than that changed later
PATIENCE = 240.0  # seconds; arXiv itself gives up after 180
RESTARTS = 3  # times that a part is begun, when arXiv does not take back its own resumption token

# A part is what one chain of resumption tokens goes through. A record that changes meanwhile leaves it, and another
# one slips past the place where the next page begins; so parts are short, and long only where there is little.
FIRST_PART = timedelta(days=7)
LONGEST_PART = timedelta(days=365)
MANY_PAGES = 10  # in one part, so that the next is shorter

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_SET = re.compile(r"[a-z][a-z-]*(?::[a-z][a-z-]*(?::[A-Za-z][A-Za-z-]+)?)?")
_GROUPS = {"cs", "math", "q-bio", "q-fin", "stat", "eess", "econ"}  # archives that are a group of their own


def check(query: str) -> None:
    """Raise BadQuery for what is no set."""
    for spec in _sets(query):
        if not _SET.fullmatch(spec):
            raise BadQuery(_("“%(set)s” is no set of arXiv's OAI-PMH; one is cs, cs:cs, or cs:cs:CL") % {"set": spec})


def fetch(topic: Topic, window: Window) -> Iterator[Page]:
    """Yield what changed in the topic's sets on the window's days, part by part, the oldest part first."""
    yield from changes(_sets(topic.query), window)


def changes(sets: Sequence[str], window: Window) -> Iterator[Page]:
    """Yield what changed in any of these sets (in all of arXiv, if there are none) on the window's days.

    The last page of each part is an empty one that says how far everything is complete. Raise SourceUnavailable,
    and Refused where arXiv says that there is no such set.
    """
    since, until = max(window.since, EARLIEST), min(window.until, timezone.now().date())
    length = FIRST_PART
    while since <= until:
        part = Window(since, min(since + length - timedelta(days=1), until))
        pages = 0
        for page in _part(sets, part):
            pages += 1
            yield page
        yield Page((), complete_to=part.until)
        since = part.until + timedelta(days=1)
        if pages <= len(sets or [""]):
            length = min(length * 2, LONGEST_PART)
        elif pages > MANY_PAGES:
            length = max(length // 2, timedelta(days=1))


def submitted(sets: Sequence[str], window: Window) -> Iterator[Page]:
    """Yield the papers whose first version is of the window's days, as the search would find them.

    A paper that was revised after the window is among what changed later, so all is asked for up to today.
    """
    for page in changes(sets, Window(window.since, timezone.now().date())):
        papers = [each for each in page.records if each.published and window.since <= each.published <= window.until]
        yield Page(tuple(papers), page.rejected)


def set_of(category: str) -> str:
    """Return the set of a category or an archive: `cs.CL` -> `cs:cs:CL`, `hep-th` -> `physics:hep-th`."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _GROUPS else "physics"
    return f"{group}:{archive}" + (f":{subject}" if subject else "")


def _sets(query: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\s,]+", query)))


def _part(sets: Sequence[str], part: Window) -> Iterator[Page]:
    """Yield the pages of each set, a record once however often it comes."""
    seen: set[str] = set()
    for spec in sets or [""]:
        yield from _halved(spec, part, seen)


def _halved(spec: str, part: Window, seen: set[str]) -> Iterator[Page]:
    """Yield the pages of one set, in halves when they are too much for arXiv."""
    try:
        yield from _listed(spec, part, seen)
    except http.TooMuch:
        for half in part.halves():
            yield from _halved(spec, half, seen)


def _listed(spec: str, part: Window, seen: set[str]) -> Iterator[Page]:
    """Yield the pages of one chain of resumption tokens, from the start when arXiv does not know one any more."""
    for _again in range(RESTARTS):
        try:
            yield from _chain(spec, part, seen)
            return
        except _BadToken as error:
            refusal = error
    raise SourceUnavailable(f"arXiv did not take back its own resumption token, {RESTARTS} times ({refusal})")


def _chain(spec: str, part: Window, seen: set[str]) -> Iterator[Page]:
    # That nothing changed is believed when it is said twice.
    answer = _ask(_question(spec, part), part) or _ask(_question(spec, part), part)
    while answer is not None:
        yield answer.page(without=seen)
        seen |= answer.names
        if not answer.token:
            return
        answer = _ask({"verb": "ListRecords", "resumptionToken": answer.token})


def _question(spec: str, part: Window) -> dict[str, str]:
    asked = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": part.since.isoformat()}
    if part.until < timezone.now().date():  # else what changes while it is asked for would be left out
        asked["until"] = part.until.isoformat()
    return asked | ({"set": spec} if spec else {})


def _ask(question: Mapping[str, str], part: Window | None = None) -> _Answer | None:
    """Return the answer, or None when no record matches; a question of several days may raise TooMuch."""
    answer = http.get(
        arxiv_papers.host(PATIENCE),
        _address(),
        _read,
        dict(question),
        divisible=part is not None and part.since < part.until,
    )
    if "resumptionToken" in question and (answer is None or answer.token == question["resumptionToken"]):
        raise _BadToken("it led to nothing" if answer is None else "it led to itself")
    return answer


def _address() -> str:
    """Return the address from the setting, which may be given with or without its path."""
    given = str(settings.ARXIV_OAI_URL).rstrip("/?")
    return given if re.search(r"/oai2?$", given) else f"{given}/oai"


class _BadToken(Exception):
    """The resumption token does not lead on."""


@dataclass(slots=True)
class _Answer:
    """One page of records, by the name that each is known under, and the token that leads to the next."""

    results: dict[str, PaperRecord | Rejected]
    token: str

    @property
    def names(self) -> set[str]:
        return set(self.results)

    def page(self, without: set[str]) -> Page:
        """Return what was not sent before."""
        news = [result for name, result in self.results.items() if name not in without]
        return Page(
            tuple(result for result in news if isinstance(result, PaperRecord)),
            tuple(result for result in news if isinstance(result, Rejected)),
        )


def _read(answer: http.Answer) -> _Answer | None:
    root = xmlpage.root(answer, f"{_OAI}OAI-PMH", "list of records")
    for error in root.findall(f"{_OAI}error"):
        said = " ".join((error.text or "").split())
        if error.get("code") == "noRecordsMatch":
            return None
        if error.get("code") == "badResumptionToken":
            raise _BadToken(said)
        raise http.Refused(f"arXiv refused the question: {said} ({error.get('code')})")
    records = root.findall(f"{_OAI}ListRecords/{_OAI}record")
    if not records:
        raise http.Unreadable("a list of records without records")
    results = {_name(each) or f"record {place}": _paper(each) for place, each in enumerate(records, 1)}
    return _Answer(results, xmlpage.text(root, f"{_OAI}ListRecords/{_OAI}resumptionToken"))


def _name(record: Element) -> str:
    return xmlpage.text(record, f"{_OAI}header/{_OAI}identifier").removeprefix("oai:arXiv.org:")


def _paper(record: Element) -> PaperRecord | Rejected:
    """Return the paper of a record, or why it cannot be read."""
    name = _name(record) or "(no identifier)"
    raw = record.find(f"{_OAI}metadata/{_RAW}arXivRaw")
    if raw is None:
        deleted = any(header.get("status") == "deleted" for header in record.findall(f"{_OAI}header"))
        return Rejected(name, "deleted at arXiv" if deleted else "no arXivRaw in it")
    found = identity.arxiv_id(xmlpage.text(raw, f"{_RAW}id") or name)
    if found is None:
        return Rejected(name, "no arXiv id")
    title = xmlpage.text(raw, f"{_RAW}title")
    if not title:
        return Rejected(name, "no title")
    try:
        versions = [_version(each) for each in raw.findall(f"{_RAW}version")]
    except ValueError as problem:
        return Rejected(name, str(problem))
    if not versions:
        return Rejected(name, "no version")
    last = versions[-1]
    return arxiv_papers.record(
        "arxiv",
        (found[0], last.number),
        title,
        xmlpage.text(raw, f"{_RAW}abstract"),
        xmlpage.text(raw, f"{_RAW}authors"),
        subjects=xmlpage.text(raw, f"{_RAW}categories").split(),
        published=versions[0].day,
        updated=last.day,
        comment=xmlpage.text(raw, f"{_RAW}comments"),
        journal_ref=xmlpage.text(raw, f"{_RAW}journal-ref"),
        dois=xmlpage.text(raw, f"{_RAW}doi"),
        license=xmlpage.text(raw, f"{_RAW}license"),
        withdrawn=last.is_withdrawn,
    )


@dataclass(frozen=True, slots=True)
class _Version:
    number: int
    day: date
    is_withdrawn: bool


def _version(element: Element) -> _Version:
    """Return what a version says of itself; ValueError if its number or its day is unreadable."""
    name, given = element.get("version", ""), xmlpage.text(element, f"{_RAW}date")
    if not re.fullmatch(r"v\d{1,4}", name):
        raise ValueError(f"unreadable version {name[:40]!r}")
    try:
        day = parsedate_to_datetime(given).astimezone(UTC).date()
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"unreadable date {given[:40]!r} ({name})") from None
    # A withdrawn paper's last version is to be ignored (I), and has no text.
    source_type, size = xmlpage.text(element, f"{_RAW}source_type"), xmlpage.text(element, f"{_RAW}size")
    return _Version(int(name[1:]), day, "I" in source_type or size == "0kb")
