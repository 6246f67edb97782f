"""Papers that a text mentions: by links and ids, with what stands beside these for a title."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from papers import identity
from papers.readme.inline import plain
from papers.records import Identifier

_LONGEST_TITLE = 300  # characters of what stands beside a link
_MOST_WORDS = 40  # likewise: more is a text that mentions a paper

_CANDIDATE = re.compile(
    r"https?://[^\s<>\"|]+"
    r"|(?<![\w./-])(?:arxiv|doi)\s*:\s*[^\s,;|]+"
    r"|(?<![\w./-])(?:www\.)?(?:arxiv\.org|aclanthology\.org|openreview\.net|huggingface\.co|doi\.org)/[^\s<>\"|,;]+"
    r"|(?<![\w./-])10\.\d{4,9}/[^\s,;|]+"
    r"|(?<![\w./-])\d{4}\.\d{4,5}(?:v\d+)?(?![\w/-])"
    r"|(?<![\w./-])[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?(?!\w)"
    r"|(?<![\w./-])(?:[A-Z]\d{2}-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9_]+\.\d+)(?![\w-])",
    re.IGNORECASE,
)
_EDGE = " \t-–—:：|,，;；.。()（）[]【】*_`\"“”'"
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_SERVICES = re.compile(r"\[?\b(?:pdf|abs|paper|link|arxiv|doi|code|github|project|url)\b\]?(?=\W*$)", re.IGNORECASE)
_YEAR = re.compile(r"[\s(,]*\([^()]*\b(?:19|20)\d\d\b[^()]*\)?\W*$")  # `(ICLR 2024)` behind a title


def only_names(text: str) -> list[Identifier]:
    """The papers of a text that holds nothing but links and ids; empty for any other."""
    joined = re.sub(r"\b(arxiv|doi)\s*:\s+", r"\1:", text.strip(), flags=re.IGNORECASE)
    words = [word for word in re.split(r"[\s,;]+", joined) if word.strip(_EDGE)]
    names = [_identify(word) for word in words]
    return [] if None in names else list(dict.fromkeys(name for name in names if name is not None))


def _identify(text: str) -> Identifier | None:
    text = re.sub(r"^(arxiv|doi)\s*:\s*", r"\1:", text.strip("<>\"'`"), flags=re.IGNORECASE).rstrip(".,;:*_'\"")
    while text.endswith(tuple(_BRACKETS)) and text.count(text[-1]) > text.count(_BRACKETS[text[-1]]):
        text = text[:-1].rstrip(".,;")
    return identity.identify(text)


def mentioned(text: str) -> list[Identifier]:
    """Return what the links and ids of a text name, in its order, each once."""
    found = (_identify(each) for each in _CANDIDATE.findall(text))
    return list(dict.fromkeys(name for name in found if name is not None))


def wrong_number(names: Sequence[Identifier]) -> str:
    """Why an id of arXiv's form is none: it begins with a year and a month."""
    for scheme, value in names:
        if scheme == "arxiv" and not 1 <= identity.arxiv_month(value)[1] <= 12:
            return _("there is no arXiv id %(number)s: its third and fourth digit are the month") % {"number": value}
    return ""


def title_beside(content: str) -> str:
    """What stands beside the links of a line, if it may be a title."""
    beside = _CANDIDATE.sub(" ", re.sub(r"\[([^\]]*)\]\([^)]*\)", r" \1 ", content))
    title = _YEAR.sub("", " ".join(plain(beside).split()).strip(" .")).strip(_EDGE)
    while (shorter := _SERVICES.sub("", title).strip(_EDGE)) != title:
        title = shorter
    is_title = len(title) <= _LONGEST_TITLE and len(title.split()) <= _MOST_WORDS and any(c.isalpha() for c in title)
    return title if is_title else ""
