"""What a paper's page tells programs: social previews, scholars' tools (Zotero, Google Scholar), search engines.

Open Graph: https://ogp.me; Highwire's citation_* tags as https://scholar.google.com/intl/en/scholar/inclusion.html asks
for them; JSON-LD: https://schema.org/ScholarlyArticle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from kbsite import mathematics
from papers import identity
from papers.export.citation import OTHERS, Citation, of_row
from papers.models import Paper
from papers.readme.row import RowFields
from papers.records import Identifier

# What would end a script element or begin a comment in it, as Django's own json_script has it.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
_DESCRIPTION = 200  # characters: previews show no more


def properties(paper: Paper, address: str) -> list[tuple[str, str]]:
    """Return Open Graph's properties, for <meta property>."""
    return [
        ("og:type", "article"),
        ("og:site_name", "Listkeeper"),
        ("og:title", mathematics.plain(paper.title)),
        ("og:description", Truncator(mathematics.plain(paper.abstract or paper.title)).chars(_DESCRIPTION)),
        ("og:url", address),
        *([("article:published_time", paper.published.isoformat())] if paper.published else []),
        *[("article:author", name) for name in paper.authors],
    ]


def names(paper: Paper, row: RowFields, address: str) -> list[tuple[str, str]]:
    """Return the tags of scholars' tools and of Twitter's cards, for <meta name>."""
    return [*_citation_tags(of_row(paper, row), address), ("twitter:card", "summary")]


def _citation_tags(citation: Citation, address: str) -> Iterator[tuple[str, str]]:
    yield "citation_title", mathematics.plain(citation.title)
    for name in citation.authors:
        if name != OTHERS:
            yield "citation_author", name
    told = {
        "citation_publication_date": f"{citation.published:%Y/%m/%d}" if citation.published else citation.year,
        "citation_journal_title" if citation.is_journal else "citation_conference_title": citation.venue,
        "citation_arxiv_id": citation.arxiv,
        "citation_doi": citation.doi,
        "citation_pdf_url": f"https://arxiv.org/pdf/{citation.arxiv}" if citation.arxiv else "",
        "citation_abstract_html_url": address,
        "citation_keywords": "; ".join(citation.keywords),
    }
    yield from ((name, value) for name, value in told.items() if value)


def json_ld(paper: Paper, row: RowFields, address: str) -> SafeString:
    """Return the paper as a ScholarlyArticle, for a script element: no text of it can end that element."""
    citation = of_row(paper, row)
    identifiers = [Identifier(each.scheme, each.value) for each in paper.identifiers.all()]
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "url": address,
        "headline": mathematics.plain(paper.title),
        "abstract": paper.abstract,
        "author": [{"@type": "Person", "name": name} for name in citation.authors if name != OTHERS],
        "datePublished": paper.published.isoformat() if paper.published else citation.year,
        "dateModified": paper.updated.isoformat() if paper.updated else "",
        "version": str(paper.version or ""),
        "identifier": [
            {"@type": "PropertyValue", "propertyID": each.scheme, "value": each.value} for each in identifiers
        ],
        "sameAs": [identity.link(each) for each in identifiers],
        "keywords": list(citation.keywords),
        "isPartOf": {"@type": "Periodical" if citation.is_journal else "PublicationVolume", "name": citation.venue}
        if citation.venue
        else None,
    }
    written = json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)
    return mark_safe(written.translate(_ESCAPES))  # noqa: S308  escaped for where it stands
