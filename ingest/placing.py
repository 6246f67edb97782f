"""Place: the stage that gives papers their places on the map of the field.

"Do up to N of what is missing": safe to repeat and to stop anywhere. A layout is fitted when an encoder has none yet,
when a person asks, and a few times while the catalogue is small and grows many times over; all that comes later is
placed by it, so that a map is the same from day to day.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
from django.db.models import CharField, Func, Q, QuerySet, Value
from django.db.models.functions import Cast

from ingest import embedding, regions, runs
from ingest.models import Run
from ingest.projection import Projection, fit
from papers import places, vectors
from papers.models import Entry, Layout, Paper, Suggestion
from papers.querysets import LIKELY

FEWEST = 30  # papers with a vector, for which a map is worth drawing
MOST_LANDMARKS = 3000  # t-SNE of so many takes half a minute on one core
MOST_LISTED = 2000  # of the landmarks: the rest shows what the lists stand among
GROWN = 4  # times the papers that a layout was fitted on: no picture of the field, if those were few
CHUNK = 1000

Progress = Callable[[Run], None]


def is_due() -> bool:
    """Say whether a paper with a vector lacks a place, or the map its layout, and the work is not on hold.

    A layout is fitted once all papers have a vector: the first that come are no picture of the field.
    """
    encoder = places.latest_encoder()
    if encoder is None or runs.is_on_hold(Run.Kind.PLACE, encoder):
        return False
    layout = Layout.objects.filter(encoder=encoder).defer("arrays").first()
    if layout is not None:
        is_missing = not layout.is_ready or vectors.current(places.unplaced(layout), encoder).exists()
        return is_missing or is_outgrown(layout)
    return vectors.current(Paper.objects.all(), encoder)[FEWEST - 1 : FEWEST].exists() and not embedding.is_due()


def is_outgrown(layout: Layout) -> bool:
    """Say whether a layout was fitted on so few papers, of so many by now, that it is fitted anew by itself.

    A first layout knows the first hundred papers of an installation. One that had as many as there are landmarks is
    kept: at most four times in its life a map settles anew, and moves little then (docs/map.md).
    """
    if layout.papers >= MOST_LANDMARKS or not layout.is_ready:
        return False
    most = GROWN * layout.papers
    return vectors.current(Paper.objects.all(), layout.encoder)[most - 1 : most].exists() and not embedding.is_due()


def place(limit: int | None = None, refit: bool = False, progress: Progress = runs.progress) -> Run:
    """Give up to `limit` papers their places, fitting a layout where there is none or anew; return the run."""
    encoder = places.latest_encoder() or ""
    with runs.open(Run.Kind.PLACE, encoder) as run:
        layout = Layout.objects.filter(encoder=encoder).first()
        if layout is not None and (refit or is_outgrown(layout)):
            layout = None
        if layout is None and (layout := _fitted(encoder)) is None:
            run.note = f"A map needs {FEWEST} papers with a vector: embed first."
            return run
        projection = Projection.load(layout.arrays)
        middles = np.array([[each["x"], each["y"]] for each in layout.regions])
        lacking = vectors.current(places.unplaced(layout), encoder)
        run.total = lacking.count() if limit is None else min(limit, lacking.count())
        progress(run)
        after = 0
        while size := runs.room(run, limit, CHUNK):
            ids, own = vectors.matrix(lacking.filter(paper_id__gt=after)[:size])
            if not ids:
                break
            papers = Paper.objects.only("text_hash").in_bulk(ids)
            where = projection.place(own)
            run.new += places.store(
                layout, [papers[pk] for pk in ids], where, regions.region_of(where, middles).tolist()
            )
            run.pages += 1
            run.fetched += len(ids)
            after = ids[-1]
            progress(run)
        if not layout.is_ready and not lacking.exists():
            places.show(layout)
        run.note = f"Layout {layout.pk}, fitted on {len(projection.landmarks)} of {layout.papers} papers."
    return run


def _fitted(encoder: str) -> Layout | None:
    """Fit and keep a layout for the vectors of this encoder, upon the one in force; None for too few papers."""
    everything = vectors.current(Paper.objects.all(), encoder)
    ids, own = vectors.matrix(vectors.current(_landmarks(encoder), encoder))
    if len(ids) < FEWEST:
        return None
    known = Paper.objects.only("title", "abstract").in_bulk(ids)
    category = _categories(ids)
    former = places.current()
    was = places.known(former, ids) if former is not None else {}
    start = np.array([was.get(pk, (np.nan, np.nan)) for pk in ids]) if was else None
    projection = fit(own, [category.get(pk) for pk in ids], start)
    found = regions.regions(projection.places, [known[pk].text for pk in ids])
    return Layout.objects.create(
        encoder=encoder,
        arrays=projection.save(),
        regions=[each.stored for each in found],
        papers=everything.count(),
    )


def _landmarks(encoder: str) -> QuerySet[Paper]:
    """Return the papers that a layout is fitted on: listed ones, likely ones, and of the rest whatever falls out.

    Drawn by a digest of their keys, so the same papers give the same layout.
    """
    with_vector = Paper.objects.filter(pk__in=vectors.current(Paper.objects.all(), encoder).values("paper"))
    drawn = Func(
        Cast("pk", CharField()), Value("map"), function="md5", template="md5(%(expressions)s)", arg_joiner="||"
    )
    with_vector = with_vector.order_by(drawn)
    listed, likely = (
        Q(pk__in=Entry.objects.values("paper")),
        Q(pk__in=Suggestion.objects.filter(relevance__gte=LIKELY).values("paper")),
    )
    chosen = list(with_vector.filter(listed).values_list("pk", flat=True)[:MOST_LISTED])
    for others in (with_vector.filter(~listed & likely), with_vector.filter(~listed & ~likely)):
        chosen = list(chain(chosen, others.values_list("pk", flat=True)[: MOST_LANDMARKS - len(chosen)]))
    return Paper.objects.filter(pk__in=chosen)


def _categories(ids: list[int]) -> dict[int, str]:
    """Return a category of each listed paper, by the paper's key; categories of two lists are never one."""
    rows = Entry.objects.filter(paper__in=ids).order_by("-pk").values_list("paper", "category")
    return {paper: str(category) for paper, category in rows}
