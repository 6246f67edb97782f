"""Rows compared and merged field by field, each further column on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from papers.readme.row import RowFields

ROW = "row"  # the field of a conflict about the whole row: where it stands, or whether it is there
EXTRA = "extra:"  # and the header: the name of a further column's field


class Conflict(NamedTuple):
    """A field that both sides changed; for the whole row the values are its places, None where it is absent."""

    field: str
    base: Any
    here: Any
    theirs: Any


def merge_fields(base: RowFields, here: RowFields, theirs: RowFields) -> tuple[RowFields, list[Conflict]]:
    """Merge a row field by field, each further column on its own; here stays where both changed it."""
    if here in (theirs, base):
        return theirs, []
    values = {name: values_of(fields) for name, fields in (("base", base), ("here", here), ("theirs", theirs))}
    merged: dict[str, Any] = {}
    conflicts = []
    for name in dict.fromkeys((*values["theirs"], *values["here"])):
        was, ours, new = (values[side].get(name, "") for side in ("base", "here", "theirs"))
        if is_same(name, ours, new) or is_same(name, ours, was):
            merged[name] = new
        else:
            merged[name] = ours
            if not is_same(name, new, was):
                conflicts.append(Conflict(name, was, ours, new))
        if name.startswith(EXTRA) and merged[name] == "" and name not in values["theirs"]:
            del merged[name]  # a column that the file does not have says nothing
    return fields_of_values(merged), conflicts


def values_of(fields: RowFields) -> dict[str, Any]:
    """Return the fields by name, a further column as `extra:` and its header."""
    values = fields.as_json()
    extra = values.pop("extra")
    return values | {EXTRA + header: text for header, text in extra.items()}


def fields_of_values(values: Mapping[str, Any]) -> RowFields:
    """Return the fields that `values_of` gave; what is missing is empty."""
    own = {name: value for name, value in values.items() if not name.startswith(EXTRA)}
    extra = {name.removeprefix(EXTRA): text for name, text in values.items() if name.startswith(EXTRA)}
    return RowFields.from_json(own | {"extra": extra})


def spoken(name: str) -> str:
    """Return a field as people call it: a further column by its header, and TL;DR in capitals."""
    return {"tldr": "TL;DR"}.get(name, name.removeprefix(EXTRA))


def is_same(name: str, first: Any, second: Any) -> bool:
    """Whether two values of a field say the same: a link to code without a label has the table's usual one."""
    if first == second:
        return True
    if name != "code" or not first or not second or len(first) != len(second):
        return False
    return all(
        address == other and (label == word or not label or not word)
        for (label, address), (word, other) in zip(first, second, strict=True)
    )


def is_same_row(first: RowFields | None, second: RowFields | None) -> bool:
    """Whether two rows say the same of a paper."""
    if first == second or first is None or second is None:
        return first == second
    one, other = values_of(first), values_of(second)
    return all(is_same(name, one.get(name, ""), other.get(name, "")) for name in one.keys() | other.keys())
