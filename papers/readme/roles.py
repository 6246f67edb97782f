"""What a column, or a part of a line, tells of a paper, and the words by which lists call it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

_EMPTY = frozenset({"", "-", "--", "---", "–", "—", "/", "n/a", "n.a.", "none", "tba", "tbd", "无", "暂无"})
LONG_TEXT = 25  # characters on average: shorter notes are not what a paper is about


class Role(StrEnum):
    """What a column tells of a paper."""

    TITLE = "title"
    LINK = "link"
    NICKNAME = "nickname"
    AUTHORS = "authors"
    VENUE = "venue"
    DATE = "date"
    TAGS = "tags"
    CODE = "code"
    TLDR = "tldr"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header as text, which is the key of an extra column, and its role."""

    name: str
    role: Role
    years: bool = field(default=False, compare=False)  # whether its cells are bare years


class Header(NamedTuple):
    """Words of a header, and the role that they tell."""

    role: Role
    pattern: str
    prose: int = 0  # how long its cells must be on average


TITLES = r"\btitles?\b|标题|题目|题名"
PAPERS = r"\bpapers?\b|\barticles?\b|论文|文章|\bworks?\b|\bname\b|名称"
METHODS = r"\bmethods?\b|\bmodels?\b|方法|模型"

# A header may fit several roles ("Paper Link"): the first that fits and is still free is taken.
HEADERS = (
    Header(Role.CODE, r"\bcodes?\b|github|\brepos?(?:itory|itories)?\b|\bimplementation\b|代码|仓库|开源"),
    Header(Role.LINK, r"\blinks?\b|\burl\b|\bpdf\b|\barxiv\b|\bresources?\b|链接|地址|^papers?$|^论文$"),
    Header(
        Role.VENUE,
        r"\bvenue\b|\bconference\b|\bjournal\b|\bpublish(?:ed|er)?\b|\bpublication\b|发表|会议|期刊|出处",
    ),
    Header(Role.DATE, r"\bdate\b|\btime\b|日期|时间"),
    Header(Role.DATE, r"\byear\b|年份|^年$"),
    Header(Role.AUTHORS, r"\bauthors?\b|作者"),
    Header(Role.NICKNAME, r"\bnick\s?names?\b|\babbr(?:eviation|\.)?s?\b|\bacronyms?\b|简称|缩写"),
    Header(Role.TAGS, r"\btags?\b|\bkeywords?\b|标签|关键词"),
    Header(Role.TAGS, r"\btypes?\b|\bcategor(?:y|ies)\b|类型|类别|分类"),
    Header(
        Role.TLDR,
        r"tl;?\s?dr|\bfocus\b|\bsummary\b|\bcore idea\b|\bdescription\b|\bintroduction\b|\babstract\b|"
        r"\bhighlights?\b|\bcontributions?\b|简述|关注点|摘要|简介|概述|要点|核心|总结|描述|重点",
        prose=1,
    ),
    Header(
        Role.TLDR,
        r"\bwhat it (?:says|does)\b|\b(?:main|key) (?:idea|point|finding)s?\b|\btake-?aways?\b|一句话",
        prose=1,
    ),
    Header(Role.TLDR, rf"\bcomments?\b|\bnotes?\b|\bremarks?\b|备注|说明|{METHODS}", prose=LONG_TEXT),
)


def role_named(name: str) -> Role | None:
    """Return the role that a header or label tells by its words alone."""
    if re.search(TITLES, name, re.IGNORECASE):
        return Role.TITLE
    return next((header.role for header in HEADERS if re.search(header.pattern, name, re.IGNORECASE)), None)


def is_placeholder(text: str) -> bool:
    """Whether a text says that there is nothing to say."""
    return text.strip().casefold() in _EMPTY
