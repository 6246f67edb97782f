"""A row: the lines of a README that tell of one paper, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from papers.records import Identifier


@dataclass(frozen=True)
class RowFields:
    """What a row says of a paper. Texts are Markdown as the cell holds it, without the escapes of pipes."""

    title: str = ""
    link: str = ""
    venue: str = ""
    tags: tuple[str, ...] = ()
    code: tuple[tuple[str, str], ...] = ()  # (label, address); an empty label is the table's usual one
    tldr: str = ""
    nickname: str = ""  # where it stands apart from the title
    authors: str = ""
    date: str = ""  # where the venue does not say it
    extra: Mapping[str, str] = field(default_factory=dict)  # further columns by their header

    def as_json(self) -> dict[str, Any]:
        """Return the fields as plain values: {"title": "…", "code": [["GitHub", "https://…"]], …}."""
        return {
            "title": self.title,
            "link": self.link,
            "venue": self.venue,
            "tags": list(self.tags),
            "code": [list(pair) for pair in self.code],
            "tldr": self.tldr,
            "nickname": self.nickname,
            "authors": self.authors,
            "date": self.date,
            "extra": dict(self.extra),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RowFields:
        """Return the fields that `as_json` gave; what is missing is empty."""
        return cls(
            title=data.get("title", ""),
            link=data.get("link", ""),
            venue=data.get("venue", ""),
            tags=tuple(data.get("tags", ())),
            code=tuple((label, url) for label, url in data.get("code", ())),
            tldr=data.get("tldr", ""),
            nickname=data.get("nickname", ""),
            authors=data.get("authors", ""),
            date=data.get("date", ""),
            extra=dict(data.get("extra", {})),
        )


@dataclass(frozen=True)
class Row:
    """The lines that tell of one paper: a line of a table, or a list's item with all its lines."""

    line: int  # the first one, from 1
    end: int  # the line behind the last one
    text: str  # the lines as they are, with their endings
    fields: RowFields
    identifier: Identifier | None  # what its link names
