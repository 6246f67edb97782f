"""What a free text says of a paper, and where: the title, its link, authors, venue, date and code in one line or cell.

A table tells by its columns what a text is; a list item, or a cell that holds everything of a paper, tells it by
form: a linked or bold title, names in italics, a badge that says a venue, a link whose label is `code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from papers.readme.inline import (
    Link,
    find_links,
    is_code_link,
    is_service_label,
    leading_decoration,
    with_bare_addresses,
)
from papers.readme.parts import Form, Part, unbadge
from papers.readme.phrases import (
    ANY_DATE,
    BREAK,
    ET_AL,
    LEADING_DATE,
    SHIELD,
    Mark,
    around,
    find_marks,
    is_bracketed,
    is_label,
    is_name,
    is_names,
    paper_link,
    shield_fields,
    stretches,
    title_words,
    trimmed,
    until,
    with_et_al,
    with_marks,
)
from papers.readme.roles import Role, is_placeholder, role_named
from papers.venues import is_venue

_STARS = re.compile(r"img\.shields\.io/github/(?:stars|last-commit|forks)/", re.IGNORECASE)
_LABELLED = re.compile(
    r"[ \t>]*(?:[-*+][ \t]+)?(?P<mark>\*\*|\*|__|_)(?P<label>[^*_:：\r\n]{2,20}?)[ \t]*"
    r"(?:[:：](?P=mark)|(?P=mark)[ \t]*[:：])[ \t]*"
)
_FEWEST_WORDS = 4  # of a description
_DESCRIBES = re.compile(r"\s*(?:[-–—:：]|<br\s*/?>)+\s*", re.IGNORECASE)
_LONGEST = 20_000  # characters that are read at all: no row of a real list is longer


def read_parts(text: str, told: AbstractSet[Role] = frozenset(), title: Sequence[Part] | None = None) -> list[Part]:
    """Return what a text says of a paper, in the order of the text; at most one part of a role, but of code.

    `told` are the roles that something else tells of, such as a table's columns: they are not looked for. `title`
    are the parts that are known already (title and link of a cell); without them the text must begin with the
    title, after a date or a decoration. A text without a title has no parts.
    """
    if len(text) > _LONGEST:
        return []
    reader = _Reader(text, told)
    if title is not None:
        reader.parts += title
    elif not reader.read_head():
        return []
    reader.head_end = max((part.outer_end for part in reader.parts if part.role != Role.DATE), default=0)
    reader.read_labelled_lines()
    reader.read_links()
    reader.read_badges()
    reader.read_emphasis()
    reader.read_rest()
    return sorted(reader.parts, key=lambda part: (part.outer_start, part.start))


class _Reader:
    """One text, and the parts found in it so far."""

    def __init__(self, text: str, told: AbstractSet[Role]) -> None:
        self.text, self.told = text, told
        self.links = find_links(text)
        self.marks = list(find_marks(text, self.links))
        self.parts: list[Part] = []
        self.walls: list[tuple[int, int]] = []  # that hold no text of their own: pictures, further links
        self.head_end = 0  # where the title, and what belongs to it, ends

    def has(self, role: Role) -> bool:
        return role in self.told or any(part.role == role for part in self.parts)

    def add(self, role: Role, value: tuple[int, int], outer: tuple[int, int], form: Form = Form.TEXT) -> None:
        if not self.has(role) and self.text[slice(*value)].strip():
            self.parts.append(Part(role, *value, *outer, form))

    # --- the title

    def read_head(self) -> bool:
        """Read date, nickname, title and its own link from the beginning of the text."""
        start = leading_decoration(self.text)
        if dated := LEADING_DATE.match(self.text, start):
            self.add(Role.DATE, dated.span("date"), (start, dated.start() + len(dated[0].rstrip())))
            start = dated.end()
        start = self._past_pictures(start)
        first = next((link for link in self.links if link.start >= start and not link.image and not link.badge), None)
        mark = next((mark for mark in self.marks if mark.start <= start < mark.end), None)
        if first is not None and self.text[start : first.start].strip(" [(*_") == "" and self._read_linked(first):
            return True
        if mark is not None and self._read_marked(mark):
            return True
        return self._read_plain(start)

    def _past_pictures(self, start: int) -> int:
        """The place behind decorations, pictures and badges that stand before the title."""
        while True:
            start += leading_decoration(self.text[start:])
            wall = next(
                (link.end for link in self.links if link.start == start and (link.image or link.badge)),
                None,
            )
            if wall is None and (found := BREAK.match(self.text, start)):
                wall = found.end()
            if wall is None:
                return start
            start = wall

    def _read_linked(self, link: Link) -> bool:
        """`[**Title.**](address)`, `**[Title](address)**` or `[[Nickname](address)] Rest of the title`."""
        outer = around(self.text, link.start, link.end)
        address = Part(Role.LINK, link.url_start, link.url_end, *outer, Form.ADDRESS)
        is_service = is_service_label(link.label)
        if self.text[outer[0]] == "[" and outer[0] < link.start:
            rest = until(self.text, outer[1], self._next_wall(outer[1]))
            if len(self.text[slice(*rest)].split()) > 1:
                if not is_service:
                    self.add(Role.NICKNAME, trimmed(self.text, link.label_start, link.label_end), outer, Form.LABEL)
                self.parts.append(address)
                self.add(Role.TITLE, rest, rest)
                return True
        if is_service or not re.search(r"\w", link.label):
            return False
        self.add(Role.TITLE, title_words(self.text, link.label_start, link.label_end), outer, Form.LABEL)
        self.parts.append(address)
        return True

    def _read_marked(self, mark: Mark) -> bool:
        """`**Title**` or `<i><b>Title</b></i>`, perhaps with its nickname in parentheses behind."""
        inner = title_words(self.text, mark.inner_start, mark.inner_end)
        words = self.text[slice(*inner)]
        if (
            not re.search(r"\w", words)
            or is_label(self.text, mark)
            or any(mark.inner_start <= link.start < mark.inner_end for link in self.links)
        ):
            return False
        self.add(Role.TITLE, inner, (mark.start, mark.end))
        behind = re.compile(r"\s*\((?P<name>[\w.+-]{2,30})\)").match(self.text, mark.end)
        if behind and not self.text.startswith("(", behind.end()) and not ANY_DATE.fullmatch(behind["name"]):
            self.add(
                Role.NICKNAME, behind.span("name"), (mark.end + len(behind[0]) - len(behind[0].lstrip()), behind.end())
            )
        return True

    def _read_plain(self, start: int) -> bool:
        """`Title <br> Venue [[Paper]](…)`: the words up to the first link, line break or emphasis."""
        end = self._next_wall(start)
        value = until(self.text, start, end)
        words = self.text[slice(*value)]
        if len(words.split()) < 2 and not (words and self.links):
            return False
        if not re.search(r"\w", words) or is_service_label(words) or self._leads_to_words(end):
            return False
        self.add(Role.TITLE, value, value)
        return True

    def _leads_to_words(self, place: int) -> bool:
        """Whether a link with words of its own follows: then this is a sentence and no title."""
        link = next((link for link in self.links if link.start == place), None)
        return (
            link is not None
            and not (link.image or link.badge or is_bracketed(self.text, link))
            and not (is_service_label(link.label) or is_code_link(link))
        )

    def _next_wall(self, start: int) -> int:
        """Where the next link, emphasis or line break begins."""
        places = [link.start for link in self.links if link.start >= start]
        places += [mark.start for mark in self.marks if mark.start >= start]
        if found := BREAK.search(self.text, start):
            places.append(found.start())
        return min(places, default=len(self.text))

    # --- what follows it

    def read_labelled_lines(self) -> None:
        """`*Venue:* **arXiv 2025**`, on lines or between breaks of their own."""
        for start, end in stretches(self.text, self.head_end, len(self.text), BREAK):
            found = _LABELLED.match(self.text, start, end)
            role = role_named(found["label"]) if found else None
            if found is None or role is None or role in (Role.LINK, Role.CODE, Role.TITLE):
                continue
            value = trimmed(self.text, found.end(), end)
            form = Form.TAGS if role == Role.TAGS else Form.TEXT
            if not is_placeholder(self.text[slice(*value)]):
                self.add(role, value, (start, end), form)

    def read_links(self) -> None:
        """The link to the paper and those to code."""
        taken = [(part.start, part.end) for part in self.parts]
        links = [
            link
            for link in with_bare_addresses(self.text, self.links)
            if link.url and not any(start <= link.start < end for start, end in taken) and not self._is_of_a_part(link)
        ]
        if not self.has(Role.LINK) and (paper := paper_link(links)):
            outer = around(self.text, paper.start, paper.end)
            self.parts.append(Part(Role.LINK, paper.url_start, paper.url_end, *outer, Form.ADDRESS))
            links.remove(paper)
        seen: set[str] = set()
        for link in links:
            outer = around(self.text, link.start, link.end)
            if Role.CODE not in self.told and is_code_link(link) and link.url not in seen:
                seen.add(link.url)
                label = None if link.badge or not link.label else (link.label_start, link.label_end)
                self.parts.append(
                    Part(Role.CODE, link.url_start, link.url_end, *self._with_stars(*outer), Form.ADDRESS, label)
                )
            self.walls.append(outer)

    def _is_of_a_part(self, link: Link) -> bool:
        return any(part.role == Role.LINK and part.start == link.url_start for part in self.parts)

    def _with_stars(self, start: int, end: int) -> tuple[int, int]:
        """A code link with the count of stars behind it."""
        for link in self.links:
            if (
                link.image
                and _STARS.search(link.url)
                and 0 <= link.start - end < 3
                and self.text[end : link.start].strip() == ""
            ):
                return start, link.end
        return start, end

    def read_badges(self) -> None:
        """Badges of shields.io say a venue, a date or a nickname; a link's own badge belongs to the link."""
        for link in self.links:
            if not link.image:
                continue
            shield = SHIELD.search(self.text, link.url_start, link.url_end)
            fields = shield_fields(shield["text"]) if shield else ("", "")
            carrier = next(
                (other for other in self.links if other.badge and other.start < link.start < other.end), None
            )
            outer = (carrier.start, carrier.end) if carrier else (link.start, link.end)
            if shield and fields[0]:
                value = (shield.start("text"), shield.start("text") + len(fields[0]))
                words = unbadge(fields[0])
                if ANY_DATE.fullmatch(words):
                    self.add(Role.DATE, value, outer, Form.BADGE)
                elif is_venue(words):
                    self.add(Role.VENUE, value, outer, Form.BADGE)
                elif fields[1] == "blue" and carrier is None and len(words.split()) < 4:
                    self.add(Role.NICKNAME, value, outer, Form.BADGE)
            self.walls.append(outer)

    def read_emphasis(self) -> None:
        """Names in italics behind the title are the authors; a venue may stand in the same italics."""
        for mark in self.marks:
            if mark.start < self.head_end or mark.bold or self._is_taken(mark.start):
                continue
            inner = with_et_al(self.text, *trimmed(self.text, mark.inner_start, mark.inner_end, trim=" .,;"))
            words = self.text[slice(*inner)]
            if is_venue(words):
                self.add(Role.VENUE, inner, (mark.start, mark.end))
            elif ANY_DATE.fullmatch(words):
                self.add(Role.DATE, inner, (mark.start, mark.end))
            elif not is_label(self.text, mark) and len(words) > 3:
                self._add_authors(inner, (mark.start, mark.end))

    def _add_authors(self, inner: tuple[int, int], outer: tuple[int, int]) -> None:
        words = self.text[slice(*inner)]
        et_al = ET_AL.search(words)
        end = inner[0] + et_al.end() if et_al else inner[1]
        venue = trimmed(self.text, end, inner[1], trim=" .,;")
        if et_al is None:
            names, point, last = words.rpartition(". ")
            if point and is_venue(last):
                end, venue = inner[0] + len(names), (inner[1] - len(last), inner[1])
        if is_venue(self.text[slice(*venue)]):
            self.add(Role.AUTHORS, (inner[0], end), (inner[0], end))
            self.add(Role.VENUE, venue, (venue[0], venue[1] + (self.text[venue[1] : venue[1] + 1] == ".")))
        else:
            self.add(Role.AUTHORS, inner, outer)

    def _is_taken(self, place: int) -> bool:
        return any(part.outer_start <= place < part.outer_end for part in self.parts) or any(
            start <= place < end for start, end in self.walls
        )

    def read_rest(self) -> None:
        """What stands between all that: venue, date, names, and words on what the paper is about."""
        for start, end in list(self._free_stretches()):
            if self._read_description(start, end):
                continue
            for left, right in stretches(self.text, start, end, re.compile(r"[|;；]|,(?=\s*(?:\[|$))")):
                self._read_phrase(left, right)

    def _free_stretches(self) -> Iterator[tuple[int, int]]:
        taken = [(part.outer_start, part.outer_end) for part in self.parts] + self.walls
        taken += [found.span() for found in BREAK.finditer(self.text)]
        place = 0
        for start, end in sorted(taken):
            if start > place:
                yield place, start
            place = max(place, end)
        if place < len(self.text):
            yield place, len(self.text)

    def _read_description(self, start: int, end: int) -> bool:
        """` - what it does` or `: what it does` behind a linked or bold title."""
        lead = _DESCRIBES.match(self.text, start, end)
        if lead is None or start != self.head_end or self.has(Role.TLDR):
            return False
        value = trimmed(self.text, lead.end(), end)
        words = self.text[slice(*value)]
        if len(words.split()) < _FEWEST_WORDS or is_venue(words) or ET_AL.search(words):
            return False
        self.add(Role.TLDR, value, (start, end))
        return True

    def _read_phrase(self, start: int, end: int) -> None:
        value = trimmed(self.text, start, end, trim=" \t,.;:()[]（）*_-–—")
        words = self.text[slice(*value)]
        if not words or (value[0] < self.head_end and not is_venue(words)):
            return
        outer = with_marks(self.text, *value)
        if ANY_DATE.fullmatch(words):
            self.add(Role.DATE, value, outer)
        elif is_venue(words):
            self.add(Role.VENUE, value, outer)
        elif not self.has(Role.AUTHORS) and (
            ET_AL.search(words) or is_names(words) or (is_name(words) and self._is_line_below_title(start, end))
        ):
            self._add_phrase_of_authors(value, outer)

    def _is_line_below_title(self, start: int, end: int) -> bool:
        """Whether a stretch is all that stands between the first and the second `<br>` behind the title."""
        above = BREAK.search(self.text, self.head_end)
        below = BREAK.search(self.text, end)
        return (
            above is not None
            and self.text[self.head_end : above.start()].strip() == ""
            and self.text[above.end() : start].strip() == ""
            and self.text[end : below.start() if below else len(self.text)].strip() == ""
        )

    def _add_phrase_of_authors(self, value: tuple[int, int], outer: tuple[int, int]) -> None:
        """`Zhao et al., ICML 2024`: authors, and a venue behind them."""
        words = self.text[slice(*value)]
        et_al = ET_AL.search(words)
        if et_al is None:
            self.add(Role.AUTHORS, value, outer)
            return
        end = value[0] + et_al.end()
        end += self.text[end : end + 1] == "."
        self.add(Role.AUTHORS, (value[0], end), (value[0], end))
        if end < value[1]:
            self._read_phrase(end, value[1])
