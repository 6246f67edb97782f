"""The catalogue: records of sources become papers. Decide first, write after, one transaction a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import connection, transaction
from django.utils import timezone

from papers import identity
from papers.bulk import copy_in
from papers.models import Fact, IdentifierRow, Paper, SourceRecord
from papers.records import Identifier, PaperRecord, Rejected

# Who is believed when two sources tell of one paper. arXiv's daily feed leaves out comments and the days of versions;
# a README row knows a title and a link only.
AUTHORITY = ("arxiv", "arxiv-feed", "huggingface", "file", "readme")

_BATCH = 1000  # rows a statement

_UPSERT_LOCK = 0x4C4B_0001  # "LK": one page at a time is written, so two pulls never race for one identifier


@dataclass(slots=True)
class UpsertResult:
    """What one page brought. `papers` leads from every identifier of the page to its paper."""

    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    papers: dict[Identifier, Paper] = field(default_factory=dict)


def upsert(records: Iterable[PaperRecord]) -> UpsertResult:
    """Store the records of one page in one transaction; a record equal to the last one of its source writes nothing.

    Records that share an identifier are one paper. A record whose identifiers belong to two stored papers tells of
    the one that its first known identifier names; the other keeps its own, and the clash is among the rejected each
    time, with both named: only a person may say that they are one.
    """
    result = UpsertResult()
    clean: list[PaperRecord] = []
    for record in records:
        normalised = identity.normalise(record)
        if isinstance(normalised, Rejected):
            result.rejected.append(normalised)
        else:
            clean.append(normalised)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_UPSERT_LOCK])
        known = _known(clean)
        alone, others = _parted(clean, known)
        _create_all(alone, known, result)
        for record in others:
            _store(record, known, result)
        result.papers = known
    return result


def _known(records: Sequence[PaperRecord]) -> dict[Identifier, Paper]:
    """Return the stored papers by every identifier that the records name, in one query a scheme."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        for scheme, value in record.identifiers:
            wanted.setdefault(scheme, set()).add(value)
    known: dict[Identifier, Paper] = {}
    by_id: dict[int, Paper] = {}
    for scheme, values in wanted.items():
        rows = IdentifierRow.objects.filter(scheme=scheme, value__in=values)
        for row in rows.select_related("paper").prefetch_related(
            "paper__identifiers", "paper__source_records", "paper__facts"
        ):
            # One object a paper, whatever identifier led here, so later records of the page see earlier changes.
            known[Identifier(row.scheme, row.value)] = by_id.setdefault(row.paper_id, row.paper)
    return known


def _parted(
    records: Sequence[PaperRecord], known: Mapping[Identifier, Paper]
) -> tuple[list[PaperRecord], list[PaperRecord]]:
    """Part the records of new papers that share nothing with any other record from the rest."""
    named = Counter(identifier for record in records for identifier in set(record.identifiers))
    alone: list[PaperRecord] = []
    others: list[PaperRecord] = []
    for record in records:
        is_alone = all(identifier not in known and named[identifier] == 1 for identifier in record.identifiers)
        (alone if is_alone else others).append(record)
    return alone, others


def _create_all(records: Sequence[PaperRecord], known: dict[Identifier, Paper], result: UpsertResult) -> None:
    """Store new papers in a few statements, however many there are."""
    papers = [Paper() for _ in records]
    for paper, record in zip(papers, records, strict=True):
        _copy(record, paper)
    Paper.objects.bulk_create(papers, batch_size=_BATCH)
    told = list(zip(papers, records, strict=True))
    IdentifierRow.objects.bulk_create(
        [IdentifierRow(paper=p, scheme=scheme, value=value) for p, r in told for scheme, value in r.identifiers],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )
    copy_in([SourceRecord(paper=p, source=r.source, content_hash=identity.content_hash(r)) for p, r in told])
    now = timezone.now()
    Fact.objects.bulk_create(
        [
            Fact(paper=p, kind=kind, source=r.source, value=value, observed_at=now)
            for p, r in told
            for kind, value in {fact.kind: fact.value for fact in r.facts}.items()
        ],
        batch_size=_BATCH,
    )
    known |= {identifier: paper for paper, record in told for identifier in record.identifiers}
    result.new += len(papers)


def _store(record: PaperRecord, known: dict[Identifier, Paper], result: UpsertResult) -> None:
    paper = next((known[i] for i in record.identifiers if i in known), None)
    # What is told is hashed without them too: once they are free, the record has news.
    foreign = [i for i in record.identifiers if i in known and known[i] is not paper]
    record = replace(record, identifiers=tuple(i for i in record.identifiers if i not in foreign))
    if paper is not None:
        changed = _update(paper, record)
        result.changed += changed
        result.same += not changed
    else:
        paper = _create(record)
        result.new += 1
    for identifier in record.identifiers:
        known[identifier] = paper
    observe(paper, record)
    if foreign:
        stay = " and ".join(f"{each.scheme} {each.value} stays with “{known[each].title}”" for each in foreign)
        reason = f"its identifiers belong to several papers: taken as “{paper.title}”, while {stay}"
        result.rejected.append(Rejected(record.identifiers[0].value[:80], reason))


def _create(record: PaperRecord) -> Paper:
    paper = Paper()
    _copy(record, paper)
    paper.save()
    _remember(paper, record, known=None)
    return paper


def _update(paper: Paper, record: PaperRecord) -> bool:
    """Merge the record into the paper; return whether anything was written."""
    last = next((row for row in paper.source_records.all() if row.source == record.source), None)
    if last is not None and last.content_hash == identity.content_hash(record):
        return False
    if _is_older_version(paper, record):
        return False
    if rank(record.source) <= rank(paper.source):
        _copy(record, paper)
    else:
        _fill(record, paper)
    paper.save()
    _remember(paper, record, known=last)
    return True


def _is_older_version(paper: Paper, record: PaperRecord) -> bool:
    return record.version is not None and paper.version is not None and record.version < paper.version


def of_known_papers(records: Sequence[PaperRecord]) -> list[PaperRecord]:
    """Return the records that name a stored paper."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        for scheme, value in record.identifiers:
            wanted.setdefault(scheme, set()).add(value)
    known = {
        Identifier(scheme, value)
        for scheme, values in wanted.items()
        for value in IdentifierRow.objects.filter(scheme=scheme, value__in=values).values_list("value", flat=True)
    }
    return [record for record in records if known.intersection(record.identifiers)]


def rank(source: str) -> int:
    """Return how much a source is believed, 0 the most."""
    return AUTHORITY.index(source) if source in AUTHORITY else len(AUTHORITY)


_FIELDS = ("abstract", "authors", "subjects", "published", "updated", "version", "comment", "journal_ref")


def _copy(record: PaperRecord, paper: Paper) -> None:
    """Take over what an authoritative record says; what it leaves blank stays as it was."""
    paper.title = record.title
    paper.source = record.source
    if record.withdrawn is not None:
        paper.withdrawn = record.withdrawn
    for name in _FIELDS:
        if value := getattr(record, name):
            setattr(paper, name, list(value) if isinstance(value, tuple) else value)
    _derive(paper)


def _fill(record: PaperRecord, paper: Paper) -> None:
    """Take from a lesser record only what is still blank.

    arXiv says of every paper whether it is withdrawn. Of a paper that it has not told of, nobody else may have said.
    """
    if record.withdrawn is not None and paper.source != AUTHORITY[0]:
        paper.withdrawn = record.withdrawn
    for name in _FIELDS:
        if not getattr(paper, name) and (value := getattr(record, name)):
            setattr(paper, name, list(value) if isinstance(value, tuple) else value)
    _derive(paper)


def _derive(paper: Paper) -> None:
    paper.title_key = identity.title_key(paper.title)
    paper.text_hash = identity.text_hash(paper.text)


def _remember(paper: Paper, record: PaperRecord, known: SourceRecord | None) -> None:
    IdentifierRow.objects.bulk_create(
        [IdentifierRow(paper=paper, scheme=scheme, value=value) for scheme, value in record.identifiers],
        ignore_conflicts=True,
    )
    row = known or SourceRecord(paper=paper, source=record.source)
    row.content_hash = identity.content_hash(record)
    row.save()
    # The next record of this page must see what was just written.
    paper._prefetched_objects_cache = {}  # type: ignore[attr-defined]


def observe(paper: Paper, record: PaperRecord) -> int:
    """Store the record's facts of the paper; return how many differ from what was known of this source."""
    stored = {(fact.kind, fact.source): fact for fact in paper.facts.all()}
    news = [
        Fact(paper=paper, kind=fact.kind, source=record.source, value=fact.value, observed_at=timezone.now())
        for fact in record.facts
        if (fact.kind, record.source) not in stored or stored[fact.kind, record.source].value != fact.value
    ]
    if news:
        Fact.objects.bulk_create(
            news,
            update_conflicts=True,
            unique_fields=["paper", "kind", "source"],
            update_fields=["value", "observed_at"],
        )
        paper._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    return len(news)
