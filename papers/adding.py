"""Adding papers by hand: what each pasted line would do in a list, and doing it, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from papers import acts, catalog, entries, identity, review
from papers.models import Act, Category, Decision, Paper, PaperList, Proposal
from papers.pasting import Item
from papers.prefill import prefill
from papers.readme.columns import columns
from papers.readme.roles import Role
from papers.readme.row import RowFields
from papers.records import FactRecord, Identifier, PaperRecord, Rejected
from papers.standings import Standing, standings

SOURCE = "hand"
_SHORTEST_KEY = 20  # letters of a title that hardly any other paper has
_UNTITLED = re.compile(r"arXiv:\S+")


def untitled(identifier: Identifier) -> str:
    """Return how a paper is called until arXiv tells its title."""
    return f"arXiv:{identifier.value}"


def is_untitled(paper: Paper) -> bool:
    """Say whether a paper's title is not known yet."""
    return _UNTITLED.fullmatch(paper.title) is not None


@dataclass(frozen=True, slots=True)
class Line:
    """What one pasted item would do in a list."""

    item: Item
    paper: Paper | None = None  # that is known here already
    standing: Standing | None = None  # of a known one
    same_as: Item | None = None  # an earlier item of the paste that names the same paper
    twin: Paper | None = None  # a known one of the same title under another name
    alike: Item | None = None  # an earlier item of the same title under another name
    refused: str = ""  # why the catalogue would not take it

    @property
    def problem(self) -> str:
        """Why nothing can be done with it, to go on after its line; empty when it can be added."""
        if self.item.problem and self.paper is None:
            return self.item.problem
        if self.same_as is not None:
            return _("it names the same paper as %(where)s") % {"where": self.same_as.where}
        if self.standing is not None and not self.standing.is_open:
            return _("it is %(told)s") % {"told": self.standing.told}
        return self.refused

    @property
    def can_add(self) -> bool:
        """Whether it can be put before the curators."""
        return not self.problem

    @property
    def title(self) -> str:
        """What its paper is called, as far as is known."""
        if self.paper is not None and not (is_untitled(self.paper) and self.item.title):
            return "" if is_untitled(self.paper) else self.paper.title
        return self.item.title

    @property
    def name(self) -> Identifier | None:
        """What it is called by."""
        return self.item.identifiers[0] if self.item.identifiers else None

    @property
    def link(self) -> str:
        """Where its paper is read; empty where it names none."""
        return identity.link(self.name) if self.name is not None else ""

    @property
    def needs_title(self) -> bool:
        """Whether somebody must type its title: no source is asked for it."""
        return self.can_add and not self.title and self.paper is None and self._arxiv is None

    @property
    def awaits_title(self) -> bool:
        """Whether its title is not known until arXiv tells."""
        return self.can_add and not self.title and not self.needs_title

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody should look twice: it may be here under another name, or was put before the curators."""
        proposal = self.standing.proposal if self.standing is not None else None
        return self.can_add and (self.twin or self.alike or proposal) is not None

    @property
    def told(self) -> str:
        """What there is to know of it before it is added, as sentences."""
        notes = []
        if self.paper is not None and self.standing is not None:
            notes.append(_("It is %(told)s.") % {"told": self.standing.told})
        else:
            notes.append(_("It is new here."))
        if self.twin is not None:
            notes.append(
                _("A paper of this title is known as %(link)s.") % {"link": identity.link(self.twin.main_identifier)}
            )
        if self.alike is not None:
            notes.append(_("%(where)s has the same title.") % {"where": self.alike.where.capitalize()})
        if self.needs_title:
            notes.append(_("Its title is missing: type it."))
        elif self.awaits_title:
            notes.append(_("Its title is missing until arXiv is asked for it."))
        return " ".join(notes)

    @property
    def _arxiv(self) -> Identifier | None:
        return next((each for each in self.item.identifiers if each.scheme == "arxiv"), None)

    def record(self, title: str) -> PaperRecord | None:
        """Return what it tells of its paper, under this title if one was typed; None without any title."""
        known = self.paper.title if self.paper is not None else ""
        title = title.strip() or self.title or known or (untitled(self._arxiv) if self._arxiv else "")
        names = self.item.identifiers
        if self.paper is not None and not names:  # known by its title
            names = (self.paper.main_identifier,)
        facts = {
            "venue": self.item.venue,
            "code": self.item.code,
            "tldr": self.item.row.tldr if self.item.row else "",
        }
        told = tuple(FactRecord(kind, value) for kind, value in facts.items() if value)
        return PaperRecord(SOURCE, names, title, authors=self.item.authors, facts=told) if title else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to become of a line."""

    title: str = ""  # typed, where it was missing
    category: Category | None = None  # accept it straight into this one; None: into the queue


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line."""

    line: Line
    told: str = ""  # why it was left out, or waits although it was to be accepted
    paper: Paper | None = None
    decision: Decision | None = None  # of one that was accepted

    @property
    def is_added(self) -> bool:
        """Whether its paper is before the curators, or in the list."""
        return self.paper is not None


@dataclass(frozen=True)
class Added:
    """What became of a paste, a line each, in order, and the act that brought papers into the list, if any."""

    outcomes: tuple[Outcome, ...] = field(default=())
    act: Act | None = None

    @property
    def queued(self) -> list[Outcome]:
        """Those that await a decision now."""
        return [each for each in self.outcomes if each.is_added and each.decision is None]

    @property
    def accepted(self) -> list[Outcome]:
        """Those that are in the list now."""
        return [each for each in self.outcomes if each.decision is not None]

    @property
    def left(self) -> list[Outcome]:
        """Those that were left out, with why."""
        return [each for each in self.outcomes if not each.is_added]

    @property
    def to_look_at(self) -> list[Outcome]:
        """All of them, what was left out first: among a hundred lines it would not be seen."""
        return sorted(self.outcomes, key=lambda each: each.is_added)


def headers(paper_list: PaperList) -> list[list[str]]:
    """Return the headers of the list's tables, which rows that are pasted without one may have."""
    primary = paper_list.documents.filter(is_primary=True).first()
    if primary is None:
        return []
    found = (columns(primary, category) for category in paper_list.categories.all())
    return [list(each) for each in dict.fromkeys(tuple(column.name for column in table) for table in found if table)]


def preview(paper_list: PaperList, items: Sequence[Item]) -> list[Line]:
    """Return what each item would do; in a fixed number of queries, and nothing is written."""
    owners = catalog.owners([PaperRecord(SOURCE, item.identifiers, item.title) for item in items])
    keys = {key for item in items if len(key := identity.title_key(item.title)) >= _SHORTEST_KEY}
    namesakes = {
        paper.title_key: paper
        for paper in Paper.objects.filter(title_key__in=keys).prefetch_related("identifiers").order_by("-pk")
    }
    homes = [next((owners[each] for each in item.identifiers if each in owners), None) for item in items]
    papers = Paper.objects.prefetch_related("identifiers").in_bulk({pk for pk in homes if pk})
    papers |= {paper.pk: paper for paper in namesakes.values()}
    stand = standings(paper_list, papers.values())
    seen: dict[object, Item] = {}
    titled: dict[str, Item] = {}
    lines = []
    for item, home in zip(items, homes, strict=True):
        paper = papers.get(home) if home is not None else None
        namesake = namesakes.get(identity.title_key(item.title)) if item.title else None
        if paper is None and not item.identifiers and namesake is not None:
            paper = namesake
        twin = namesake if namesake is not None and paper is None else None
        names: list[object] = [*item.identifiers, *([paper.pk] if paper else [])] if not item.problem or paper else []
        same_as = next((seen[name] for name in names if name in seen), None)
        for name in names:
            seen.setdefault(name, item)
        key = identity.title_key(item.title)
        alike = titled.get(key) if same_as is None else None
        if len(key) >= _SHORTEST_KEY and not item.problem:
            titled.setdefault(key, item)
        lines.append(_refusable(Line(item, paper, stand[paper.pk] if paper else None, same_as, twin, alike)))
    return lines


def _refusable(line: Line) -> Line:
    """The line with what the catalogue has against it."""
    record = line.record("") if line.can_add else None
    refused = identity.normalise(record) if record is not None else None
    return (
        replace(line, refused=_("it has %(reason)s") % {"reason": refused.reason})
        if isinstance(refused, Rejected)
        else line
    )


def add(paper_list: PaperList, items: Sequence[Item], choices: Mapping[int, Choice], user: AbstractBaseUser) -> Added:
    """Put the chosen items (by their place) before the list's curators, or straight into a category of the list.

    It is looked at anew what each would do, since others may have been at work meanwhile. All of it is one
    transaction; what a single line cannot do is told of that line, and the others are done.
    """
    with acts.act(paper_list, user, Act.Kind.BULK) as act:
        locked = PaperList.objects.select_for_update(no_key=True).get(pk=paper_list.pk)
        wanted = [
            (place, line, line.record(choices[place].title) if line.can_add else None)
            for place, line in enumerate(preview(locked, items))
            if place in choices
        ]
        outcomes = {place: Outcome(line, _why_not(line, record)) for place, line, record in wanted}
        ready = [(place, line, record) for place, line, record in wanted if record and not outcomes[place].told]
        stored = catalog.upsert([record for _, _, record in ready])
        papers = Paper.objects.for_pages().in_bulk({stored.ids[record.identifiers[0]] for _, _, record in ready})
        for place, line, record in ready:
            paper = papers[stored.ids[record.identifiers[0]]]
            _put_before(locked, paper, line, choices[place].category, user)
            outcomes[place] = _done(line, paper, choices[place].category, user)
    return Added(tuple(outcomes[place] for place, _, _ in wanted), None if act.is_empty else act)


def _why_not(line: Line, record: PaperRecord | None) -> str:
    if line.problem:
        return line.problem
    if record is None:
        return _("its title is missing, and nobody can be asked for it")
    refused = identity.normalise(record)
    return _("it has %(reason)s") % {"reason": refused.reason} if isinstance(refused, Rejected) else ""


def _put_before(
    paper_list: PaperList, paper: Paper, line: Line, category: Category | None, user: AbstractBaseUser
) -> None:
    """Note who added the paper; one that is noted stays as it is."""
    if Proposal.objects.filter(list=paper_list, paper=paper).exists():
        return
    name = line.name or paper.main_identifier
    Proposal.objects.create(
        list=paper_list,
        paper=paper,
        user=user,  # type: ignore[misc]
        scheme=name.scheme,
        value=name.value,
        title=line.item.title,
        category=category,
        confirmed_at=timezone.now(),
    )


def _done(line: Line, paper: Paper, category: Category | None, user: AbstractBaseUser) -> Outcome:
    """Accept a paper where that was asked for; one that cannot be waits in the queue, and it is told why."""
    if category is None:
        return Outcome(line, paper=paper)
    if is_untitled(paper):
        return Outcome(line, _("Its title is not known yet, so it waits in the queue."), paper)
    documents = list(category.list.documents.all())
    if not documents:
        return Outcome(line, _("The list has no README yet to take a row, so it waits in the queue."), paper)
    primary = documents[0]
    known = {column.role for column in columns(primary, category)}
    row = _row(prefill(paper, primary, category), line.item, known)
    try:
        with transaction.atomic():
            decision = review.accept(category, paper, {primary.language: row}, user)
    except (review.AlreadyDecided, entries.AlreadyListed) as clash:
        return Outcome(line, str(clash))
    return Outcome(line, paper=paper, decision=decision)


def _row(row: RowFields, item: Item, known: Iterable[Role]) -> RowFields:
    """The row as it was pasted where the table has a column for it, else as it is prefilled."""
    roles = set(known) or set(Role)
    given = item.row or RowFields()
    if given.tags and Role.TAGS in roles:
        row = replace(row, tags=given.tags)
    if given.tldr and Role.TLDR in roles:
        row = replace(row, tldr=given.tldr)
    if given.code and roles & {Role.CODE, Role.LINK}:
        row = replace(row, code=given.code)
    if item.venue and Role.VENUE in roles:
        row = replace(row, venue=given.venue or item.venue)
    return row
