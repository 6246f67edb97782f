"""JSON: the whole list with what is known of its papers, for other programs."""

from __future__ import annotations

import json
from typing import Any

from papers import dates, titles, venues
from papers.export.formats import Exported, Format, Listed, category_texts, file_name, listed
from papers.models import PaperList


def render(paper_list: PaperList, language: str) -> Exported:
    """Return {"list": …, "language": …, "categories": […], "entries": […]}, indented, in the list's order."""
    content = {
        "list": {"slug": paper_list.slug, "name": paper_list.name, "homepage": paper_list.homepage},
        "language": language,
        "categories": [
            {
                "key": category.key,
                "name": text.name if text else category.key,
                "definition": text.definition if text else "",
                "keywords": list(text.keywords) if text else [],
            }
            for category, text in category_texts(paper_list, language)
        ],
        "entries": [_entry(each) for each in listed(paper_list, language)],
    }
    written = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    return Exported(file_name(paper_list, language, "json"), "application/json", written.encode())


def _entry(entry: Listed) -> dict[str, Any]:
    fields, paper = entry.fields, entry.paper
    identifiers = sorted((row.scheme, row.value) for row in paper.identifiers.all())
    return {
        "category": entry.category.key,
        "language": entry.language,
        "title": fields.title,
        "link": fields.link,
        "nickname": fields.nickname,
        "authors": fields.authors,
        "venue": fields.venue,
        "date": fields.date,
        "tags": list(fields.tags),
        "code": [{"label": label, "url": url} for label, url in fields.code],
        "tldr": fields.tldr,
        "extra": dict(fields.extra),
        "normalised": {
            "title": titles.clean(fields.title),
            "known_as": titles.known_as(fields.title, fields.nickname),
            "venue": venues.name(fields.venue),
            "dated": dates.dated(fields.venue, fields.date, fields.link),
        },
        "paper": {
            "title": paper.title,
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in identifiers],
            "authors": list(paper.authors),
            "published": paper.published.isoformat() if paper.published else None,
            "abstract": paper.abstract,
        },
    }


FORMAT = Format("json", "JSON", render)
