"""What stands inside one line of Markdown: links and images with their places, and the plain text of it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark").enable("strikethrough")
_MARKS = re.compile(r"\\.|(?P<ticks>`+)|!\[|\[|\]", re.DOTALL)
_TITLE_AND_CLOSE = re.compile(r"""(?:\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?\s*\)""")
_ANGLE_ADDRESS = re.compile(r"<((?:[^<>\n\\]|\\.)*)>")
_BARE_ADDRESS = re.compile(r"<?(https?://[^\s<>|\[\]()`\"]+)>?", re.IGNORECASE)
_TAG = re.compile(r"<(?P<close>/?)(?P<name>a|img)\b(?P<attributes>[^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(?P<name>href|src|alt)\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')""", re.IGNORECASE)
_MARK_OF_ADDRESS = re.compile(r"\\.?|[()]|(?P<space>[\s\x00-\x1f])", re.DOTALL)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DEEPEST_PARENTHESES = 32  # the same bound as GitHub's parser, so that no line takes quadratic time

_CODE_HOSTS = re.compile(
    r"^https?://(?:www\.)?(?:github\.com|gitlab\.com|gitee\.com|bitbucket\.org|codeberg\.org)/", re.I
)
_CODE_LABEL = re.compile(r"\bcode\b|github|gitlab|\brepo|implementation|代码|仓库|开源", re.IGNORECASE)
_PAPER_LABEL = re.compile(
    r"^(?:the )?(?:paper|pdf|arxiv|abs|abstract|link|html|doi|url|openreview|here|论文|链接|原文)s?$",
    re.IGNORECASE,
)
_SERVICE_LABEL = re.compile(
    r"^(?:code|github|repo|repository|project|project page|page|website|homepage|blog|video|data|dataset|"
    r"model|star|代码|项目|主页)s?$",
    re.IGNORECASE,
)
# Variation selectors, joiners, key caps and skin tones hang on to an emoji and are no symbols themselves.
_EMOJI_PARTS = frozenset("\ufe0e\ufe0f\u200d\u20e3") | {chr(c) for c in range(0x1F3FB, 0x1F400)}
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")  # 1️⃣ is one emoji, begun by the digit
_SHORTCODE = re.compile(r":[a-z0-9_+-]*[a-z][a-z0-9_+-]*:(?!\w)")  # ":a:0" is a title of its own


@dataclass(frozen=True, slots=True)
class Link:
    """A link or image in a text: its place, the places of its label and address, and what they are."""

    start: int
    end: int
    label_start: int
    label_end: int
    url_start: int
    url_end: int
    label: str  # what people read: without badge, brackets and emphasis
    url: str
    image: bool = False
    badge: bool = False  # a link whose label is only an image


def storable(text: str) -> str:
    """Return the text as a database can hold it: no NUL, no half of a surrogate pair."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def find_links(text: str) -> list[Link]:
    """Return the links and images of a text in the order they start; a link inside a link's label wins.

    Reads Markdown and HTML (`<a href>`, `<img src>`). Code spans and backslash escapes are respected. Addresses
    without brackets are `find_addresses`' business.
    """
    found = _markdown_links(text)
    if "<" in text:
        found += _html_links(text)
    return sorted(found, key=lambda link: link.start)


def _markdown_links(text: str) -> list[Link]:
    found: list[Link] = []
    openers: list[re.Match[str]] = []
    position = 0
    while mark := _MARKS.search(text, position):
        position = mark.end()
        if mark["ticks"]:
            closing = re.compile(rf"(?<!`){mark['ticks']}(?!`)").search(text, position)
            position = closing.end() if closing else position
        elif mark[0] in ("[", "!["):
            openers.append(mark)
        elif mark[0] == "]" and openers:
            opener = openers.pop()
            address = _address(text, position)
            if address is None:
                continue
            image = opener[0] == "!["
            inside = _links_since(opener.start(), found)
            if not image and any(not link.image for link in inside):
                continue
            url_start, url_end, position = address
            label = text[opener.end() : mark.start()]
            badge = (bool(inside) or "<" in label) and _is_picture(_without(inside, label, opener.end()))
            found.append(
                Link(
                    start=opener.start(),
                    end=position,
                    label_start=opener.end(),
                    label_end=mark.start(),
                    url_start=url_start,
                    url_end=url_end,
                    label=inside[0].label if badge and inside else bare_label(_words_of_html(label)),
                    url=unescape(text[url_start:url_end].strip()),
                    image=image,
                    badge=badge,
                )
            )
    return found


def _is_picture(label: str) -> bool:
    """Whether a label whose Markdown images are cut out has nothing to read in it."""
    return _ANY_TAG.sub("", label).strip() == ""


def _html_links(text: str) -> Iterator[Link]:
    """The anchors and images of HTML."""
    anchor: re.Match[str] | None = None
    for tag in _TAG.finditer(text):
        if tag["name"].lower() == "img":
            if source := _attribute(tag, "src"):
                alt = _attribute(tag, "alt")
                label = alt.span(alt.lastgroup or 0) if alt else (tag.start(), tag.start())
                yield _html_link(text, tag.start(), tag.end(), label, source, image=True)
        elif not tag["close"]:
            anchor = tag
        elif anchor is not None:
            if source := _attribute(anchor, "href"):
                yield _html_link(text, anchor.start(), tag.end(), (anchor.end(), tag.start()), source, image=False)
            anchor = None


def _words_of_html(label: str) -> str:
    """A label without its tags; of a picture, what it says instead of itself."""
    if "<" not in label:
        return label
    words = " ".join(_ANY_TAG.sub(" ", label).split())
    alt = next((each for each in _ATTRIBUTE.finditer(label) if each["name"].lower() == "alt"), None)
    return words or (alt[alt.lastgroup or 0] if alt else "")


def _attribute(tag: re.Match[str], name: str) -> re.Match[str] | None:
    found = _ATTRIBUTE.finditer(tag.string, *tag.span("attributes"))
    return next((each for each in found if each["name"].lower() == name), None)


def _html_link(text: str, start: int, end: int, label: tuple[int, int], source: re.Match[str], *, image: bool) -> Link:
    url_start, url_end = source.span(source.lastgroup or 0)
    inner = text[slice(*label)]
    return Link(
        start=start,
        end=end,
        label_start=label[0],
        label_end=label[1],
        url_start=url_start,
        url_end=url_end,
        label=bare_label(_words_of_html(inner)),
        url=html.unescape(text[url_start:url_end].strip()),
        image=image,
        badge=not image and _is_picture(inner),
    )


def find_addresses(text: str) -> list[Link]:
    """Return the links of a text that are no images, and the http(s) addresses that stand on their own."""
    return with_bare_addresses(text, find_links(text))


def with_bare_addresses(text: str, links: Sequence[Link]) -> list[Link]:
    """Return what `find_addresses` does of a text whose links are known."""
    taken = {place for link in links for place in range(link.start, link.end)}
    alone = [
        Link(*match.span(), match.start(), match.start(), *match.span(1), label="", url=match[1])
        for match in _BARE_ADDRESS.finditer(text)
        if match.start() not in taken
    ]
    return sorted([*(link for link in links if not link.image), *alone], key=lambda link: link.start)


def _links_since(start: int, found: list[Link]) -> list[Link]:
    return list(takewhile(lambda link: link.start >= start, reversed(found)))[::-1]


def _address(text: str, at: int) -> tuple[int, int, int] | None:
    """Return (start of the address, its end, end of the link) when `(address "title")` stands here."""
    if not text.startswith("(", at):
        return None
    start = at + 1
    while start < len(text) and text[start] in " \t":
        start += 1
    if angle := _ANGLE_ADDRESS.match(text, start):
        start, end, rest = angle.start(1), angle.end(1), angle.end()
    else:
        end = rest = _balanced_end(text, start)
    close = _TITLE_AND_CLOSE.match(text, rest)
    return (start, end, close.end()) if close else None


def _balanced_end(text: str, start: int) -> int:
    depth = 0
    for mark in _MARK_OF_ADDRESS.finditer(text, start):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
        if mark["space"] or not 0 <= depth <= _DEEPEST_PARENTHESES:
            return mark.start()
    return len(text)


def _without(links: list[Link], label: str, offset: int) -> str:
    for link in sorted(links, key=lambda link: -link.start):
        label = label[: link.start - offset] + label[link.end - offset :]
    return label


def bare_label(label: str) -> str:
    """Return a label without the brackets and emphasis around the whole of it: `[**pdf**]` -> `pdf`."""
    label = label.strip()
    while True:
        for left, right in (("[", "]"), ("**", "**"), ("__", "__"), ("*", "*"), ("`", "`")):
            inner = label[len(left) : len(label) - len(right)]
            around = len(label) > len(left) + len(right) and label.startswith(left) and label.endswith(right)
            if around and left not in inner and right not in inner:
                label = inner.strip()
                break
        else:
            return unescape(label)


def unescape(text: str) -> str:
    """Return the text with its backslash escapes of punctuation undone."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def is_code_link(link: Link) -> bool:
    """Whether a link among several leads to code: by its label, else by its host."""
    if _CODE_LABEL.search(link.label):
        return True
    return not _PAPER_LABEL.match(link.label) and is_code_address(link.url)


def is_code_address(url: str) -> bool:
    """Whether an address is on a host of source code."""
    return _CODE_HOSTS.match(url) is not None


def is_service_label(label: str) -> bool:
    """Whether a label only says what kind of thing the link leads to: pdf, code, project page."""
    return bool(_PAPER_LABEL.match(label) or _SERVICE_LABEL.match(label))


def plain(text: str) -> str:
    """Return what a reader sees of a line of Markdown: no markup, no images, white space joined."""
    text = storable(text)
    if "$" in text:
        return " ".join(text.split())  # stars and underscores in a formula are no emphasis
    return " ".join("".join(_words(text)).split())


def _words(text: str) -> Iterator[str]:
    for token in _MARKDOWN.parseInline(text):
        for child in token.children or []:
            if child.type in ("text", "code_inline", "text_special"):
                yield child.content
            elif child.type in ("softbreak", "hardbreak") or child.content.startswith("<br"):
                yield " "


def without_emoji(text: str) -> str:
    """Return the text without emoji, `:shortcodes:` and the white space they leave."""
    text = _SHORTCODE.sub(" ", _KEYCAP.sub(" ", text))
    kept = (c for c in text if unicodedata.category(c) != "So" and c not in _EMOJI_PARTS)
    return " ".join("".join(kept).split())


def is_emoji(character: str) -> bool:
    """Whether a character is a symbol that decorates, as a star or a flame."""
    return unicodedata.category(character) == "So" or character in _EMOJI_PARTS


def leading_decoration(text: str) -> int:
    """Return how many characters of white space, emoji and shortcodes a text begins with."""
    position = 0
    while position < len(text):
        if shortcode := _SHORTCODE.match(text, position):
            position = shortcode.end()
        elif text[position].isspace() or is_emoji(text[position]):
            position += 1
        else:
            break
    return position
