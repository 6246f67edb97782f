"""What the columns of a table mean: told by their headers and, where these are unclear, by what the cells hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from papers import identity
from papers.readme.inline import plain, without_emoji
from papers.readme.table import Column, Role, find_title, is_placeholder

_TITLES = r"\btitles?\b|标题|题目|题名"
_PAPERS = r"\bpapers?\b|\barticles?\b|论文|文章|\bworks?\b|\bname\b|名称"
_METHODS = r"\bmethods?\b|\bmodels?\b|方法|模型"
_LONG_TEXT = 25  # characters on average: shorter notes are not what a paper is about


class _Header(NamedTuple):
    role: Role
    pattern: str
    prose: int = 0  # how long its cells must be on average


# A header may fit several roles ("Paper Link"): the first that fits and is still free is taken.
_HEADERS = (
    _Header(Role.CODE, r"\bcodes?\b|github|\brepos?(?:itory|itories)?\b|\bimplementation\b|代码|仓库|开源"),
    _Header(Role.LINK, r"\blinks?\b|\burl\b|\bpdf\b|\barxiv\b|\bresources?\b|链接|地址|^papers?$|^论文$"),
    _Header(
        Role.VENUE,
        r"\bvenue\b|\bconference\b|\bjournal\b|\bpublish(?:ed|er)?\b|\bpublication\b|发表|会议|期刊|出处",
    ),
    _Header(Role.VENUE, r"\bdate\b|日期|时间"),
    _Header(Role.VENUE, r"\byear\b|年份|^年$"),
    _Header(Role.TAGS, r"\btags?\b|\bkeywords?\b|标签|关键词"),
    _Header(Role.TAGS, r"\btypes?\b|\bcategor(?:y|ies)\b|类型|类别|分类"),
    _Header(
        Role.TLDR,
        r"tl;?\s?dr|\bfocus\b|\bsummary\b|\bcore idea\b|\bdescription\b|\bintroduction\b|\babstract\b|"
        r"\bhighlights?\b|\bcontributions?\b|简述|关注点|摘要|简介|概述|要点|核心|总结|描述|重点",
        prose=1,
    ),
    _Header(
        Role.TLDR,
        r"\bwhat it (?:says|does)\b|\b(?:main|key) (?:idea|point|finding)s?\b|\btake-?aways?\b|一句话",
        prose=1,
    ),
    _Header(Role.TLDR, rf"\bcomments?\b|\bnotes?\b|\bremarks?\b|备注|说明|{_METHODS}", prose=_LONG_TEXT),
)


def learn_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """Return what the columns mean, from their headers (Markdown) and, where these are unclear, the cells."""
    shown = _distinct([without_emoji(plain(name)) for name in names])
    cells = [[row[place] for row in rows if place < len(row)] for place in range(len(names))]
    roles: dict[int, Role] = {}
    title = _title_column(shown, cells)
    if title is not None:
        roles[title] = Role.TITLE
    for header in _HEADERS:
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
    for pattern in (_TITLES, _PAPERS, _METHODS):
        for place, name in enumerate(names):
            if not re.search(pattern, name, re.IGNORECASE):
                continue
            if pattern == _TITLES or (_holds_titles(cells[place], only_links=pattern == _METHODS)):
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
