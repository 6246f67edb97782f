"""Places of papers in the plane: which layout is in force, who lacks a place, and writing them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from numpy.typing import NDArray

from papers import merging
from papers.models import Embedding, Layout, Paper, Place
from papers.querysets import PaperQuerySet

Places = NDArray[np.float64]  # shape (papers, 2)


def current() -> Layout | None:
    """Return the layout that is shown, without its arrays; None before the first one is ready."""
    return Layout.objects.filter(is_ready=True).defer("arrays").first()


def latest_encoder() -> str | None:
    """Return the encoder that looked at a paper last, None before any did."""
    return Embedding.objects.order_by("-pk").values_list("encoder", flat=True).first()


def unplaced(layout: Layout) -> PaperQuerySet:
    """Return the papers whose current text has no place in the layout."""
    own = Place.objects.filter(layout=layout, paper=OuterRef("pk"), text_hash=OuterRef("text_hash"))
    return Paper.objects.filter(~Exists(own))


def known(layout: Layout, papers: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Return where those of the papers stand that have a place, by key."""
    rows = Place.objects.filter(layout=layout, paper__in=papers).values_list("paper", "x", "y")
    return {paper: (x, y) for paper, x, y in rows}


def store(layout: Layout, papers: Sequence[Paper], where: Places, regions: Sequence[int]) -> int:
    """Write where papers stand; return how many were written.

    A paper that was merged into another one meanwhile is left out: the other has a place of its own.
    """
    with transaction.atomic():
        held = merging.hold([paper.pk for paper in papers])
        rows = [
            Place(layout=layout, paper=paper, text_hash=paper.text_hash, x=x, y=y, region=region)
            for paper, (x, y), region in zip(papers, where.tolist(), regions, strict=True)
            if held.get(paper.pk) == paper.pk
        ]
        Place.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["layout", "paper"],
            update_fields=["text_hash", "x", "y", "region"],
        )
        Layout.objects.filter(pk=layout.pk).update(changed_at=timezone.now())
    return len(rows)


@transaction.atomic
def show(layout: Layout) -> None:
    """Put a layout in force; those before it are gone, and their places with them."""
    Layout.objects.filter(pk=layout.pk).update(is_ready=True)
    Layout.objects.exclude(pk=layout.pk).delete()
    layout.is_ready = True
