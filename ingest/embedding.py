"""Embed: the stage that gives papers the vectors which the classifier and "related papers" read.

"Do up to N of what is missing": safe to repeat, safe to stop anywhere, and any number of processes may do it at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import numpy as np
from django.db import transaction

from ingest import claims, runs
from ingest.classifier import encoder as encoders
from ingest.classifier.encoder import Encoder, Vectors
from ingest.models import Run
from papers import vectors
from papers.models import Embedding, Paper
from papers.querysets import PaperQuerySet
from papers.records import Rejected

log = logging.getLogger(__name__)

WELL_KNOWN = "Attention is all you need."  # what every encoder can encode

Progress = Callable[[Run], None]


def is_due() -> bool:
    """Say whether a paper that nobody has in hand lacks a vector of its current text, and the work is not on hold.

    Which one it lacks only a loaded encoder could tell; so where the settings ask for another encoder than the last
    one that came to an end, all papers are taken to lack its vectors.
    """
    last = Run.objects.filter(kind=Run.Kind.EMBED, state=Run.State.DONE).first()
    is_another = last is not None and last.subject != encoders.wanted()
    lacking = Paper.objects.all() if is_another else Paper.objects.without_any_embedding()
    return claims.is_free(Run.Kind.EMBED, lacking) and not runs.is_on_hold(Run.Kind.EMBED, encoders.wanted())


def embed(limit: int | None = None, progress: Progress = runs.progress) -> Run:
    """Give up to `limit` papers the vector that their current text lacks; return the run.

    Any number of processes may do this at once: each takes a chunk of papers in hand, encodes them, and stores the
    vectors. A paper that the encoder fails on is parked with its error, and all others get their vectors.
    """
    with runs.open(Run.Kind.EMBED, encoders.wanted()) as run:
        encoder = encoders.load()
        lacking = Paper.objects.without_embedding(encoder.name)
        run.total = lacking.count() if limit is None else min(limit, lacking.count())
        progress(run)
        for chunk in _in_hand(run, lacking, limit, encoder.chunk):
            _embed(run, encoder, chunk)
            progress(run)
        run.note = f"Encoder {encoder.name}."
        if run.rejected:
            run.note += f" {run.rejected} papers could not be encoded and are parked."
    return run


def _in_hand(run: Run, lacking: PaperQuerySet, limit: int | None, size: int) -> Iterator[list[Paper]]:
    """Yield chunks of papers that this process alone works on, then the suspects one by one.

    By key, not "the first that lack one": a paper whose text changes meanwhile is met once, not for ever.
    """
    after = 0
    while chunk := claims.take(Run.Kind.EMBED, lacking.filter(pk__gt=after), runs.room(run, limit, size)):
        yield chunk
        after = chunk[-1].pk
    met: list[int] = []
    while runs.room(run, limit, 1) and (suspect := claims.take_suspect(Run.Kind.EMBED, lacking.exclude(pk__in=met))):
        yield [suspect]
        met.append(suspect.pk)


def _embed(run: Run, encoder: Encoder, papers: list[Paper]) -> None:
    """Encode and store papers in hand; where that fails try them one by one, and park the one it fails on."""
    with claims.held(Run.Kind.EMBED, papers):
        try:
            _store_vectors(run, encoder, papers, encoder.encode([paper.text for paper in papers]))
        except runs.NOT_THE_WORK:
            raise
        except Exception as error:
            if len(papers) > 1:
                log.warning("encoding %s papers at once failed, so one by one: %s", len(papers), error)
                for paper in papers:
                    _embed(run, encoder, [paper])
                return
            encoder.encode([WELL_KNOWN])  # where this fails, too, it is not the paper
            claims.park(Run.Kind.EMBED, papers[0], f"{type(error).__name__}: {error}")
            runs.reject(run, [Rejected(papers[0].title[:80], f"{type(error).__name__}: {error}")])
            run.fetched += 1


@transaction.atomic
def _store_vectors(run: Run, encoder: Encoder, papers: list[Paper], found: Vectors) -> None:
    by_id = dict(zip([paper.pk for paper in papers], found, strict=True))
    still = claims.finish(Run.Kind.EMBED, papers)  # one may have been merged into another meanwhile
    known = Embedding.objects.filter(encoder=encoder.name, paper__in=still).count()
    vectors.store(encoder.name, still, np.stack([by_id[paper.pk] for paper in still]) if still else found[:0])
    run.pages += 1
    run.fetched += len(papers)
    run.changed += known
    run.new += len(still) - known
    runs.save(run)
