"""Stretches of a free text: what is emphasised, what is a date or a list of names, what belongs to a link."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from papers import identity
from papers.readme.inline import (
    Link,
    is_code_address,
    is_code_link,
    is_service_label,
    leading_decoration,
    plain,
)
from papers.readme.roles import role_named

_DATE = r"(?:19|20)\d\d\s*(?:[./年-]\s*\d{1,2}\s*(?:[./月-]\s*\d{1,2})?)日?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?\s+(?:\d{1,2},?\s+)?(?:19|20)\d\d"
ANY_DATE = re.compile(rf"(?:{_DATE}|{_MONTH}|(?:19|20)\d\d)", re.IGNORECASE)
LEADING_DATE = re.compile(
    rf"(?P<frame>(?:\*\*|__)?[\[(（【]?)(?P<date>{_DATE}|{_MONTH})[\])）】]?(?:\*\*|__)?[:：,]?\s*", re.I
)
# Over the end of a line too, but not into the next item.
_BOLD = re.compile(
    r"(?P<mark>\*\*|__)(?=\S)(?P<inner>(?:[^\r\n]|[\r\n]+(?![ \t]*(?:[-*+]|\d+[.)])[ \t]))+?)(?<=\S)(?P=mark)"
)
_ITALIC = re.compile(r"(?<![\w*_])(?P<mark>[*_])(?=[^\s*_])(?P<inner>[^*_]+?)(?<=\S)(?P=mark)(?![\w*_])")
_HTML_MARK = re.compile(r"<(?P<mark>b|strong|i|em)>(?P<inner>.*?)</(?P=mark)>", re.IGNORECASE | re.DOTALL)
SHIELD = re.compile(
    r"img\.shields\.io/badge/(?:(?:Conference|Journal|Venue|Publish\w*)-(?=[^?#\s\")]+-))?(?P<text>[^?#\s\")]+)",
    re.IGNORECASE,
)
BREAK = re.compile(r"<br\s*/?>|\r\n|\n|\r", re.IGNORECASE)
ET_AL = re.compile(r"\bet\.?\s?al\b\.?|等(?:人)?", re.IGNORECASE)
_NAME = re.compile(r"(?:[^\W\d_][^\s\d,]*[. ]+){0,3}[^\W\d_a-z][^\s\d,]*(?: (?:Jr|Sr|I{2,3})\.?)?")
_ONE_NAME = re.compile(r"[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z]\.?)?(?: [^\W\d_a-z][\w'’-]+){1,2}")
_NOBODY = re.compile(r"(?:various|anonymous|multiple)(?: authors?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """An emphasised stretch: with its marks, and what is inside of them."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    bold: bool


def find_marks(text: str, links: Sequence[Link]) -> Iterator[Mark]:
    """The emphasised stretches, outermost first; none begins inside of a link's address."""
    addresses = [(link.url_start, link.url_end) for link in links]
    end = 0
    found: list[re.Match[str]] = []
    for pattern in (_BOLD, _ITALIC, _HTML_MARK):
        found += pattern.finditer(text)
    for match in sorted(found, key=lambda match: (match.start(), -match.end())):
        if match.start() < end or any(start <= match.start() < stop for start, stop in addresses):
            continue
        inner = match.span("inner")
        while nested := _HTML_MARK.fullmatch(text, *inner):
            inner = nested.span("inner")
        bold = match["mark"].lower() in ("**", "__", "b", "strong") or inner != match.span("inner")
        end = match.end()
        yield Mark(match.start(), match.end(), *inner, bold)


def is_bracketed(text: str, link: Link) -> bool:
    """Whether a link stands in brackets of its own: `[[pdf](…)]`."""
    return text[max(link.start - 1, 0) : link.start] in ("[", "(") and text[link.end : link.end + 1] in ("]", ")")


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """A link with the brackets and emphasis around it."""
    for left, right in (("**", "**"), ("__", "__"), ("[", "]"), ("(", ")"), ("*", "*"), ("**", "**")):
        if text.startswith(left, start - len(left)) and start >= len(left) and text.startswith(right, end):
            start, end = start - len(left), end + len(right)
    return start, end


def with_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """A phrase with the marks around it and the full stop behind."""
    for left, right in (("**", "**"), ("__", "__"), ("*", "*"), ("_", "_"), ("(", ")"), ("[", "]")):
        if start >= len(left) and text.startswith(left, start - len(left)) and text.startswith(right, end):
            start, end = start - len(left), end + len(right)
    return start, end + (text[end : end + 1] == ".")


def trimmed(text: str, start: int, end: int, trim: str = " \t") -> tuple[int, int]:
    """Narrow a stretch to its words."""
    while start < end and (text[start] in trim or text[start].isspace()):
        start += 1
    while start < end and (text[end - 1] in trim or text[end - 1].isspace()):
        end -= 1
    for mark in ("**", "__", "*", "_"):
        inner = text[start + len(mark) : end - len(mark)]
        if (
            end - start > 2 * len(mark)
            and text.startswith(mark, start)
            and text[start:end].endswith(mark)
            and mark not in inner
        ):
            return trimmed(text, start + len(mark), end - len(mark), trim)
    return start, end


def with_et_al(text: str, start: int, end: int) -> tuple[int, int]:
    """Names with the full stop that belongs to their last word."""
    return start, end + (text[start:end].endswith(" al") and text.startswith(".", end))


def title_words(text: str, start: int, end: int) -> tuple[int, int]:
    """A title without emphasis around it and the full stop at its end."""
    start, end = trimmed(text, start, end)
    start += leading_decoration(text[start:end])
    if text[start:end].endswith(".") and not text[start:end].endswith(("..", " al.")):
        end -= 1
    return start, end


def until(text: str, start: int, end: int) -> tuple[int, int]:
    """The words of a plain stretch, without what leads over to the next thing."""
    start, end = trimmed(text, start, end, trim=" \t,;:：-–—|[(（")
    if text[start:end].endswith(".") and not text[start:end].endswith(("..", " al.")):
        end -= 1
    return start, end


def stretches(text: str, start: int, end: int, at: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """What stands between separators."""
    places = [start, *(place for found in at.finditer(text, start, end) for place in found.span()), end]
    for left, right in list(pairwise(places))[::2]:
        if left < right:
            yield left, right


def is_label(text: str, mark: Mark) -> bool:
    """Whether an emphasised word only says what follows: `**Paper**:`."""
    words = text[mark.inner_start : mark.inner_end].strip()
    followed = re.match(r"\s*[:：]\s*(?P<address><?https?://)?", text[mark.end :], re.IGNORECASE)
    if followed is None:
        return words.endswith((":", "："))
    return followed["address"] is not None or (len(words.split()) < 3 and role_named(words) is not None)


def paper_link(links: Sequence[Link]) -> Link | None:
    """The link that leads to the paper: by what it names, by its label, else the first that is not code."""
    known = [link for link in links if (name := identity.identify(link.url)) and name.scheme != "url"]
    if known:
        return next((link for link in known if not link.badge), known[0])
    papers = [link for link in links if not is_code_link(link) and link.label and is_service_label(link.label)]
    rest = [link for link in links if not is_code_link(link) and not is_code_address(link.url) and not link.badge]
    return next((link for link in papers + rest if identity.identify(link.url)), None)


def shield_fields(text: str) -> tuple[str, str]:
    """A badge's words and its colour: `ICLR-2024.07-blue` -> (`ICLR-2024.07`, `blue`)."""
    text = re.sub(r"\.svg$", "", text)
    last = [found.start() for found in re.finditer(r"(?<!-)-(?!-)", text)]
    return (text[: last[-1]], text[last[-1] + 1 :].lower()) if last else (text, "")


def is_names(words: str) -> bool:
    """Whether a phrase is a list of people's names, or says that there are too many or none: `Various`."""
    if _NOBODY.fullmatch(words.strip(" .")):
        return True
    names = re.split(r"\s*(?:,|，|、|\band\b|&)\s*", plain(words).rstrip(" .*†‡"))
    told = [name.strip(" *†‡¹²³") for name in names if name.strip()]
    alike = sum(_NAME.fullmatch(name) is not None for name in told)
    return len(told) > 1 and alike >= 0.8 * len(told)


def is_name(words: str) -> bool:
    """Whether a phrase may be one person's name, or a group's: of two or three words, each with a capital."""
    return _ONE_NAME.fullmatch(words) is not None
