"""Makes what a curator typed safe to stand in one cell of a table, and readable back as the same text."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from papers.readme.inline import storable

# Everything that any reader of the file may take for the end of a line, and the other control characters.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_IN_LABELS = r"\\\[\]|<`"
# What could end a label or begin a tag or a code span, and a backslash that would read as an escape of it.
_LABEL_MARKS = re.compile(rf"\\(?=[{_IN_LABELS}]|$)|[\[\]|`]|<(?=[A-Za-z/!?].*>)")
_SIMPLE_HTML = re.compile(r"</?(?:br|sub|sup|b|i|em|strong|code|kbd|u|s|del|small|mark)\s*/?>", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"(?:https?:|mailto:|#|[^:]*$)", re.IGNORECASE)
# Takes every address, so that a `javascript:` link is seen as the link that another parser may make of it.
_TRUSTING = MarkdownIt("commonmark")
_TRUSTING.validateLink = lambda url: True  # type: ignore[method-assign]


def one_line(text: str) -> str:
    """Return the text without control characters and line breaks, trimmed."""
    return storable(_BREAKS.sub(" ", text)).strip()


def cell_text(text: str, known_html: frozenset[str] = frozenset(), *, pipes: bool = True) -> str:
    """Return Markdown that a cell can hold: the text as typed, but no pipe, line break, HTML or odd link
    in it has any power over the table or the page.

    Text marks without attributes (`<br>`, `<sub>`) stay, and so does HTML that the cell held before. Outside of
    tables `pipes` are not escaped.
    """
    text = one_line(text)
    if _harmful(text, known_html):
        # Entities, not backslashes: whatever stands before an entity cannot undo it.
        text = text.replace("<", "&lt;").replace("](", "]&#40;")
    return text.replace("|", "\\|") if pipes else text


def title_text(text: str, *, pipes: bool = True) -> str:
    """Return a title that is no link's label: nothing in it is a link, an image or HTML."""
    text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", one_line(text)).replace("](", "]&#40;")
    return text.replace("|", "\\|") if pipes else text


def label_text(text: str) -> str:
    """Return the text as the label of a link; `unlabel` gives it back."""
    return _LABEL_MARKS.sub(r"\\\g<0>", one_line(text))


def unlabel(markdown: str) -> str:
    """Return the text of a link's label, with the escapes of `label_text` undone."""
    return re.sub(rf"\\([{_IN_LABELS}])", r"\1", markdown)


def code_text(text: str) -> str:
    """Return the text as a code span holds it: such a span knows no escape but that of the table's pipes."""
    return one_line(text).replace("`", "'").replace("|", "\\|")


def address(url: str) -> str:
    """Return an http(s) address as a link's target; any other address gives an empty text."""
    url = one_line(url)
    if not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return ""
    if not _balanced(url):
        url = url.replace("(", "%28").replace(")", "%29")
    return re.sub(r"[\s<>|\\`\"^{}]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


def _balanced(url: str) -> bool:
    depth = 0
    for character in url:
        depth += (character == "(") - (character == ")")
        if depth < 0 or depth > 8:
            return False
    return depth == 0


def _harmful(text: str, known_html: frozenset[str]) -> bool:
    if "<" not in text and "](" not in text:
        return False
    for token in _TRUSTING.parseInline(text):
        for child in token.children or []:
            if child.type == "html_inline":
                if child.content not in known_html and not _SIMPLE_HTML.fullmatch(child.content):
                    return True
            elif child.type in ("link_open", "image"):
                target = child.attrGet("href" if child.type == "link_open" else "src")
                if not _WEB_ADDRESS.match(str(target)):
                    return True
    return False


def html_in(markdown: str) -> frozenset[str]:
    """Return the HTML tags and comments of a line of Markdown, as written."""
    tokens = _TRUSTING.parseInline(storable(markdown))
    return frozenset(c.content for token in tokens for c in token.children or [] if c.type == "html_inline")
