"""The catalogue: records of sources become papers. Decide first, write after, one transaction a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from papers import authority, identity, merging, momentum, review
from papers.bulk import copy_in, copy_over, next_keys
from papers.models import Fact, IdentifierRow, Paper, SourceRecord
from papers.records import Identifier, PaperRecord, Rejected

_UPSERT_LOCK = 0x4C4B_0001  # "LK": one page at a time is written, so two pulls never race for one identifier

Owners = dict[Identifier, int]  # the paper of every identifier that is stored
Told = tuple[int, PaperRecord]  # a paper and what a record tells of it


@dataclass
class UpsertResult:
    """What one page brought; `merged` counts the stored papers that turned out to be another one."""

    new: int = 0
    changed: int = 0
    same: int = 0
    merged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    ids: Owners = field(default_factory=dict)

    @cached_property
    def papers(self) -> dict[Identifier, Paper]:
        """The paper of every identifier that the page names, read when asked for."""
        stored = Paper.objects.in_bulk(set(self.ids.values()))
        return {identifier: stored[pk] for identifier, pk in self.ids.items()}


def upsert(records: Iterable[PaperRecord]) -> UpsertResult:
    """Store the records of one page in one transaction; a record equal to the last one of its source writes nothing.

    Records that share an identifier are one paper. A record whose identifiers belong to several stored papers says
    that these are one: they are merged where that can be believed (see merging.py). Else it tells of the one that its
    first known identifier names; the other keeps its own, and the clash is among the rejected each time, with both
    named.
    """
    result = UpsertResult()
    told: list[PaperRecord] = []
    for record in records:
        normalised = identity.normalise(record)
        if isinstance(normalised, Rejected):
            result.rejected.append(normalised)
        else:
            told.append(normalised)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_UPSERT_LOCK])
        result.ids = owners(told)
        for part in _parted(told, result):
            _store(part, result)
    return result


def owners(records: Iterable[PaperRecord]) -> Owners:
    """Return the stored paper of every identifier that the records name and that is known, in one query."""
    wanted = {identifier for record in records for identifier in record.identifiers}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scheme, value, paper_id FROM papers_identifier"
            " WHERE (scheme, value) IN (SELECT * FROM unnest(%s::varchar[], %s::text[]))",
            [[scheme for scheme, _ in wanted], [value for _, value in wanted]],
        )
        return {Identifier(scheme, value): paper for scheme, value, paper in cursor.fetchall()}


def of_known_papers(records: Sequence[PaperRecord]) -> list[PaperRecord]:
    """Return the records that name a stored paper."""
    known = owners(records)
    return [record for record in records if not known.keys().isdisjoint(record.identifiers)]


# --- one page in parts ----------------------------------------------------------------------------------------


def _parted(records: Sequence[PaperRecord], result: UpsertResult) -> list[list[PaperRecord]]:
    """Part a page so that no two records of one part tell of one paper: nearly always it is one part.

    What one source tells of one paper by several records is one record.
    """
    if _are_apart(records, result.ids):
        return [list(records)] if records else []
    by_name: dict[tuple[str, object], PaperRecord] = {}
    for record in records:
        name = record.source, _names(record, result.ids)[0]
        by_name[name] = _joined(by_name[name], record) if name in by_name else record
    result.same += len(records) - len(by_name)
    parts: list[list[PaperRecord]] = []
    for group in _groups(list(by_name.values()), result.ids):
        parts += [[] for _ in range(len(group) - len(parts))]
        for part, record in zip(parts, group, strict=False):
            part.append(record)
    return parts


def _groups(records: Sequence[PaperRecord], known: Owners) -> list[list[PaperRecord]]:
    """Return the records that hang together by what they name, each group in the order of the page."""
    group_of: dict[object, list[PaperRecord]] = {}
    place = {id(record): number for number, record in enumerate(records)}
    for record in records:
        names = _names(record, known)
        groups = {id(group): group for name in names if (group := group_of.get(name)) is not None}
        joined = sorted((each for group in groups.values() for each in group), key=lambda each: place[id(each)])
        joined.append(record)
        group_of |= {name: joined for each in joined for name in _names(each, known)}
    return list({id(group): group for group in group_of.values()}.values())


def _names(record: PaperRecord, known: Owners) -> list[object]:
    """Return what a record names: papers that are stored, and identifiers of none."""
    return [known.get(identifier, identifier) for identifier in record.identifiers]


def _are_apart(records: Sequence[PaperRecord], known: Owners) -> bool:
    named: set[object] = set()
    for record in records:
        names = set(_names(record, known))
        if not named.isdisjoint(names):
            return False
        named |= names
    return True


def _joined(first: PaperRecord, second: PaperRecord) -> PaperRecord:
    """Return what two records of one source tell of one paper: the newer version, else the second, and what it lacks.

    All identifiers and the last of each kind of facts are kept.
    """
    is_older = first.version is not None and second.version is not None and second.version < first.version
    old, new = (second, first) if is_older else (first, second)
    blank = {
        name: getattr(old, name) for name in authority.FIELDS if getattr(new, name) in ("", (), None) and not is_older
    }
    return replace(
        new,
        **blank,
        identifiers=tuple(dict.fromkeys((*first.identifiers, *second.identifiers))),
        facts=tuple({fact.kind: fact for fact in (*old.facts, *new.facts)}.values()),
    )


def _store(records: Sequence[PaperRecord], result: UpsertResult) -> None:
    """Store records that tell of papers apart."""
    new: list[PaperRecord] = []
    known: list[Told] = []
    merged: set[int] = set()
    for record in records:
        homes = list(dict.fromkeys(result.ids[each] for each in record.identifiers if each in result.ids))
        if not homes:
            new.append(record)
            continue
        if len(homes) > 1:
            before = result.merged
            homes[0], record = _one_of(homes, record, result)
            if result.merged > before:
                merged.add(homes[0])
        known.append((homes[0], record))
    _create(new, result)
    news = _update(known, result)
    review.reconsider(news | merged)


def _one_of(homes: Sequence[int], record: PaperRecord, result: UpsertResult) -> Told:
    """Merge the papers that a record says are one, and return it with what it says of the one it is taken for."""
    papers = Paper.objects.prefetch_related("identifiers", "source_records").in_bulk(homes)
    home, others = papers[homes[0]], [papers[pk] for pk in homes[1:]]
    foreign: dict[int, Paper] = {}
    for other in others:
        if not merging.is_believed(record, home, other):
            foreign[other.pk] = other
            continue
        old, home = merging.merge(home, other, record)
        result.merged += 1
        result.ids = {identifier: home.pk if pk == old else pk for identifier, pk in result.ids.items()}
    if foreign:
        names = [each for each in record.identifiers if result.ids.get(each) in foreign]
        # What is told is hashed without them too: once they are free, the record has news.
        record = replace(record, identifiers=tuple(each for each in record.identifiers if each not in names))
        stay = " and ".join(f"{each.scheme} {each.value} stays with “{foreign[result.ids[each]]}”" for each in names)
        reason = f"its identifiers belong to several papers: taken as “{home}”, while {stay}"
        result.rejected.append(Rejected(record.identifiers[0].value[:80], reason))
    return home.pk, record


# --- new papers -----------------------------------------------------------------------------------------------


def _create(records: Sequence[PaperRecord], result: UpsertResult) -> None:
    """Store new papers in a few statements, however many there are."""
    if not records:
        return
    told: list[Told] = list(zip(next_keys(Paper, len(records)), records, strict=True))
    copy_in(_new_paper(pk, record) for pk, record in told)
    copy_in(_identifier(pk, each) for pk, record in told for each in record.identifiers)
    copy_in(_source_record(pk, record, identity.content_hash(record), record.version) for pk, record in told)
    now = timezone.now()
    copy_in(
        Fact(paper_id=pk, kind=kind, source=record.source, value=value, observed_at=now)
        for pk, record in told
        for kind, value in _facts(record).items()
    )
    result.ids |= {identifier: pk for pk, record in told for identifier in record.identifiers}
    result.new += len(told)


def _new_paper(pk: int, record: PaperRecord) -> Paper:
    paper = Paper(pk=pk)
    authority.take(record, paper, {})
    return paper


def _identifier(paper: int, identifier: Identifier) -> IdentifierRow:
    return IdentifierRow(paper_id=paper, scheme=identifier.scheme, value=identifier.value)


def _source_record(paper: int, record: PaperRecord, content_hash: str, version: int | None) -> SourceRecord:
    return SourceRecord(paper_id=paper, source=record.source, content_hash=content_hash, version=version)


def _facts(record: PaperRecord) -> dict[str, object]:
    return {fact.kind: fact.value for fact in record.facts}


# --- known papers ---------------------------------------------------------------------------------------------


def _update(told: Sequence[Told], result: UpsertResult) -> set[int]:
    """Store what records tell of known papers; return the papers of which there is anything new, facts included."""
    if not told:
        return set()
    last = _last_records([paper for paper, _ in told])
    changed: dict[int, PaperRecord] = {}
    for paper, record in told:
        content_hash = identity.content_hash(record)
        known = last[paper].get(record.source)
        if known is None or (known.content_hash != content_hash and not _is_older(record, known)):
            version = known.version if known and record.version is None else record.version
            last[paper][record.source] = Last(content_hash, version)
            changed[paper] = record
    _change(changed, last, result)
    result.changed += len(changed)
    result.same += len(told) - len(changed)
    return changed.keys() | observe(told)


class Last(NamedTuple):
    """The last record of one source."""

    content_hash: str
    version: int | None


def _last_records(papers: Sequence[int]) -> dict[int, dict[str, Last]]:
    """Return the last record of each source by paper."""
    found: dict[int, dict[str, Last]] = {paper: {} for paper in papers}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT paper_id, source, content_hash, version FROM papers_sourcerecord WHERE paper_id = ANY(%s)",
            [list(papers)],
        )
        for paper, source, content_hash, version in cursor.fetchall():
            found[paper][source] = Last(content_hash, version)
    return found


def _is_older(record: PaperRecord, known: Last) -> bool:
    return record.version is not None and known.version is not None and record.version < known.version


def _change(changed: Mapping[int, PaperRecord], last: Mapping[int, Mapping[str, Last]], result: UpsertResult) -> None:
    """Let each record speak of its paper, and keep it as the last one of its source."""
    if not changed:
        return
    # Locked in the order that every other writer of several papers keeps.
    locked = Paper.objects.filter(pk__in=changed).order_by("pk").select_for_update(no_key=True)
    papers = {paper.pk: paper for paper in locked}
    copy_over(
        [
            papers[pk]
            for pk, record in changed.items()
            if authority.take(record, papers[pk], {source: each.version for source, each in last[pk].items()})
        ],
        authority.COLUMNS,
    )
    names = {each: pk for pk, record in changed.items() for each in record.identifiers if each not in result.ids}
    copy_in(_identifier(pk, each) for each, pk in names.items())
    result.ids |= names
    SourceRecord.objects.bulk_create(
        [_source_record(pk, record, *last[pk][record.source]) for pk, record in changed.items()],
        update_conflicts=True,
        unique_fields=["paper", "source"],
        update_fields=["content_hash", "version", "changed_at"],
    )


def observe(told: Sequence[Told]) -> set[int]:
    """Store the facts that records tell of stored papers; return the papers of which one differs from the last."""
    told = [(paper, record) for paper, record in told if record.facts]
    if not told:
        return set()
    rows = Fact.objects.filter(paper__in=[paper for paper, _ in told], source__in={record.source for _, record in told})
    stored = {
        (paper, source, kind): (pk, value)
        for pk, paper, source, kind, value in rows.values_list("pk", "paper", "source", "kind", "value")
    }
    now = timezone.now()
    news = [
        Fact(paper_id=paper, kind=kind, source=record.source, value=value, observed_at=now)
        for paper, record in told
        for kind, value in _facts(record).items()
        if (paper, record.source, kind) not in stored or stored[paper, record.source, kind][1] != value
    ]
    replaced = [(fact.paper_id, fact.source, fact.kind) for fact in news]
    momentum.keep(stored[key] for key in replaced if key in stored and key[2] in momentum.COUNTS)
    Fact.objects.bulk_create(
        news,
        update_conflicts=True,
        unique_fields=["paper", "kind", "source"],
        update_fields=["value", "observed_at"],
    )
    return {fact.paper_id for fact in news}
