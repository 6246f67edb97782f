"""An entry's text in one language as the fields of a row, and back; with it what these fields mean."""

from __future__ import annotations

from papers import dates, titles, venues
from papers.models import EntryText
from papers.readme.row import RowFields

# The columns that hold what a row says, by the names of its fields.
FIELDS = ("title", "link", "venue", "tags", "code", "tldr", "nickname", "authors", "date", "extra")
# The columns that `write` sets.
COLUMNS = (*FIELDS, "clean_title", "known_as", "venue_name", "dated")


def fields_of(text: EntryText) -> RowFields:
    """Return an entry's text as the fields of a row."""
    return RowFields(
        title=text.title,
        link=text.link,
        venue=text.venue,
        tags=tuple(text.tags),
        code=tuple((label, address) for label, address in text.code),
        tldr=text.tldr,
        nickname=text.nickname,
        authors=text.authors,
        date=text.date,
        extra=dict(text.extra),
    )


def write(text: EntryText, fields: RowFields) -> None:
    """Make a text say what the fields say, and what they mean; saves nothing."""
    for name, value in fields.as_json().items():
        setattr(text, name, value)
    text.clean_title = titles.clean(fields.title)
    text.known_as = titles.known_as(fields.title, fields.nickname)
    text.venue_name = venues.name(fields.venue)
    text.dated = dates.dated(fields.venue, fields.date, fields.link)
