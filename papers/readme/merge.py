"""The three-way merge of a list: a README as it was (base), as it is now (theirs), and what became of it here.

Pure: it knows rows by their place and by their fields, and nothing of tables or of the database. What only one side
changed is taken from that side; where both changed, here stays, and the conflict says all three values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from papers import identity
from papers.readme.fieldwise import ROW, Conflict, is_same, is_same_row, merge_fields, values_of
from papers.readme.inline import plain, without_emoji
from papers.readme.row import RowFields

_Key = TypeVar("_Key", bound=Hashable)


class Place(NamedTuple):
    """Where a row stands: a paper in a category, both by their primary key."""

    paper: int
    category: int


Side = Mapping[Place, RowFields]
SaidIn = Callable[[int], AbstractSet[str]]  # the names of the fields that the file can say of a category's rows


@dataclass(frozen=True, slots=True)
class Chain:
    """One row on its way: where it stood, where it stands here and in the file; None where it is absent."""

    base: Place | None = None
    here: Place | None = None
    theirs: Place | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row: its place and its fields, None when it is absent, and what could not be merged."""

    chain: Chain
    place: Place | None
    fields: RowFields | None
    conflicts: tuple[Conflict, ...] = ()


def merge(
    base: Side,
    here: Side,
    theirs: Side,
    filled: Callable[[Place], RowFields | None],
    doubts: AbstractSet[tuple[int, str]] = frozenset(),
) -> list[Outcome]:
    """Return what becomes of every row of the three sides.

    `filled` says of a row that both sides added what it was filled in with here, so that the file's words for it
    win over the copies. Of `doubts`, fields by the paper's key, somebody is asked where the sides differ. No two
    outcomes have the same place.
    """
    outcomes = [_outcome(chain, base, here, theirs, filled) for chain in _chains(base, here, theirs)]
    return [_doubted(outcome, base, here, theirs, doubts) for outcome in outcomes] if doubts else outcomes


def _doubted(outcome: Outcome, base: Side, here: Side, theirs: Side, doubts: AbstractSet[tuple[int, str]]) -> Outcome:
    """The outcome with a conflict for each doubtful field on which here and there differ."""
    chain = outcome.chain
    one = chain.here or chain.theirs
    asked = {conflict.field for conflict in outcome.conflicts}
    names = sorted(name for paper, name in doubts if one is not None and paper == one.paper and name not in asked)
    found = []
    if ROW in names and (chain.here and chain.here.category) != (chain.theirs and chain.theirs.category):
        found.append(Conflict(ROW, chain.base, chain.here, chain.theirs))
    if chain.here and chain.theirs:
        was = values_of(base[chain.base]) if chain.base else {}
        ours, new = values_of(here[chain.here]), values_of(theirs[chain.theirs])
        for name in names:
            values = tuple(each.get(name, "") for each in (was, ours, new))
            if name != ROW and not is_same(name, values[1], values[2]):
                found.append(Conflict(name, *values))
    return replace(outcome, conflicts=(*outcome.conflicts, *found)) if found else outcome


def _chains(base: Side, here: Side, theirs: Side) -> list[Chain]:
    sides = [categories_of(side) for side in (base, here, theirs)]
    found: list[Chain] = []
    for paper in dict.fromkeys(paper for side in sides for paper in side):
        found += _of_paper(paper, *(side.get(paper, ()) for side in sides))
    return _with_mended_links(
        found, base, theirs, {paper for paper, categories in sides[2].items() if len(categories) > 1}
    )


def categories_of(side: Side) -> dict[int, Sequence[int]]:
    """Return the categories that each paper of a side stands in, both by their primary key."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for paper, category in side:
        found[paper].append(category)
    return dict(found)


def _of_paper(paper: int, base: Sequence[int], here: Sequence[int], theirs: Sequence[int]) -> Iterator[Chain]:
    """The rows of one paper. A row that is gone and one that came on the same side is one that moved."""
    if len(base) == 1 and base == here == theirs:  # nearly all of them
        place = Place(paper, base[0])
        yield Chain(place, place, place)
        return
    rows = [[c, c if c in here else None, c if c in theirs else None] for c in base]
    came_here = [c for c in here if c not in base]
    came_there = [c for c in theirs if c not in base]
    for category in [c for c in came_here if c in came_there]:
        row = next((row for row in rows if row[1:] == [None, None]), None)
        rows = [each for each in rows if each is not row] + [[row[0] if row else None, category, category]]
        came_here.remove(category)
        came_there.remove(category)
    for side, came in ((1, came_here), (2, came_there)):
        for category in came:
            row = next((row for row in rows if row[side] is None), None)
            if row is None:
                rows.append([None, category, None] if side == 1 else [None, None, category])
            else:
                row[side] = category
    for row in rows:
        yield Chain(*(Place(paper, category) if category is not None else None for category in row))


def _with_mended_links(
    chains: Sequence[Chain], base: Side, theirs: Side, elsewhere_too: AbstractSet[int]
) -> list[Chain]:
    """Join what is one row to its readers: the same title in the same category, whose link names another paper now.

    That paper must be new, and in no second category: the row may have gone there here.
    """
    known = {place.paper for chain in chains for place in (chain.base, chain.here) if place} | elsewhere_too
    gone = _once_titled((chain, chain.base, base) for chain in chains if chain.base and not chain.theirs)
    come = _once_titled(
        (chain, chain.theirs, theirs) for chain in chains if chain.theirs and chain.theirs.paper not in known
    )
    joined = {gone[key]: come[key].theirs for key in gone.keys() & come.keys()}
    absorbed = {come[key] for key in gone.keys() & come.keys()}
    return [
        replace(chain, theirs=joined[chain]) if chain in joined else chain for chain in chains if chain not in absorbed
    ]


def _once_titled(found: Iterable[tuple[Chain, Place | None, Side]]) -> dict[tuple[int, str], Chain]:
    """The chains by category and title, those that no other one shares both with."""
    titled: defaultdict[tuple[int, str], list[Chain]] = defaultdict(list)
    for chain, place, side in found:
        if place is not None:
            title = identity.title_key(without_emoji(plain(side[place].title)))
            titled[place.category, title].append(chain)
    return {key: chains[0] for key, chains in titled.items() if key[1] and len(chains) == 1}


def _outcome(
    chain: Chain, base: Side, here: Side, theirs: Side, filled: Callable[[Place], RowFields | None]
) -> Outcome:
    was = base[chain.base] if chain.base else None
    ours = here[chain.here] if chain.here else None
    new = theirs[chain.theirs] if chain.theirs else None
    if ours is None and new is None:
        return Outcome(chain, None, None)
    if new is None:
        if chain.base is None:
            return Outcome(chain, chain.here, ours)
        untouched = chain.here == chain.base and is_same_row(ours, was)
        return Outcome(chain, None, None) if untouched else _row_conflict(chain, chain.here, ours)
    if ours is None:
        if chain.base is None:
            return Outcome(chain, chain.theirs, new)
        untouched = chain.theirs == chain.base and is_same_row(new, was)
        return Outcome(chain, None, None) if untouched else _row_conflict(chain, None, None)
    assert chain.here is not None and chain.theirs is not None, "both have fields"
    if was is None and chain.here.category != chain.theirs.category:
        return _row_conflict(chain, chain.here, ours)  # put in different sections, each with words of its own
    if was is None:
        was = filled(chain.here)
    fields, conflicts = merge_fields(was or RowFields(), ours, new)
    place = chain.here
    if chain.theirs.category != chain.here.category:
        if chain.base is not None and chain.here.category == chain.base.category:
            place = place._replace(category=chain.theirs.category)
        elif chain.base is not None and chain.theirs.category != chain.base.category:
            conflicts.append(Conflict(ROW, chain.base, chain.here, chain.theirs))
    if fields.link == new.link:
        place = place._replace(paper=chain.theirs.paper)
    return Outcome(chain, place, fields, tuple(conflicts))


def _row_conflict(chain: Chain, place: Place | None, fields: RowFields | None) -> Outcome:
    return Outcome(chain, place, fields, (Conflict(ROW, chain.base, chain.here, chain.theirs),))


def order(base: Collection[_Key], here: Sequence[_Key], theirs: Sequence[_Key]) -> list[_Key]:
    """Return the order of a category's rows: that of the file, unless only here was it changed.

    What only one side has follows the neighbour that it followed there, and what both have added the one in the file.
    """
    known, in_file = set(base), set(theirs)
    here = [key for key in here if key in known or key not in in_file]
    common = known & in_file
    is_kept = [key for key in base if key in common] == [key for key in theirs if key in common]
    return woven(here, theirs) if is_kept else woven(theirs, here)


def woven(leading: Sequence[_Key], other: Sequence[_Key]) -> list[_Key]:
    """Return the leading order with what only the other one has, each behind what it follows there."""
    placed = set(leading)
    behind: defaultdict[_Key | None, list[_Key]] = defaultdict(list)
    anchor: _Key | None = None
    for key in other:
        if key in placed:
            anchor = key
        else:
            behind[anchor].append(key)
    return [*behind[None], *(each for key in leading for each in (key, *behind[key]))]
