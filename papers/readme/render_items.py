"""Writes an item of a list: what did not change as it was, what changed in the style of the list."""

from __future__ import annotations

import re
from collections import Counter

from papers.readme.items import ItemList, ItemRow
from papers.readme.rewrite import Sample, rewrite, write_like
from papers.readme.row import RowFields

_NUMBER = re.compile(r"\d+")


def render_item(
    fields: RowFields,
    items: ItemList,
    kept: ItemRow | None = None,
    kept_fields: RowFields | None = None,
    behind: ItemRow | None = None,
    places: int = 1,
) -> str:
    """Return the lines of an item, with their endings.

    With a kept row of this list only what differs between `fields` and `kept_fields` (what that row was read as,
    by default its own fields) is written anew. A new item is written as the others are; in a numbered list its
    number is that of the item it stands `behind`, by so many `places`; Markdown counts from the first one anyway.
    """
    if kept is None:
        content = write_like(_samples(items), fields, in_table=False)
        return _marker(items, behind, places) + content + _ending(items)
    before = kept.fields if kept_fields is None else kept_fields
    if fields == before:
        return kept.text
    content = rewrite(_sample(kept), before, fields, _samples(items), in_table=False)
    return kept.text[: kept.marker] + content + (kept.ending or _ending(items))


def render_moved_item(
    fields: RowFields,
    items: ItemList,
    row: ItemRow,
    row_fields: RowFields,
    behind: ItemRow | None = None,
    places: int = 1,
) -> str:
    """Return the lines of an item of another list as it stands in this one: all it says, behind this list's mark."""
    content = rewrite(_sample(row), row_fields, fields, _samples(items), in_table=False)
    marker = _marker(items, behind, places)
    first, *more = content.splitlines(keepends=True) or [""]
    shift = _indent(marker) - _indent(row.text[: row.marker])
    shifted = [" " * shift + line if shift > 0 else line[min(-shift, _indent(line)) :] for line in more]
    return marker + first + "".join(shifted) + (row.ending or _ending(items))


def _sample(row: ItemRow) -> Sample:
    return Sample(row.content, row.parts, row.fields)


def _samples(items: ItemList) -> list[Sample]:
    return [_sample(row) for row in items.rows]


def _ending(items: ItemList) -> str:
    return (
        Counter(row.ending for row in items.rows if row.ending).most_common(1)[0][0] if items.rows[0].ending else "\n"
    )


def _marker(items: ItemList, behind: ItemRow | None, places: int) -> str:
    """The mark of a new item; numbers go on where the list counts."""
    like = behind or items.rows[0]
    marker = like.text[: like.marker]
    numbers = [int(found[0]) for row in items.rows if (found := _NUMBER.search(row.text[: row.marker]))]
    counts = len(set(numbers)) > 1
    if behind is not None and counts and (number := _NUMBER.search(marker)):
        return marker[: number.start()] + str(int(number[0]) + places) + marker[number.end() :]
    return re.sub(r"\[[xX]\]", "[ ]", marker)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
