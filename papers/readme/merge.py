"""The three-way merge of a list: a README as it was (base), as it is now (theirs), and what became of it here.

Pure: it knows rows by their place and by their fields, and nothing of tables or of the database. What only one side
changed is taken from that side; where both changed, here stays, and the conflict says all three values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from papers import identity
from papers.readme.inline import plain, without_emoji
from papers.readme.row import RowFields

ROW = "row"  # the field of a conflict about the whole row: where it stands, or whether it is there
EXTRA = "extra:"  # and the header: the name of a further column's field

_Key = TypeVar("_Key", bound=Hashable)


class Place(NamedTuple):
    """Where a row stands: a paper in a category, both by their primary key."""

    paper: int
    category: int


Side = Mapping[Place, RowFields]
SaidIn = Callable[[int], AbstractSet[str]]  # the names of the fields that the file can say of a category's rows


class Conflict(NamedTuple):
    """A field that both sides changed; for the whole row the values are its places, None where it is absent."""

    field: str
    base: Any
    here: Any
    theirs: Any


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


# --- which rows are the same -------------------------------------------------------------------------------------


def _chains(base: Side, here: Side, theirs: Side) -> list[Chain]:
    sides = [_categories(side) for side in (base, here, theirs)]
    found: list[Chain] = []
    for paper in dict.fromkeys(paper for side in sides for paper in side):
        found += _of_paper(paper, *(side.get(paper, ()) for side in sides))
    return _with_mended_links(
        found, base, theirs, {paper for paper, categories in sides[2].items() if len(categories) > 1}
    )


def _categories(side: Side) -> dict[int, Sequence[int]]:
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


# --- one row -----------------------------------------------------------------------------------------------------


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


def merge_fields(base: RowFields, here: RowFields, theirs: RowFields) -> tuple[RowFields, list[Conflict]]:
    """Merge a row field by field, each further column on its own; here stays where both changed it."""
    if here in (theirs, base):
        return theirs, []
    values = {name: values_of(fields) for name, fields in (("base", base), ("here", here), ("theirs", theirs))}
    merged: dict[str, Any] = {}
    conflicts = []
    for name in dict.fromkeys((*values["theirs"], *values["here"])):
        was, ours, new = (values[side].get(name, "") for side in ("base", "here", "theirs"))
        if is_same(name, ours, new) or is_same(name, ours, was):
            merged[name] = new
        else:
            merged[name] = ours
            if not is_same(name, new, was):
                conflicts.append(Conflict(name, was, ours, new))
        if name.startswith(EXTRA) and merged[name] == "" and name not in values["theirs"]:
            del merged[name]  # a column that the file does not have says nothing
    return fields_of_values(merged), conflicts


def values_of(fields: RowFields) -> dict[str, Any]:
    """Return the fields by name, a further column as `extra:` and its header."""
    values = fields.as_json()
    extra = values.pop("extra")
    return values | {EXTRA + header: text for header, text in extra.items()}


def fields_of_values(values: Mapping[str, Any]) -> RowFields:
    """Return the fields that `values_of` gave; what is missing is empty."""
    own = {name: value for name, value in values.items() if not name.startswith(EXTRA)}
    extra = {name.removeprefix(EXTRA): text for name, text in values.items() if name.startswith(EXTRA)}
    return RowFields.from_json(own | {"extra": extra})


def is_same(name: str, first: Any, second: Any) -> bool:
    """Whether two values of a field say the same: a link to code without a label has the table's usual one."""
    if first == second:
        return True
    if name != "code" or not first or not second or len(first) != len(second):
        return False
    return all(
        address == other and (label == word or not label or not word)
        for (label, address), (word, other) in zip(first, second, strict=True)
    )


def is_same_row(first: RowFields | None, second: RowFields | None) -> bool:
    """Whether two rows say the same of a paper."""
    if first == second or first is None or second is None:
        return first == second
    one, other = values_of(first), values_of(second)
    return all(is_same(name, one.get(name, ""), other.get(name, "")) for name in one.keys() | other.keys())


# --- which base --------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """A change that was made here since the last import: where the row stood and what it said, before and after."""

    paper: int
    category_before: int | None  # None for both: an edit, wherever the row stands
    category_after: int | None
    before: RowFields | None
    after: RowFields | None


class Ancestor(NamedTuple):
    """The base that a file descends from, and what is doubtful in it: fields of papers, by primary key."""

    base: Side
    doubts: frozenset[tuple[int, str]] = frozenset()


def ancestor(imported: Side, steps: Sequence[Step], theirs: Side, said_in: SaidIn) -> Ancestor:
    """Return what the file descends from: the last import, or the export after some of the steps.

    An export may have been committed by hand and edited further. Every step speaks for it where the file agrees
    with what the step made, and against it where the file agrees with what was before; the steps up to the point
    where most speaks for it are believed to be in the file. What of them the file contradicts was taken back there,
    or never was in it: the base is without it, so that it stays, and it is doubtful. Fields that the file has no
    column for speak for nothing.
    """
    in_file = _categories(theirs)
    seen = [_Seen(step, theirs, in_file.get(step.paper, ()), said_in) for step in steps]
    score = best = believed = 0
    state = dict(imported)
    for number, each in enumerate(seen, 1):
        if places := _places(each.step, state):
            score += each.agreement(places)
            each.take(places, state, all_of_it=True)
        if score > best:
            best, believed = score, number
    state, doubts = dict(imported), set()
    for each in seen[:believed]:
        if places := _places(each.step, state):
            doubts |= each.take(places, state, all_of_it=False)
    return Ancestor(state, frozenset(doubts))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A step, as the file may have seen it."""

    step: Step
    theirs: Side
    in_file: Sequence[int]  # the categories that its paper has in the file
    said_in: SaidIn

    def agreement(self, places: tuple[Place | None, Place | None]) -> int:
        """How much more of the step the file agrees with than it contradicts."""
        before, after = places
        if before == after:
            return sum(self._by_field(places).values())
        return self._of_place(before, after)

    def take(
        self, places: tuple[Place | None, Place | None], state: dict[Place, RowFields], all_of_it: bool
    ) -> set[tuple[int, str]]:
        """Do the step to a state, without what the file contradicts unless `all_of_it`; return what that is."""
        before, after = places
        if before != after:
            if not all_of_it and self._of_place(before, after) < 0:
                return {(self.step.paper, ROW)}
            fields = state.pop(before, None) if before is not None else None
            if after is not None and (fields or self.step.after) is not None:
                state[after] = fields or _sayable(self.step.after or RowFields(), self.said_in(after.category))
            if before is None or after is None:
                return set()
        doubts = set()
        if after is not None and self.step.before is not None and self.step.after is not None and after in state:
            was, became = values_of(self.step.before), values_of(self.step.after)
            values = values_of(state[after])
            for name, agrees in self._by_field((after, after)).items():
                if agrees < 0 and not all_of_it:
                    doubts.add((self.step.paper, name))
                elif is_same(name, values.get(name, ""), was.get(name, "")):
                    values[name] = became.get(name, "")
            state[after] = fields_of_values(values)
        return doubts

    def _of_place(self, before: Place | None, after: Place | None) -> int:
        """1 when the file agrees that the row went to where it is, -1 when it has it where it was, 0 for neither."""
        if before is None and after is not None and self.step.after is not None:
            if after in self.theirs:
                return int(is_same_row(_sayable(self.step.after, self.said_in(after.category)), self.theirs[after]))
            return -1
        if after is None and before is not None:
            return -1 if before in self.theirs else int(not self.in_file)
        return int(after in self.theirs) - int(before in self.theirs)

    def _by_field(self, places: tuple[Place | None, Place | None]) -> dict[str, int]:
        """The same of each field that the step changed and that the file can say."""
        place = places[1]
        if place not in self.theirs:
            place = Place(self.step.paper, self.in_file[0]) if len(self.in_file) == 1 else None
        if place is None or self.step.before is None or self.step.after is None:
            return {}
        was, became, new = values_of(self.step.before), values_of(self.step.after), values_of(self.theirs[place])
        return {
            name: int(is_same(name, new.get(name, ""), became.get(name, "")))
            - int(is_same(name, new.get(name, ""), was.get(name, "")))
            for name in sorted(_changed(was, became) & self.said_in(place.category))
        }


def _places(step: Step, state: Side) -> tuple[Place | None, Place | None] | None:
    """Where the row stood before and after the step; None when there is no such row."""
    if step.category_before is None and step.category_after is None:
        standing = [place for place in state if place.paper == step.paper]
        place = next((each for each in standing if state[each] == step.before), None)
        place = place or (standing[0] if len(standing) == 1 else None)
        return (place, place) if place else None
    before, after = (
        Place(step.paper, category) if category is not None else None
        for category in (step.category_before, step.category_after)
    )
    return (before, after)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> AbstractSet[str]:
    return {name for name in before.keys() | after.keys() if before.get(name, "") != after.get(name, "")}


def _sayable(fields: RowFields, said: AbstractSet[str]) -> RowFields:
    return fields_of_values({name: value for name, value in values_of(fields).items() if name in said})


def as_the_file_says(side: Side, said_in: SaidIn) -> Side:
    """Return a side without the fields that the file has no column for."""
    return {place: _sayable(fields, said_in(place.category)) for place, fields in side.items()}


# --- order -------------------------------------------------------------------------------------------------------


def order(base: Collection[_Key], here: Sequence[_Key], theirs: Sequence[_Key]) -> list[_Key]:
    """Return the order of a category's rows: that of the file, unless only here was it changed.

    What only one side has follows the neighbour that it followed there, and what both have added the one in the file.
    """
    known, in_file = set(base), set(theirs)
    here = [key for key in here if key in known or key not in in_file]
    common = known & in_file
    is_kept = [key for key in base if key in common] == [key for key in theirs if key in common]
    return _woven(here, theirs) if is_kept else _woven(theirs, here)


def _woven(leading: Sequence[_Key], other: Sequence[_Key]) -> list[_Key]:
    placed = set(leading)
    behind: defaultdict[_Key | None, list[_Key]] = defaultdict(list)
    anchor: _Key | None = None
    for key in other:
        if key in placed:
            anchor = key
        else:
            behind[anchor].append(key)
    return [*behind[None], *(each for key in leading for each in (key, *behind[key]))]
