"""A list as a curator's second year leaves it: labels, evidence, a trained head, and papers that await a decision.

Vectors of meaning are made from the words, since an encoder's would take an hour and cost a decision nothing: it
computes with stored ones.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CATEGORIES = {"kv": "cache", "explicit": "prompt", "survey": "survey"}  # and the word by which a text is labelled so
READERS = 30  # users who look by turns: nobody is to be throttled


def texts(file: Path | None) -> Iterator[tuple[str, str]]:
    """Yield (title, abstract) without end: what there is, and then the same under other titles."""
    path = file or ROOT.parent / "shared" / "data" / "papers.jsonl.gz"
    if not path.is_file():
        words = [
            f"{one}{other}" for one in ("ca", "pro", "to", "lo", "mi") for other in ("che", "mpt", "ken", "ra", "xt")
        ]
        chance = random.Random(0)  # noqa: S311
        for number in count():
            yield f"Paper {number}", " ".join(chance.choices([*words, *CATEGORIES.values()], k=150))
    for turn in count():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield row["title"] + (f" ({turn})" if turn else ""), row["abstract"]


class Words:
    """What stands in for an encoder: the lexicon's view of a text, turned into as many dimensions as usual."""

    name, dimensions, chunk = "benchmark", 384, 2000

    def __init__(self) -> None:
        from ingest.classifier import lexicon

        self._lexicon = lexicon.load()
        self._turn = np.random.default_rng(0).normal(size=(self._lexicon.dimensions, self.dimensions))

    def encode(self, some: list[str]) -> Any:
        noise = np.random.default_rng(len(some)).normal(size=(len(some), self.dimensions))
        found = self._lexicon.encode(some) @ self._turn / 10 + noise / 4
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


class Installation:
    """A list with labels and evidence, papers that await a decision, a trained head, and tokens."""

    def __init__(self, rows: list[tuple[str, str]], labels: int, evidence: int) -> None:
        from django.core.management import call_command
        from django.db import connection

        from ingest import learning
        from ingest.classifier import encoder as encoders
        from papers.models import PaperList

        say(f"making {len(rows)} papers")
        call_command("migrate", verbosity=0)
        self.words = Words()
        encoders.load = lambda: self.words  # type: ignore[assignment,return-value]
        self.list = PaperList.objects.create(slug="benchmark", name="A list")
        self.tokens = [self._token(number) for number in range(READERS)]
        self._categories()
        self.papers = self._papers(rows)
        chosen = self._by_turns(rows, labels + evidence)
        self.labels = [label_of(rows[place]) != "out" for place in range(len(rows))]
        self._evidence(rows, chosen[labels:])
        self._decide(rows, chosen[:labels])
        say("training")
        assert learning.train(self.list) is not None  # type: ignore[arg-type]
        self.examples = len(learning.current_head(self.list)[1].examples)
        self._suggest()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as the database does by itself within a minute

    def _token(self, number: int) -> str:
        from django.contrib.auth.models import User

        from kbsite.models import ApiToken, Membership

        user = User.objects.create_user(f"curator{number}")
        Membership.objects.create(user=user, role=Membership.Role.CURATOR)
        return ApiToken.create(user, "benchmark", None)[1]

    def _categories(self) -> None:
        from papers.models import Category, CategoryText, Document

        document = Document.objects.create(
            list=self.list, language="en", path="README.md", source=b"# A list\n", is_primary=True
        )
        for position, (key, word) in enumerate(CATEGORIES.items()):
            category = Category.objects.create(list=self.list, key=key, position=position)
            CategoryText.objects.create(
                category=category, document=document, name=word, heading_line=position + 1, definition=f"On {word}."
            )

    def _papers(self, rows: list[tuple[str, str]]) -> list[Any]:
        from papers import catalog, vectors
        from papers.records import Identifier, PaperRecord

        made = []
        for start in range(0, len(rows), self.words.chunk):
            records = [
                PaperRecord(
                    "arxiv",
                    (Identifier("arxiv", f"{2001 + number // 90_000}.{number % 90_000 + 1:05}"),),
                    title,
                    abstract=abstract,
                    authors=("Ada Lovelace",),
                    published=date(2026, 1, 1),
                )
                for number, (title, abstract) in enumerate(rows[start : start + self.words.chunk], start)
            ]
            known = catalog.upsert(records).papers
            papers = [known[record.identifiers[0]] for record in records if record.identifiers[0] in known]
            vectors.store(self.words.name, papers, self.words.encode([paper.text for paper in papers]))
            made += papers
        return made

    def _by_turns(self, rows: list[tuple[str, str]], wanted: int) -> list[int]:
        """Return places of papers to label: a third of them in the list's scope, as evidence usually has."""
        within = [place for place, row in enumerate(rows) if label_of(row) != "out"][: wanted // 3]
        without = [place for place, row in enumerate(rows) if label_of(row) == "out"][: wanted - len(within)]
        both = within + without
        random.Random(0).shuffle(both)  # noqa: S311
        return both

    def _evidence(self, rows: list[tuple[str, str]], places: list[int]) -> None:
        from ingest.models import Evidence
        from papers.models import Embedding

        some = [f"{rows[place][0]}\n{rows[place][1]}" for place in places]
        meaning, words = self.words.encode(some) if some else [], self.words._lexicon.encode(some)
        Evidence.objects.bulk_create(
            Evidence(
                list=self.list,
                key=f"arxiv:1901.{number:05}",
                title=f"Evidence {number}",
                label=label_of(rows[place]),
                encoder=self.words.name,
                lexicon=self.words._lexicon.name,
                meaning=one.astype(np.float16).tobytes(),
                words=other.astype(np.float16).tobytes(),
            )
            for number, (place, one, other) in enumerate(zip(places, meaning, words, strict=True))
        )
        gone = [self.papers[place].pk for place in places if place < len(self.papers)]
        Embedding.objects.filter(paper__in=gone).delete()  # they stay without a suggestion: they await nothing

    def _decide(self, rows: list[tuple[str, str]], places: list[int]) -> None:
        from django.contrib.auth.models import User

        from papers.models import Category, Decision, Entry, EntryText, Review

        user = User.objects.first()
        categories = {category.key: category for category in Category.objects.all()}
        document = self.list.documents.get()
        for place in places:
            paper, category = self.papers[place], categories.get(label_of(rows[place]))
            kind = Decision.Kind.ACCEPT if category else Decision.Kind.REJECT
            decision = Decision.objects.create(list=self.list, paper=paper, kind=kind, category=category, user=user)
            state = Review.State.ACCEPTED if category else Review.State.REJECTED
            Review.objects.create(list=self.list, paper=paper, state=state, decision=decision)
            if category:
                entry = Entry.objects.create(category=category, paper=paper, decision=decision)
                EntryText.objects.create(
                    entry=entry, document=document, position=float(place), title=paper.title, link="https://a.org"
                )

    def _suggest(self) -> None:
        """Write what the head says of all that awaits a decision."""
        from ingest import learning
        from ingest.classifier.features import Features
        from papers import vectors
        from papers.models import Category, Paper, Suggestion

        row, head = learning.current_head(self.list)
        waiting = vectors.current(Paper.objects.awaiting_review(self.list), self.words.name)
        ids, meaning = vectors.matrix(waiting)
        self.pending = len(ids)
        out = head.classes.index("out")
        categories = {category.key: category for category in Category.objects.all()}
        for start in range(0, len(ids), self.words.chunk):
            part = ids[start : start + self.words.chunk]
            known = Paper.objects.in_bulk(part)
            words = self.words._lexicon.encode([known[pk].text for pk in part])
            said = head.probabilities(Features(meaning[start : start + self.words.chunk], words))
            Suggestion.objects.bulk_create(
                Suggestion(
                    list=self.list,
                    paper_id=pk,
                    head=row.name,
                    text_hash=known[pk].text_hash,
                    category=categories[max(CATEGORIES, key=lambda key: told[head.classes.index(key)])],
                    relevance=min(max(round(1 - told[out], 6), 0.0), 1.0),
                    probabilities=dict(zip(head.classes, told.tolist(), strict=True)),
                )
                for pk, told in zip(part, said, strict=True)
            )


def label_of(row: tuple[str, str]) -> str:
    return next((key for key, word in CATEGORIES.items() if word in row[1].lower()), "out")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
