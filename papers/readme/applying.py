"""Makes a list what a merge says: decisions and entries for what the README changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from papers import agreement, entries, review
from papers.following import Languages, translated
from papers.models import Category, Document, Entry, EntryChange, EntryText, Origin, Paper
from papers.readme import placement
from papers.readme.base import LastImport
from papers.readme.fieldwise import is_same_row
from papers.readme.merge import Chain, Outcome, Place, Side, order
from papers.readme.newerfile import NewerFile
from papers.readme.questions import Questions
from papers.readme.reading import ImportReport
from papers.readme.row import RowFields
from papers.readme.saving import came_with_import
from papers.texts import COLUMNS, fields_of, write

_ROW_COLUMNS = (*COLUMNS, "line", "position", "imported", "untranslated")


@dataclass
class Application:
    """One merge on its way into the database."""

    document: Document
    path: str  # the file that was taken in, as people call it
    file: NewerFile
    last: LastImport
    base: Side
    user: AbstractBaseUser | None
    report: ImportReport
    texts: dict[Place, EntryText]  # of this document, where they stood before
    stranded: frozenset[int]  # categories that the README had a section for and has none any more
    changes: list[EntryChange] = field(default_factory=list)  # for the history, not yet saved
    came: list[Entry] = field(default_factory=list)  # into a category, from elsewhere or new

    @cached_property
    def others(self) -> list[Document]:
        """The list's documents in its other languages."""
        return list(self.document.list.documents.exclude(pk=self.document.pk))

    def apply(self, outcomes: Sequence[Outcome]) -> list[EntryChange]:
        """Write what became of every row, and return what is still to be told in the history."""
        outcomes = self._apart(outcomes)
        standing = {outcome.place: text for outcome in outcomes if (text := self._kept(outcome)) and outcome.place}
        removed = [outcome for outcome in outcomes if outcome.chain.here and not outcome.place]
        self._remove([self._text(outcome).entry for outcome in removed])
        self._relocate([outcome for outcome in outcomes if _goes(outcome)])
        for outcome in outcomes:
            if outcome.place and outcome.chain.here:
                self._rewrite(outcome, self._text(outcome))
        standing |= self._add([outcome for outcome in outcomes if outcome.place and not outcome.chain.here])
        self._decide_on_removed(outcomes)
        self._set_rows(outcomes, standing)
        self._place_elsewhere(standing)
        sides = (self.base, self.last.here, self.file.side)
        Questions(self.document, self.path, self.file, sides, self.stranded, self.report).ask(outcomes, standing)
        agreement.after_import(self.document, self._said_of_papers(), self.user)
        self.report.removed, self.report.kept = len(removed), len(standing) - self.report.added
        self.report.rows = len(standing)
        return self.changes

    def _text(self, outcome: Outcome) -> EntryText:
        assert outcome.chain.here is not None, "asked for what stands here only"
        return self.texts[outcome.chain.here]

    def _kept(self, outcome: Outcome) -> EntryText | None:
        return self._text(outcome) if outcome.place and outcome.chain.here else None

    # --- rows that stand already ---------------------------------------------------------------------------------

    def _apart(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, where a row that would go where another language's entry stands leaves, and joins that one."""
        going = [outcome for outcome in outcomes if _goes(outcome)]
        there = Entry.objects.filter(
            category__list=self.document.list, paper__in={outcome.place.paper for outcome in going if outcome.place}
        )
        taken = {Place(*pair) for pair in there.values_list("paper", "category")}
        apart: list[Outcome] = []
        for outcome in outcomes:
            if _goes(outcome) and outcome.place in taken:
                chain = outcome.chain
                apart.append(Outcome(replace(chain, theirs=None), None, None))
                apart.append(replace(outcome, chain=Chain(theirs=chain.theirs)))
            else:
                apart.append(outcome)
        return apart

    def _remove(self, gone: Sequence[Entry]) -> None:
        """Take entries out of the list, in all languages."""
        for entry, before in zip(gone, _snapshots(gone), strict=True):
            self._tell(entry.paper, EntryChange.Verb.REMOVE, before, None)
        Entry.objects.filter(pk__in=[entry.pk for entry in gone]).delete()

    def _relocate(self, outcomes: Sequence[Outcome]) -> None:
        """Move entries to the categories, or to the papers, that the README has them under now."""
        texts = [self._text(outcome) for outcome in outcomes]
        verdicts = []
        for outcome, text, before in zip(outcomes, texts, _snapshots([text.entry for text in texts]), strict=True):
            assert outcome.place and outcome.chain.here and outcome.fields
            paper, category = self.file.papers[outcome.place.paper], self.file.category(outcome.place.category)
            if category.pk != outcome.chain.here.category:
                text.entry.category = category
                after = before | {"category": category.key}
                self._tell(text.entry.paper, EntryChange.Verb.MOVE, before, after)
                self.report.moved += 1
            if paper.pk != outcome.chain.here.paper:
                self._follow_link(text.entry, paper, outcome.fields.link)
            verdicts.append((paper, category))
        decisions = review.told_by_readme(self.document.list, verdicts, self._note, self.user)
        for text, decision in zip(texts, decisions, strict=True):
            text.entry.decision = decision
            text.entry.save(update_fields=["category", "paper", "decision"])
            self.came.append(text.entry)

    def _follow_link(self, entry: Entry, paper: Paper, link: str) -> None:
        """The README mended the link, which names another paper now: all that is said of the entry stays."""
        shown = list(entry.texts.select_related("document"))
        category = {"category": entry.category.key}
        before = category | {text.document.language: fields_of(text).as_json() for text in shown}
        links = {text.link for text in shown if text.document_id == self.document.pk}
        for text in shown:
            if text.link in links:
                text.link = link
                text.save(update_fields=["link"])
        after = category | {text.document.language: fields_of(text).as_json() for text in shown}
        self._tell(entry.paper, EntryChange.Verb.REMOVE, before, None)
        self._tell(paper, EntryChange.Verb.ADMIT, None, after)
        entry.paper = paper

    def _rewrite(self, outcome: Outcome, text: EntryText) -> None:
        """Make an entry's text what the merge made of it; in the other languages what they had in common with it."""
        assert outcome.chain.here and outcome.fields
        here, fields = self.last.here[outcome.chain.here], outcome.fields
        if fields_of(text) != here:
            write(text, here)
            self.report.read_anew += 1
        if here == fields:
            return
        if is_same_row(here, fields):
            write(text, fields)
        elif outcome.chain.base is None:  # its own words for what was filled in from another language
            text.untranslated = [n for n in text.untranslated if getattr(here, n) == getattr(fields, n)]
            write(text, fields)
            self._tell(
                text.entry.paper,
                EntryChange.Verb.IMPORT,
                {self.document.language: here.as_json()},
                {self.document.language: fields.as_json()},
            )
            self.report.changed += 1
        else:
            entries.edit(text, fields, self.user, Origin.README)
            self.report.changed += 1

    # --- rows that are new here ----------------------------------------------------------------------------------

    def _add(self, outcomes: Sequence[Outcome]) -> dict[Place, EntryText]:
        """Add the rows that only the README has, and return their texts in this document."""
        placed = [(outcome.place, outcome.fields) for outcome in outcomes if outcome.place and outcome.fields]
        papers = [place.paper for place, _ in placed]
        known = {
            Place(entry.paper_id, entry.category_id): entry
            for entry in Entry.objects.filter(category__list=self.document.list, paper__in=papers)
        }
        new = [(place, fields) for place, fields in placed if place not in known]
        verdicts = [(self.file.papers[place.paper], self.file.category(place.category)) for place, _ in new]
        decisions = review.told_by_readme(self.document.list, verdicts, self._note, self.user)
        texts: list[EntryText] = []
        for place, fields in placed:
            if place in known:  # another language shows it already
                texts.append(self._new_text(known[place], fields))
                paper, category = self.file.papers[place.paper], self.file.category(place.category)
                self.changes.append(came_with_import(self.document, category, paper, fields))
        made = Entry.objects.bulk_create(
            Entry(category=category, paper=paper, decision=decision)
            for (paper, category), decision in zip(verdicts, decisions, strict=True)
        )
        copies: list[EntryText] = []
        languages = self._languages({category.pk: category for _, category in verdicts})
        for entry, (_, fields) in zip(made, new, strict=True):
            texts.append(self._new_text(entry, fields))
            told: dict[str, Any] = {"category": entry.category.key, self.document.language: fields.as_json()}
            for other in self.others:
                copy = self._translated(entry, other, fields, languages[entry.category_id])
                told[other.language] = fields_of(copy).as_json()
                copies.append(copy)
            self._tell(entry.paper, EntryChange.Verb.ADMIT, None, told)
        EntryText.objects.bulk_create([*(text for text in texts if text.pk is None), *copies])
        self.came += made
        self.report.added = len(texts)
        return {Place(text.entry.paper_id, text.entry.category_id): text for text in texts}

    def _languages(self, categories: Mapping[int, Category]) -> dict[int, Languages]:
        documents = [self.document, *self.others]
        documents.sort(key=lambda document: (not document.is_primary, document.language))
        return {pk: Languages(documents, category) for pk, category in categories.items()}

    def _translated(self, entry: Entry, other: Document, fields: RowFields, languages: Languages) -> EntryText:
        """The row of another language, unsaved and without a place, for what this README added."""
        shown = translated(self.document.language, fields, other.language, None, languages)
        text = EntryText(document=other, entry=entry, position=0.0, untranslated=list(shown.untranslated))
        write(text, shown.fields)
        return text

    def _new_text(self, entry: Entry, fields: RowFields) -> EntryText:
        text = EntryText(document=self.document, entry=entry, position=0.0)
        write(text, fields)
        return text

    # --- what all rows get ---------------------------------------------------------------------------------------

    def _decide_on_removed(self, outcomes: Sequence[Outcome]) -> None:
        """Reject what the README no longer has, unless it still stands somewhere in the list."""
        left = {
            outcome.chain.here.paper
            for outcome in outcomes
            if outcome.chain.here and (outcome.place is None or outcome.place.paper != outcome.chain.here.paper)
        }
        listed = set(
            Entry.objects.filter(category__list=self.document.list, paper__in=left).values_list("paper", flat=True)
        )
        gone = Paper.objects.filter(pk__in=left - listed)
        review.told_by_readme(
            self.document.list, [(paper, None) for paper in gone], f"Removed from {self.path}", self.user
        )

    def _set_rows(self, outcomes: Sequence[Outcome], standing: Mapping[Place, EntryText]) -> None:
        """Give every entry its place in the order, and the row of the README that it stands on."""
        places = self._positions(outcomes)
        for outcome in outcomes:
            if outcome.place is None:
                continue
            text, row = standing[outcome.place], self.file.rows[outcome.chain.theirs] if outcome.chain.theirs else None
            text.position = places.get(outcome.place, text.position)
            text.line, text.imported = (row.line, row.fields.as_json()) if row else (None, None)
        # Rows that trade places would meet in the unique (document, line), so all lines are cleared first.
        self.document.texts.update(line=None)
        # An upsert, since bulk_update takes seconds for a thousand rows of as many columns.
        EntryText.objects.bulk_create(
            standing.values(), update_conflicts=True, unique_fields=["id"], update_fields=_ROW_COLUMNS
        )

    def _positions(self, outcomes: Sequence[Outcome]) -> dict[Place, float]:
        """The position of each row in the categories that the README has."""
        before = {place: (text.position, text.pk) for place, text in self.texts.items()}
        in_file = {place: number for number, place in enumerate(self.file.rows)}
        sides: dict[int, tuple[list[Place], list[Place], list[Place]]] = {pk: ([], [], []) for pk in self.file.said}
        place_of: dict[tuple[int, Place], Place] = {}
        for outcome in outcomes:
            if outcome.place is None or outcome.place.category not in sides:
                continue
            stood = (outcome.chain.base, outcome.chain.here, outcome.chain.theirs)
            for number, (side, there) in enumerate(zip(sides[outcome.place.category], stood, strict=True)):
                if there is not None and there.category == outcome.place.category:
                    side.append(outcome.place)
                    place_of[number, outcome.place] = there
        found: dict[Place, float] = {}
        for base, here, theirs in sides.values():
            base = [place for place in base if place_of[0, place] in self.last.order]
            base.sort(key=lambda place: self.last.order[place_of[0, place]])
            here.sort(key=lambda place: before[place_of[1, place]])
            theirs.sort(key=lambda place: in_file[place_of[2, place]])
            found |= {place: float(number) for number, place in enumerate(order(base, here, theirs), 1)}
        return found

    def _place_elsewhere(self, standing: Mapping[Place, EntryText]) -> None:
        """Give what came into a category its place in the other languages, behind what it follows here."""
        came: dict[int, list[int]] = {}
        for entry in self.came:
            came.setdefault(entry.category_id, []).append(entry.pk)
        order: dict[int, list[EntryText]] = {}
        for place, text in standing.items():
            order.setdefault(place.category, []).append(text)
        for category, new in came.items():
            shown = sorted(order[category], key=lambda text: text.position)
            for other in self.others:
                texts = EntryText.objects.filter(document=other, entry__in=new).select_related("entry__paper")
                placement.follow(other, self.file.category(category), [text.entry_id for text in shown], list(texts))

    def _said_of_papers(self) -> dict[int, dict[str, RowFields]]:
        """The file's rows by paper, and by the key of their category."""
        said: dict[int, dict[str, RowFields]] = {}
        for place, row in self.file.rows.items():
            said.setdefault(place.paper, {})[self.file.category(place.category).key] = row.fields
        return said

    # --- told in several places ----------------------------------------------------------------------------------

    @property
    def _note(self) -> str:
        return f"As {self.path} has it"

    def _tell(
        self, paper: Paper, verb: EntryChange.Verb, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        self.changes.append(
            EntryChange(
                list=self.document.list, paper=paper, verb=verb, before=before, after=after, origin=Origin.README
            )
        )


def _goes(outcome: Outcome) -> bool:
    """Whether a row that stands here goes to another category or paper."""
    return outcome.place is not None and outcome.chain.here is not None and outcome.place != outcome.chain.here


def _snapshots(listed: Sequence[Entry]) -> list[dict[str, Any]]:
    """What the history says of each of these entries: its category, and its row in every language."""
    told: dict[int, dict[str, Any]] = {entry.pk: {"category": entry.category.key} for entry in listed}
    texts = EntryText.objects.filter(entry__in=told).select_related("document").defer("document__source")
    for text in texts.order_by("-document__is_primary", "document__language"):
        told[text.entry_id][text.document.language] = fields_of(text).as_json()
    return [told[entry.pk] for entry in listed]
