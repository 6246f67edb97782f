"""Changes single values in a free text, and writes a new text like those there are.

What changed is exchanged in its place; a value that goes takes its marks and separator along; one that comes is
written as another row of the same list writes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from papers.readme.escape import address, cell_text, code_text, html_in, label_text, one_line, title_text
from papers.readme.parts import Form, Part, badge_text, beside, code_of_parts
from papers.readme.roles import Role
from papers.readme.row import RowFields
from papers.readme.style import repository_of

_TEXTS = (Role.TITLE, Role.LINK, Role.NICKNAME, Role.AUTHORS, Role.VENUE, Role.DATE, Role.TLDR)
_ROLES = (*_TEXTS, Role.TAGS, Role.CODE)
_SEPARATOR = re.compile(r"(?:[\s,，;；|·•–—-]|\\\||<br\s*/?>)*", re.IGNORECASE)
_BEFORE = re.compile(r"(?:[\s,，;；|·•–—-]|\\\||<br\s*/?>)*\Z", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# What would begin a block of its own where it stands first in an item.
_BLOCK_START = re.compile(r"(?:[-+*#>~`\[=_|]|\d+(?=[.)]))")
_NEW = {  # how a value is written where no row of the list has one: what leads to it, and its form
    Role.LINK: (" ", "[[paper]({})]"),
    Role.NICKNAME: (" ", "({})"),
    Role.AUTHORS: (" ", "*{}*"),
    Role.VENUE: (" ", "{}"),
    Role.DATE: (" ", "{}"),
    Role.TAGS: (" ", "{}"),
    Role.TLDR: (" - ", "{}"),
    Role.CODE: (" ", "[[code]({})]"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A text whose parts are known, and what they say."""

    text: str
    parts: tuple[Part, ...]
    fields: RowFields

    def part(self, role: Role) -> Part | None:
        """Return the part of a role, the first one of code."""
        return next((part for part in self.parts if part.role == role), None)

    def stands_alone(self, part: Part) -> bool:
        """Whether nothing else would go if the part went."""
        return all(
            other is part or other.outer_end <= part.outer_start or other.outer_start >= part.outer_end
            for other in self.parts
        )


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def rewrite(
    kept: Sample,
    before: RowFields,
    fields: RowFields,
    alike: Sequence[Sample],
    *,
    in_table: bool,
    roles: Iterable[Role] = _ROLES,
) -> str:
    """Return the text with the fields that differ from `before` changed, of these roles only.

    `alike` are the texts of the same list or table, which show how a value that is new here is written. The result
    has as many lines as values that went or came demand, and no value reaches beyond its place.
    """
    edits: list[_Edit] = []
    for role in roles:
        old, new = getattr(before, role.value), getattr(fields, role.value)
        if old == new:
            continue
        if role == Role.CODE:
            edits += _code_edits(kept, before, fields, alike, in_table)
        else:
            edits += _edits(kept, role, fields, alike, in_table)
    return _applied(kept.text, edits)


def write_like(alike: Sequence[Sample], fields: RowFields, *, in_table: bool, roles: Sequence[Role] = _ROLES) -> str:
    """Return a new text that says the fields as these texts would."""
    sample = _best(alike, fields, roles)
    if sample is None:
        title, link = one_line(fields.title), address(fields.link)
        text = f"[{label_text(title)}]({link})" if link else title_text(title, pipes=in_table)
        sample = _sample_of(text, replace(RowFields(), title=fields.title, link=fields.link), linked=bool(link))
    return rewrite(sample, sample.fields, fields, alike, in_table=in_table, roles=roles)


def _sample_of(text: str, fields: RowFields, linked: bool) -> Sample:
    """A text that holds no more than a title and perhaps its link."""
    if not linked:
        return Sample(text, (Part(Role.TITLE, 0, len(text), 0, len(text)),), fields)
    middle = text.rindex("](")
    return Sample(
        text,
        (
            Part(Role.TITLE, 1, middle, 0, len(text), Form.LABEL),
            Part(Role.LINK, middle + 2, len(text) - 1, 0, len(text), Form.ADDRESS),
        ),
        fields,
    )


def _best(alike: Sequence[Sample], fields: RowFields, roles: Sequence[Role]) -> Sample | None:
    """The text to write a new one after: with no words of its own, and with most of what the new one says."""
    usual = _usual_words(alike)
    clean = [sample for sample in alike if sample.part(Role.TITLE) and _own_words(sample) <= usual]
    return max(clean, key=lambda sample: _likeness(sample, fields, roles), default=None)


def _usual_words(alike: Sequence[Sample]) -> set[str]:
    """Words beside all values that nearly every text has, as a label."""
    counts = Counter(word for sample in alike for word in _own_words(sample))
    return {word for word, count in counts.items() if count >= 0.8 * len(alike) and len(alike) > 2}


def _own_words(sample: Sample) -> set[str]:
    """The words of a text that belong to none of its values."""
    text = beside(sample.text, sample.parts)
    return set(re.findall(r"\w+", _TAG.sub(" ", text)))


def _likeness(sample: Sample, fields: RowFields, roles: Sequence[Role]) -> tuple[int, int, int]:
    shown = {part.role for part in sample.parts}
    wanted = {role for role in roles if getattr(fields, role.value)}
    venue = sample.fields.venue.split()[:1] == fields.venue.split()[:1]
    return (len(shown & wanted) - len(shown - wanted), int(venue), -len(sample.parts))


def _edits(kept: Sample, role: Role, fields: RowFields, alike: Sequence[Sample], in_table: bool) -> list[_Edit]:
    """What changes one value that stands once in a text."""
    part, value = kept.part(role), getattr(fields, role.value)
    if part is None:
        return [_insertion(kept, role, value, alike, in_table)] if value else []
    if value and (written := _encoded(value, part, kept.text, in_table)):
        return [_Edit(part.start, part.end, written)]
    return _removal(kept, part)


def _removal(kept: Sample, part: Part) -> list[_Edit]:
    if part.role == Role.TITLE:
        return []
    if kept.stands_alone(part):
        return [_Edit(*_with_separator(kept, part), "")]
    if part.role == Role.LINK:
        carried = next((p for p in kept.parts if p is not part and p.outer_start == part.outer_start), None)
        return _unlinked(kept.text, part, carried) if carried else []
    return [_Edit(part.start, part.end, "paper" if part.form == Form.BADGE else "Paper")]  # it carries the link


def _unlinked(text: str, link: Part, carried: Part) -> list[_Edit]:
    """What a link says, without the link."""
    before, behind = text[link.outer_start : carried.start], text[carried.end : link.outer_end]
    if link.start < carried.start:  # HTML
        before, behind = re.sub(r"(?i)<a\b[^<>]*>", "", before), re.sub(r"(?i)</a\s*>", "", behind)
    else:
        bracket = before.find("[![") if "[![" in before else before.rfind("[")
        before = before[:bracket] + before[bracket + 1 :]
        close = text.find(")", link.end)
        label_end = text[carried.end : link.start].rpartition("](")[0]
        behind = label_end + text[close + 1 : link.outer_end]
    return [_Edit(link.outer_start, carried.start, before), _Edit(carried.end, link.outer_end, behind)]


def _with_separator(kept: Sample, part: Part) -> tuple[int, int]:
    """A value that goes, with what led to it, or from it where it stood first."""
    limit = max((p.outer_end for p in kept.parts if p.outer_end <= part.outer_start), default=0)
    before = _BEFORE.search(kept.text, limit, part.outer_start)
    start = before.start() if before else part.outer_start
    if start > 0:
        return start, part.outer_end
    behind = _SEPARATOR.match(kept.text, part.outer_end)
    return 0, behind.end() if behind else part.outer_end


def _insertion(kept: Sample, role: Role, value: object, alike: Sequence[Sample], in_table: bool) -> _Edit:
    """A value that comes: behind what it stands behind in the other texts, written as there."""
    donor = next(
        (sample for sample in alike if (part := sample.part(role)) is not None and sample.stands_alone(part)), None
    )
    if donor is None or (part := donor.part(role)) is None:
        lead, form = _NEW.get(role, (" ", "{}"))
        blank = Part(role, 1, 1, 1, 1, Form.TAGS if role == Role.TAGS else Form.TEXT)
        written = address(str(value)) if role == Role.LINK else _encoded(value, blank, " ", in_table)
        place = _end_of_head(kept) if role in (Role.NICKNAME, Role.TLDR) else len(kept.text.rstrip())
        return _Edit(place, place, lead + form.replace("{}", written))
    outer = donor.text[part.outer_start : part.start], donor.text[part.end : part.outer_end]
    written = outer[0] + _encoded(value, part, donor.text, in_table) + outer[1]
    return _placed(kept, donor, part, written)


def _placed(kept: Sample, donor: Sample, part: Part, written: str) -> _Edit:
    """Where a donor's part goes: behind the nearest part that it stands behind there and that is here too."""
    ahead = [p for p in donor.parts if p.outer_end <= part.outer_start]
    for before in sorted(ahead, key=lambda p: -p.outer_end):
        here = [p for p in kept.parts if p.role == before.role]
        if here:
            last = max((p.outer_end for p in donor.parts if p.outer_end <= part.outer_start), default=0)
            lead = donor.text[last : part.outer_start]
            place = max(p.outer_end for p in here)
            return _Edit(place, place, (lead if _SEPARATOR.fullmatch(lead) and lead else " ") + written)
    behind = min((p.outer_start for p in donor.parts if p.outer_start >= part.outer_end), default=len(donor.text))
    gap = donor.text[part.outer_end : behind]
    place = min((p.outer_start for p in kept.parts), default=0)
    return _Edit(place, place, written + (gap if _SEPARATOR.fullmatch(gap) and gap else " "))


def _end_of_head(kept: Sample) -> int:
    return max((p.outer_end for p in kept.parts if p.role in (Role.TITLE, Role.NICKNAME)), default=len(kept.text))


def _code_edits(
    kept: Sample, before: RowFields, fields: RowFields, alike: Sequence[Sample], in_table: bool
) -> list[_Edit]:
    """Code links are exchanged one by one; those beyond the old ones follow the last, those that go leave."""
    places = [part for part in kept.parts if part.role == Role.CODE]
    old = before.code if before.code == code_of_parts(kept.text, places) else ((),) * len(places)
    new = [(label, url) for label, typed in fields.code if (url := address(typed))]
    edits = []
    for part, was, pair in zip(places, old, new, strict=False):
        if was != pair:
            edits.append(_Edit(part.outer_start, part.outer_end, _code_link(pair, part, kept.text)))
    for part in places[len(new) :]:
        edits.append(_Edit(*_with_separator(kept, part), ""))
    donor = next((s for s in (kept, *alike) if s.part(Role.CODE)), None)
    for pair in new[len(places) :]:
        if donor is None or (form := donor.part(Role.CODE)) is None:
            lead, default = _NEW[Role.CODE]
            place = len(kept.text.rstrip())
            edits.append(_Edit(place, place, lead + default.format(pair[1])))
        elif places:
            end = places[-1].outer_end
            edits.append(_Edit(end, end, " " + _code_link(pair, form, donor.text)))
        else:
            edits.append(_placed(kept, donor, form, _code_link(pair, form, donor.text)))
    return edits


def _code_link(pair: tuple[str, str], like: Part, text: str) -> str:
    """A code link as another one is written: with its label, and the repository in its badge."""
    label, url = pair
    spans = [(like.start, like.end, _quoted(url, text, like.start))]
    if like.label is not None and label:
        spans.append((*like.label, label_text(label)))
    pieces, place = "", like.outer_start
    old, new = repository_of(text[like.start : like.end]), repository_of(url)
    for start, end, written in sorted(spans):
        pieces += _renamed(text[place:start], old, new) + written
        place = end
    return pieces + _renamed(text[place : like.outer_end], old, new)


def _renamed(text: str, old: str, new: str) -> str:
    """The text around an address, of another repository; a picture of the old one would be wrong."""
    if old and new:
        return text.replace(old, new)
    return re.sub(r"\s*!\[[^\]]*\]\([^()]*" + re.escape(old) + r"[^()]*\)", "", text) if old else text


def _encoded(value: object, part: Part, text: str, in_table: bool) -> str:
    """A value as it is written in this place."""
    old = text[part.start : part.end]
    if isinstance(value, str) and value.endswith(".") and text.startswith(".", part.end):
        value = value[:-1]  # the full stop is there already
    if part.role == Role.TAGS and isinstance(value, tuple):
        return _tags(value, old, in_table)
    typed = str(value)
    match part.form:
        case Form.ADDRESS:
            return _quoted(address(typed), text, part.start)
        case Form.LABEL:
            return label_text(typed)
        case Form.BADGE:
            shown = badge_text(one_line(typed), old).replace(" ", "%20")
            return re.sub(r"[^\w.%'&+:@-]", lambda c: "".join(f"%{b:02X}" for b in c[0].encode()), shown)
    if part.role == Role.TITLE:
        written = title_text(typed, pipes=in_table)
    else:
        written = cell_text(typed, html_in(old), pipes=in_table)
    if not in_table and _begins_line(text, part.start) and _BLOCK_START.match(written):
        return re.sub(r"^(\d*)", r"\1\\", written, count=1)
    return written


def _begins_line(text: str, place: int) -> bool:
    return re.search(r"(?:^|[\r\n])[ \t]*\Z", text[:place]) is not None


def _quoted(url: str, text: str, place: int) -> str:
    """An address as an attribute of HTML holds it, where it stands in one."""
    in_attribute = place > 0 and text[place - 1] in "\"'"
    return url.replace("'", "%27").replace("&", "&amp;") if in_attribute else url


def _tags(tags: Sequence[str], old: str, in_table: bool) -> str:
    """Tags in the marks and with the separator that the old ones had."""
    quoted = "`" in old or not old
    bracketed = "`[" in old or old.startswith("[")
    between = re.search(r"`([^`\w]+)`", old)
    written = []
    for tag in tags:
        text = code_text(tag) if quoted else cell_text(tag, pipes=in_table)
        text = text if in_table else text.replace("\\|", "|")
        text = f"[{text}]" if bracketed else text
        written.append(f"`{text}`" if quoted else text)
    return (between[1] if between else ", ").join(written)


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    """The text with all edits; of two that meet, the first given counts."""
    done: list[_Edit] = []
    for edit in edits:
        if all(edit.end <= other.start or edit.start >= other.end for other in done):
            done.append(edit)
    # Insertions at one place keep their order.
    for _, edit in sorted(enumerate(done), key=lambda pair: (pair[1].start, pair[1].end, pair[0]), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
