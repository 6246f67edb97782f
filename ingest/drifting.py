"""Whether a list's stream has drifted from what its head knows: looked at when new papers were classified.

What was found stands in the run of that classification, so it costs a page one query and no vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import numpy as np
from django.utils import timezone

from ingest import models
from ingest.classifier import drift
from ingest.classifier.drift import Drift
from ingest.classifier.features import Floats
from ingest.classifier.heads import Head
from ingest.models import Run
from papers import vectors
from papers.models import Paper, PaperList

NEW = timedelta(days=14)  # since a paper came
MOST_NEW = 1000  # that are looked at, evenly chosen
MOST_BEFORE = 2000  # the newest
LOOKED_BACK = 20_000  # papers: what came in 14 days is among the newest so many
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, when, and the strangest of the new papers."""

    drift: Drift
    looked_at: datetime
    strangest: tuple[int, ...]  # papers, the strangest first

    @property
    def share(self) -> float:
        """How much of what is new is strange."""
        return self.drift.strange / self.drift.new

    @property
    def share_before(self) -> float:
        """How much would be, if nothing had changed."""
        return self.drift.expected / self.drift.new


def look(paper_list: PaperList, head: Head) -> dict[str, Any]:
    """Compare the papers of the last days with those before, as the head knows them; return JSON values for a run.

    Empty where there are too few. Takes about half a second.
    """
    stream = Paper.objects.not_listed_in(paper_list).order_by("-pk")  # as they came
    newest = list(stream.values_list("pk", "added_at")[:LOOKED_BACK])
    since = timezone.now() - NEW
    new = [paper for paper, came in newest if came >= since]
    before = [paper for paper, came in newest if came < since][:MOST_BEFORE]
    new = new[:: ceil(len(new) / MOST_NEW) or 1]
    ids, known = _known(new, head)
    found = drift.drift(known, _known(before, head)[1])
    if found is None:
        return {}
    strangest = np.argsort(known, kind="stable")[: min(MOST_SHOWN, found.strange)]
    return {"drift": asdict(found) | {"strangest": [ids[place] for place in strangest]}}


def in_words(details: dict[str, Any]) -> str:
    """Return what a run should say of it; "" when nothing has changed."""
    told = details.get("drift")
    if not told or told["chance"] > drift.ALARM:
        return ""
    return f"The stream has changed: {told['strange']} of {told['new']} new papers are unlike anything it learned."


def newest(paper_list: PaperList) -> Finding | None:
    """Return what was found last; None where nobody could tell yet."""
    return _newest([paper_list.slug]).get(paper_list.slug)


def tell(heads: Iterable[models.Head]) -> None:
    """Give each head that is in use, in `drift`, what was found last of its list, others None; in one query."""
    rows = list(heads)
    found = _newest([head.list.slug for head in rows])
    for head in rows:
        head.drift = found.get(head.list.slug) if head.in_use else None  # type: ignore[attr-defined]


def _newest(slugs: Iterable[str]) -> dict[str, Finding]:
    runs = (
        Run.objects.filter(kind=Run.Kind.CLASSIFY, subject__in=set(slugs), details__has_key="drift")
        .order_by("subject", "-id")
        .distinct("subject")
    )
    return {run.subject: _finding(run) for run in runs.only("subject", "details", "started_at")}


def _finding(run: Run) -> Finding:
    told = dict(run.details["drift"])
    strangest = tuple(told.pop("strangest"))
    return Finding(Drift(**told), run.started_at, strangest)


def _known(papers: list[int], head: Head) -> tuple[list[int], Floats]:
    """Return (the papers that have a vector, how like each one's nearest example is)."""
    ids, meaning = vectors.matrix(vectors.current(Paper.objects.filter(pk__in=papers), head.encoder))
    return ids, drift.likeness(meaning, head.examples.meaning)
