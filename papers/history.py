"""What was done to a list, act by act: for the history page, its exports and the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from papers.cards import categories
from papers.models import (
    Act,
    Category,
    CategoryText,
    Decision,
    EntryChange,
    GlossaryTerm,
    Opinion,
    PaperList,
    Review,
    RowChange,
)
from papers.shelves import Difference, as_text, differences

SHOWN = 5  # decisions and changes of one act that are told one by one

# What of a list's state no change of an entry tells of: table -> its columns that people know.
_OTHER = {
    "papers_glossaryterm": ("translation",),
    "papers_category": ("order", "criterion"),
    "papers_paperlist": ("columns", "name", "homepage", "second_opinion", "takes_proposals"),
    "papers_finding": ("state", "choice"),
}


@dataclass(slots=True)
class Told:
    """An act with what it did: the first few decisions and changes, and how many there are."""

    act: Act
    decisions: list[Decision] = field(default_factory=list)
    changes: list[tuple[EntryChange, list[Difference]]] = field(default_factory=list)
    others: list[Difference] = field(default_factory=list)  # of the list's settings, its glossary, its findings
    papers: int = 0  # that decisions or changes are about

    @property
    def about(self) -> list[tuple[int, str]]:
        """The papers that are told one by one: primary key and title."""
        found = {each.paper.pk: each.paper.title for each in self.decisions}
        found |= {each.paper.pk: each.paper.title for each, _ in self.changes if each.paper is not None}
        return list(found.items())

    @property
    def hidden(self) -> int:
        """How many papers are not told one by one."""
        return max(self.papers - len(self.about), 0)

    @property
    def is_redo(self) -> bool:
        """Whether it did again what had been undone."""
        return any(each.kind == Act.Kind.UNDO for each in self.act.undoes.all())

    @property
    def decision(self) -> Decision | None:
        """The decision that can be taken back where nothing more is known of the act: it is the only one, in force."""
        alone = self.decisions[0] if len(self.decisions) == 1 else None
        return alone if alone is not None and alone.in_force else None  # type: ignore[attr-defined]

    @property
    def can_undo(self) -> bool:
        """Whether it is known what it changed, and it is not undone."""
        return bool(self.act.undone_by_id is None and self.act.is_kept)  # type: ignore[attr-defined]


def acts(
    paper_list: PaperList | None = None, *, user: str = "", kind: str = "", paper: int | None = None
) -> QuerySet[Act]:
    """Return acts, the newest first: of a list, of a person by name, of a kind, about a paper. With `is_kept`."""
    found = Act.objects.select_related("list", "user", "undone_by").prefetch_related("undoes")
    found = found.annotate(is_kept=Exists(RowChange.objects.filter(act=OuterRef("pk")))).order_by("-pk")
    if paper_list is not None:
        found = found.filter(list=paper_list)
    if user:
        found = found.filter(user__username=user)
    if kind:
        found = found.filter(kind=kind)
    return about(found, paper) if paper is not None else found


def about(found: QuerySet[Act], paper: int) -> QuerySet[Act]:
    """Return those acts that decided on a paper, or changed an entry of it."""
    decided, changed = (model.objects.filter(act=OuterRef("pk"), paper=paper) for model in (Decision, EntryChange))
    return found.filter(Exists(decided) | Exists(changed))


def told(found: Sequence[Act]) -> list[Told]:
    """Return acts with what they did, in the same number of queries for one and for many."""
    by_pk = {act.pk: Told(act) for act in found}
    said = Decision.objects.annotate(in_force=Exists(Review.objects.filter(decision=OuterRef("pk"))))
    said = said.select_related("paper", "duplicate_of", "undoes").prefetch_related("opinions__user")
    for decision in _first(said, by_pk):
        by_pk[decision.act_id or 0].decisions.append(decision)
    for change in _first(EntryChange.objects.filter(paper__isnull=False).select_related("paper"), by_pk):
        by_pk[change.act_id or 0].changes.append((change, differences(change)))
    other = RowChange.objects.filter(table__in=_OTHER).exclude(table="papers_category", operation__in="ID")
    # That a question is asked is told on its own page.
    rows = list(_first(other.exclude(table="papers_finding", operation=RowChange.Operation.INSERT), by_pk))
    subjects = _subjects(rows)
    for row in rows:
        by_pk[row.act_id].others += _of_row(row, subjects.get((row.table, row.row), ""))
    _name_categories(by_pk.values())
    for model in (Decision, EntryChange):
        counts = model.objects.filter(act__in=by_pk).order_by().values("act").annotate(n=Count("paper", distinct=True))
        for act, number in counts.values_list("act", "n"):
            by_pk[act].papers = max(by_pk[act].papers, number)
    return list(by_pk.values())


def _first(found: QuerySet[Any], acts: Iterable[int]) -> QuerySet[Any]:
    """The first few rows of each act."""
    number = Window(RowNumber(), partition_by=F("act"), order_by="pk")
    first: QuerySet[Any] = found.filter(act__in=list(acts)).annotate(number=number).filter(number__lte=SHOWN)
    return first.order_by("pk")


def _subjects(rows: Sequence[RowChange]) -> dict[tuple[str, int], str]:
    """The words and the sections that rows are about: a change keeps only what it changed."""
    of = {table: [row.row for row in rows if row.table == table] for table in _OTHER}
    terms = GlossaryTerm.objects.filter(pk__in=of["papers_glossaryterm"]).values_list("pk", "term")
    sections = CategoryText.objects.filter(category__in=of["papers_category"], document__is_primary=True)
    return {("papers_glossaryterm", pk): term for pk, term in terms} | {
        ("papers_category", pk): name for pk, name in sections.values_list("category", "name")
    }


def _of_row(row: RowChange, subject: str) -> Iterator[Difference]:
    """What a change of a row outside the entries altered."""
    was, became = row.before or {}, row.after or {}
    subject = subject or (was | became).get("term", "")
    for name in _OTHER[row.table]:
        before, after = as_text(was.get(name)), as_text(became.get(name))
        if before != after:
            field = f"{subject}, {name}" if row.table == "papers_category" and subject else subject or name
            yield Difference("", field, before, after)


def _name_categories(found: Iterable[Told]) -> None:
    """Give decisions their categories with names, in two queries for all lists."""
    lists = {each.act.list_id: each.act.list for each in found}
    named: dict[int, Category] = {category.pk: category for each in lists.values() for category in categories(each)}
    said = [decision for each in found for decision in each.decisions]
    undone = [each.undoes for each in said if each.undoes is not None]
    rows: list[Decision | Opinion] = [*said, *undone, *(opinion for each in said for opinion in each.opinions.all())]
    for row in rows:
        if row.category_id in named:
            row.category = named[row.category_id]


def people(paper_list: PaperList) -> list[str]:
    """Return the names of those who did something to a list."""
    names = Act.objects.filter(list=paper_list).exclude(user=None).order_by("user__username")
    return list(names.values_list("user__username", flat=True).distinct())


def records(found: QuerySet[Act]) -> Iterator[dict[str, Any]]:
    """Yield acts for an export, a record for each change and decision, the newest act first; plain values only."""
    page = 200
    last: int | None = None
    while some := list((found.filter(pk__lt=last) if last else found)[:page]):
        last = some[-1].pk
        decisions, changes = _all(Decision, some), _all(EntryChange, some)
        for act in some:
            common = {
                "act": act.pk,
                "at": act.at.isoformat(),
                "user": act.who,
                "kind": act.kind,
                "note": act.note,
                "undone_by": act.undone_by_id,
                "undoes": [each.pk for each in act.undoes.all()],
            }
            rows = [*map(_as_record, decisions.get(act.pk, ())), *map(_as_record, changes.get(act.pk, ()))]
            yield from (common | row for row in rows or [_EMPTY])


_EMPTY: dict[str, Any] = {
    "what": "", "paper": None, "title": "", "verb": "", "category": "", "reason": "", "said": None,
    "before": None, "after": None,
}  # fmt: skip


def _all(model: Any, some: Sequence[Act]) -> dict[int, list[Any]]:
    found = model.objects.filter(act__in=some).filter(Q(paper__isnull=False)).select_related("paper").order_by("pk")
    if model is Decision:
        found = found.select_related("paper", "category")
    by_act: dict[int, list[Any]] = {}
    for row in found:
        by_act.setdefault(row.act_id, []).append(row)
    return by_act


def _as_record(row: Decision | EntryChange) -> dict[str, Any]:
    common = _EMPTY | {"paper": row.paper_id, "title": row.paper.title if row.paper else ""}
    if isinstance(row, Decision):
        category = row.category.key if row.category else ""
        said = {"verb": row.kind, "category": category, "reason": row.reason, "said": row.suggestion}
        return common | {"what": "decision"} | said
    return common | {"what": "entry", "verb": row.verb, "before": row.before, "after": row.after}
