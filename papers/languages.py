"""The languages of a list beside each other: what each lacks, and which rows await a translator's hand.

Languages are in step when each has every entry, translated, in the order of the primary language.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Count, Exists, F, OuterRef, Q

from papers.models import CategoryText, Document, Entry, EntryText, PaperList


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as a page lists it, by one of its titles."""

    entry: int
    title: str
    category: int
    text: int = 0  # the primary key of its text in the language that is told of, 0 for none
    fields: tuple[str, ...] = ()  # those that the list is about


@dataclass(frozen=True, slots=True)
class Standing:
    """How one language stands."""

    document: Document
    rows: int  # that its README shows
    missing: tuple[Row, ...] = ()  # their section is there
    homeless: tuple[Row, ...] = ()  # this README has no section for their category
    untranslated: tuple[Row, ...] = ()
    stale: tuple[Row, ...] = ()
    out_of_order: tuple[Row, ...] = ()  # rows that would have to move to stand as in the primary language

    @property
    def counts(self) -> dict[str, int]:
        """The numbers by name."""
        lists = ("missing", "homeless", "untranslated", "stale", "out_of_order")
        return {"rows": self.rows} | {name: len(getattr(self, name)) for name in lists}

    @property
    def to_do(self) -> int:
        """How many things keep it from being in step; what has no section is a decision of the README's own."""
        return len(self.missing) + len(self.untranslated) + len(self.stale) + len(self.out_of_order)


@dataclass(slots=True)
class _Held:
    """What one document holds, as the database has it."""

    texts: dict[int, EntryText] = field(default_factory=dict)  # by entry, in their order
    sections: set[int] = field(default_factory=set)  # categories

    def shows(self, row: Row) -> bool:
        """Whether its README has a line for the entry."""
        text = self.texts.get(row.entry)
        return text is not None and (row.category in self.sections or text.line is not None)


def standings(paper_list: PaperList) -> list[Standing]:
    """Return how each language stands, the primary one first, in four queries."""
    documents = list(paper_list.documents.defer("source"))
    held = _held(paper_list, documents)
    titles = {entry: text.title for each in reversed(documents) for entry, text in held[each.pk].texts.items()}
    entries = Entry.objects.filter(category__list=paper_list).order_by("category__position", "pk")
    rows = [Row(pk, titles.get(pk, ""), category) for pk, category in entries.values_list("pk", "category_id")]
    return [_standing(document, rows, held[document.pk], held[documents[0].pk]) for document in documents]


def to_do(paper_list: PaperList) -> int:
    """Return how many rows of a list are missing or await a translator's hand, in two queries; not their order."""
    texts = EntryText.objects.filter(document__list=paper_list)
    doubted = texts.aggregate(
        untranslated=Count("pk", filter=~Q(untranslated=[])), stale=Count("pk", filter=~Q(stale=[]))
    )
    sections = CategoryText.objects.filter(document__list=paper_list).annotate(entry=F("category__entries"))
    row = EntryText.objects.filter(document=OuterRef("document"), entry=OuterRef("entry"))
    missing = sections.filter(~Exists(row), entry__isnull=False).count()
    return int(doubted["untranslated"] + doubted["stale"]) + missing


def shown(document: Document) -> set[int]:
    """Return the entries that a README has a row for: its section is there, or at least its line."""
    sections = document.category_texts.values("category")
    texts = document.texts.filter(Q(entry__category__in=sections) | Q(line__isnull=False))
    return set(texts.values_list("entry_id", flat=True))


def _held(paper_list: PaperList, documents: Iterable[Document]) -> dict[int, _Held]:
    held = {document.pk: _Held() for document in documents}
    columns = ("entry_id", "document_id", "title", "position", "line", "untranslated", "stale")
    texts = EntryText.objects.filter(document__list=paper_list).only(*columns)
    for text in texts.order_by("position", "pk"):
        held[text.document_id].texts[text.entry_id] = text
    sections = CategoryText.objects.filter(document__list=paper_list).values_list("document_id", "category_id")
    for document, category in sections:
        held[document].sections.add(category)
    return held


def _standing(document: Document, rows: Sequence[Row], here: _Held, primary: _Held) -> Standing:
    seen = [row for row in rows if here.shows(row)]
    return Standing(
        document=document,
        rows=len(seen),
        missing=tuple(row for row in rows if row.entry not in here.texts and row.category in here.sections),
        homeless=tuple(row for row in rows if row.category not in here.sections and not here.shows(row)),
        untranslated=tuple(_doubted(seen, here, "untranslated")),
        stale=tuple(_doubted(seen, here, "stale")),
        out_of_order=tuple(_out_of_order(seen, here, primary)),
    )


def _doubted(rows: Iterable[Row], here: _Held, kind: str) -> Iterator[Row]:
    """The rows with fields of this kind, untranslated or stale ones."""
    for row in rows:
        text = here.texts[row.entry]
        if fields := getattr(text, kind):
            yield replace(row, text=text.pk, fields=tuple(fields))


def _out_of_order(rows: Sequence[Row], here: _Held, primary: _Held) -> Iterator[Row]:
    """The fewest rows that would have to move for all to stand as in the primary language."""
    by_category: defaultdict[int, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        if row.entry in primary.texts:
            by_category[row.category][row.entry] = row
    for those in by_category.values():
        wanted = {entry: place for place, entry in enumerate(each for each in primary.texts if each in those)}
        stand = [entry for entry in here.texts if entry in those]
        for entry in misplaced(stand, wanted):
            yield those[entry]


def misplaced(stand: Sequence[int], wanted: Mapping[int, int]) -> list[int]:
    """Return the fewest of these that must move for all to stand by their wanted place."""
    tails: list[int] = []  # the least last place of a rise of each length
    lengths = []
    for each in stand:
        length = bisect_left(tails, wanted[each])
        tails[length : length + 1] = [wanted[each]]
        lengths.append(length)
    moved, left = [], len(tails)
    for each, length in zip(reversed(stand), reversed(lengths), strict=True):
        if length == left - 1:
            left -= 1
        else:
            moved.append(each)
    return moved[::-1]
