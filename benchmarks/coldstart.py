"""How good the order of a list's first day is: `rank` by the README alone, beside what needs no learning.

    python -m benchmarks.coldstart [FILE …] [--streams FILE …] [--list FOLDER] [--corpus CORPUS.jsonl.gz] [--json]

The list of FOLDER is imported into a database of its own without its evidence: its rows and its definitions are all
that there is to learn from. FILEs hold papers that people have sorted, their abstracts are those of CORPUS. Of a stream
people have read every paper of some days, and the file holds those that their titles left in doubt: all others that
CORPUS has of those days are out. Without any of both, they are the held-out papers and the stream of the bundled list.

"keywords" is the order by how many of the keywords of the list's sections stand in title or abstract, "definitions"
that by the likeness of title and abstract to the definition nearest to them (cosine, the encoder's vectors). "and
names" has the section's name before its definition, which is more to go by; it is told without being a target. Papers
that an order calls equal are shuffled SHUFFLES times, and its figures are the means.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "lists" / "context-compression"
FILES, STREAMS = (LIST / "held-out.jsonl",), (LIST / "stream.jsonl",)
CORPUS = ROOT.parent / "shared" / "data" / "papers.jsonl.gz"
SHUFFLES = 50
OURS, KEYWORDS, DEFINITIONS, NAMED = "rank", "keywords", "definitions", "and names"
SHOWN = (
    "recall_at_1_percent", "recall_at_2_percent", "recall_at_5_percent", "recall_at_10_percent",
    "average_precision", "wss_at_95", "roc_auc",
)  # fmt: skip

Scores = NDArray[np.float64]  # shape (papers,): the higher, the earlier a paper is read


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    parser.add_argument("--streams", type=Path, nargs="+", default=(), metavar="FILE")
    parser.add_argument("--list", type=Path, default=LIST, metavar="FOLDER")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="CORPUS")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    files, streams = (asked.files, asked.streams) if asked.files or asked.streams else (FILES, STREAMS)
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        os.environ |= {"LISTKEEPER_DATA_DIR": name, "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        slug = import_alone(asked.list, folder / "list")
        known = corpus(asked.corpus)
        found = {path.stem: measured(sorted_papers(path, known), slug, folder) for path in files}
        found |= {path.stem: measured(days(path, known), slug, folder) for path in streams}
    print(json.dumps(found, indent=2) if asked.json else in_words(found))
    held = all(
        each[OURS][figure] > each[other][figure]
        for each in found.values()
        for other in (KEYWORDS, DEFINITIONS)
        for figure in ("average_precision", "wss_at_95", "roc_auc")
    )
    print("rank is better than keywords and definitions:", held, file=sys.stderr)
    return 0 if held else 1


def import_alone(source: Path, folder: Path) -> str:
    """Import the READMEs of a list, and nothing that stands beside them; return its slug."""
    from django.core.management import call_command

    from papers.readme import listfile

    folder.mkdir()
    shutil.copy(source / listfile.NAME, folder)
    settings = listfile.read_list_file(folder / listfile.NAME)
    call_command("migrate", verbosity=0)
    for file in settings.languages.values():
        shutil.copy(source / file, folder)
        call_command("import_list", str(folder / file), slug=settings.slug, stdout=io.StringIO())
    return settings.slug


def corpus(path: Path) -> dict[str, Any]:
    """Return the papers of a file, by key."""
    from ingest.classifier import labelled

    return {paper.key: paper for paper in labelled.read(path)}


def sorted_papers(path: Path, known: dict[str, Any]) -> list[Any]:
    """Return the labelled papers of a file with the abstracts that are known."""
    from ingest.classifier import labelled

    return [replace(known[paper.key], label=paper.label) for paper in labelled.read(path) if paper.label]


def days(path: Path, known: dict[str, Any]) -> list[Any]:
    """Return all known papers of the days that a file covers; what stands in the file is labelled so, the rest out."""
    from ingest.classifier.heads import OUT

    told = {paper.key: paper for paper in sorted_papers(path, known)}
    published = [paper.record.published for paper in told.values()]
    first, last = min(published), max(published)
    return [
        told.get(paper.key, replace(paper, label=OUT))
        for paper in known.values()
        if paper.record.published and first <= paper.record.published <= last
    ]


def measured(papers: Sequence[Any], slug: str, folder: Path) -> dict[str, dict[str, float]]:
    """Return the figures of each order of the papers."""
    from ingest.classifier.heads import OUT

    relevant = np.array([paper.label != OUT for paper in papers])
    print(f"{relevant.sum()} of {len(papers)} are relevant", file=sys.stderr, flush=True)
    texts = [paper.text for paper in papers]
    told = sections(slug)
    orders = {
        OURS: by_rank(papers, slug, folder / "papers.jsonl"),
        KEYWORDS: by_keywords(texts, told),
        DEFINITIONS: by_likeness(texts, [section.definition for section in told]),
        NAMED: by_likeness(texts, [f"{section.name}. {section.definition}" for section in told]),
    }
    return {name: figures(scores, relevant) for name, scores in orders.items()}


def by_rank(papers: Sequence[Any], slug: str, file: Path) -> Scores:
    """Return the relevance that `manage.py rank` gives the papers."""
    from django.core.management import call_command

    with file.open("w", encoding="utf-8") as lines:
        for paper in papers:
            row = {"arxiv_id": paper.name, "title": paper.record.title, "abstract": paper.record.abstract}
            lines.write(json.dumps(row) + "\n")
    answer = io.StringIO()
    call_command("rank", str(file), list=slug, json=True, stdout=answer)
    relevance = {row["arxiv_id"]: row["relevance"] for row in json.loads(answer.getvalue())["papers"]}
    return np.array([relevance[paper.name] for paper in papers])


def by_keywords(texts: Sequence[str], told: Sequence[Any]) -> Scores:
    """Return how many of the keywords of the sections stand in each text."""
    from papers.keywords import found_in

    keywords = sorted({keyword for section in told for keyword in section.keywords})
    return np.array([len(found_in(text, keywords)) for text in texts], dtype=np.float64)


def by_likeness(texts: Sequence[str], definitions: Sequence[str]) -> Scores:
    """Return the likeness of each text to the definition nearest to it."""
    from ingest import learning
    from ingest.classifier import encoder

    encode = encoder.load()
    vectors = encode.encode(definitions)
    meaning = learning.features(texts, encode, lambda *_: None).meaning  # `rank` has just had them encoded
    likeness: Scores = (meaning @ vectors.T).max(axis=1).astype(np.float64)
    return likeness


def sections(slug: str) -> list[Any]:
    """Return definition and keywords of the list's sections, in its first language."""
    from papers.models import CategoryText

    return list(CategoryText.objects.filter(category__list__slug=slug, document__is_primary=True).order_by("pk"))


def figures(scores: Scores, relevant: NDArray[np.bool_]) -> dict[str, float]:
    """Return how early the relevant papers stand in the order of the scores, the mean over orders of equals."""
    chance = np.random.default_rng(0)
    drawn = [_figures(np.lexsort((chance.random(len(scores)), -scores)), relevant) for _ in range(SHUFFLES)]
    return {name: float(np.mean([each[name] for each in drawn])) for name in SHOWN}


def _figures(order: NDArray[np.int64], relevant: NDArray[np.bool_]) -> dict[str, float]:
    from ingest.classifier.evaluate import relevance

    count = len(order)
    said = np.empty(count)
    said[order] = np.arange(count, 0, -1) / count  # the earlier, the more relevant, and no two alike
    labels = ["in" if each else "out" for each in relevant]
    found = relevance(labels, np.column_stack([said, 1 - said]), ("in", "out"))
    if found is None:
        raise SystemExit("a file must hold papers of the list and others")
    # The share of pairs in which the relevant paper stands first (Mann and Whitney 1947).
    within = int(relevant.sum())
    before = (said[relevant] * count).sum() - within * (within + 1) / 2
    return found | {"roc_auc": float(before / (within * (count - within)))}


def in_words(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the figures of every file and order as lines."""
    lines = []
    for file, orders in found.items():
        lines.append(f"{file:24}" + "".join(f"{name:>14}" for name in orders))
        lines += [f"{figure:24}" + "".join(f"{each[figure]:14.3f}" for each in orders.values()) for figure in SHOWN]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
