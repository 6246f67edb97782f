"""How well the estimate of what is left holds: whole screening sessions, asked for at several points of each.

    python -m benchmarks.stopping LISTS --corpus FILE.jsonl.gz [--file NAME] [--runs 50] [--papers 1000]
        [--sessions FILE.json] [--json]

LISTS is a folder of READMEs; --file is the one on which nothing was chosen, by default that with the most labelled
papers. Two kinds of tasks are replayed with `simulate`'s ranker, which learns from every label: the whole list, its
papers of the corpus to be found among others that each run draws from it, --papers in all; and each section with at
least eight papers, to be found within the list. Each is run with so many seeds. With --sessions what was read is kept
in that file and taken from it the next time.

At 20, 40, 60, 80 and 100 percent of the relevant papers found it is told how often the interval held the truth, how
wide it was (the median, in shares of all relevant papers), and how far the estimate was off; then what following the
advice costs and saves. "urn without bias" is the bound of Callaghan and Müller-Hansen (2020) on the same sessions.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from math import ceil, exp, lgamma
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
LARGEST = "xlite-dev__Awesome-LLM-Inference.md"
POINTS = (20, 40, 60, 80, 90, 100)  # percent of the relevant papers found
TARGET = 0.9  # of the answers must hold
LOOK = 10  # readings between two looks at the advice
WHOLE, SECTIONS = "the whole list", "its sections"


def sessions(lists: Path, file: str, corpus: Path, runs: int, papers: int) -> dict[str, list[dict[str, Any]]]:
    """Return by kind of task what was read: the task, how many papers there were, and when each was found."""
    from benchmarks.screening import tasks
    from ingest.classifier import labelled, pool

    known = labelled.read(corpus)
    found: dict[str, list[dict[str, Any]]] = {WHOLE: [], SECTIONS: []}
    for name, asked in tasks(lists / file).items():
        whole = asked.with_abstracts(known)
        rows = pool.rows(whole.titles, whole.texts)
        found[SECTIONS] += [_replay(name, seed, rows, whole.relevant) for seed in range(runs)]
        print(f"{name}: {whole.relevant.sum()} of {len(whole)}, {runs} runs", file=sys.stderr, flush=True)
    for seed, (titles, texts, relevant) in enumerate(_among_others(lists / file, known, runs, papers)):
        found[WHOLE].append(_replay(file, seed, pool.rows(titles, texts), relevant))
        print(f"{file}: {relevant.sum()} of {len(relevant)}, run {seed + 1}", file=sys.stderr, flush=True)
    return found


def _among_others(path: Path, known: Sequence[Any], runs: int, papers: int) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the list's papers that the corpus knows, among others of it that each run draws."""
    from ingest.classifier.task import _titles
    from papers.readme.document import parse

    keys = {":".join(each) for each in _titles(parse(path.read_bytes()))}
    own, rest = [each for each in known if each.key in keys], [each for each in known if each.key not in keys]
    for seed in range(runs):
        drawn = np.random.default_rng(seed).choice(len(rest), papers - len(own), replace=False)
        every = [*own, *(rest[place] for place in drawn)]
        titles, texts = [each.record.title for each in every], [each.text for each in every]
        yield titles, texts, np.arange(len(every)) < len(own)


def _replay(name: str, seed: int, rows: Any, relevant: Any) -> dict[str, Any]:
    from ingest.classifier import simulate
    from ingest.classifier.ranker import Ranker

    replayed = simulate.session(relevant, seed, Ranker(rows))
    return {"task": name, "seed": seed, "papers": replayed.papers, "found": replayed.found_after}


def measured(replayed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of the sessions at each point, and of following the advice."""
    points = {point: [each for one in replayed if (each := _at(_labels(one), point))] for point in POINTS}
    stops = [_stop(_labels(one)) for one in replayed]
    answers = [each for found in points.values() for each in found]
    return {
        "sessions": len(replayed),
        "held": float(np.mean([each["held"] for each in answers])),
        "points": {
            point: {
                "answers": len(found),
                "held": float(np.mean([each["held"] for each in found])),
                "width": float(np.median([each["width"] for each in found])),
                "off": float(np.median([each["off"] for each in found])),
                "held_without_bias": float(np.mean([each["held_without_bias"] for each in found])),
                "width_without_bias": float(np.median([each["width_without_bias"] for each in found])),
            }
            for point, found in points.items()
            if found
        },
        "advice": {
            "recall": float(np.mean([recall for recall, _, _ in stops])),
            "recall_of_19_in_20": float(np.percentile([recall for recall, _, _ in stops], 5)),
            "reached_95": float(np.mean([recall >= 0.95 for recall, _, _ in stops])),
            "unread": float(np.mean([unread for _, unread, _ in stops])),
            "unread_at_best": float(np.mean([best for _, _, best in stops])),
        },
    }


def _labels(one: dict[str, Any]) -> np.ndarray:
    labels = np.zeros(one["papers"], dtype=np.bool_)
    labels[np.array(one["found"]) - 1] = True
    return labels


def _at(labels: np.ndarray, percent: int) -> dict[str, Any] | None:
    """Return how the answer stands to the truth right after so much was found; None where none was given."""
    from ingest.classifier import stopping

    relevant = int(labels.sum())
    read = int(np.searchsorted(np.cumsum(labels), ceil(relevant * percent / 100))) + 1
    said = stopping.left(labels[:read], len(labels) - read)
    if said is None:
        return None
    truth, bound = int(labels[read:].sum()), without_bias(labels[:read], len(labels) - read)
    return {
        "held": said.low <= truth <= said.high,
        "width": (said.high - said.low) / relevant,
        "off": (said.estimate - truth) / relevant,
        "held_without_bias": truth <= bound,
        "width_without_bias": bound / relevant,
    }


def _stop(labels: np.ndarray) -> tuple[float, float, float]:
    """Return (recall, share left unread, share that could be at best) when reading ends at the first advice to."""
    from ingest.classifier import stopping

    found, relevant = np.cumsum(labels), int(labels.sum())
    best = 1 - (int(np.searchsorted(found, relevant)) + 1) / len(labels)
    for read in range(LOOK, len(labels), LOOK):
        waiting = len(labels) - read
        if stopping.advice(int(found[read - 1]), waiting, stopping.left(labels[:read], waiting)) == "stop":
            return float(found[read - 1] / relevant), waiting / len(labels), best
    return 1.0, 0.0, best


def without_bias(found: np.ndarray, waiting: int, risk: float = 0.05) -> int:
    """Return the most that can be left, were the last readings drawn without a bias: the least over how many those are.

    As Callaghan and Müller-Hansen (2020) do, each number left is held against the hypergeometric distribution.
    """
    bound, seen = waiting, np.cumsum(found[::-1])
    for last in np.unique(np.geomspace(1, len(found), 25).round().astype(int)):
        few, many = 0, bound
        while few < many:  # the largest number that is not refuted
            middle = (few + many + 1) // 2
            held = _at_most(int(seen[last - 1]), waiting + int(last), int(seen[last - 1]) + middle, int(last))
            few, many = (middle, many) if held >= risk else (few, middle - 1)
        bound = few
    return bound


def _at_most(most: int, papers: int, relevant: int, drawn: int) -> float:
    """Return the probability of so many relevant papers at most among those drawn."""

    def ways(of: int, chosen: int) -> float:
        return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1)

    least = max(0, drawn - (papers - relevant))
    total = ways(papers, drawn)
    each = (ways(relevant, n) + ways(papers - relevant, drawn - n) - total for n in range(least, most + 1))
    return sum(exp(one) for one in each) if least <= most else 0.0


def in_words(figures: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = []
    for kind, each in figures.items():
        lines.append(f"{kind}: {each['sessions']} sessions, the interval held in {each['held']:.1%} of the answers")
        lines.append(
            f"{'found':>8}{'answers':>9}{'held':>8}{'width':>8}{'off':>8}{'without bias: held':>20}{'width':>8}"
        )
        for point, at in each["points"].items():
            lines.append(
                f"{point:>6} %{at['answers']:>9}{at['held']:>8.1%}{at['width']:>8.2f}{at['off']:>+8.2f}"
                f"{at['held_without_bias']:>20.1%}{at['width_without_bias']:>8.2f}"
            )
        told = each["advice"]
        lines.append(
            f"  stopping as advised: recall {told['recall']:.1%} (19 in 20: {told['recall_of_19_in_20']:.1%}), "
            f"95 % reached in {told['reached_95']:.1%}, {told['unread']:.1%} left unread; "
            f"{told['unread_at_best']:.1%} who knew when all is found"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", type=Path, metavar="LISTS")
    parser.add_argument("--corpus", type=Path, metavar="FILE.jsonl.gz", required=True)
    parser.add_argument("--file", default=LARGEST, metavar="NAME")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--sessions", type=Path, metavar="FILE.json")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.sessions and asked.sessions.exists():
        replayed = json.loads(asked.sessions.read_text())
    else:
        with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-") as folder:
            os.environ |= {"LISTKEEPER_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
            sys.path.insert(0, str(ROOT))
            import django

            django.setup()
            replayed = sessions(asked.lists, asked.file, asked.corpus, asked.runs, asked.papers)
        if asked.sessions:
            asked.sessions.write_text(json.dumps(replayed))
    figures = {kind: measured(found) for kind, found in replayed.items() if found}
    print(json.dumps(figures, indent=2) if asked.json else in_words(figures))
    held = all(each["held"] >= TARGET for each in figures.values())
    print(f"the interval held in {TARGET:.0%} of the answers or more:", held, file=sys.stderr)
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
