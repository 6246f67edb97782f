"""Papers in hand: how several workers share out the papers of one stage, whatever happens to any of them.

A worker takes papers by writing claims, in a short transaction, works on them, and stores what it made in the
transaction that deletes the claims. A claim is good until its time is over, so those of a dead worker free
themselves. Papers that were in hand when a worker died are taken one at a time, after all others: if one of them
kills again, it is known which. After `MOST_DEATHS` it is parked, and only a person has it tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from ingest.models import Claim
from ingest.runs import MOST_DEATHS
from papers.models import Paper

log = logging.getLogger(__name__)

GOOD_FOR = timedelta(seconds=60)
RENEWED_EVERY = 20.0  # seconds, while the work on them goes on
KEPT_ERROR = 2000  # characters

_TABLE = Claim._meta.db_table


def take(stage: str, papers: QuerySet[Paper], most: int) -> list[Paper]:
    """Take up to `most` of these papers in hand, the first by key that nobody has had yet; none are left when empty."""
    claims = Claim.objects.filter(stage=stage, paper=OuterRef("pk"))
    return _take(stage, papers.filter(~Exists(claims)).order_by("pk"), most)


def take_suspect(stage: str, papers: QuerySet[Paper]) -> Paper | None:
    """Take one of these papers that was in hand when a worker died, the least suspicious first; None without any."""
    park_the_deadly(stage)
    claims = Claim.objects.filter(stage=stage, paper=OuterRef("pk"), parked=False, until__lt=Now())
    suspects = papers.annotate(attempts=claims.values("attempts")[:1]).filter(attempts__isnull=False)
    return next(iter(_take(stage, suspects.order_by("attempts", "pk"), 1)), None)


def is_free(stage: str, papers: QuerySet[Paper]) -> bool:
    """Say whether one of these papers could be taken now."""
    taken = Claim.objects.filter(stage=stage, paper=OuterRef("pk")).filter(Q(parked=True) | Q(until__gt=Now()))
    return papers.filter(~Exists(taken)).exists()


@contextmanager
def held(stage: str, papers: Sequence[Paper]) -> Iterator[None]:
    """Keep the claims on papers good while the block works on them; give them back if it is stopped.

    A block that is left by an exception did not die: its papers can be taken at once, and are no suspects.
    """
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(stage, [paper.pk for paper in papers], done), daemon=True)
    renewing.start()
    try:
        yield
    except BaseException:
        _give_back(stage, papers)
        raise
    finally:
        done.set()


def finish(stage: str, papers: Sequence[Paper]) -> list[Paper]:
    """Delete the claims in the transaction that stores the work; return the papers that still exist, locked."""
    Claim.objects.filter(stage=stage, paper__in=papers, parked=False).delete()
    rows = Paper.objects.filter(pk__in=[paper.pk for paper in papers]).order_by("pk").select_for_update(no_key=True)
    still = set(rows.values_list("pk", flat=True))
    return [paper for paper in papers if paper.pk in still]


def park(stage: str, paper: Paper, error: str) -> None:
    """Leave a paper out until a person has it tried again, and say why."""
    Claim.objects.filter(stage=stage, paper=paper).update(parked=True, until=Now(), error=error[:KEPT_ERROR])
    log.error("%s of paper %s is parked: %s", stage, paper.pk, error)


def park_the_deadly(stage: str) -> int:
    """Park the papers whose third worker died of them; return how many."""
    dead = Claim.objects.filter(stage=stage, parked=False, attempts__gte=MOST_DEATHS, until__lt=Now())
    return dead.update(parked=True, error=f"{MOST_DEATHS} processes in a row died with this paper in hand.")


def parked(stage: str = "") -> QuerySet[Claim]:
    """Return the claims of papers that are left out, newest first; of one stage if it is named."""
    found = Claim.objects.filter(parked=True).select_related("paper").order_by("-until", "-pk")
    return found.filter(stage=stage) if stage else found


def replay(chosen: QuerySet[Claim]) -> int:
    """Let parked papers be taken again, as if nothing had happened; return how many.

    `catch_up` takes them within a minute or so; whoever cannot wait sends the task of the stage.
    """
    return chosen.filter(parked=True).delete()[0]


def _take(stage: str, papers: QuerySet[Paper], most: int) -> list[Paper]:
    """Claim the first of these papers that nobody else claims at this moment."""
    papers = papers.only("title", "abstract", "text_hash").select_for_update(
        skip_locked=True, no_key=True, of=("self",)
    )
    while True:
        with transaction.atomic():
            chosen = list(papers[:most])  # rows that another worker is just taking are passed over
            # What it took a moment ago may still look free to that statement, so the claim decides: nobody gets
            # one that another holds. Who gets none of the chosen looks again, and sees those claims.
            got = _claim(stage, [paper.pk for paper in chosen])
        if got or not chosen:
            return [paper for paper in chosen if paper.pk in got]


def _claim(stage: str, papers: list[int]) -> set[int]:
    """Write a claim for each of these papers that nobody holds; return which."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} AS held (stage, paper_id, until, attempts, parked, error)"  # noqa: S608
            " SELECT %(stage)s, paper, clock_timestamp() + %(seconds)s * interval '1 second', 1, false, ''"
            " FROM unnest(%(papers)s::bigint[]) AS paper ORDER BY paper"
            " ON CONFLICT (stage, paper_id) DO UPDATE SET until = EXCLUDED.until, attempts = held.attempts + 1"
            " WHERE held.until < clock_timestamp() AND NOT held.parked RETURNING paper_id",
            {"stage": stage, "seconds": GOOD_FOR.total_seconds(), "papers": papers},
        )
        return {row[0] for row in cursor.fetchall()}


def _renew(stage: str, papers: list[int], done: threading.Event) -> None:
    """Lengthen the claims now and then until it is done; in a thread with a connection of its own."""
    try:
        while not done.wait(RENEWED_EVERY):
            held = Claim.objects.filter(stage=stage, paper__in=papers, parked=False)
            try:
                held.update(until=Now() + GOOD_FOR)
            except DatabaseError as error:
                log.warning("claims could not be renewed: %s", error)
                connection.close()
    finally:
        connection.close()


def _give_back(stage: str, papers: Sequence[Paper]) -> None:
    """Undo the taking of papers that are not stored yet."""
    mine = Claim.objects.filter(stage=stage, paper__in=papers, parked=False)
    try:
        with transaction.atomic():
            mine.filter(attempts__lte=1).delete()
            mine.update(attempts=F("attempts") - 1, until=Now())
    except DatabaseError as error:  # then their time frees them
        log.warning("claims could not be given back: %s", error)
