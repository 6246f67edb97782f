"""Writes a row of whatever kind its group has: a line of a table, or an item of a list."""

from __future__ import annotations

from papers.readme.items import ItemList, ItemRow
from papers.readme.render import render_moved, render_row
from papers.readme.render_items import render_item, render_moved_item
from papers.readme.row import Row, RowFields
from papers.readme.table import Table, TableRow

Group = Table | ItemList


def new_row(fields: RowFields, group: Group, behind: Row | None = None, places: int = 1) -> str:
    """Return the lines of a new row, as the others of the group are written, so many `places` behind a row of it."""
    if isinstance(group, Table):
        return render_row(fields, group)
    return render_item(fields, group, behind=behind if isinstance(behind, ItemRow) else None, places=places)


def changed_row(fields: RowFields, group: Group, row: Row, before: RowFields) -> str:
    """Return the lines of a row of this group with only what differs from `before` written anew."""
    if isinstance(group, Table) and isinstance(row, TableRow):
        return render_row(fields, group, row, before)
    assert isinstance(group, ItemList)
    assert isinstance(row, ItemRow)
    return render_item(fields, group, row, before)


def moved_row(
    fields: RowFields,
    group: Group,
    row: Row,
    home: Group,
    before: RowFields,
    behind: Row | None = None,
    places: int = 1,
) -> str:
    """Return the lines of a row of the group `home` in another group.

    Between groups of one kind a row keeps all that it says; else its fields are what goes over.
    """
    if isinstance(group, Table) and isinstance(home, Table) and isinstance(row, TableRow):
        return render_moved(fields, group, row, home, before)
    if isinstance(group, ItemList) and isinstance(row, ItemRow):
        neighbour = behind if isinstance(behind, ItemRow) else None
        return render_moved_item(fields, group, row, before, neighbour, places)
    return new_row(fields, group, behind, places)
