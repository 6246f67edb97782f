"""Which section of a README is which category of its list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.utils.text import slugify

from papers.readme.listfile import CategorySetting

_LONGEST_KEY = 80
_OUT = "out"  # the classifier's word for papers that belong nowhere


@dataclass(frozen=True, slots=True)
class SectionPapers:
    """A section with papers: its heading, and the ids of the papers in it."""

    name: str
    papers: frozenset[int]


@dataclass(frozen=True, slots=True)
class KnownCategory:
    """A category as it stands: its heading in this very document if it has one, and its papers in all of them."""

    key: str
    name_here: str | None
    papers: frozenset[int]


def match_sections(
    sections: Sequence[SectionPapers],
    known: Mapping[int, KnownCategory],
    settings: Sequence[CategorySetting],
    is_new_language: bool,
) -> list[int | None]:
    """Return, for every section, the known category that it is, or None for a new one.

    By the list's own settings, else by the heading it had here, else by the papers it shares; in a language
    that is new to the list, what then remains is paired in order if there are as many of either.
    """
    found: dict[int, int] = {}
    keys = keys_from_settings([section.name for section in sections], settings)
    by_key = {category.key: pk for pk, category in known.items()}
    for place, key in enumerate(keys):
        if key is not None and key in by_key:
            found[place] = by_key[key]
    by_name = {category.name_here: pk for pk, category in known.items() if category.name_here is not None}
    for place, section in enumerate(sections):
        pk = by_name.get(section.name)
        if place not in found and pk is not None and pk not in found.values():
            found[place] = pk
    found |= _by_papers(sections, known, found)
    if is_new_language:
        places = [place for place in range(len(sections)) if place not in found]
        free = [pk for pk in known if pk not in found.values()]
        if len(places) == len(free):
            found |= dict(zip(places, free, strict=True))
    return [found.get(place) for place in range(len(sections))]


def _by_papers(
    sections: Sequence[SectionPapers], known: Mapping[int, KnownCategory], found: Mapping[int, int]
) -> dict[int, int]:
    """Pair what shares papers, the most first."""
    shared = [
        (len(section.papers & category.papers), -place, pk)
        for place, section in enumerate(sections)
        for pk, category in known.items()
        if place not in found and pk not in found.values()
    ]
    pairs: dict[int, int] = {}
    for count, negative_place, pk in sorted(shared, reverse=True):
        if count and -negative_place not in pairs and pk not in pairs.values():
            pairs[-negative_place] = pk
    return pairs


def keys_from_settings(names: Sequence[str], settings: Sequence[CategorySetting]) -> list[str | None]:
    """Return the key that list.toml gives each heading; a key is given to its first heading only."""
    given: list[str | None] = []
    for name in names:
        free = (setting.key for setting in settings if setting.matches(name) and setting.key not in given)
        given.append(next(free, None))
    return given


def new_key(name: str, taken: Collection[str] | AbstractSet[str]) -> str:
    """Return a key for a heading that no category has: `explicit-context-compression`, `category-2`."""
    stem = slugify(name)[: _LONGEST_KEY - 8].strip("-") or "category"
    key, number = stem, 1
    while key in taken or key == _OUT:
        number += 1
        key = f"{stem}-{number}"
    return key
