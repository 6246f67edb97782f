"""What the columns of a table mean: told by their headers and, where these are unclear, by what the cells hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from papers import identity
from papers.readme.inline import plain, without_emoji
from papers.readme.roles import HEADERS, METHODS, PAPERS, TITLES, Column, Role, is_placeholder
from papers.readme.table import find_title


def learn_columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], fixed: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """Return what the columns mean, from their headers (Markdown) and, where these are unclear, the cells.

    What is `fixed` for a header, as text, is so; of several columns that would be the same, the first is.
    """
    shown = _distinct([without_emoji(plain(name)) for name in names])
    cells = [[row[place] for row in rows if place < len(row)] for place in range(len(names))]
    roles: dict[int, Role] = {}
    for place, name in enumerate(shown):
        told = (fixed or {}).get(name)
        if told is not None and (told == Role.EXTRA or told not in roles.values()):
            roles[place] = Role(told)
    title = None if Role.TITLE in roles.values() else _title_column(shown, cells)
    if title is not None and title not in roles:
        roles[title] = Role.TITLE
    for header in HEADERS:
        for place, name in enumerate(shown):
            free = place not in roles and header.role not in roles.values()
            if free and re.search(header.pattern, name, re.IGNORECASE) and _holds_prose(cells[place], header.prose):
                roles[place] = header.role
    return tuple(
        Column(name, roles.get(place, Role.EXTRA), _holds_years(name, cells[place])) for place, name in enumerate(shown)
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Names for every column: an extra column is found again by its name."""
    seen: list[str] = []
    for place, name in enumerate(names, 1):
        name = name or f"column {place}"
        seen.append(name if name not in seen else f"{name} ({place})")
    return seen


def _title_column(names: Sequence[str], cells: Sequence[Sequence[str]]) -> int | None:
    """The column of titles: by a plain header, by a header that cells bear out, or by links to papers."""
    for pattern in (TITLES, PAPERS, METHODS):
        for place, name in enumerate(names):
            if not re.search(pattern, name, re.IGNORECASE):
                continue
            if pattern == TITLES or (_holds_titles(cells[place], only_links=pattern == METHODS)):
                return place
    return next((place for place in range(len(names)) if _links_papers(cells[place])), None)


def _holds_titles(cells: Sequence[str], only_links: bool) -> bool:
    told = [cell for cell in cells if not is_placeholder(cell)]
    titles = [title for cell in told if (title := find_title(cell)) and (title.inside or not only_links)]
    return 2 * len(titles) > len(told) or (told == [] and not only_links)


def _links_papers(cells: Sequence[str]) -> bool:
    """Whether most cells are words that link to what is surely a paper."""
    told = [cell for cell in cells if not is_placeholder(cell)]
    titles = [title.link for cell in told if (title := find_title(cell)) and title.inside and title.link]
    names = [name for link in titles if (name := identity.identify(link.url)) and name.scheme != "url"]
    return bool(told) and 2 * len(names) > len(told)


def _holds_years(name: str, cells: Sequence[str]) -> bool:
    """Whether most cells are bare years; without any cells the header says it."""
    told = [cell for cell in cells if not is_placeholder(cell)]
    if not told:
        return re.fullmatch(r"years?|年份?", name.strip(), re.IGNORECASE) is not None
    return 2 * sum(re.fullmatch(r"(?:19|20)\d\d", plain(cell).strip()) is not None for cell in told) > len(told)


def _holds_prose(cells: Sequence[str], length: int) -> bool:
    """Whether the cells hold this many characters of text on average; a picture or a tag is no text."""
    told = [cell for cell in cells if not is_placeholder(cell)]
    if not told or length == 0:
        return length <= 1
    return sum(len(plain(cell)) for cell in told) >= length * len(told)
