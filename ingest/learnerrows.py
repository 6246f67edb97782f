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
from papers import review
from papers.models import PaperList

TOP = 500  # papers that a reader may look at right after a decision
MOST_SHOWN = 1000  # of those that stand at the top now, which may all have to go

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


def visible(paper_list: PaperList, answers: Answers, is_awaiting: NDArray[np.bool_]) -> Ints:
    """Return the rows of `answers` that decide what the queue shows down to some relevance, mostly TOP papers."""
    relevance = answers.relevance
    ahead = relevance[is_awaiting]
    stored = list(review.queue(paper_list).values_list("paper_id", "relevance")[:MOST_SHOWN])
    if len(ahead) <= TOP or not stored:
        return np.arange(len(relevance))
    line = float(np.partition(ahead, -TOP)[-TOP])
    if len(stored) == MOST_SHOWN:  # where relevance fell everywhere, fewer papers in time before all of them late
        line = max(line, stored[-1][1])
    shown = np.isin(answers.ids, [paper for paper, told in stored if told >= line])
    return np.flatnonzero(shown | (is_awaiting & (relevance >= line)))


def outdated(paper_list: PaperList, answers: Answers) -> Ints:
    """Return the rows of `answers` whose suggestions are another head's, the most relevant first."""
    sql = "SELECT paper_id FROM papers_suggestion WHERE list_id = %s AND head <> %s AND paper_id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [paper_list.pk, answers.head, answers.ids.tolist()])
        found = {paper for (paper,) in cursor.fetchall()}
    rows = np.flatnonzero(np.isin(answers.ids, list(found)))
    return rows[np.argsort(-answers.relevance[rows], kind="stable")]


def write(paper_list: PaperList, answers: Answers, rows: Ints) -> int:
    """Write these rows of the answers over the suggestions of the same texts; return how many were there.

    Nearest papers and telling terms stay as they were: they tell of the paper more than of one decision.
    """
    categories = dict(paper_list.categories.values_list("key", "pk"))
    keys = [name for name in answers.classes if name != OUT]
    columns = [answers.classes.index(name) for name in keys]
    best = answers.said[rows][:, columns].argmax(axis=1) if keys else np.zeros(len(rows), dtype=np.int64)
    told = [json.dumps(dict(zip(answers.classes, row, strict=True))) for row in answers.said[rows].tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH held AS MATERIALIZED (  -- in the order of everybody who writes many: no two wait for each other
                SELECT id FROM papers_suggestion WHERE list_id = %s AND paper_id = ANY(%s)
                ORDER BY paper_id FOR NO KEY UPDATE
            )
            UPDATE papers_suggestion AS suggestion
            SET head = %s, relevance = new.relevance, category_id = new.category,
                probabilities = new.probabilities::jsonb, made_at = now()
            FROM held, unnest(%s::bigint[], %s::text[], %s::float8[], %s::bigint[], %s::text[])
                AS new(paper, text_hash, relevance, category, probabilities)
            WHERE suggestion.id = held.id AND suggestion.paper_id = new.paper
                AND suggestion.text_hash = new.text_hash
            """,
            [
                paper_list.pk,
                answers.ids[rows].tolist(),
                answers.head,
                answers.ids[rows].tolist(),
                [answers.hashes[row] for row in rows],
                answers.relevance[rows].tolist(),
                [categories.get(keys[place]) if keys else None for place in best],
                told,
            ],
        )
        return int(cursor.rowcount)
