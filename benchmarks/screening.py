"""`simulate` beside ASReview's default and heavy models: the same tasks, prior knowledge and seeds, in one run.

    python -m benchmarks.screening LISTS [--files NAME …] [--corpus FILE.jsonl.gz] [--seeds 5] [--json]

LISTS is a folder of READMEs. Each section with at least eight papers and at most six in ten of its list is a task: its
papers are to be found among those of the list by their titles, or with --corpus by titles and abstracts. Without
--files the lists are those on which nothing was chosen. Needs asreview: pip install -e '.[compare]'.

ASReview runs by its own simulation. "default" is ELAS u4 as it comes. "heavy" is ELAS h3 with another encoder, the
bundled MiniLM, for its own is no part of the package. Seconds per label are those of learning and rating: of ASReview
its `fit` and `rank` alone, without the bookkeeping of its simulation. The models take turns, session by session.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
UNTOUCHED = (
    "Meirtz__Awesome-Context-Engineering.md",
    "October2001__Awesome-KV-Cache-Compression.md",
    "horseee__Awesome-Efficient-LLM.md",
)
FEWEST, LARGEST_SHARE = 8, 0.6  # of a section's papers
OURS, WITH_MEANING, DEFAULT, HEAVY = "simulate", "simulate --embeddings", "ASReview u4", "ASReview h3, MiniLM"
SHOWN = ("loss", "wss_at_95", "ndcg", "average_time_to_discovery", "recall_at_10_percent", "seconds_per_label")


def tasks(path: Path) -> dict[str, Any]:
    """Return the tasks that the sections of a README make, by name."""
    from ingest.classifier import task
    from papers.readme.document import parse

    found: dict[str, Any] = {}
    for section in parse(path.read_bytes()).sections:
        name = " > ".join((*section.path, section.name))
        try:
            asked = task.of_readme(path, name)
        except task.TaskError:
            continue
        if FEWEST <= asked.relevant.sum() <= LARGEST_SHARE * len(asked) and any(section.rows):
            found[f"{path.stem.split('__')[0]}: {section.name}"] = asked
    return found


def asreview_session(asked: Any, name: str, features: Any) -> Callable[[int], Any]:
    """Return a function that replays a task by ASReview's simulation with one of its models."""
    from asreview import ActiveLearningCycle, Simulate
    from asreview.models.models import get_ai_config

    from ingest.classifier import simulate

    class Timed(ActiveLearningCycle):  # type: ignore[misc, unused-ignore]
        seconds = 0.0

        def fit(self, *data: Any) -> Any:
            started = time.perf_counter()
            answer = super().fit(*data)
            self.seconds += time.perf_counter() - started
            return answer

        def rank(self, *data: Any) -> Any:
            started = time.perf_counter()
            answer = super().rank(*data)
            self.seconds += time.perf_counter() - started
            return answer

    def run(seed: int) -> simulate.Session:
        np.random.seed(seed)  # what ASReview's parts are seeded by
        cycle = Timed.from_meta(get_ai_config(name)["value"], skip_feature_extraction=True)
        replay = Simulate(features, asked.relevant.astype(int), [cycle], skip_transform=True, print_progress=False)
        prior = simulate.prior_knowledge(asked.relevant, seed)
        replay.label(list(prior))
        replay.review()
        read = tuple(int(paper) for paper in replay._results["record_id"][len(prior) :])
        found = tuple(bool(asked.relevant[paper]) for paper in read)
        return simulate.Session(seed, prior, read, found, len(asked) - len(prior), cycle.seconds)

    return run


def models(asked: Any, meaning: np.ndarray) -> dict[str, Callable[[int], Any]]:
    """Return how each model replays the task, by its name; features are made once, before any session."""
    import pandas as pd
    from asreview.learner import ActiveLearningCycle
    from asreview.models.models import get_ai_config

    from ingest.classifier import pool, simulate
    from ingest.classifier.ranker import Ranker

    frame = pd.DataFrame({"title": asked.titles, "abstract": asked.abstracts})
    terms = ActiveLearningCycle.from_meta(get_ai_config("elas_u4")["value"]).transform(frame)
    plain, full = pool.rows(asked.titles, asked.texts), pool.rows(asked.titles, asked.texts, meaning)
    return {
        DEFAULT: asreview_session(asked, "elas_u4", terms),
        OURS: lambda seed: simulate.session(asked.relevant, seed, Ranker(plain)),
        HEAVY: asreview_session(asked, "elas_h3", meaning.astype(np.float64)),
        WITH_MEANING: lambda seed: simulate.session(asked.relevant, seed, Ranker(full)),
    }


def measured(asked: Any, meaning: np.ndarray, seeds: Sequence[int]) -> dict[str, dict[str, float]]:
    """Return the mean figures of each model over the seeds."""
    from ingest.classifier import simulate

    each = models(asked, meaning)
    sessions: dict[str, list[Any]] = {name: [] for name in each}
    for seed in seeds:
        for name, run in each.items():
            sessions[name].append(run(seed))
    return {name: simulate.mean(replayed) for name, replayed in sessions.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", type=Path, metavar="LISTS")
    parser.add_argument("--files", nargs="+", default=UNTOUCHED, metavar="NAME")
    parser.add_argument("--corpus", type=Path, metavar="FILE.jsonl.gz")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    lists, corpus = asked.lists.resolve(), asked.corpus and asked.corpus.resolve()
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-") as folder:
        os.chdir(folder)  # asreview writes a file where it is imported
        os.environ |= {"LISTKEEPER_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "kbsite.settings"}
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        from ingest.classifier import encoder, labelled

        encode = encoder.load().encode
        known = labelled.read(corpus) if corpus else []
        found: dict[str, dict[str, dict[str, float]]] = {}
        for file in asked.files:
            meaning = None  # all tasks of a file have the same papers
            for name, each in tasks(lists / file).items():
                whole = each.with_abstracts(known)
                print(f"{name}: {whole.relevant.sum()} of {len(whole)}", file=sys.stderr, flush=True)
                meaning = encode(whole.texts) if meaning is None else meaning
                found[name] = measured(whole, meaning, range(asked.seeds))
        os.chdir(ROOT)
    means = {
        model: {figure: float(np.mean([task[model][figure] for task in found.values()])) for figure in SHOWN}
        for model in (DEFAULT, HEAVY, OURS, WITH_MEANING)
    }
    print(json.dumps({"tasks": found, "means": means}, indent=2) if asked.json else in_words(found, means))
    ours, meaning = means[OURS], means[WITH_MEANING]
    held = all(
        better["loss"] < worse["loss"] and better["wss_at_95"] > worse["wss_at_95"]
        for better, worse in ((ours, means[DEFAULT]), (ours, means[HEAVY]), (meaning, ours))
    ) and max(ours["seconds_per_label"], meaning["seconds_per_label"]) <= min(
        means[DEFAULT]["seconds_per_label"], means[HEAVY]["seconds_per_label"]
    )
    print("better than both in loss and WSS@95, with embeddings better still, no slower:", held, file=sys.stderr)
    return 0 if held else 1


def in_words(found: dict[str, dict[str, dict[str, float]]], means: dict[str, dict[str, float]]) -> str:
    """Return loss and WSS@95 of every task, and all figures of the means, as lines."""
    names = list(means)
    lines = [f"{'loss / WSS@95':52.52}" + "".join(f"{name:>24}" for name in names)]
    for task, each in found.items():
        lines.append(
            f"{task:52.52}" + "".join(f"{each[name]['loss']:16.3f} / {each[name]['wss_at_95']:.3f}" for name in names)
        )
    for figure in SHOWN:
        scale, unit = (1000, " ms") if figure == "seconds_per_label" else (1, "")
        shown = "".join(f"{scale * means[name][figure]:>{24 - len(unit)}.3f}{unit}" for name in names)
        lines.append(f"{'mean ' + figure:52.52}{shown}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
