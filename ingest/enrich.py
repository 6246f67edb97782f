"""What a source knows of papers that we have: citations, evidence of a venue, further identifiers.

"Up to N of what is missing": papers that were never asked about, or not lately, those in lists first, then those that
the classifier finds likely to belong in one. That a source does not know a paper is remembered like any answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Value, When
from django.utils import timezone

from ingest import pipeline, runs
from ingest.models import Enquiry, Run
from ingest.sources import semantic_scholar
from papers import catalog
from papers.models import IdentifierRow, Paper, Proposal
from papers.querysets import PaperQuerySet, standing
from papers.records import Identifier, PaperRecord, Rejected

SOURCE = semantic_scholar.SOURCE
AGAIN_AFTER = timedelta(days=30)
EVERY = timedelta(days=1)
MOST_A_DAY = 5_000  # papers that the schedule asks about: ten requests
_PROPOSED = Exists(Proposal.objects.filter(paper=OuterRef("pk")))
NO_KEY = "Nothing was asked: Semantic Scholar wants a key, and S2_API_KEY is not set."

Progress = Callable[[Run], None]


def is_due() -> bool:
    """Say whether the schedule is to enrich now; without a key there is nothing to do."""
    if not semantic_scholar.has_key() or runs.is_on_hold(Run.Kind.ENRICH, SOURCE):
        return False
    last = runs.newest(Run.Kind.ENRICH, SOURCE)
    return last is None or last.next_try is not None or timezone.now() - last.started_at >= EVERY


def enrich(limit: int | None = None, progress: Progress = runs.progress) -> Run:
    """Ask Semantic Scholar about up to `limit` papers that it was not asked about lately; return the run.

    Each answer of up to 500 papers is stored by itself, so work that is cut off is kept. Raise AlreadyRunning.
    """
    with runs.open(Run.Kind.ENRICH, SOURCE) as run:
        if not semantic_scholar.has_key():
            run.note = NO_KEY
            return run
        wanted = list(missing().values_list("pk", flat=True)[:limit])
        run.total = len(wanted)
        progress(run)
        known = 0
        for some in _parts(wanted):
            known += _ask(run, some)
            progress(run)
        run.note = f"Semantic Scholar knows {known} of {run.fetched} papers." if wanted else _nothing_missing()
        pipeline.tell_merges(run)
    return run


def enrich_proposed() -> None:
    """Ask about the papers that somebody put before curators, and that were never asked about; now, and with a key."""
    if semantic_scholar.has_key() and (count := missing().filter(_PROPOSED).count()):
        enrich(min(count, semantic_scholar.MOST_AT_ONCE))


def missing() -> PaperQuerySet:
    """Return the papers to ask about, in order: proposed, in lists, likely to belong in one, then the newest."""
    named = IdentifierRow.objects.filter(paper=OuterRef("pk"), scheme__in=semantic_scholar.SCHEMES)
    lately = Enquiry.objects.filter(paper=OuterRef("pk"), source=SOURCE, asked_at__gt=timezone.now() - AGAIN_AFTER)
    wanted = Case(
        When(_PROPOSED, then=Value(0)),
        When(standing("listed"), then=Value(1)),
        When(standing("likely"), then=Value(2)),
        default=Value(3),
    )
    found = Paper.objects.filter(Exists(named), ~Exists(lately))
    return found.order_by(wanted, F("published").desc(nulls_last=True), "-pk")


def _nothing_missing() -> str:
    if Enquiry.objects.filter(source=SOURCE).exists():
        return f"Nothing to ask: every paper was asked about in the last {AGAIN_AFTER.days} days."
    return "Nothing to ask: there is no paper with an identifier that Semantic Scholar knows."


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    size = semantic_scholar.MOST_AT_ONCE
    return [ids[first : first + size] for first in range(0, len(ids), size)]


def _ask(run: Run, ids: Sequence[int]) -> int:
    """Ask about some papers and store what came, in one transaction; return how many are known."""
    names = _names(ids)
    answers = dict(zip(names, semantic_scholar.batch(list(names.values())), strict=True)) if names else {}
    records = [answer for answer in answers.values() if isinstance(answer, PaperRecord)]
    rejected = [answer for answer in answers.values() if isinstance(answer, Rejected)]
    with transaction.atomic():
        result = catalog.upsert(records)
        _remember(ids, {pk for pk, answer in answers.items() if isinstance(answer, PaperRecord)})
        run.pages += 1
        run.fetched += len(ids)
        run.new += result.new
        run.changed += result.changed
        run.same += result.same
        pipeline.count_merges(run, result)
        runs.reject(run, [*rejected, *result.rejected])
        runs.save(run)
    return len(records)


def _names(ids: Sequence[int]) -> dict[int, Identifier]:
    """Return what each paper is asked for by, where there is anything: its arXiv id, else a DOI, else an ACL id."""
    order = list(semantic_scholar.SCHEMES)
    names: dict[int, Identifier] = {}
    for row in IdentifierRow.objects.filter(paper__in=ids, scheme__in=order).order_by("pk"):
        name, known = Identifier(row.scheme, row.value), names.get(row.paper_id)
        if semantic_scholar.can_name(name) and (known is None or order.index(name.scheme) < order.index(known.scheme)):
            names[row.paper_id] = name
    return names


def _remember(asked: Sequence[int], known: set[int]) -> None:
    """Note that these papers were asked about; one that was merged into another meanwhile is there no more."""
    now = timezone.now()
    there = Paper.objects.filter(pk__in=asked).order_by("pk").select_for_update(of=("self",), no_key=True)
    Enquiry.objects.bulk_create(
        [
            Enquiry(paper_id=pk, source=SOURCE, asked_at=now, known=pk in known)
            for pk in there.values_list("pk", flat=True)
        ],
        update_conflicts=True,
        unique_fields=["source", "paper"],
        update_fields=["asked_at", "known"],
    )
