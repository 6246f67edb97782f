"""Train and classify: the classifier at work, as plain functions for tasks and commands.

Each is "do up to N of what is missing": safe to repeat, safe to stop anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.db import transaction

from ingest import drifting, models, runs, versions
from ingest.classifier import encoder as encoders
from ingest.classifier import evaluate as figures
from ingest.classifier import lexicon as lexicons
from ingest.classifier import sentences, training
from ingest.classifier.encoder import Encoder, Vectors
from ingest.classifier.examples import Examples, examples
from ingest.classifier.features import Features
from ingest.classifier.heads import FORMAT, OUT, Head, Probabilities, strongest
from ingest.classifier.training import Training
from ingest.models import Run
from ingest.versions import NoHead as NoHead
from ingest.versions import current as current_head
from papers import identity, merging, vectors
from papers.models import Category, Paper, PaperList, Suggestion

RECIPE = training.RECIPE
CLASSIFY_CHUNK = 500
MOST_REMEMBERED = 20_000  # vectors of 1.5 kB
_remembered: dict[str, dict[str, Vectors]] = {}  # by encoder and text hash: what the last training encoded
NEAREST = 3
DIGITS = 6  # of a stored relevance: sums in another order differ beyond it, and the same data give the same order

Progress = Callable[[Run], None]
Steps = Callable[[int, int], None]  # done, of how many


class UnknownList(Exception):
    """No list has this slug; the message names those that exist."""


def list_named(slug: str) -> PaperList:
    """Return the list of this slug."""
    found = PaperList.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(PaperList.objects.values_list("slug", flat=True)) or "none yet"
        raise UnknownList(f"There is no list “{slug}”. Lists: {known}.")
    return found


def is_classifying_due(paper_list: PaperList) -> bool:
    """Say whether the list's newest head has not spoken on a paper that it could, and the work is not on hold."""
    head = paper_list.heads.first()
    if head is None:
        return False
    missing = Paper.objects.not_listed_in(paper_list).without_suggestion(paper_list, head.name)
    is_missing = vectors.current(missing, head.encoder).exists()
    return is_missing and not runs.is_on_hold(Run.Kind.CLASSIFY, paper_list.slug)


def is_training_due(paper_list: PaperList) -> bool:
    """Say whether the list's head may have something to learn, and the work is not on hold."""
    return has_news(paper_list) and not runs.is_on_hold(Run.Kind.TRAIN, paper_list.slug)


def has_news(paper_list: PaperList) -> bool:
    """Say whether something that the list's head learns from may have changed since its last training began."""
    last = Run.objects.filter(kind=Run.Kind.TRAIN, subject=paper_list.slug, state=Run.State.DONE).first()
    if last is None or _is_of_old(paper_list):
        return True
    since = last.started_at
    latest = paper_list.heads.defer("arrays").first()
    if latest is not None and latest.learned_until is not None:  # decisions are learned without a run
        since = max(since, latest.learned_until)
    return (
        paper_list.decisions.filter(at__gt=since).exists()
        or paper_list.changes.filter(at__gt=since).exists()
        or paper_list.evidence.filter(taken_in_at__gt=since).exists()
        or Paper.objects.listed_in(paper_list).filter(changed_at__gt=since).exists()
    )


def _is_of_old(paper_list: PaperList) -> bool:
    """Say whether the newest head is one that this version, or its lexicon, no longer understands."""
    head = paper_list.heads.defer("arrays").first()
    return head is not None and (head.meta.get("format"), head.meta.get("lexicon")) != (FORMAT, lexicons.load().name)


def train(paper_list: PaperList, progress: Progress = runs.progress) -> models.Head | None:
    """Train and keep the list's next head; return None, with a note in the run, when that would be no news."""
    kept = None  # also when a person stops it
    with runs.open(Run.Kind.TRAIN, paper_list.slug) as run:
        encoder = encoders.load()
        found = examples(paper_list, encoder.name, RECIPE.seed)
        if found.classes == (OUT,):
            run.note = no_categories(paper_list)
            return None
        digest = found.hash(encoder.name, lexicons.load().name, RECIPE)
        latest = paper_list.heads.first()
        if latest is not None and latest.examples_hash == digest:
            run.same = len(found.rows)
            run.note = f"Nothing to learn since {latest.name}: the examples are the same."
            return None

        def tell(done: int, total: int) -> None:
            run.fetched, run.total = done, total
            progress(run)

        learned = learn(found, encoder, tell)
        metrics = own_metrics(found, learned.head.calibrated(learned.held_out), learned.head.sure_from)
        kept = versions.keep(paper_list, learned.head, digest, metrics, run.started_at)
        if kept is None:
            run.note = "Another process learned the same meanwhile."
        else:
            run.new = 1
            notes = (f"{kept.name} learned from {len(found.rows)} examples.", found.note, _unprepared(found, encoder))
            run.note = " ".join(filter(None, notes))
    return kept


def classify(paper_list: PaperList, limit: int | None = None, progress: Progress = runs.progress) -> Run:
    """Let the current head speak on up to `limit` unlisted papers it has not spoken on; return the run.

    A paper without a current vector of the head's encoder is left for later and counted in the note. Raise NoHead
    when nothing was trained yet.
    """
    row, head = current_head(paper_list)
    with runs.open(Run.Kind.CLASSIFY, paper_list.slug) as run:
        missing = Paper.objects.not_listed_in(paper_list).without_suggestion(paper_list, row.name)
        ready = vectors.current(missing, head.encoder)
        run.total = ready.count() if limit is None else min(limit, ready.count())
        progress(run)
        speaker = _Speaker(paper_list, row.name, head)
        after = 0
        while ids := list(
            ready.filter(paper_id__gt=after).values_list("paper_id", flat=True)[: runs.room(run, limit, CLASSIFY_CHUNK)]
        ):
            with transaction.atomic():
                made, replaced = speaker.suggest(ids)
                run.pages += 1
                run.fetched += len(ids)
                run.new += made - replaced
                run.changed += replaced
                runs.save(run)
            after = ids[-1]
            progress(run)
            if paper_list.heads.filter(version__gt=row.version).exists():
                break  # a decision was learned meanwhile: what this head says is old
        bare = missing.without_embedding(head.encoder).count()
        run.note = f"Head {row.name}." + (f" {bare} papers lack a vector: embed first." if bare else "")
        if run.fetched:
            run.details = drifting.look(paper_list, head)
            run.note = " ".join(filter(None, [run.note, drifting.in_words(run.details)]))
    return run


class _Speaker:
    """A head that writes suggestions for one list, with what it compares new papers to."""

    def __init__(self, paper_list: PaperList, name: str, head: Head) -> None:
        self._list, self._name, self._head, self._lexicon = paper_list, name, head, lexicons.load()
        self._categories: dict[str, Category] = {category.key: category for category in paper_list.categories.all()}
        listed = vectors.current(Paper.objects.listed_in(paper_list), head.encoder)
        self._listed_ids, self._listed = vectors.matrix(listed)

    def suggest(self, ids: Sequence[int]) -> tuple[int, int]:
        """Write a suggestion for each paper that still has its vector; return (written, of them replaced)."""
        rows = vectors.current(Paper.objects.filter(pk__in=ids), self._head.encoder)
        found, own = vectors.matrix(rows)
        by_id = Paper.objects.only("title", "abstract", "text_hash").in_bulk(found)
        papers = [by_id[pk] for pk in found]
        if not papers:
            return 0, 0
        texts = [paper.text for paper in papers]
        seen = Features(own, self._lexicon.encode(texts))
        suggestions = [
            self._suggestion(paper, text, probabilities, seen[row : row + 1])
            for row, (paper, text, probabilities) in enumerate(
                zip(papers, texts, self._head.probabilities(seen), strict=True)
            )
        ]
        with transaction.atomic():
            held = merging.hold(found)  # one that was merged into another meanwhile has no place of its own
            suggestions = [each for each in suggestions if held.get(each.paper_id) == each.paper_id]
            replaced = Suggestion.objects.filter(list=self._list, paper__in=found).count()
            Suggestion.objects.bulk_create(
                suggestions,
                update_conflicts=True,
                unique_fields=["list", "paper"],
                update_fields=[
                    "head", "text_hash", "relevance", "category", "probabilities", "nearest", "terms",
                    "sentence", "made_at",
                ],
            )  # fmt: skip
        return len(suggestions), replaced

    def _suggestion(self, paper: Paper, text: str, probabilities: Probabilities, seen: Features) -> Suggestion:
        best = best_category(probabilities, self._head.classes)
        out = float(probabilities[self._head.classes.index(OUT)])
        pulls = self._head.pulls(text, seen, best or OUT, self._lexicon)
        return Suggestion(
            list=self._list,
            paper=paper,
            head=self._name,
            text_hash=paper.text_hash,
            relevance=min(max(round(1.0 - out, DIGITS), 0.0), 1.0),
            category=self._categories.get(best or ""),
            probabilities=dict(zip(self._head.classes, probabilities.tolist(), strict=True)),
            nearest=self._nearest(seen.meaning[0]),
            terms=[[term, round(weight, 4)] for term, weight in strongest(pulls)],
            sentence=sentences.trigger(paper.abstract, pulls, self._lexicon),
        )

    def _nearest(self, vector: Vectors) -> list[list[float]]:
        if not self._listed_ids:
            return []
        likeness = self._listed @ vector
        closest = np.argsort(-likeness, kind="stable")[:NEAREST]
        return [[self._listed_ids[index], round(float(likeness[index]), 4)] for index in closest]


def best_category(probabilities: Probabilities, classes: Sequence[str]) -> str | None:
    """Return the most probable class that is a category."""
    categories = [index for index, name in enumerate(classes) if name != OUT]
    return classes[max(categories, key=lambda index: probabilities[index])] if categories else None


def learn(found: Examples, encoder: Encoder, steps: Steps) -> Training:
    """Return what is learned of the examples; what their evidence was prepared with is not encoded again."""
    lexicon = lexicons.load()
    prepared = _prepared(found, encoder)
    texts = [row.text for position, row in enumerate(found.rows) if position not in prepared]
    seen = features(texts, encoder, steps)
    rows = len(found.rows)
    all_seen = Features(
        np.zeros((rows, encoder.dimensions), np.float32), np.zeros((rows, lexicon.dimensions), np.float32)
    )
    missing = np.array([position not in prepared for position in range(rows)])
    all_seen.meaning[missing], all_seen.words[missing] = seen.meaning, seen.words
    for position, known in prepared.items():
        all_seen.meaning[position] = np.frombuffer(known.meaning, np.float16)
        all_seen.words[position] = np.frombuffer(known.words, np.float16)
    return training.train(found, all_seen, encoder.name, lexicon.name, RECIPE)


def _prepared(found: Examples, encoder: Encoder) -> dict[int, models.Evidence]:
    """Return by row the evidence that was prepared for this encoder and the lexicon in use."""
    understood = (encoder.name, lexicons.load().name)
    return {
        position: row.evidence
        for position, row in enumerate(found.rows)
        if row.evidence is not None and (row.evidence.encoder, row.evidence.lexicon) == understood
    }


def _unprepared(found: Examples, encoder: Encoder) -> str:
    """Return in words how much evidence is read by its titles only; "" when there is none."""
    prepared = _prepared(found, encoder)
    bare = sum(row.kind == "evidence" and position not in prepared for position, row in enumerate(found.rows))
    return f"{bare} papers of evidence were read by their titles only: run prepare_evidence." if bare else ""


def features(texts: Sequence[str], encoder: Encoder, steps: Steps) -> Features:
    """Return what a head sees of the texts, in their order; what is stored or was encoded lately is not again."""
    return Features(_encode(texts, encoder, steps), lexicons.load().encode(texts))


def no_categories(paper_list: PaperList) -> str:
    return f"{paper_list.slug} has no categories: import its README first."


def _encode(texts: Sequence[str], encoder: Encoder, steps: Steps) -> Vectors:
    """Return the texts' vectors, in their order; what the catalogue or this process knows is not encoded again.

    A worker trains after every decision, mostly on the very texts of the last time.
    """
    hashes = [identity.text_hash(text) for text in texts]
    known = _remembered.get(encoder.name, {}) | vectors.of_texts(hashes, encoder.name)
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
    pairs = list(missing.items())
    for start in range(0, len(pairs), encoder.chunk):
        steps(start, len(pairs))
        chunk = pairs[start : start + encoder.chunk]
        found = encoder.encode([text for _, text in chunk])
        known.update(zip([key for key, _ in chunk], found, strict=True))
    steps(len(pairs), len(pairs))
    _remembered[encoder.name] = {key: known[key] for key in hashes[:MOST_REMEMBERED]}
    return np.stack([known[key] for key in hashes]) if hashes else np.zeros((0, encoder.dimensions), np.float32)


def own_metrics(found: Examples, said: Probabilities, sure_from: float) -> dict[str, Any]:
    """Return the figures on the head's own papers; `said` is of each example what a head that had not seen it says."""
    chosen = found.of_papers()
    if not chosen.any():
        return {}
    labels = [row.label for row, wanted in zip(found.rows, chosen, strict=True) if wanted]
    return {"papers": len(labels), **figures.score(labels, said[chosen], found.classes, sure_from)}
