r"""Authors as arXiv writes them: one string, with affiliations in parentheses and accents in TeX.

    Ann Lee and R\'emi Munos (INRIA), John Smith, Jr. -> Ann Lee / Rémi Munos / John Smith Jr.

arXiv's own search parts the string by the same rules, so that a paper has the same authors from wherever it comes.
"""

from __future__ import annotations

import re
import unicodedata

_INNERMOST = re.compile(r"\([^()]*\)")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|[IV]{2,}")
_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ", "ng": "ŋ", "NG": "Ŋ",
}  # fmt: skip
_ACCENT = re.compile(
    r"""\\(?:(?P<sign>[`'^"~=.])\s*|(?P<word>[uvHckrbd])(?:\s+|(?=\{)))
        (?:\{\s*\\?(?P<braced>[^\W\d_])\s*\}|\\?(?P<letter>[^\W\d_]))""",
    re.VERBOSE,
)
_LETTER = re.compile(rf"\\({'|'.join(_LETTERS)})(?![A-Za-z])\s?(?:\{{\}})?")


def names(given: str) -> tuple[str, ...]:
    """Return the authors of the string, in order, without their affiliations."""
    people: list[str] = []
    text = _without_affiliations(_plain(" ".join(given.split())))
    for part in re.split(r"[,:]\s*", re.sub(r",?\s+(?:and|&)\s+|^and\s+", ",", text)):
        name = " ".join(re.sub(r"\bet\.? al\.?$", "", part).split())
        if people and _SUFFIX.fullmatch(name):
            people[-1] += f" {name}"
        elif name:
            people.append(name)
    return tuple(people)


def _without_affiliations(text: str) -> str:
    """Return what stands outside of parentheses; where one is never closed, only whole pairs are left out."""
    depth, outside = 0, []
    for part in re.split(r"([()])", text):
        if part in ("(", ")"):
            depth = max(depth + (1 if part == "(" else -1), 0)
        elif not depth:
            outside.append(part)
    return " ".join(outside) if not depth else _INNERMOST.sub(" ", text)


def _plain(text: str) -> str:
    """Return the text with the accents and letters of TeX as themselves, and without its braces."""
    if not re.search(r"[\\{}~]", text):
        return text
    text = _ACCENT.sub(_accented, text)
    text = _LETTER.sub(lambda found: _LETTERS[found[1]], text)
    return re.sub(r"[{}]", "", re.sub(r"(?<!\\)~|\\ ", " ", text)).replace("\\&", "&")


def _accented(found: re.Match[str]) -> str:
    letter = found["braced"] or found["letter"]
    return unicodedata.normalize("NFC", letter + _COMBINING[found["sign"] or found["word"]])
