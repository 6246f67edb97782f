"""How many papers a second are encoded, beside `SentenceTransformer.encode` with its defaults, and how near to it.

    python -m benchmarks.encoding [FILE.jsonl[.gz]] [--papers 120] [--rounds 5] [--titles] [--json]

The texts are title and abstract of papers of FILE (see README, `ingest_file`), spread over it and shuffled, or
invented ones. Each round encodes the same texts in every way, one after the other in one process, so that what else
the machine does meets them all; ratios are medians of the rounds' own ratios. "of the bound" is the share of what a
processor computes a second in a product of two matrices, right before and after: nothing could be encoded faster in
single precision. It goes by processor time, as "CPU ratio" does, which others on a busy machine take less away from.
On a graphics card "ours" is half precision, its bound goes by the clock, and eight bits are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harvest import papers

ROOT = Path(__file__).resolve().parent.parent
EVERY = 397  # one paper in so many of a file
TARGET_EXACT, TARGET_EIGHT = 1.10, 1.55  # times the plain `encode`
TARGET_DIFFERENCE, TARGET_COSINE, TARGET_BOUND = 1e-6, 0.993, 0.80
TARGET_HALF = 0.999  # least cosine, on a graphics card

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Way = Callable[[list[str]], Vectors]

PLAIN, OURS, EIGHT = "encode, its defaults", "ours", "ours, int8"


def texts_of(file: Path | None, number: int, is_title: bool) -> list[str]:
    rows = islice(papers(file, number * (EVERY if file else 1)), 0, None, EVERY if file else 1)
    texts = [row["title"] if is_title else f"{row['title']}\n{row['abstract']}" for row in rows]
    random.Random(7).shuffle(texts)  # noqa: S311
    return texts


def operations(model: Any, texts: Sequence[str]) -> float:
    """Return the multiplications and additions that the texts take in BERT's matrix products."""
    config = model[0].auto_model.config
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    lengths = [len(model[0].preprocess([text])["input_ids"][0]) for text in texts]
    return float(sum(layers * (n * (8 * width**2 + 4 * width * inner) + 4 * n**2 * width) for n in lengths))


def product_rate(model: Any) -> float:
    """Return the operations a second of a product of two matrices, where and as precisely as the model computes."""
    import torch

    like = next(model.parameters())
    size, repeat = (8192, 50) if is_card(model) else (1536, 20)
    matrix = torch.rand(size, size, device=like.device, dtype=torch.float16 if is_card(model) else like.dtype)
    wall, cpu = _seconds(lambda: [matrix @ matrix for _ in range(repeat)])
    return repeat * 2 * size**3 / (wall if is_card(model) else cpu)


def is_card(model: Any) -> bool:
    return bool(model.device.type == "cuda")


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that the work takes, and those of processor time in all threads."""
    import torch

    started, cpu = time.perf_counter(), time.process_time()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started, time.process_time() - cpu


def ways(model: Any) -> dict[str, Way]:
    """Return the ways of encoding, the plain one first."""
    from django.conf import settings

    from ingest.classifier import encoder

    found: dict[str, Way] = {PLAIN: lambda texts: np.asarray(model.encode(texts, show_progress_bar=False))}
    found[OURS] = encoder.load().encode
    if not is_card(model):
        settings.ENCODER_PRECISION = "int8"
        found[EIGHT] = encoder.load().encode
    return found


def measured(model: Any, texts: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Encode the texts in every way in every round; return the medians by way."""
    work = operations(model, texts)
    known = ways(model)
    wall: dict[str, list[float]] = {name: [] for name in known}
    cpu: dict[str, list[float]] = {name: [] for name in known}
    bound: dict[str, list[float]] = {name: [] for name in known}
    vectors = {name: encode(texts[:8]) for name, encode in known.items()}  # whatever is done once is done now
    for _ in range(rounds):
        before = product_rate(model)
        for name, encode in known.items():
            seconds = _seconds(lambda name=name, encode=encode: vectors.update({name: encode(texts)}))
            wall[name].append(seconds[0])
            cpu[name].append(seconds[1])
            after = product_rate(model)
            bound[name].append(work / seconds[0 if is_card(model) else 1] / ((before + after) / 2))
            before = after
    return {
        name: {
            "papers/s": len(texts) / statistics.median(wall[name]),
            "ratio": _ratio(wall, name),
            "CPU ratio": _ratio(cpu, name),
            "of the bound": statistics.median(bound[name]),
            **likeness(vectors[name], vectors[PLAIN]),
        }
        for name in known
    }


def _ratio(spent: dict[str, list[float]], name: str) -> float:
    return statistics.median(plain / own for plain, own in zip(spent[PLAIN], spent[name], strict=True))


def likeness(own: Vectors, plain: Vectors) -> dict[str, float]:
    """Return how near the vectors are to the plain ones, and how many of a text's ten nearest texts are the same."""
    cosines = (own * plain).sum(axis=1)
    same = [len(a & b) / 10 for a, b in zip(_nearest(own), _nearest(plain), strict=True)]
    return {
        "difference": float(np.abs(own - plain).max()),
        "cosine": float(cosines.mean()),
        "least cosine": float(cosines.min()),
        "ten nearest": statistics.mean(same),
    }


def _nearest(vectors: Vectors) -> list[set[int]]:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -2)
    return [set(row[-10:].tolist()) for row in np.argsort(likeness, axis=1)]


def missed(found: dict[str, dict[str, float]]) -> list[str]:
    """Return the targets that were not reached, in words."""
    ours = found[OURS]
    told = [
        (ours["ratio"] >= TARGET_EXACT, f"ours is not {TARGET_EXACT} times as fast"),
        (ours["of the bound"] >= TARGET_BOUND or EIGHT not in found, f"ours is under {TARGET_BOUND} of the bound"),
    ]
    if EIGHT in found:
        told += [
            (ours["difference"] <= TARGET_DIFFERENCE, f"ours differs by more than {TARGET_DIFFERENCE}"),
            (found[EIGHT]["ratio"] >= TARGET_EIGHT, f"eight bits are not {TARGET_EIGHT} times as fast"),
            (found[EIGHT]["cosine"] >= TARGET_COSINE, f"eight bits have a mean cosine under {TARGET_COSINE}"),
        ]
    else:
        told += [(ours["least cosine"] >= TARGET_HALF, f"half precision has a cosine under {TARGET_HALF}")]
    return [words for is_held, words in told if not is_held]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE")
    parser.add_argument("--papers", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--titles", action="store_true", help="titles only; no target")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="listkeeper-benchmark-") as folder:
        os.environ["LISTKEEPER_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "kbsite.settings"
        os.environ["HF_HUB_OFFLINE"] = "1"
        # Threads that wait by spinning are no work, and on a busy machine they would speak against the plain way.
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        from sentence_transformers import SentenceTransformer

        from ingest.classifier import encoder

        model = SentenceTransformer(str(encoder.bundled_folder()))
        found = measured(model, texts_of(asked.file, asked.papers, asked.titles), asked.rounds)
    load = [round(each, 1) for each in os.getloadavg()]
    if asked.json:
        print(json.dumps({"ways": found, "load": load}, indent=2))
    else:
        print(f"{'':22}" + "".join(f"{what:>14}" for what in found[PLAIN]))
        for name, figures in found.items():
            print(
                f"{name:22}"
                + "".join(f"{value:14.3g}" if value < 1e-3 else f"{value:14.4f}" for value in figures.values())
            )
        print(f"load of the machine, over 1, 5 and 15 minutes: {load}")
    failures = [] if asked.titles else missed(found)
    print("; ".join(failures) or "every target is held", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
