"""How a table writes its rows, learnt from the rows it has: a new row should look like its neighbours."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from papers.readme.inline import (
    Link,
    find_addresses,
    find_links,
    is_code_link,
    is_service_label,
    leading_decoration,
)
from papers.readme.roles import Column, Role, is_placeholder
from papers.readme.table import RawRow, Table, find_title

_LINKED_TITLE = "[{title}]({link})"
_LONGEST_FRAME = 40  # characters around a title that may still be style and not the words of one row
_REPOSITORY = re.compile(r"^https?://(?:www\.)?git(?:hub|lab)\.com/([\w.-]+/[\w.-]+?)(?:\.git)?(?:[/?#]|$)")


_SEPARATOR = re.compile(r"(?:[\s,，、;；/·•&-]|\\\||<br\s*/?>)*", re.IGNORECASE)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class TableStyle:
    """The habits of a table. Forms hold `{title}`, `{link}`, `{label}`, `{url}`, `{tag}`, `{repository}`."""

    prefix: str
    opened: bool
    closed: bool
    ending: str
    padding: tuple[tuple[str, str], ...]  # left and right of each column
    widths: tuple[int | None, ...]  # of each column that is padded to one width
    placeholders: tuple[str, ...]  # what an empty cell of each column says
    title: str = _LINKED_TITLE
    link: str = "[{label}]({url})"
    link_label: str = "Paper"
    code: str = "[{label}]({url})"
    code_label: str = "GitHub"
    names_repository: bool = False  # the label is the repository's own name
    badge: str = ""  # behind a code link
    between_links: str = ", "
    code_first: bool = False
    tag: str = "`{tag}`"
    between_tags: str = ", "


@lru_cache(maxsize=128)  # by the table itself: it never changes
def learn_style(table: Table) -> TableStyle:
    """Return the style of a table; what its rows do not show is as most lists have it."""
    raws = [row.raw for row in table.rows] or [table.header]
    cells = [[row.raw.cells[place] for row in table.rows if place < len(row.raw.cells)] for place in _places(table)]
    links = _cells_with(Role.LINK, table, cells)
    codes = _cells_with(Role.CODE, table, cells)
    tags = _cells_with(Role.TAGS, table, cells)
    placeholders = _placeholders(table.columns, cells)
    papers = [(cell, link) for cell in links for link in _real_links(cell) if not is_code_link(link)]
    code = [(cell, link) for cell in codes for link in _real_links(cell)]
    code += [(cell, link) for cell in links for link in _real_links(cell) if is_code_link(link)] if not codes else []
    code_label, names_repository = _code_label([link for _, link in code])
    return TableStyle(
        prefix=_most(raw.prefix for raw in raws) or "",
        opened=_most(raw.opened for raw in raws) is not False,
        closed=_most(raw.closed or len(raw.cells) > len(table.columns) for raw in raws) is not False,
        ending=_most(raw.ending for raw in [*raws, table.header] if raw.ending) or "\n",
        padding=tuple(_padding(raws, place) for place in _places(table)),
        widths=tuple(_width(column) for column in cells),
        placeholders=placeholders,
        title=_title_form(table),
        link=_most(_form(cell, link) for cell, link in papers) or "[{label}]({url})",
        link_label=_most(link.label for _, link in papers if link.label) or "Paper",
        code=_most(_form(cell, link) for cell, link in code) or "[{label}]({url})",
        code_label=code_label,
        names_repository=names_repository,
        badge=_badge(code),
        between_links=_most(between for cell in links + codes for between in _between(cell)) or ", ",
        code_first=_most(first for cell in links if (first := _code_is_first(cell)) is not None) or False,
        tag=_tag_form(tags),
        between_tags=_between_tags(tags),
    )


def _places(table: Table) -> range:
    return range(len(table.columns))


def _most(values: Iterable[_Value]) -> _Value | None:
    """The most frequent value, the earliest of several."""
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted else None


def _cells_with(role: Role, table: Table, cells: Sequence[list[str]]) -> list[str]:
    return [cell for place in _places(table) if table.columns[place].role == role for cell in cells[place]]


def _padding(raws: Sequence[RawRow], place: int) -> tuple[str, str]:
    cells = [raw.cells[place] for raw in raws if place < len(raw.cells) and raw.cells[place].strip()]
    left, right = _most(_around(cell) for cell in cells) or (" ", " ")
    return left, right if len(right) <= 1 else " "  # more is alignment, which is the width's affair


def _around(cell: str) -> tuple[str, str]:
    return cell[: len(cell) - len(cell.lstrip())], cell[len(cell.rstrip()) :]


def _width(cells: Sequence[str]) -> int | None:
    """The width that cells of different lengths are padded to, if they are."""
    aligned = len({len(cell) for cell in cells}) == 1 and len({len(cell.strip()) for cell in cells}) > 1
    return len(cells[0]) if aligned else None


def _placeholders(columns: Sequence[Column], cells: Sequence[list[str]]) -> tuple[str, ...]:
    """What empty cells say, by column; a column that has none says what the others do."""
    empty = [
        [cell.strip() for cell in column if is_placeholder(cell) or (role == Role.CODE and _says_no_code(cell))]
        for column, role in zip(cells, (column.role for column in columns), strict=True)
    ]
    usual = _most(text for column in empty for text in column if is_placeholder(text))
    usual = "-" if usual is None else usual
    return tuple(usual if (own := _most(column)) is None else own for column in empty)


def _says_no_code(cell: str) -> bool:
    return len(cell.strip()) <= 3 and not find_addresses(cell)  # as a cross


def _title_form(table: Table) -> str:
    """How titles are written, `[{title}]({link})` or another, from the rows that agree in it."""
    place = table.column(Role.TITLE)
    has_links = table.column(Role.LINK) is not None
    forms = [
        form
        for row in table.rows
        if place is not None and place < len(row.raw.cells) and (form := _title_in_form(row.raw.cells[place]))
    ]
    usual = _most(forms)
    if usual is None or 3 * forms.count(usual) < len(table.rows) or not ("{link}" in usual or has_links):
        return _LINKED_TITLE
    return usual


def is_plain_title(cell: str) -> bool:
    """Whether a title's cell holds its title and link and no further words."""
    return _title_in_form(cell) != ""


def _title_in_form(cell: str) -> str:
    title = find_title(cell)
    if title is None:
        return ""
    form = cell[: title.start] + "{title}"
    if title.link is None:
        form += cell[title.end :]
    elif title.link.url_start >= title.end:
        form += cell[title.end : title.link.url_start] + "{link}" + cell[title.link.url_end :]
    form = form[leading_decoration(form) :].strip()
    return form if len(form) <= _LONGEST_FRAME and _is_frame(form) else ""


def _is_frame(form: str) -> bool:
    """Whether a form has no words of its row in it, only marks and what kind of thing a link leads to."""
    words = re.sub(r"\{(?:title|link)\}", "", form)
    return all(is_service_label(word) for word in re.findall(r"\w+", words))


def _real_links(cell: str) -> list[Link]:
    return [link for link in find_addresses(cell) if not link.badge and link.url]


def _form(cell: str, link: Link) -> str:
    """How a link is written: `[{label}]({url})`, `[[{label}]]({url})`, `{url}`, …"""
    if link.label_start == link.start:  # an address on its own
        return cell[link.start : link.url_start] + "{url}" + cell[link.url_end : link.end]
    start, end = _extent(cell, link)
    label = cell[link.label_start : link.label_end]
    label = label.replace(link.label, "{label}", 1) if link.label and link.label in label else "{label}"
    if link.url_start < link.label_start:  # HTML
        before, between = cell[start : link.url_start], cell[link.url_end : link.label_start]
        return f"{before}{{url}}{between}{label}{cell[link.label_end : end]}"
    return "[" * (link.start - start) + f"[{label}]({{url}})" + "]" * (end - link.end)


def _extent(cell: str, link: Link) -> tuple[int, int]:
    """A link with the brackets around it, as in `[[Code](…)]`."""
    bracketed = link.start > 0 and cell[link.start - 1] == "[" and cell.startswith("]", link.end)
    return (link.start - 1, link.end + 1) if bracketed else (link.start, link.end)


def repository_of(url: str) -> str:
    """Return `owner/name` of an address on GitHub or GitLab, else nothing."""
    found = _REPOSITORY.match(url)
    return found[1] if found else ""


def _code_label(links: Sequence[Link]) -> tuple[str, bool]:
    labels = [link.label for link in links if link.label]
    named = sum(link.label.casefold() == repository_of(link.url).rpartition("/")[2].casefold() for link in links)
    usual = _most(labels) or "GitHub"
    return usual, named > labels.count(usual)


def _badge(code: Sequence[tuple[str, Link]]) -> str:
    """The picture that most code links have behind them, such as the count of stars."""
    badges = []
    images = {cell: [link for link in find_links(cell) if link.image] for cell in {cell for cell, _ in code}}
    for cell, link in code:
        repository = repository_of(link.url)
        behind = bisect_left(images[cell], link.end, key=lambda image: image.start)
        image = images[cell][behind] if behind < len(images[cell]) else None
        if repository and image and repository in image.url:
            badges.append(cell[_extent(cell, link)[1] : image.end].replace(repository, "{repository}"))
    usual = _most(badges)
    return usual if usual and 2 * badges.count(usual) > len(code) else ""


def _between(cell: str) -> list[str]:
    extents = [_extent(cell, link) for link in _real_links(cell)]
    gaps = [cell[left[1] : right[0]] for left, right in itertools.pairwise(extents)]
    return [gap for gap in gaps if _SEPARATOR.fullmatch(gap)]


def _code_is_first(cell: str) -> bool | None:
    kinds = [is_code_link(link) for link in _real_links(cell)]
    return kinds[0] if len(set(kinds)) == 2 else None


def _tag_form(cells: Sequence[str]) -> str:
    told = [cell for cell in cells if not is_placeholder(cell)]
    return "{tag}" if told and 2 * sum("`" in cell for cell in told) < len(told) else "`{tag}`"


def _between_tags(cells: Sequence[str]) -> str:
    quoted = [gap for cell in cells for gap in re.findall(r"`[^`]+`([^`]*)(?=`[^`]+`)", cell)]
    plain = [gap for cell in cells if "`" not in cell for gap in re.findall(r"\s*[,，、;；]\s*", cell.strip())]
    return _most(gap for gap in quoted + plain if _SEPARATOR.fullmatch(gap)) or ", "
