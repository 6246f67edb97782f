"""What the texts must be that name a list, its files and its sections, wherever they are written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_WORDS = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NEW = gettext_lazy('"new" cannot be a list: /lists/new/ is the page that makes one')
_CODE = gettext_lazy('a language code, as "en" or "zh"')
_OUT = gettext_lazy('"out" is the word for papers that belong nowhere')
_LOWER_CASE = gettext_lazy("lower-case letters, digits and hyphens")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text must be."""

    pattern: re.Pattern[str] | None = None
    meaning: StrOrPromise = ""  # of the pattern, as it follows "must be"
    longest: int | None = None  # characters that the database holds
    reserved: Mapping[str, StrOrPromise] = field(default_factory=dict)  # text -> why it cannot be this one
    may_be_empty: bool = False

    def problem(self, text: str) -> str:
        """Return what is wrong with a text, "" when nothing is."""
        if not self.may_be_empty and text.strip() == "":
            return _("must not be empty")
        if self.pattern is not None and not self.pattern.fullmatch(text):
            return _('"%(text)s" must be %(meaning)s') % {"text": text, "meaning": self.meaning}
        if self.longest is not None and len(text) > self.longest:
            return _("must be of at most %(longest)s characters") % {"longest": self.longest}
        if "\x00" in text:
            return _("must not hold a NUL")
        return str(self.reserved.get(text, ""))


TEXT = Rule()
OPTIONAL = Rule(may_be_empty=True)
TOPIC = Rule(_WORDS, _LOWER_CASE, longest=50)
SLUG = Rule(_WORDS, _LOWER_CASE, 50, {"new": _NEW})
KEY = Rule(_WORDS, _LOWER_CASE, 80, {"out": _OUT})  # the classifier's
HOMEPAGE = Rule(
    re.compile(r"(?:https?://[^\s<>\"]+)?"),
    gettext_lazy("an address that begins with https:// or http://"),
    longest=200,
    may_be_empty=True,
)
LANGUAGE = Rule(
    re.compile(r"(?=.{2,16}$)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"), gettext_lazy('a language code, as "en" or "zh"')
)
FILE = Rule(  # no way out of the repository, nor into git's own folder
    re.compile(r"(?!/)(?!(?:.*/)?(?:|\.|\.\.|\.git)(?:/|$))[^\x00-\x1f\x7f\\]+", re.IGNORECASE),
    gettext_lazy("the name of a file in the list's repository, as README_CN.md"),
    longest=200,
)
