"""What the columns of a list's tables tell: as reading finds it, and as somebody fixed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from papers import acts
from papers.models import Act, Document, PaperList
from papers.readme.document import parse
from papers.readme.importer import ImportRefused, ImportReport, import_readme
from papers.readme.inline import plain
from papers.readme.roles import Role
from papers.readme.table import Table

_MOST_EXAMPLES = 3
_LONGEST_EXAMPLE = 60


class WrongColumns(Exception):
    """The tables cannot be read that way; the message says which and why."""


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A header of the list's tables, and what its columns tell."""

    header: str
    detected: Role
    fixed: str  # a role, or empty
    paths: tuple[str, ...]  # of the READMEs with such a column
    examples: tuple[str, ...]
    tells_papers: bool  # whether a table with it is read as one of papers

    @property
    def role(self) -> str:
        """What it is read as."""
        return self.fixed or self.detected.value


def found(paper_list: PaperList) -> list[FoundColumn]:
    """Return the columns of all tables of a list, each header once, those of tables of papers first."""
    columns: dict[str, FoundColumn] = {}
    for document in paper_list.documents.all():
        read = {table.first_line: table for table in _tables(document, paper_list.columns)}
        for table in _tables(document, {}):
            tells = table.tells_papers or read[table.first_line].tells_papers
            for place, column in enumerate(table.columns):
                known = columns.get(column.name)
                columns[column.name] = FoundColumn(
                    header=column.name,
                    detected=known.detected if known and (known.tells_papers or not tells) else column.role,
                    fixed=paper_list.columns.get(column.name, ""),
                    paths=tuple(dict.fromkeys((*(known.paths if known else ()), document.path))),
                    examples=_examples(known.examples if known else (), table, place),
                    tells_papers=tells or (known is not None and known.tells_papers),
                )
    return sorted(columns.values(), key=lambda column: not column.tells_papers)


def _tables(document: Document, columns: Mapping[str, str]) -> Iterator[Table]:
    for section in parse(bytes(document.source), columns).sections:
        yield from (group for group in section.groups if isinstance(group, Table))


def _examples(known: tuple[str, ...], table: Table, place: int) -> tuple[str, ...]:
    cells = (row.raw.cells[place] for row in table.rows if place < len(row.raw.cells))
    texts = (Truncator(plain(cell).strip()).chars(_LONGEST_EXAMPLE) for cell in cells)
    more = (text for text in texts if text not in ("", "-"))
    return tuple(dict.fromkeys([*known, *_first(more, _MOST_EXAMPLES)]))[:_MOST_EXAMPLES]


def _first(texts: Iterable[str], number: int) -> Iterator[str]:
    for _place, text in zip(range(number), texts, strict=False):
        yield text


def fix(paper_list: PaperList, columns: Mapping[str, str], user: AbstractBaseUser | None) -> list[ImportReport]:
    """Make `columns` (header -> role) what the list's tables tell, and read its READMEs again by it.

    What was changed here stays; rows that are understood otherwise now say so in the reports. A header that no table
    has at present keeps what was fixed of it. In one transaction. Raise WrongColumns, with nothing changed, when a
    table of papers would have no titles, two columns of one table the same role, or a README no paper.
    """
    unknown = [role for role in columns.values() if role not in list(Role)]
    if unknown:
        raise WrongColumns(
            _("“%(role)s” is nothing that a column tells; known are %(roles)s.")
            % {"role": unknown[0], "roles": ", ".join(Role)}
        )
    with acts.act(paper_list, user, Act.Kind.SETTINGS):
        locked = PaperList.objects.select_for_update().get(pk=paper_list.pk)
        documents = list(locked.documents.all())
        for document in documents:
            _refuse_wrong(document, locked.columns, columns)
        present = {column.name for document in documents for table in _tables(document, {}) for column in table.columns}
        absent = {header: role for header, role in locked.columns.items() if header not in present}
        locked.columns = absent | dict(columns)
        locked.save(update_fields=["columns"])
        try:
            reports = [
                import_readme(locked, document.language, bytes(document.source), document.path, user=user)
                for document in documents
            ]
        except ImportRefused as problem:
            raise WrongColumns(f"{problem}.") from problem
    paper_list.columns = locked.columns
    return reports


def _refuse_wrong(document: Document, before: Mapping[str, str], columns: Mapping[str, str]) -> None:
    were = {table.first_line for table in _tables(document, before) if table.tells_papers}
    for table in _tables(document, columns):
        where = f"{document.path}, line {table.first_line}"
        if table.first_line in were and not table.tells_papers:
            raise WrongColumns(
                _("%(where)s: no column of this table would tell the papers' titles.") % {"where": where}
            )
        for column in table.columns:
            wanted = columns.get(column.name)
            if wanted is not None and wanted != column.role:
                other = next(each.name for each in table.columns if each.role == wanted)
                raise WrongColumns(
                    _("%(where)s: “%(header)s” cannot tell the %(role)s: “%(other)s” does.")
                    % {"where": where, "header": column.name, "role": wanted, "other": other}
                )
