"""What a list's head learns from: its entries, its evidence, curators' rejections, its own words, and a background.

Where several say something of one paper, the list itself comes first, then its curators, then its evidence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import MD5, Concat
from numpy.typing import NDArray

from ingest.classifier.heads import FORMAT, OUT, Recipe
from ingest.models import Evidence
from papers import identity, vectors
from papers.models import CategoryText, Decision, Entry, EntryText, Paper, PaperList, Review
from papers.records import Identifier

BACKGROUND_FILE = Path(__file__).parent / "background.jsonl"

ENTRIES = 5000  # the newest
REJECTIONS = 5000  # the newest
ENOUGH_OUT = 500  # so many papers that people found out of scope need no background
BACKGROUND = 1000
SAMPLE = 1000  # papers of the catalogue
SMALLEST_SAMPLE = 100  # a smaller catalogue holds mostly what its topics looked for: nothing to call "out"

DEFINITION = 1.0
KEYWORD = 0.3
BACKGROUND_WEIGHT = 0.3
SAMPLE_WEIGHT = 0.2

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """One text and the class it belongs to."""

    text: str
    label: str
    weight: float
    kind: str  # entry, evidence, rejection, background, sample: papers; definition, keyword: the list's own words
    key: str = ""  # of the paper, as "arxiv:2407.12345"; "" for the list's own words
    paper: int | None = None  # its row, where it has one
    evidence: Evidence | None = None  # whose features stand for a text that is not at hand


@dataclass(frozen=True)
class Examples:
    """The examples of one list, and the order of its classes."""

    classes: tuple[str, ...]  # category keys in the list's order, then "out"
    rows: tuple[Example, ...]
    key_of: dict[str, str]  # every identifier ("doi:…") and title key of a paper -> the key of its examples
    note: str = ""  # what they lack, in words

    @property
    def texts(self) -> list[str]:
        return [row.text for row in self.rows]

    def texts_where(self, mask: Mask) -> list[str]:
        return [row.text for row, wanted in zip(self.rows, mask, strict=True) if wanted]

    @property
    def labels(self) -> list[str]:
        return [row.label for row in self.rows]

    @property
    def keys(self) -> list[str]:
        return [row.key for row in self.rows]

    @property
    def papers(self) -> list[int | None]:
        return [row.paper for row in self.rows]

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """The labels as positions in `classes`."""
        position = {name: index for index, name in enumerate(self.classes)}
        return np.array([position[label] for label in self.labels], dtype=np.int64)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        return np.array([row.weight for row in self.rows], dtype=np.float64)

    def of_papers(self) -> Mask:
        """Return which rows are papers, each once for each of its labels."""
        return np.array([bool(row.key) for row in self.rows], dtype=bool)

    def key(self, identifiers: Sequence[Identifier], title: str) -> str | None:
        """Return the key under which this paper is an example, recognised by any identifier or its title."""
        names = [_name(identifier) for identifier in identifiers] + [_title_name(identity.title_key(title))]
        return next((self.key_of[name] for name in names if name in self.key_of), None)

    def hash(self, encoder: str, lexicon: str, recipe: Recipe) -> str:
        """Return the SHA-256 of all that decides what a head becomes: equal means that training is no news."""
        decisive = {
            "format": FORMAT,
            "encoder": encoder,
            "lexicon": lexicon,
            "recipe": asdict(recipe),
            "classes": self.classes,
            # In an order of their own: what was learned one by one stands in another order, and is no news.
            "examples": sorted(
                (row.text, row.label, row.weight, row.key, row.evidence is not None) for row in self.rows
            ),
        }
        return hashlib.sha256(json.dumps(decisive, ensure_ascii=False).encode()).hexdigest()


def examples(paper_list: PaperList, encoder: str, seed: int = 0) -> Examples:
    """Return what the list has to teach. The encoder's stored vectors tell which unlisted papers are far from it."""
    gathered = _Gathering(paper_list, paper_list.evidence.order_by("pk"))
    gathered.add_entries(_entries(paper_list))
    for text in _category_texts(paper_list):
        gathered.add_words(text)
    for review in _rejections(paper_list):
        gathered.add_paper(review.paper, OUT, "rejection", 1.0)
    for evidence in gathered.evidence:
        gathered.add_evidence(evidence)
    if gathered.count(OUT) >= ENOUGH_OUT:
        return gathered.finish()
    decided = _names_of_decided(paper_list)
    for identifier, title in _background():
        if _name(identifier) not in decided:
            gathered.add_title(identifier, title)
    for paper in _sample(paper_list, encoder, seed):
        gathered.add_paper(paper, OUT, "sample", SAMPLE_WEIGHT)
    return gathered.finish()


def of_papers(paper_list: PaperList, papers: Collection[int], evidence: Sequence[Evidence]) -> Examples:
    """Return what the list's entries, rejections and this evidence teach, by these papers alone."""
    gathered = _Gathering(paper_list, evidence)
    gathered.add_entries(_entries(paper_list, papers))
    for review in _rejections(paper_list, papers):
        gathered.add_paper(review.paper, OUT, "rejection", 1.0)
    for row in gathered.evidence:
        gathered.add_evidence(row)
    return gathered.finish()


def names_of(papers: Collection[int]) -> set[str]:
    """Return every name by which an example may be one of these papers: its identifiers and its title's key."""
    found = Paper.objects.filter(pk__in=papers).prefetch_related("identifiers")
    return {
        name
        for paper in found
        for name in (
            _title_name(paper.title_key),
            *(_name(Identifier(i.scheme, i.value)) for i in paper.identifiers.all()),
        )
    }


def name_of_title(title: str) -> str:
    """Return the name by which an example of this title is known."""
    return _title_name(identity.title_key(title))


class _Gathering:
    """Examples as they are put together: no paper is taken twice, no text twice for one class."""

    def __init__(self, paper_list: PaperList, evidence: Iterable[Evidence]) -> None:
        # What no README has and no entry stands in is kept as history only: a decision names it.
        kept = paper_list.categories.exclude(texts=None, entries=None, decisions__isnull=False)
        keys = kept.order_by("position").values_list("key", flat=True)
        self.classes = (*keys, OUT)
        self.evidence = [row for row in evidence if row.label in self.classes]
        self.rows: list[Example] = []
        self.key_of: dict[str, str] = {}
        self._evidence_of = {row.key: row for row in self.evidence if row.meaning}

    def count(self, label: str) -> int:
        return sum(row.label == label for row in self.rows)

    def add_entries(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.add_paper(entry.paper, entry.category.key, "entry", 1.0, text=_text_of(entry))
        self.share_between_labels()

    def add_paper(self, paper: Paper, label: str, kind: str, weight: float, text: str = "") -> None:
        key = _name(paper.main_identifier)
        if kind != "entry" and key in self.key_of:
            return
        names = [_name(Identifier(row.scheme, row.value)) for row in paper.identifiers.all()]
        # What is known by its row only, the evidence may have been read with its abstract.
        known = None if paper.abstract else next((self._evidence_of[n] for n in names if n in self._evidence_of), None)
        self.rows.append(Example(text or paper.text, label, weight, kind, key, paper.pk, known))
        for name in names:
            self.key_of[name] = key
        self.key_of.setdefault(_title_name(paper.title_key), key)

    def add_evidence(self, row: Evidence) -> None:
        title_name = _title_name(identity.title_key(row.title))
        if row.key in self.key_of or title_name in self.key_of:
            return
        known = row if row.meaning else None
        self.rows.append(Example(row.title, row.label, row.weight, "evidence", row.key, evidence=known))
        self.key_of[row.key] = self.key_of[title_name] = row.key

    def share_between_labels(self) -> None:
        """Let a paper that is listed in several categories weigh as much as any other."""
        count: dict[tuple[str, str], int] = {}
        for row in self.rows:
            count[row.key, row.text] = count.get((row.key, row.text), 0) + 1
        self.rows = [replace(row, weight=row.weight / count[row.key, row.text]) for row in self.rows]

    def add_words(self, text: CategoryText) -> None:
        label = text.category.key
        definition = f"{text.name}. {text.definition}".strip()
        self.rows.append(Example(definition, label, DEFINITION, "definition"))
        self.rows += [Example(keyword, label, KEYWORD, "keyword") for keyword in text.keywords]

    def add_title(self, identifier: Identifier, title: str) -> None:
        key, title_name = _name(identifier), _title_name(identity.title_key(title))
        if key in self.key_of or title_name in self.key_of:
            return
        self.rows.append(Example(title, OUT, BACKGROUND_WEIGHT, "background", key))
        self.key_of[key] = self.key_of[title_name] = key

    def finish(self) -> Examples:
        missing = [name for name in self.classes if not any(row.label == name for row in self.rows)]
        note = f"No examples of {', '.join(missing)}." if missing else ""
        return Examples(self.classes, tuple(self.rows), self.key_of, note)


def _entries(paper_list: PaperList, papers: Collection[int] | None = None) -> Iterator[Entry]:
    found = Entry.objects.filter(category__list=paper_list)
    found = found if papers is None else found.filter(paper__in=papers)
    newest = found.order_by("-pk")[:ENTRIES]
    rows = newest.select_related("category", "paper").prefetch_related("texts__document", "paper__identifiers")
    # In the order they came, whatever was cut off: the same list gives the same examples.
    yield from sorted(rows, key=lambda entry: entry.pk)


def _text_of(entry: Entry) -> str:
    """Return title and abstract; of a paper known by its README row only, the row's title and TL;DR."""
    row = _primary(entry)
    if entry.paper.abstract or row is None:
        return entry.paper.text
    return f"{row.title or entry.paper.title}\n{row.tldr}".strip()


def _primary(entry: Entry) -> EntryText | None:
    """Return the entry's row in the list's primary language, or in any."""
    return next(iter(sorted(entry.texts.all(), key=lambda text: (not text.document.is_primary, text.pk))), None)


def _category_texts(paper_list: PaperList) -> list[CategoryText]:
    """Return one text per category: in the primary language, or where that lacks the section, in any."""
    texts = CategoryText.objects.filter(category__list=paper_list).select_related("category", "document")
    chosen: dict[int, CategoryText] = {}
    for text in sorted(texts, key=lambda text: (text.category.position, not text.document.is_primary, text.pk)):
        chosen.setdefault(text.category_id, text)
    return list(chosen.values())


# Said of papers that may be on the list's very subject: no examples of what is not.
_SAYS_NOTHING_OF_THE_SUBJECT = (Decision.Reason.ALREADY_COVERED, Decision.Reason.WITHDRAWN)


def _rejections(paper_list: PaperList, papers: Collection[int] | None = None) -> list[Review]:
    """Return the rejections in force; what was accepted is an entry, what was deferred says nothing."""
    rejected = Review.objects.filter(list=paper_list, state=Review.State.REJECTED)
    rejected = rejected if papers is None else rejected.filter(paper__in=papers)
    telling = rejected.exclude(decision__reason__in=_SAYS_NOTHING_OF_THE_SUBJECT).order_by("-decision_id")
    rows = telling.select_related("paper").prefetch_related("paper__identifiers")[:REJECTIONS]
    return sorted(rows, key=lambda review: review.pk)


def _names_of_decided(paper_list: PaperList) -> set[str]:
    """Return the identifiers of papers that somebody has decided on: the background must not contradict people."""
    decided = Review.objects.filter(list=paper_list).exclude(state=Review.State.OPEN)
    pairs = decided.values_list("paper__identifiers__scheme", "paper__identifiers__value")
    return {f"{scheme}:{value}" for scheme, value in pairs}


def _background() -> Iterator[tuple[Identifier, str]]:
    """Yield the papers, by title only, that come with Listkeeper and that no such list would carry."""
    try:
        lines = BACKGROUND_FILE.read_text(encoding="utf-8").splitlines()[:BACKGROUND]
    except FileNotFoundError:
        return
    for line in lines:
        row = json.loads(line)
        yield Identifier("arxiv", row["arxiv_id"]), row["title"]


def _sample(paper_list: PaperList, encoder: str, seed: int) -> list[Paper]:
    """Return unlisted, undecided papers that are far from the list: its less similar half of a random sample.

    The similar half may well belong in the list, and nobody has looked at it yet. The order of the sample is a
    hash of the texts, so it is the same on every machine and hardly changes as the catalogue grows.
    """
    _, listed = vectors.matrix(vectors.current(Paper.objects.listed_in(paper_list), encoder))
    if len(listed) == 0:
        return []
    decided = Review.objects.filter(list=paper_list, paper=OuterRef("pk")).exclude(state=Review.State.OPEN)
    undecided = Paper.objects.not_listed_in(paper_list).filter(~Exists(decided), withdrawn=False)
    shuffled = MD5(Concat("text_hash", Value(f" {seed}"), output_field=CharField()))
    drawn = vectors.current(undecided, encoder).order_by(shuffled, "paper_id")[: 2 * SAMPLE]
    ids, found = vectors.matrix(drawn)
    if len(ids) < SMALLEST_SAMPLE:
        return []
    likeness = (found @ listed.T).max(axis=1)
    far = [ids[index] for index in np.argsort(likeness, kind="stable")[: len(ids) // 2]]
    return list(Paper.objects.filter(pk__in=far).order_by("pk").prefetch_related("identifiers"))


def _name(identifier: Identifier) -> str:
    return f"{identifier.scheme}:{identifier.value}"


def _title_name(title_key: str) -> str:
    return f"title:{title_key}"
