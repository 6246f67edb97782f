"""Which section of a README is which category of its list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from django.utils.text import slugify

from papers.readme.listfile import CategorySetting

_LONGEST_KEY = 80
_OUT = "out"  # the classifier's word for papers that belong nowhere


@dataclass(frozen=True, slots=True)
class SectionPapers:
    """A section with papers: its heading, those above it, and the ids of the papers in it."""

    name: str
    papers: frozenset[int]
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownCategory:
    """A category as it stands: its heading and those above it in this very document, and its papers in all of them.

    The name is None where this document has no such section.
    """

    key: str
    name_here: str | None
    papers: frozenset[int]
    path_here: tuple[str, ...] = ()


def match_sections(
    sections: Sequence[SectionPapers],
    known: Mapping[int, KnownCategory],
    settings: Sequence[CategorySetting],
    is_new_language: bool,
) -> list[int | None]:
    """Return, for every section, the known category that it is, or None for a new one.

    By the list's own settings, else by the heading it had here, of several alike the one below the same headings,
    else by the papers it shares; in a language that is new to the list, what then remains is paired in order if
    there are as many of either.
    """
    keys = keys_from_settings([section.name for section in sections], settings)
    by_key = {category.key: pk for pk, category in known.items()}
    found = {place: by_key[key] for place, key in enumerate(keys) if key is not None and key in by_key}
    shared = _shared(sections, known)
    found |= _by_heading(sections, known, found, shared, lambda each: each.path, lambda each: each.path_here)
    found |= _by_heading(sections, known, found, shared, lambda _: (), lambda _: ())
    found |= _most_alike(shared, found)
    if is_new_language:
        taken = set(found.values())
        places = [place for place in range(len(sections)) if place not in found]
        free = [pk for pk in known if pk not in taken]
        if len(places) == len(free):
            found |= dict(zip(places, free, strict=True))
    return [found.get(place) for place in range(len(sections))]


_Pair = tuple[int, int]  # the place of a section, and a category's primary key


def _shared(sections: Sequence[SectionPapers], known: Mapping[int, KnownCategory]) -> Counter[_Pair]:
    """How many papers a section and a category share, where they share any."""
    standing: defaultdict[int, list[int]] = defaultdict(list)
    for pk, category in known.items():
        for paper in category.papers:
            standing[paper].append(pk)
    return Counter(
        (place, pk) for place, section in enumerate(sections) for paper in section.papers for pk in standing[paper]
    )


def _by_heading(
    sections: Sequence[SectionPapers],
    known: Mapping[int, KnownCategory],
    found: Mapping[int, int],
    shared: Mapping[_Pair, int],
    above: Callable[[SectionPapers], Hashable],
    above_here: Callable[[KnownCategory], Hashable],
) -> dict[int, int]:
    """Pair what has the same heading below the same ones, of several the most alike."""
    headed: defaultdict[Hashable, list[int]] = defaultdict(list)
    for pk, category in known.items():
        if category.name_here is not None:
            headed[category.name_here, above_here(category)].append(pk)
    pairs = [(place, pk) for place, section in enumerate(sections) for pk in headed[section.name, above(section)]]
    return _most_alike({pair: shared.get(pair, 0) for pair in pairs}, found)


def _most_alike(shared: Mapping[_Pair, int], found: Mapping[int, int]) -> dict[int, int]:
    """Pair what is free yet, what shares the most papers first, else in order."""
    pairs: dict[int, int] = {}
    taken = set(found.values())
    for place, pk in sorted(shared, key=lambda pair: (-shared[pair], pair[0])):
        if place not in found and place not in pairs and pk not in taken:
            pairs[place] = pk
            taken.add(pk)
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
