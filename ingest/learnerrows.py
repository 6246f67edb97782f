"""A head's answers -> rows: first what a reader can see, then the rest, always the newest head's.

A reader sees the queue from its top. What stands above the relevance `t` once everything is written, is what the new
head puts there; so where those that stand there now and those that will stand there are written in one transaction,
everything above `t` is in its final order at once, however many papers lie below.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingest.classifier.heads import OUT, Probabilities
from ingest.learning import DIGITS
from papers.models import PaperList

TOP = 500  # papers that a reader may look at right after a decision
MOST_SHOWN = 1000  # of those that stand at the top now, which may all have to go

LOOKED_AT = 50  # of the top, of which it is told what moved up

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """What a head says of papers."""

    head: str  # its name
    classes: tuple[str, ...]
    ids: Ints
    hashes: Sequence[str]  # of the texts it was said of
    said: Probabilities  # shape (papers, classes), rounded

    @property
    def relevance(self) -> NDArray[np.float64]:
        """Return of each paper the probability that it belongs in the list."""
        relevance: NDArray[np.float64] = np.clip(np.round(1.0 - self.said[:, self.classes.index(OUT)], DIGITS), 0, 1)
        return relevance


@dataclass(frozen=True)
class Visible:
    """What a reader of the queue sees of a head's answers, as rows of these."""

    shown: Ints  # what decides what the queue shows down to some relevance, mostly TOP papers
    others: Ints  # in descending relevance
    moved: Ints  # of the first LOOKED_AT papers those that stand higher than before, the first ones first


def visible(paper_list: PaperList, answers: Answers, is_awaiting: NDArray[np.bool_]) -> Visible:
    """Return what a reader sees; `is_awaiting` says of each row whether the queue holds it."""
    relevance = answers.relevance
    ahead = relevance[is_awaiting]
    if len(ahead) <= TOP:
        few = paper_list.suggestions.filter(paper__in=answers.ids[is_awaiting].tolist())
        before = dict(few.values_list("paper_id", "relevance"))
        standing = np.array([before.get(paper, -1.0) for paper in answers.ids.tolist()])
        moved = risen(answers.ids, standing, relevance, is_awaiting)
        return Visible(np.arange(len(relevance)), np.zeros(0, dtype=np.int64), moved)
    line = float(np.partition(ahead, -TOP)[-TOP])
    told = paper_list.suggestions.filter(relevance__gte=line).values_list("paper_id", "relevance")
    stored = dict(
        told
    )  # what was decided on is among it: a range of one index, where the queue is a join of four tables
    standing = np.array([stored.get(paper, -1.0) for paper in answers.ids.tolist()])
    standing[~is_awaiting] = -1.0
    moved = risen(answers.ids, standing, relevance, is_awaiting)
    if (standing >= line).sum() > MOST_SHOWN:  # relevance fell everywhere: fewer papers in time before all of them late
        line = float(np.partition(standing, -MOST_SHOWN)[-MOST_SHOWN])
    is_shown = is_awaiting & ((standing >= line) | (relevance >= line))
    others = np.flatnonzero(~is_shown)
    return Visible(np.flatnonzero(is_shown), others[np.argsort(-relevance[others], kind="stable")], moved)


def risen(ids: Ints, before: NDArray[np.float64], after: NDArray[np.float64], is_awaiting: NDArray[np.bool_]) -> Ints:
    """Return of the first LOOKED_AT rows by relevance those that have a better place than before, in order.

    `before` and `after` are relevances by row, before -1 where it is only known to be less than all others there. A
    place is one among what awaits a decision: where something before it was decided, nobody has moved.
    """
    first = _ranked(ids, after, is_awaiting)[:LOOKED_AT]
    known = _ranked(ids, before, is_awaiting & (before >= 0))
    places = np.full(len(ids), len(known))  # the best that an unknown one can have had
    places[known] = np.arange(len(known))
    return first[np.arange(len(first)) < places[first]]


def _ranked(ids: Ints, relevance: NDArray[np.float64], among: NDArray[np.bool_]) -> Ints:
    """Return rows as the queue orders them."""
    rows = np.flatnonzero(among)
    return rows[np.lexsort((ids[rows], -relevance[rows]))]


def write(paper_list: PaperList, answers: Answers, rows: Ints) -> int:
    """Write these rows of the answers over the suggestions of the same texts; return how many were there.

    Nearest papers and telling terms stay as they were: they tell of the paper more than of one decision.
    """
    categories = dict(paper_list.categories.values_list("key", "pk"))
    keys = [name for name in answers.classes if name != OUT]
    columns = [answers.classes.index(name) for name in keys]
    best = answers.said[rows][:, columns].argmax(axis=1) if keys else np.zeros(len(rows), dtype=np.int64)
    told = [
        {
            "paper": paper,
            "text_hash": answers.hashes[row],
            "relevance": relevance,
            "category": categories.get(keys[place]) if keys else None,
            "probabilities": dict(zip(answers.classes, said, strict=True)),
        }
        for row, paper, relevance, place, said in zip(
            rows.tolist(),
            answers.ids[rows].tolist(),
            answers.relevance[rows].tolist(),
            best.tolist(),
            answers.said[rows].tolist(),
            strict=True,
        )
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH new AS MATERIALIZED (  -- one text: quoting arrays of texts costs more than all else here
                SELECT * FROM json_to_recordset(%s) AS new(
                    paper bigint, text_hash text, relevance float8, category bigint, probabilities jsonb)
            ), held AS MATERIALIZED (  -- in the order of everybody who writes many: no two wait for each other
                SELECT id FROM papers_suggestion
                WHERE list_id = %s AND paper_id = ANY(ARRAY(SELECT paper FROM new))
                ORDER BY paper_id FOR NO KEY UPDATE
            )
            UPDATE papers_suggestion AS suggestion
            SET head = %s, relevance = new.relevance, category_id = new.category,
                probabilities = new.probabilities, made_at = now()
            FROM held, new
            WHERE suggestion.id = held.id AND suggestion.paper_id = new.paper
                AND suggestion.text_hash = new.text_hash
            """,
            [json.dumps(told), paper_list.pk, answers.head],
        )
        return int(cursor.rowcount)
