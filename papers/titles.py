"""What a title says without its decoration, and by what name its method is known."""

from __future__ import annotations

import re
from functools import lru_cache

from papers import venues
from papers.readme.inline import plain, without_emoji

_BRACKETED = re.compile(r"^\s*\[\s*(?P<name>[^\[\]]{1,40}?)\s*\]\s*(?=\S)")  # `[**H2O**] H2O: Heavy-Hitter Oracle`
_ORGANISATION = re.compile(r"\s*[(（]\s*@[^()（）]*[)）]\s*$")  # `(@UT Austin)`
_PARENTHESISED = re.compile(r"\s*\((?P<name>[A-Za-z][\w.+-]{1,24})\)\s*$")  # `… Representations (ICAE)`
_PREFIX = re.compile(r"^(?P<name>[^\s:：][^:：]{0,39}?)\s*[:：]\s+\S")
_ANY_CAPITAL_INSIDE = re.compile(r"[A-Z0-9]")
_OF_A_SURVEY = re.compile(r"[:：]\s+(?:an?\s+)?(?:[\w-]+\s+)?(?:survey|review|overview)\b", re.IGNORECASE)
_MOST_WORDS = 3
# Words that begin titles of their own and name no method.
_NO_NAMES = re.compile(
    r"(?:an?|the|on|in|towards?|surveys?|reviews?|overview|summary|position|report|tutorial|benchmark|evaluating|understanding|"
    r"rethinking|revisiting|beyond|from|efficient|long|context)",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def clean(title: str) -> str:
    """Return the title without emoji, markup, organisation, full stop and a name in brackets before it."""
    text = _without_venues(_BRACKETED.sub("", _words(title), count=1)).strip()
    return text[:-1].rstrip() if text.endswith((".", "。")) and not text.endswith(("..", " al.")) else text


@lru_cache(maxsize=20_000)
def known_as(title: str, nickname: str = "") -> str:
    """Return the method's name: its nickname, else what the title begins or ends with; empty when it has none."""
    if nickname:
        return without_emoji(plain(nickname))
    text = _words(title)
    if (found := _BRACKETED.match(text)) is not None:
        label = found["name"].strip("* ")
        return "" if _NO_NAMES.fullmatch(label) else label
    if _OF_A_SURVEY.search(text) is not None:
        return ""
    if (found := _PREFIX.match(text)) is not None and _is_name(found["name"]):
        return found["name"]
    if (found := _PARENTHESISED.search(text)) is not None and _is_name(found["name"]):
        return found["name"]
    return text if len(text.split()) == 1 else ""


@lru_cache(maxsize=20_000)
def _words(title: str) -> str:
    """The title as text, without emoji, organisation and venues before it."""
    return _without_venues(_ORGANISATION.sub("", without_emoji(plain(title))))


def _without_venues(text: str) -> str:
    """The text without venues in brackets before it: `[ICLR2025] Dynamic-LLaVA: …`."""
    while (found := _BRACKETED.match(text)) is not None and venues.is_venue(found["name"]):
        text = text[found.end() :]
    return text


def _is_name(words: str) -> bool:
    """Whether words before a colon name a method: few, and not those any title may begin with."""
    told = words.split()
    if len(told) > _MOST_WORDS or any(_NO_NAMES.fullmatch(word) for word in told):
        return False
    return len(told) == 1 or _ANY_CAPITAL_INSIDE.search(words[1:]) is not None
