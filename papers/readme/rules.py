"""What the texts must be that name a list, its files and its sections, wherever they are written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LOWER_CASE = "lower-case letters, digits and hyphens"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text must be."""

    pattern: re.Pattern[str] | None = None
    meaning: str = ""  # of the pattern, as it follows "must be"
    longest: int | None = None  # characters that the database holds
    reserved: Mapping[str, str] = field(default_factory=dict)  # text -> why it cannot be this one
    may_be_empty: bool = False

    def problem(self, text: str) -> str:
        """Return what is wrong with a text, "" when nothing is."""
        if not self.may_be_empty and text.strip() == "":
            return "must not be empty"
        if self.pattern is not None and not self.pattern.fullmatch(text):
            return f'"{text}" must be {self.meaning}'
        if self.longest is not None and len(text) > self.longest:
            return f"must be of at most {self.longest} characters"
        if "\x00" in text:
            return "must not hold a NUL"
        return self.reserved.get(text, "")


TEXT = Rule()
OPTIONAL = Rule(may_be_empty=True)
TOPIC = Rule(_WORDS, _LOWER_CASE, longest=50)
SLUG = Rule(_WORDS, _LOWER_CASE, 50, {"new": '"new" cannot be a list: /lists/new/ is the page that makes one'})
KEY = Rule(_WORDS, _LOWER_CASE, 80, {"out": '"out" is the word for papers that belong nowhere'})  # the classifier's
HOMEPAGE = Rule(
    re.compile(r"(?:https?://[^\s<>\"]+)?"),
    "an address that begins with https:// or http://",
    longest=200,
    may_be_empty=True,
)
LANGUAGE = Rule(re.compile(r"(?=.{2,16}$)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"), 'a language code, as "en" or "zh"')
FILE = Rule(  # no way out of the repository, nor into git's own folder
    re.compile(r"(?!/)(?!(?:.*/)?(?:|\.|\.\.|\.git)(?:/|$))[^\x00-\x1f\x7f\\]+", re.IGNORECASE),
    "the name of a file in the list's repository, as README_CN.md",
    longest=200,
)
