"""The classifier and papers of a file: `evaluate` scores labelled ones, `rank` orders any. Nothing is written.

Both ask the list's newest head, or one that is trained for the answer where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ingest import versions
from ingest.classifier import encoder as encoders
from ingest.classifier import evaluate as figures
from ingest.classifier import lexicon as lexicons
from ingest.classifier.encoder import Encoder
from ingest.classifier.examples import Examples, examples
from ingest.classifier.heads import OUT, Head
from ingest.classifier.labelled import LabelledPaper
from ingest.learning import RECIPE, Steps, best_category, features, learn, no_categories
from papers.models import PaperList

IN_MEMORY = "in memory"  # the name of a head that is not stored


class NothingToLearn(Exception):
    """The list has no categories, so there is nothing to tell apart."""


def evaluate(
    paper_list: PaperList,
    papers: Sequence[LabelledPaper],
    steps: Steps = lambda *_: None,
    among: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the figures of the current head (or one trained now) on labelled papers, as JSON values.

    Papers that the head has learned from are told by heads that learned all but that one; the figures say how many.
    Every paper must have a label that is one of the list's classes.
    """
    encoder = encoders.load()
    found = examples(paper_list, encoder.name, RECIPE.seed)
    if found.classes == (OUT,):
        raise NothingToLearn(no_categories(paper_list))
    stored = _stored_head(paper_list, encoder)
    if stored and stored[1].classes != found.classes:
        stored = None  # the list's categories changed since: it cannot give the labels asked for
    texts = [paper.text for paper in papers]
    own = features(texts, encoder, steps)
    keys = [_key(paper, found, stored[1] if stored else None) for paper in papers]
    learned = learn(found, encoder, steps) if any(keys) or stored is None else None
    if stored is None:
        assert learned is not None
        stored = IN_MEMORY, learned.head
    name, head = stored
    said = head.probabilities(own)
    for row, key in enumerate(keys):
        if key and learned is not None:  # one that only the stored head has seen, the new one has not
            one = own[row : row + 1]
            said[row] = (learned.without(key, one) if key in learned.keys else learned.head.probabilities(one))[0]
    seen = sum(key != "" for key in keys)
    return {
        "list": paper_list.slug,
        "head": name,
        "encoder": encoder.name,
        "papers": len(papers),
        "out_of_fold": seen,
        "unseen": len(papers) - seen,
        **figures.score([str(paper.label) for paper in papers], said, head.classes, head.sure_from, among),
    }


def rank(paper_list: PaperList, papers: Sequence[LabelledPaper], steps: Steps = lambda *_: None) -> dict[str, Any]:
    """Return the papers by descending relevance, as the current head (or one trained now) sees them, as JSON values."""
    encoder = encoders.load()
    name, head = _stored_head(paper_list, encoder) or (
        IN_MEMORY,
        _train_in_memory(paper_list, encoder, steps),
    )
    texts = [paper.text for paper in papers]
    said = head.probabilities(features(texts, encoder, steps))
    relevance = 1.0 - said[:, head.classes.index(OUT)]
    order = np.argsort(-relevance, kind="stable")
    return {
        "list": paper_list.slug,
        "head": name,
        "encoder": encoder.name,
        "papers": [
            {
                "rank": place,
                "arxiv_id": papers[index].name,
                "title": papers[index].record.title,
                "relevance": float(relevance[index]),
                "category": best_category(said[index], head.classes),
                "probabilities": dict(zip(head.classes, said[index].tolist(), strict=True)),
            }
            for place, index in enumerate(order, start=1)
        ],
    }


def _stored_head(paper_list: PaperList, encoder: Encoder) -> tuple[str, Head] | None:
    """Return (name, head) of the list's newest head, unless there is none or it understands other vectors."""
    try:
        row, head = versions.current(paper_list)
    except versions.NoHead:
        return None
    understands = (head.encoder, head.lexicon) == (encoder.name, lexicons.load().name)
    return (row.name, head) if understands else None


def _train_in_memory(paper_list: PaperList, encoder: Encoder, steps: Steps) -> Head:
    found = examples(paper_list, encoder.name, RECIPE.seed)
    if found.classes == (OUT,):
        raise NothingToLearn(no_categories(paper_list))
    return learn(found, encoder, steps).head


def _key(paper: LabelledPaper, found: Examples, head: Head | None) -> str:
    """Return the key under which the paper taught the head or would teach the next one; "" if it never did."""
    if key := found.key(paper.record.identifiers, paper.record.title):
        return key
    names = [f"{scheme}:{value}" for scheme, value in paper.record.identifiers]
    return next((name for name in names if head is not None and name in head.learned_from), "")
