"""arXiv's papers: how arXiv is asked, and the one record that its search, OAI-PMH and daily feed tell of.

They tell the same paper in three forms. What becomes of them here is equal as far as each of them tells, so that a
paper which comes by two of them has not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from django.conf import settings

from ingest.sources import authors, http, remarks
from papers import identity
from papers.records import FactRecord, Identifier, PaperRecord

_POLITE_DELAY = 3.0  # seconds, by arXiv's terms; a mirror that is asked faster is also tried again sooner


def host(patience: float | None = None) -> http.Host:
    """Return arXiv as it is asked: search, OAI-PMH and feeds share one budget, by its terms."""
    delay = settings.ARXIV_DELAY_SECONDS
    return http.Host("arxiv", "arXiv", delay, haste=delay / _POLITE_DELAY, patience=patience)


def record(
    source: str,
    name: tuple[str, int | None],
    title: str,
    abstract: str,
    people: str,
    *,
    subjects: Iterable[str],
    published: date | None = None,
    updated: date | None = None,
    comment: str = "",
    journal_ref: str = "",
    dois: str = "",
    license: str = "",
    withdrawn: bool | None,
) -> PaperRecord:
    """Return the paper of id and version `name`; `people` is one string, and `dois` may hold several, with blanks.

    `withdrawn` is what the source says of that, None if nothing; the comment and the abstract are looked at too.
    """
    facts = {"code": remarks.code_link(comment, abstract), "license": license}
    return PaperRecord(
        source=source,
        identifiers=(Identifier("arxiv", name[0]), *_publishers(dois)),
        title=title,
        abstract=abstract,
        authors=authors.names(people),
        subjects=tuple(dict.fromkeys(filter(None, subjects))),
        published=published,
        updated=updated,
        version=name[1],
        comment=comment,
        journal_ref=journal_ref,
        withdrawn=remarks.says_withdrawn(comment, abstract) or withdrawn,
        facts=tuple(FactRecord(kind, value) for kind, value in facts.items() if value),
    )


def _publishers(dois: str) -> Iterator[Identifier]:
    """Yield what the DOI field names; authors put several there, and arXiv's own DOI is no other name."""
    for doi in dois.split():
        found = identity.identify(doi)
        if found and found.scheme in ("doi", "acl"):
            yield found
