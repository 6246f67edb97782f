"""Writes a row: what did not change as it was, what changed in the style of its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from papers.readme.escape import address, cell_text, code_text, html_in, label_text, one_line, title_text
from papers.readme.inline import find_addresses
from papers.readme.parts import Part
from papers.readme.rewrite import Sample, rewrite, write_like
from papers.readme.roles import Column, Role
from papers.readme.row import RowFields
from papers.readme.style import TableStyle, is_plain_title, learn_style, repository_of
from papers.readme.table import RawRow, Table, TableRow, find_title, parts_beside, title_parts

# Begins no other kind of block when it stands first in a line that no pipe opens.
_SAFE_START = re.compile(r"(?:[^\W\d_]|\[(?!//\]:))")


def render_row(
    fields: RowFields, table: Table, kept: TableRow | None = None, kept_fields: RowFields | None = None
) -> str:
    """Return the line of a row, with its ending.

    With a kept row of this table, its cells stay as they are where `fields` and `kept_fields` (what that row
    was read as, by default its own fields) agree. A new row fills every column. Whatever the fields hold, the
    result is one line of as many cells, and no cell reaches beyond itself.
    """
    style = learn_style(table)
    if kept is None:
        return _new_line(fields, table, style, [None] * len(table.columns), frozenset())
    before = kept.fields if kept_fields is None else kept_fields
    cells = _changed_cells(fields, before, table, kept, style)
    if cells == kept.raw.cells:
        return kept.text
    raw = replace(kept.raw, cells=cells, ending=kept.raw.ending or style.ending)
    return str(raw if cells[0] == kept.raw.cells[0] else _opened_if_needed(raw))


def render_moved(fields: RowFields, table: Table, row: TableRow, home: Table, row_fields: RowFields) -> str:
    """Return the line of a row of the table `home` as it stands in another table, in that table's style.

    A title's cell that says more than title and link (authors, badges) keeps what it says. `row_fields` is
    what the row was read as: HTML it held is no news.
    """
    cells: list[str | None] = [None] * len(table.columns)
    from_place, to_place = home.column(Role.TITLE), table.column(Role.TITLE)
    if from_place is not None and to_place is not None and from_place < len(row.raw.cells):
        old = row.raw.cells[from_place]
        cells[to_place] = None if is_plain_title(old) else _edited_title(old, fields, row_fields, row.parts, table)
    known_html = frozenset().union(*(html_in(text) for text in (row_fields.tldr, *row_fields.extra.values())))
    return _new_line(fields, table, learn_style(table), cells, known_html)


def _new_line(
    fields: RowFields,
    table: Table,
    style: TableStyle,
    given: Sequence[str | None],
    known_html: frozenset[str],
) -> str:
    texts = [
        text if text is not None else _new_cell(fields, table, place, style, known_html)
        for place, text in enumerate(given)
    ]
    cells = tuple(_pad(text, style, place) for place, text in enumerate(texts))
    return str(_opened_if_needed(RawRow(style.prefix, style.opened, cells, style.closed, "", style.ending)))


def _opened_if_needed(raw: RawRow) -> RawRow:
    if raw.opened or _SAFE_START.match(raw.cells[0].strip()):
        return raw
    return replace(raw, opened=True)


def _changed_cells(
    fields: RowFields, before: RowFields, table: Table, kept: TableRow, style: TableStyle
) -> tuple[str, ...]:
    cells = list(kept.raw.cells)
    for place, column in enumerate(table.columns):
        if not _has_changed(fields, before, table, column, place, kept):
            continue
        while len(cells) <= place:  # the row was shorter than its header
            cells.append(_pad(style.placeholders[len(cells)], style, len(cells)))
        old = cells[place]
        new = _edited_cell(column.role, old, fields, before, kept, table)
        if new is None:
            new = _new_cell(fields, table, place, style, html_in(old), before)
        cells[place] = _pad_like(old, new, style, place)
    return tuple(cells)


def _edited_cell(
    role: Role, cell: str, fields: RowFields, before: RowFields, kept: TableRow, table: Table
) -> str | None:
    """The cell with only what changed exchanged in its place, or None when it must be written anew."""
    if role == Role.TITLE:
        return _edited_title(cell, fields, before, kept.parts, table)
    if role == Role.LINK and fields.code == before.code and (url := address(fields.link)):
        for link in find_addresses(cell):
            if link.url == before.link:
                return (cell[: link.url_start] + url + cell[link.url_end :]).strip()
    return None


def _has_changed(
    fields: RowFields, before: RowFields, table: Table, column: Column, place: int, kept: TableRow
) -> bool:
    match column.role:
        case Role.TITLE:
            title = fields.title != before.title or _differs_beside(fields, before, table)
            return title or (fields.link != before.link and _carries_link(table, place, kept))
        case Role.LINK:
            code_here = table.column(Role.CODE) is None and fields.code != before.code
            return code_here or (fields.link != before.link and _carries_link(table, place, kept))
        case Role.EXTRA:
            return fields.extra.get(column.name, "") != before.extra.get(column.name, "")
        case _:
            return bool(getattr(fields, column.role.value) != getattr(before, column.role.value))


def _carries_link(table: Table, place: int, kept: TableRow) -> bool:
    """Whether the link of a row belongs in this column: where it was, else where this table has links."""
    if kept.link_column is not None:
        return kept.link_column == place
    with_links = table.column(Role.LINK)
    return place == (with_links if with_links is not None else table.column(Role.TITLE))


def _differs_beside(fields: RowFields, before: RowFields, table: Table) -> bool:
    """Whether something changed that this table tells in its titles' cells, as authors."""
    return any(getattr(fields, role.value) != getattr(before, role.value) for role in table.beside)


def _edited_title(cell: str, fields: RowFields, before: RowFields, parts: Sequence[Part], table: Table) -> str | None:
    """The cell with only what changed exchanged, so that emoji, badges and authors around it stay.

    None when it has no title, or gains or loses a link where it holds nothing else.
    """
    if parts_beside(parts) or _differs_beside(fields, before, table):
        kept = Sample(cell, tuple(parts or title_parts(cell)), before)
        if kept.part(Role.TITLE) is None or fields.title == "":
            return None
        roles = [Role.TITLE, *([Role.LINK] if kept.part(Role.LINK) else []), *table.beside]
        return rewrite(kept, before, fields, _samples(table), in_table=True, roles=roles).strip()
    found = find_title(cell)
    if found is None or (fields.link != before.link and (found.link is None or address(fields.link) == "")):
        return None
    title = cell[found.start : found.end]
    if fields.title != before.title:
        if fields.title == "":
            return None
        title = label_text(fields.title) if found.inside else title_text(fields.title)
    edited = cell[: found.start] + title
    if found.link is None:
        return (edited + cell[found.end :]).strip()
    url = cell[found.link.url_start : found.link.url_end]
    if fields.link != before.link:
        url = address(fields.link)
    return (edited + cell[found.end : found.link.url_start] + url + cell[found.link.url_end :]).strip()


def _new_cell(
    fields: RowFields,
    table: Table,
    place: int,
    style: TableStyle,
    known_html: frozenset[str] = frozenset(),
    before: RowFields | None = None,
) -> str:
    column = table.columns[place]
    match column.role:
        case Role.TITLE:
            text = _title_with_all(fields, table) if _tells_beside(table) else _title(fields, style)
        case Role.LINK:
            text = _links(fields, table, style, before)
        case Role.CODE:
            text = style.between_links.join(_code(fields.code, style, before))
        case Role.TAGS:
            text = _tags(fields.tags, style)
        case Role.EXTRA:
            text = cell_text(fields.extra.get(column.name, ""), known_html)
        case _:
            text = cell_text(getattr(fields, column.role.value), known_html)
    return text.strip(" ") or style.placeholders[place]


def _tells_beside(table: Table) -> bool:
    """Whether most titles' cells of a table tell more than title and link."""
    return 2 * sum(bool(parts_beside(row.parts)) for row in table.rows) > len(table.rows)


def _title_with_all(fields: RowFields, table: Table) -> str:
    samples = _samples(table)
    linked = any(sample.part(Role.LINK) for sample in samples)
    return write_like(
        samples, fields, in_table=True, roles=(Role.TITLE, *([Role.LINK] if linked else []), *table.beside)
    )


def _samples(table: Table) -> list[Sample]:
    """The titles' cells of a table."""
    place = table.column(Role.TITLE)
    cells = [
        (row, row.raw.cells[place].strip()) for row in table.rows if place is not None and place < len(row.raw.cells)
    ]
    return [Sample(cell, tuple(row.parts or title_parts(cell)), row.fields) for row, cell in cells]


def _title(fields: RowFields, style: TableStyle) -> str:
    link = address(fields.link)
    if "{link}" in style.title and link == "":
        return title_text(fields.title)
    if not (shown := one_line(fields.title) or link):
        return ""
    in_label = re.search(r"\{title\}[*_`]*\]\(\{link\}", style.title)
    return _fill(style.title, title=label_text(shown) if in_label else title_text(shown), link=link)


def _links(fields: RowFields, table: Table, style: TableStyle, before: RowFields | None) -> str:
    link = address(fields.link)
    paper = [_fill(style.link, label=label_text(style.link_label), url=link)] if link else []
    code = _code(fields.code, style, before) if table.column(Role.CODE) is None else []
    return style.between_links.join(code + paper if style.code_first else paper + code)


def _code(code: Sequence[tuple[str, str]], style: TableStyle, before: RowFields | None) -> list[str]:
    kept = {label for label, _ in before.code} if before else set()
    links = []
    for label, typed in code:
        if url := address(typed):
            repository = repository_of(url)
            if label == "" or (label not in kept and label.casefold() == style.code_label.casefold()):
                label = style.code_label
                if style.names_repository and repository:
                    label = repository.rpartition("/")[2]
            badge = _fill(style.badge, repository=repository) if repository else ""
            links.append(_fill(style.code, label=label_text(label), url=url) + badge)
    return links


def _tags(tags: Sequence[str], style: TableStyle) -> str:
    escape = code_text if "`" in style.tag else cell_text
    told = [text for tag in tags if (text := escape(tag).strip(" "))]
    return style.between_tags.join(_fill(style.tag, tag=text) for text in told)


def _fill(form: str, **values: str) -> str:
    """Put values into a form, all at once: a value that looks like a part of the form is only a value."""
    return re.sub(r"\{(\w+)\}", lambda part: values.get(part[1], part[0]), form)


def _pad(text: str, style: TableStyle, place: int) -> str:
    left, right = style.padding[place]
    cell = f"{left}{_closed(text)}{right}" if text else (left or right)
    return cell.ljust(style.widths[place] or 0)


def _pad_like(old: str, text: str, style: TableStyle, place: int) -> str:
    """Pad a text as its cell was padded before; a cell that was aligned stays as wide if it can."""
    if old.strip() == "":
        return _pad(text, style, place)
    left = old[: len(old) - len(old.lstrip())]
    right = old[len(old.rstrip()) :]
    if len(right) > 1:
        return f"{left}{_closed(text)} ".ljust(len(old))
    return f"{left}{_closed(text)}{right}"


def _closed(text: str) -> str:
    """A text that ends in a backslash would escape the pipe behind it."""
    return text + " " if text.endswith("\\") else text
