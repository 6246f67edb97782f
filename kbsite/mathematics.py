r"""Text of papers as HTML: formulas in LaTeX become MathML, which browsers draw by themselves; all else is text.

Titles and abstracts come from the network, so nothing of them is trusted: of what latex2mathml makes of a formula only
the elements and attributes of MathML Core (https://www.w3.org/TR/mathml-core/) that are named here are written, and
each text is escaped. A formula that it cannot read, that holds a command it does not know, or that defines commands of
its own (whose expansion has no end) stays as its authors wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import escape, unescape
from itertools import islice
from xml.etree.ElementTree import Element

from django.utils.safestring import SafeString, mark_safe
from latex2mathml.converter import convert_to_element

LONGEST = 1000  # characters of a formula; 27,000 in 106,000 papers of arXiv have 12 on average, none has 840
MOST = 100  # formulas of one text

# As pandoc finds formulas, so "$5 and $10" is none; \(…\) and \[…\] too.
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<block>[^$]+)\$\$"
    r"|(?<![\\$])\$(?!\s)(?P<inline>(?:[^$\\]|\\.)+?)(?<!\s)\$(?!\d)"
    r"|\\{1,2}\((?P<round>(?:[^\\]|\\(?![\\()\[\]]))+)\\{1,2}\)"  # some sources escape the backslash
    r"|\\{1,2}\[(?P<square>(?:[^\\]|\\(?![\\()\[\]]))+)\\{1,2}\]",
    re.DOTALL,
)
_ONE_LETTER = re.compile(r"(\\(?:math[a-z]+|boldsymbol))\s+([A-Za-z0-9])")  # the package wants braces: \mathbb{R}
_DEFINES = re.compile(r"\\(?:(?:re)?new|provide|[egx]?def(?![a-z])|let(?![a-z])|Declare)")

_ELEMENTS = frozenset(
    {
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
        *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"),
        *("mstyle", "mpadded", "mphantom"),
    }
)
_PAIR, _TRIPLE = ("mfrac", "mroot", "msub", "msup", "munder", "mover"), ("msubsup", "munderover")
_CHILDREN = {**dict.fromkeys(_PAIR, 2), **dict.fromkeys(_TRIPLE, 3)}
_NAMES = frozenset("∞∇∂∅∀∃∄¬∆")  # of things, though Unicode has them among the operators
_THIN = '<mspace width="0.167em"></mspace>'
_AS_ROW = frozenset({"menclose", "none"})  # of MathML 3: browsers show what is in them
_WORD = re.compile(r"true|false|prefix|infix|postfix|block|inline|normal|[0-3]")
_LENGTH = re.compile(r"[-+]?\d?(?:\.\d{1,3})?(?:em|ex|mu|px|pt)?")  # no formula pushes the page aside
_WORDS = ("display", "displaystyle", "scriptlevel", "stretchy", "fence", "separator", "form", "largeop", "symmetric")
_LENGTHS = ("width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize", "linethickness")
_ATTRIBUTES = {
    **dict.fromkeys((*_WORDS, "movablelimits", "accent", "accentunder", "mathvariant"), _WORD),
    **dict.fromkeys(_LENGTHS, _LENGTH),
}

# What is left of LaTeX outside of formulas, in one abstract of thirteen.
_STYLES = {"emph": "em", "textit": "em", "textsl": "em", "textbf": "strong", "texttt": "code"}
_STYLED = re.compile(r"\\(?:href\{[^{}]*\}|(emph|text(?:it|sl|bf|tt|sc|rm|sf|up|md)?|mbox|url|underline))\{([^{}]*)\}")
_COMBINING = dict(
    zip("'`^\"~=.cvuHkr", "\u0301\u0300\u0302\u0308\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u0328\u030a", strict=True)
)
_ACCENT = re.compile(
    r"(?P<brace>\{)?\\(?:(?P<mark>['`^\"~=.])|(?P<named>[cvuHkr])(?=[\s{]))\s?"
    r"(?:\{\\?(?P<braced>[A-Za-z])\}|\\?(?P<bare>[A-Za-z]))(?(brace)\})"
)
_LETTERS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł"}
_LETTER = re.compile(r"(\{)?\\(ss|ae|AE|oe|OE|o|O|l|L)(?(1)\}|(?:\{\}|(?![A-Za-z]) ?))")
_ESCAPED = re.compile(r"\\([%&_#${}])")


def html(text: str, words: Callable[[str], str] | None = None) -> SafeString:
    """Return a title or an abstract as HTML: formulas drawn, accents and emphasis resolved, all else escaped.

    `words` writes what stands outside of formulas in another way: it must return HTML that is escaped.
    """
    words = words or in_words
    parts, end = [], 0
    for found in islice(_FORMULA.finditer(text), MOST):
        parts.append(words(text[end : found.start()]))
        latex = found["inline"] or found["round"] or found["block"] or found["square"]
        parts.append(_drawn(latex, is_block=latex in (found["block"], found["square"])) or escape(found[0]))
        end = found.end()
    parts.append(words(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  each part is escaped


def plain(text: str) -> str:
    """Return a title or an abstract as plain text: accents resolved, no words of style; formulas stay LaTeX."""
    parts, end = [], 0
    for found in _FORMULA.finditer(text):
        parts += [_STYLED.sub(r"\2", _letters(text[end : found.start()])), found[0]]
        end = found.end()
    return "".join([*parts, _STYLED.sub(r"\2", _letters(text[end:]))])


@lru_cache(maxsize=1024)
def _drawn(latex: str, *, is_block: bool) -> str:
    """Return a formula as MathML that reads its source aloud; "" where it cannot be read."""
    if len(latex) > LONGEST or _DEFINES.search(latex):
        return ""
    try:
        # Only the tree: what the package writes itself holds the authors' text unescaped.
        tree = convert_to_element(_ONE_LETTER.sub(r"\1{\2}", latex), display="block" if is_block else "inline")
        inside = "".join(map(_written, tree))
    except Exception:  # whatever it stumbles over in a text of the network: its own errors, IndexError, recursion
        return ""
    kind = ' display="block"' if is_block else ""
    return f'<math{kind} alttext="{escape(" ".join(latex.split()))}">{inside}</math>'


def _written(element: Element) -> str:
    """Return an element as HTML; raise ValueError where it is no formula."""
    name = "mrow" if element.tag in _AS_ROW else element.tag
    text = unescape(element.text or "")  # the package writes symbols as references
    if name == "mi" and len(text) == 1 and unicodedata.category(text) == "Sm" and text not in _NAMES:
        name, text = "mo", text.replace("~", "∼")  # else it stands without space
    if name not in _ELEMENTS or text.startswith("\\") or len(element) != _CHILDREN.get(name, len(element)):
        raise ValueError(f"{name} {text}")
    attributes = "".join(
        f' {key}="{value}"'
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES and _ATTRIBUTES[key].fullmatch(value)
    )
    if name == "mo" and text in ("|", "/"):  # which are letters to TeX
        attributes += ' lspace="0" rspace="0"'
    inside = map(_written, element) if name in _CHILDREN else _spaced(element)
    return f"<{name}{attributes}>{escape(text)}{''.join(inside)}</{name}>"


def _spaced(row: Element) -> Iterator[str]:
    """Yield what stands in a row, with TeX's thin space around the names of functions: 2 log n, but log(n)."""
    for place, element in enumerate(row):
        told = _written(element)
        if element.tag == "mi" and re.fullmatch(r"[A-Za-z]{2,}", element.text or ""):
            after = row[place + 1] if place + 1 < len(row) else None
            told = f"{_THIN if place else ''}{told}"
            if after is not None and unescape(after.text or "") not in ("(", ")", ","):
                told += _THIN
        yield told


def in_words(text: str) -> str:
    """Return text outside of formulas as HTML."""
    if "\\" not in text:
        return escape(text)

    def styled(found: re.Match[str]) -> str:
        tag = _STYLES.get(found[1] or "")
        return f"<{tag}>{found[2]}</{tag}>" if tag else found[2]

    return _STYLED.sub(styled, escape(_letters(text)))


def _letters(text: str) -> str:
    r"""Return text with \'e as é, \ss as ß and \% as %."""
    if "\\" not in text:
        return text

    def accented(found: re.Match[str]) -> str:
        letter, mark = found["braced"] or found["bare"], found["mark"] or found["named"]
        return unicodedata.normalize("NFC", letter + _COMBINING[mark])

    text = _LETTER.sub(lambda found: _LETTERS[found[2]], _ACCENT.sub(accented, text))
    return _ESCAPED.sub(r"\1", text.replace("\\-", ""))
