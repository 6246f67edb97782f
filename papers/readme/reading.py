"""What an import finds in a README: the sections that are categories, their rows, and the papers of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from papers import catalog, identity
from papers.models import IdentifierRow, Paper
from papers.readme.document import DocumentTree, Section
from papers.readme.inline import plain, storable, without_emoji
from papers.readme.listfile import CategorySetting
from papers.readme.matching import keys_from_settings
from papers.readme.roles import Role
from papers.readme.row import Row
from papers.records import Identifier, PaperRecord, Rejected

_LONGEST_TAG = 300  # characters that PostgreSQL's index of tags can surely hold
_LONGEST_HEADER = 100  # characters of a further column's header, the name of its field


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that is no entry and stays as text: its line, why, and how it begins."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptConflict:
    """A field that was changed here and in the README, so that it stays as it is here until somebody settles it."""

    line: int | None  # None where the README has no such row
    title: str
    field: str


@dataclass(slots=True)
class ImportReport:
    """What an import did, for people to read."""

    language: str
    path: str
    unchanged: bool = False  # the file says nothing that the list does not know
    is_export: bool = False  # it is what the list would export anyway
    categories: int = 0
    rows: int = 0  # that are entries
    new_papers: int = 0
    added: int = 0  # entries that this document did not show before
    removed: int = 0
    kept: int = 0
    moved: int = 0  # to another category
    changed: int = 0  # of those kept: rows that say otherwise now
    read_anew: int = 0  # rows that say the same and are understood otherwise than at the last import
    conflicts: list[KeptConflict] = field(default_factory=list)
    kept_as_text: list[KeptRow] = field(default_factory=list)

    def keep(self, row: Row, reason: str) -> None:
        """Note that a row stays text."""
        text = " ".join(storable(row.text).split())
        self.kept_as_text.append(KeptRow(row.line, reason, text[:80]))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A section that is a category, and its rows that are entries, with their papers."""

    section: Section
    key: str | None  # from the list's settings
    rows: tuple[tuple[Row, Paper], ...]

    @property
    def said(self) -> frozenset[str]:
        """The names of the fields that a row of the section can tell at all: `title`, `extra:Stars`."""
        columns = {(column.role, column.name) for group in self.section.groups for column in group.says}
        names = {f"extra:{name}" if role == Role.EXTRA else role.value for role, name in columns}
        told = {name for row, _ in self.rows for name, value in row.fields.as_json().items() if value}
        return frozenset({"title", "link"} | names | told - {"extra"})

    @property
    def papers(self) -> frozenset[int]:
        return frozenset(paper.pk for _, paper in self.rows)


def read_shelves(tree: DocumentTree, settings: Sequence[CategorySetting], report: ImportReport) -> list[Shelf]:
    """The sections that are categories: those with rows that name a paper, and those the settings name."""
    sections = [s for s in tree.sections if any(group.tells_papers for group in s.groups)]
    named = {section.heading_line: list(_named(section, report)) for section in sections}
    papers = _papers([row for rows in named.values() for row in rows], report)
    sections = [s for s in sections if named[s.heading_line] or any(each.matches(s.name) for each in settings)]
    keys = keys_from_settings([section.name for section in sections], settings)
    return [
        Shelf(section, key, tuple(_once(named[section.heading_line], papers, report)))
        for section, key in zip(sections, keys, strict=True)
        if named[section.heading_line] or key is not None
    ]


def _named(section: Section, report: ImportReport) -> Iterator[Row]:
    """The rows whose link names a paper; the others are reported."""
    for row in section.rows:
        if row.fields.link == "":
            report.keep(row, "no link to the paper")
        elif row.identifier is None:
            report.keep(row, f"its link names no paper: {row.fields.link}")
        elif row.fields.title == "":
            report.keep(row, "no title")
        elif any(len(tag) > _LONGEST_TAG for tag in row.fields.tags):
            report.keep(row, f"a tag of more than {_LONGEST_TAG} characters")
        elif any(len(header) > _LONGEST_HEADER for header in row.fields.extra):
            report.keep(row, f"a column whose header has more than {_LONGEST_HEADER} characters")
        else:
            yield row


def _once(rows: Iterable[Row], papers: Mapping[Identifier, Paper], report: ImportReport) -> Iterator[tuple[Row, Paper]]:
    """The rows with their papers; a paper that stands in the section already is reported."""
    lines: dict[int, int] = {}
    for row in rows:
        paper = papers.get(row.identifier) if row.identifier else None
        if paper is None:
            continue
        if paper.pk in lines:
            report.keep(row, f"the same paper as line {lines[paper.pk]}")
        else:
            lines[paper.pk] = row.line
            yield row, paper


def _papers(rows: Sequence[Row], report: ImportReport) -> dict[Identifier, Paper]:
    """The papers of rows, those that are not known yet added to the catalogue."""
    wanted = {row.identifier: row for row in reversed(rows) if row.identifier}  # the first row of each counts
    papers = known_papers(wanted)
    records = {
        identifier: PaperRecord(source="readme", identifiers=(identifier,), title=_plain_title(row))
        for identifier, row in reversed(wanted.items())
        if identifier not in papers
    }
    stored = catalog.upsert(list(records.values()))
    report.new_papers = stored.new
    papers |= {identifier: stored.papers[identifier] for identifier in records if identifier in stored.papers}
    for row in rows:
        if row.identifier and row.identifier not in papers:
            refused = identity.normalise(records[row.identifier])
            assert isinstance(refused, Rejected), "that is the only reason not to take a record of one identifier"
            report.keep(row, f"the catalogue refused it: {refused.reason}")
    return papers


def known_papers(identifiers: Iterable[Identifier]) -> dict[Identifier, Paper]:
    """Return the papers of the catalogue that have one of these identifiers."""
    values: dict[str, list[str]] = {}
    for scheme, value in identifiers:
        values.setdefault(scheme, []).append(value)
    return {
        Identifier(row.scheme, row.value): row.paper
        for scheme, of_scheme in values.items()
        for row in IdentifierRow.objects.filter(scheme=scheme, value__in=of_scheme).select_related("paper")
    }


def _plain_title(row: Row) -> str:
    return without_emoji(plain(row.fields.title))
