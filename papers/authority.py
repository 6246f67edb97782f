"""Who is believed: of each field of a paper, the most authoritative source that says anything of it.

So a paper is the same in whatever order its sources told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from papers import identity
from papers.models import Paper
from papers.records import PaperRecord

# Who is believed when two sources tell of one paper. arXiv's daily feed leaves out comments and the days of versions;
# a row of a README, another list's too, knows a title and a link only, and what people type may be anything.
AUTHORITY = ("arxiv", "arxiv-feed", "huggingface", "file", "semanticscholar", "peer", "readme", "hand", "author")
ROWS = frozenset({"peer", "readme", "hand", "author"})
ARXIV = frozenset({"arxiv", "arxiv-feed"})

FIELDS = (
    *("title", "abstract", "authors", "subjects", "published", "updated"),
    *("version", "comment", "journal_ref", "withdrawn"),
)
COLUMNS = (*FIELDS, "source", "told_by", "title_key", "text_hash")  # those that `show` sets

Versions: TypeAlias = Mapping[str, int | None]  # of one paper, as each source knows it


class Saying(NamedTuple):
    """What one source says of one field."""

    source: str
    value: Any


Sayings: TypeAlias = dict[str, Saying]  # by field; nothing of a field that nobody tells


def kind_of(source: str) -> str:
    """Return what a source is, without which one: `peer:owner/name` -> `peer`."""
    return source.partition(":")[0]


def rank(source: str) -> int:
    """Return how much a source is believed, 0 the most."""
    kind = kind_of(source)
    return AUTHORITY.index(kind) if kind in AUTHORITY else len(AUTHORITY)


def place(source: str, versions: Versions) -> tuple[int, int, int, str]:
    """Return where a source stands among those of one paper, the first believed most; no two stand together.

    What arXiv itself says first is the newest version, by whichever of its ways it came.
    """
    if source in ARXIV:
        return 0, -(versions.get(source) or 0), rank(source), source
    return rank(source), 0, 0, source


def told_in(record: PaperRecord) -> Sayings:
    """Return what a record says; what it leaves blank it does not say.

    But arXiv says of every paper whether it is withdrawn.
    """
    unsaid = False if record.source == AUTHORITY[0] else None
    withdrawn = unsaid if record.withdrawn is None else record.withdrawn
    sayings = {
        name: Saying(record.source, list(value) if isinstance(value, tuple) else value)
        for name in FIELDS
        if name != "withdrawn" and (value := getattr(record, name))
    }
    return sayings if withdrawn is None else sayings | {"withdrawn": Saying(record.source, withdrawn)}


def told_of(paper: Paper) -> Sayings:
    """Return what is said of a stored paper, and by whom."""
    sayings = {
        name: Saying(paper.told_by.get(name, paper.source), value)
        for name in FIELDS
        if name != "withdrawn" and (value := getattr(paper, name))
    }
    if "withdrawn" in paper.told_by or paper.source == AUTHORITY[0]:
        sayings["withdrawn"] = Saying(paper.told_by.get("withdrawn", paper.source), paper.withdrawn)
    return sayings


def take(record: PaperRecord, paper: Paper, versions: Versions) -> bool:
    """Let a record speak of a paper, stored or new; return whether the paper changed. Saves nothing.

    `versions` are those that its sources know, this record's included.
    """
    if not paper.source:
        _show(paper, record.source, told_in(record))
        return True
    before = {name: getattr(paper, name) for name in COLUMNS}
    source = min(paper.source, record.source, key=lambda each: place(each, versions))
    _show(paper, source, _settled(told_of(paper), told_in(record), versions, {record.source}))
    return any(getattr(paper, name) != value for name, value in before.items())


def unite(paper: Paper, other: Paper, versions: Versions, newer: set[str]) -> None:
    """Make the paper say what both say; saves nothing. `newer` are the sources whose record of the other is newer."""
    source = min(paper.source, other.source, key=lambda each: place(each, versions))
    _show(paper, source, _settled(told_of(paper), told_of(other), versions, newer))


def _settled(first: Sayings, second: Sayings, versions: Versions, newer: set[str]) -> Sayings:
    """Return what holds of each field; where one source says both, the second if that source is among `newer`."""
    found = dict(first)
    for name, said in second.items():
        other = found.get(name)
        if other is not None and other.source == said.source:
            is_better = said.source in newer
        else:
            is_better = other is None or place(said.source, versions) < place(other.source, versions)
        if is_better:
            found[name] = said
    return found


def _show(paper: Paper, source: str, sayings: Sayings) -> None:
    """Make the paper say what the sayings say. `source` is the one that is believed most.

    Once arXiv has told of a paper, nobody else may say that it is withdrawn.
    """
    if source in ARXIV and "withdrawn" in sayings and sayings["withdrawn"].source not in ARXIV:
        sayings = {name: said for name, said in sayings.items() if name != "withdrawn"}
        paper.withdrawn = False
    for name, said in sayings.items():
        setattr(paper, name, said.value)
    paper.source = source
    paper.told_by = {
        name: said.source
        for name, said in sayings.items()
        # That arXiv's records say whether a paper is withdrawn needs no word; that another's do, does.
        if said.source != source or (name == "withdrawn" and source != AUTHORITY[0])
    }
    paper.title_key = identity.title_key(paper.title)
    paper.text_hash = identity.text_hash(paper.text)
