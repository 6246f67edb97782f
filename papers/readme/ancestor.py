"""Which base a file descends from: the last import of its list, or an export that was committed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

from papers.readme.fieldwise import ROW, fields_of_values, is_same, is_same_row, values_of
from papers.readme.merge import Place, SaidIn, Side, categories_of
from papers.readme.row import RowFields


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
    in_file = categories_of(theirs)
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
