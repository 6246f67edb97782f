"""What the learner holds of one list: its examples with their equations solved, and the papers that await a decision.

A decision changes the examples of one paper. They are gathered anew for that paper alone, by the rules by which all
are gathered, and what differs is added and removed; the head that follows is the one that training anew would give.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from ingest import learnerrows, models, versions
from ingest.classifier import lexicon as lexicons
from ingest.classifier import training
from ingest.classifier.equations import Equations
from ingest.classifier.examples import ENOUGH_OUT, Example, Examples, examples, name_of_title, names_of, of_papers
from ingest.classifier.features import Features
from ingest.classifier.heads import OUT, Base, Probabilities
from ingest.learnerpending import Pending
from ingest.learnerrows import Answers, Ints
from ingest.learning import DIGITS
from papers import identity, review, vectors
from papers.models import Paper, PaperList

MOST_PENDING = 20_000  # the most relevant; what lies below is classified by a worker, in its own time
MOST_CHANGES = 100  # examples that change at once: for more, starting anew is quicker
LOOKED_THROUGH_EVERY = 300.0  # seconds: of 100,000 papers it takes half of one, which a decision would wait for
CHUNK = 2000  # papers read at once
SLACK = timedelta(minutes=2)  # a decision bears the time at which its transaction began, and is seen at its end

# Whose rows are not gathered by paper: a background keeps off the papers that people have spoken on.
FILLING = ("background", "sample")


class CannotLearn(Exception):
    """Not without an encoder, or not without starting anew: a worker has to train."""


@dataclass(frozen=True)
class Lesson:
    """What a decision came to."""

    version: models.Head
    examples: Examples
    held_out: Probabilities  # of each example, what a head that had not seen it says
    sure_from: float
    answers: Answers
    unwritten: Ints  # rows of the answers, the most relevant first: what a reader can see is written


class ListState:
    """One list, ready to learn from its next decision."""

    def __init__(self, paper_list: PaperList) -> None:
        """Read everything; raise NoHead, HeadError, or CannotLearn where something has no vector yet."""
        self.list = paper_list
        self._seen_until = timezone.now()
        self._heeded = set(self._signs())  # before all is read: what comes in between is looked at twice
        self.version, head = versions.current(paper_list)
        self._lexicon = lexicons.load()
        if head.lexicon != self._lexicon.name:
            raise CannotLearn("its head knows other words")
        self._encoder = head.encoder
        found = examples(paper_list, head.encoder, training.RECIPE.seed)
        if found.classes == (OUT,):
            raise CannotLearn("it has no categories")
        # Learned, and by no version: what was decided since the newest one.
        digest = found.hash(head.encoder, self._lexicon.name, training.RECIPE)
        self._is_ahead = digest != self.version.examples_hash
        self._base = Base.load(self.version.base.arrays) if self.version.base is not None else head.base
        self._taught = head.examples
        self._known = {text: row for row, text in enumerate(head.texts)}
        self._pending = Pending(training.RECIPE)
        features = self._features(found.rows)
        self._equations = Equations(found.classes, found.rows, features, training.RECIPE)
        self._filling = [row for row in found.rows if row.kind in FILLING]
        self._evidence = list(paper_list.evidence.order_by("pk"))
        self._titles = {name_of_title(row.title): row.key for row in self._evidence}
        self._titles |= {name_of_title(row.text): row.key for row in self._filling if row.kind == "background"}
        self._head = head
        self._decided: set[int] = set()  # of those that were in the queue
        self._is_enough = self._has_enough_out()
        self._newest = 0  # of the suggestions that were seen
        self._looked_through_at = -math.inf
        self.refresh()

    def refresh(self) -> None:
        """Take in the papers that came to the queue meanwhile: each time the new ones, now and then any.

        What comes back is no new suggestion: a deferral that is over, a rejected paper with news.
        """
        queue, now = review.queue(self.list), time.monotonic()
        if now - self._looked_through_at < LOOKED_THROUGH_EVERY:
            queue = queue.filter(pk__gt=self._newest)
        else:
            self._looked_through_at = now
        queued = dict(queue.values_list("paper_id", "pk")[:MOST_PENDING])
        self._newest = max(self._newest, *queued.values(), 0)
        self._join([paper for paper in queued if paper not in self._pending.row_of])

    def learn(self) -> Lesson | None:
        """Learn what was decided since the last time and write what a reader can see; return None without news.

        Raise CannotLearn where the change is larger than what decisions do, or needs an encoder.
        """
        began = timezone.now()
        signs = self._signs()
        touched = {paper for sign, paper in signs.items() if sign not in self._heeded}
        if not self._update(touched) and not self._is_ahead:
            self._seen_until, self._heeded = began, set(signs)
            return None
        learned = training.conclude(self._equations, self._encoder, self._lexicon.name, self._head)
        self._head = learned.head
        self._join([paper for paper in touched if paper not in self._pending.row_of])
        awaiting = set(Paper.objects.awaiting_review(self.list).filter(pk__in=touched).values_list("pk", flat=True))
        self._decided = (self._decided | touched) - awaiting
        said = np.round(self._pending.probabilities(learned.head), DIGITS)
        ids = np.array(self._pending.ids, dtype=np.int64)
        is_awaiting = ~np.isin(ids, list(self._decided))
        with transaction.atomic():
            version = versions.keep(self.list, learned.head, "", {}, began, self._base)
            assert version is not None
            answers = Answers(version.name, learned.head.classes, ids, self._pending.hashes, said)
            seen = learnerrows.visible(self.list, answers, is_awaiting)
            learnerrows.write(self.list, answers, seen.shown)
            versions.tell_moved(version, ids[seen.moved].tolist())
        self.version, self._is_ahead = version, False
        self._seen_until, self._heeded = began, set(signs)
        told = Examples(learned.head.classes, tuple(self._equations.rows), {})
        held_out = learned.head.calibrated(learned.held_out)
        return Lesson(version, told, held_out, learned.head.sure_from, answers, seen.others)

    def _signs(self) -> dict[tuple[str, object], int]:
        """Return what may have changed an example lately, each sign with its paper."""
        since: datetime = self._seen_until - SLACK
        decided = self.list.decisions.filter(at__gt=since).values_list("pk", "paper_id")
        changed = self.list.changes.filter(at__gt=since, paper__isnull=False).values_list("pk", "paper_id")
        retold = Paper.objects.listed_in(self.list).filter(changed_at__gt=since).values_list("changed_at", "pk")
        told = (("decision", decided), ("change", changed), ("text", retold))
        return {(kind, (mark, paper)): paper for kind, rows in told for mark, paper in rows if paper is not None}

    def _update(self, papers: set[int]) -> bool:
        """Bring the examples of these papers up to date; return whether any changed."""
        names = names_of(papers)
        keys = names | {self._titles[name] for name in names if name in self._titles}
        evidence = [row for row in self._evidence if row.key in keys]
        found = of_papers(self.list, papers, evidence)
        if found.classes != self._equations.classes:
            raise CannotLearn("its categories changed")
        wanted = list(found.rows)
        if not self._is_enough:
            told = {row.key for row in wanted}
            wanted += [row for row in self._filling if row.key in keys and row.key not in told and self._is_open(row)]
        there = {
            _sense(row): place
            for place, row in enumerate(self._equations.rows)
            if row.key and (row.key in keys or row.paper in papers)
        }
        asked = {_sense(row): row for row in wanted}
        gone = sorted((place for sense, place in there.items() if sense not in asked), reverse=True)
        new = [row for sense, row in asked.items() if sense not in there]
        if len(gone) + len(new) > MOST_CHANGES:
            raise CannotLearn("too much changed at once")
        features = self._features(new)
        for place in gone:  # from the end, since the last one takes the place of one that goes
            self._equations.remove(place)
            self._pending.remove_example(place)
        for row, example in enumerate(new):
            one = features[row : row + 1]
            self._equations.add(example, one)
            self._pending.add_example(one.halved())
        if self._has_enough_out() != self._is_enough:
            raise CannotLearn("the background comes or goes")
        return bool(gone or new)

    def _is_open(self, row: Example) -> bool:
        """Say whether nobody has decided on a paper of the background: then it is one of it again."""
        scheme, _, value = row.key.partition(":")
        reviews = self.list.reviews.filter(paper__identifiers__scheme=scheme, paper__identifiers__value=value)
        return not reviews.exclude(state="open").exists()

    def _has_enough_out(self) -> bool:
        return sum(row.label == OUT and row.kind not in FILLING for row in self._equations.rows) >= ENOUGH_OUT

    def _features(self, rows: Sequence[Example]) -> Features:
        """Return the two views of examples, from what is stored; raise CannotLearn where an encoder is needed."""
        dimensions = self._taught.meaning.shape[1]
        found = Features(
            np.zeros((len(rows), dimensions), np.float32), np.zeros((len(rows), self._lexicon.dimensions), np.float32)
        )
        hashes = [identity.text_hash(row.text) for row in rows]
        unknown = []
        for place, (row, text_hash) in enumerate(zip(rows, hashes, strict=True)):
            known = row.evidence
            if known is not None and (known.encoder, known.lexicon) == (self._encoder, self._lexicon.name):
                found.meaning[place] = np.frombuffer(known.meaning, np.float16)
                found.words[place] = np.frombuffer(known.words, np.float16)
            elif row.paper is not None and (own := self._pending.features(row.paper, text_hash)) is not None:
                found.meaning[place], found.words[place] = own.meaning[0], own.words[0]
            elif text_hash in self._known:
                at = self._known[text_hash]
                found.meaning[place], found.words[place] = self._taught.meaning[at], self._taught.words[at]
            else:
                unknown.append(place)
        if unknown:
            stored = vectors.of_texts([hashes[place] for place in unknown], self._encoder)
            if any(hashes[place] not in stored for place in unknown):
                raise CannotLearn("an example has no vector yet")
            found.meaning[unknown] = np.stack([stored[hashes[place]] for place in unknown])
            found.words[unknown] = self._lexicon.encode([rows[place].text for place in unknown])
        return found

    def _join(self, papers: Sequence[int]) -> None:
        """Compare papers with the examples, those that have a vector of their present text."""
        seen = self._equations.features
        for start in range(0, len(papers), CHUNK):
            chosen = Paper.objects.filter(pk__in=papers[start : start + CHUNK])
            ids, meaning = vectors.matrix(vectors.current(chosen, self._encoder))
            if ids:
                texts = Paper.objects.only("title", "abstract", "text_hash").in_bulk(ids)
                words = self._lexicon.encode([texts[paper].text for paper in ids])
                self._pending.join(ids, [texts[paper].text_hash for paper in ids], Features(meaning, words), seen)


def _sense(row: Example) -> tuple[str, str, float, str, bool]:
    """Return what makes an example another one."""
    return row.text, row.label, row.weight, row.key, row.evidence is not None
