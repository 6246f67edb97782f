"""Asks curators what a merge could not settle: a finding for each thing that was changed here and in the README."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from papers import findings
from papers.models import Document, EntryText
from papers.readme.fieldwise import ROW, Conflict, spoken
from papers.readme.merge import Outcome, Place, Side
from papers.readme.newerfile import NewerFile
from papers.readme.reading import ImportReport, KeptConflict


@dataclass(frozen=True, slots=True)
class Questions:
    """What one merge asks."""

    document: Document
    path: str  # the file that was taken in, as people call it
    file: NewerFile
    sides: tuple[Side, Side, Side]  # what both had in common, what stood here, what the README says
    stranded: frozenset[int]  # categories that the README had a section for and has none any more
    report: ImportReport

    def ask(self, outcomes: Sequence[Outcome], standing: Mapping[Place, EntryText]) -> None:
        """Open a finding for every conflict, and report it."""
        asked = [(outcome, conflict) for outcome in outcomes for conflict in self._conflicts(outcome)]
        places = [outcome.place or outcome.chain.theirs for outcome, _ in asked]
        often = Counter((place.paper, each.field) for place, (_, each) in zip(places, asked, strict=True) if place)
        for place, (outcome, conflict) in zip(places, asked, strict=True):
            assert place is not None, "there is nothing to disagree on"
            self._open(outcome, conflict, place, standing, is_one_of_several=often[place.paper, conflict.field] > 1)

    def _conflicts(self, outcome: Outcome) -> Iterator[Conflict]:
        yield from outcome.conflicts
        place = outcome.place
        is_stranded = place is not None and place == outcome.chain.here and place.category in self.stranded
        if is_stranded and not any(conflict.field == ROW for conflict in outcome.conflicts):
            yield Conflict(ROW, outcome.chain.base, outcome.chain.here, None)

    def _open(
        self,
        outcome: Outcome,
        conflict: Conflict,
        here: Place,
        standing: Mapping[Place, EntryText],
        is_one_of_several: bool,
    ) -> None:
        text = standing.get(outcome.place) if outcome.place else None
        row = self.file.rows.get(outcome.chain.theirs) if outcome.chain.theirs else None
        title = text.title if text is not None else row.fields.title if row is not None else ""
        paper = text.entry.paper if text is not None else self.file.papers[here.paper]
        values: dict[str, Any] = {"base": conflict.base, "here": conflict.here, "readme": conflict.theirs}
        if conflict.field == ROW:
            values = {key: self._told(values[key], side) for key, side in zip(values, self.sides, strict=True)}
        name = conflict.field
        if is_one_of_several:  # the paper's rows in other categories disagree on it too
            values["in"] = self.file.category(here.category).key
            name = f"{name}@{values['in']}"
        message = f"“{title}”: {self._disagreement(conflict)}"
        entry = text.entry if text is not None else None
        findings.open_conflict(self.document, paper, entry, name, values, message)
        self.report.conflicts.append(KeptConflict(row.line if row is not None else None, title, conflict.field))

    def _told(self, place: Place | None, side: Side) -> dict[str, Any] | None:
        if place is None:
            return None
        return {"category": self.file.category(place.category).key, "fields": side[place].as_json()}

    def _disagreement(self, conflict: Conflict) -> str:
        if conflict.field != ROW:
            return f"{spoken(conflict.field)} was changed here and in {self.path}"
        if conflict.theirs is None:
            if conflict.here is not None and conflict.here.category in self.stranded:
                return f"{self.path} no longer has the section that it stands in here"
            return f"removed from {self.path}, and changed here"
        if conflict.here is None:
            return f"removed here, and still in {self.path} or changed there"
        return f"put in different sections here and in {self.path}"
