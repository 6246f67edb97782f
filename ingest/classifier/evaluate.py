"""Labels and probabilities -> figures that say how good a classifier is.

Two questions are asked. Is the class right: accuracy, precision and recall, macro-F1, calibration. And is reading
in the order of relevance worth it: average precision, recall early in the order, work saved over sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.classifier.heads import OUT

BINS = 10
FULL_RECALL = 0.95
DEPTHS = (1, 2, 3, 5, 10)  # percent of the order that is read
TRUSTED = 0.97  # accuracy that answers outside the unsure band shall have


def score(
    labels: Sequence[str],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
    sure_from: float = 1.0,
    among: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the figures as JSON values; `probabilities` has shape (labels, classes).

    `macro_f1` is the mean over the classes that occur among the labels or were predicted. `among` is the accuracy
    on papers of these categories (by default all) when the answer must be one of them. Answers less probable than
    `sure_from` are in the unsure band. `relevance` is null when the labels hold no paper of the list or nothing else.
    """
    if len(labels) == 0:
        raise ValueError("nothing to score: no labels")
    position = {name: index for index, name in enumerate(classes)}
    truth = np.array([position[label] for label in labels])
    said = probabilities.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, (truth, said), 1)
    per_class = {name: _one_class(confusion, index) for index, name in enumerate(classes)}
    occurring = [name for index, name in enumerate(classes) if confusion[index].any() or confusion[:, index].any()]
    return {
        "accuracy": float((truth == said).mean()),
        "macro_f1": float(np.mean([per_class[name]["f1"] for name in occurring])),
        "per_class": per_class,
        # rows: the label; columns: what was said; both in the order of "classes"
        "confusion": {"classes": list(classes), "matrix": confusion.tolist()},
        "among": _among(truth, probabilities, [position[name] for name in among or classes if name != OUT]),
        "log_loss": _log_loss(truth, probabilities),
        "brier": _brier(truth, probabilities),
        "expected_calibration_error": _calibration_error(truth, probabilities),
        "reliability": _reliability(truth, probabilities),
        "unsure": _unsure(truth, probabilities, sure_from),
        "relevance": relevance(labels, probabilities, classes),
    }


def relevance(
    labels: Sequence[str], probabilities: NDArray[np.float64], classes: Sequence[str]
) -> dict[str, float] | None:
    """Return how good the order by 1 - P(out) is to find the papers that are not labelled "out"."""
    wanted = np.array([label != OUT for label in labels])
    if not wanted.any() or wanted.all():
        return None
    relevant = 1.0 - probabilities[:, list(classes).index(OUT)]
    # Among equals the irrelevant come first: a tie must not flatter.
    found = wanted[np.lexsort((wanted, -relevant))].cumsum()
    read = np.arange(1, len(found) + 1)
    total = found[-1]
    news = np.diff(found, prepend=0) == 1
    return {
        "average_precision": float((found / read)[news].mean()),
        **{f"recall_at_{depth}_percent": _recall_at(found, depth / 100) for depth in DEPTHS},
        # Work saved over sampling (Cohen et al. 2006): what need not be read to find 95 %, less what chance saves.
        "wss_at_95": float(1 - read[found >= FULL_RECALL * total][0] / len(found) - (1 - FULL_RECALL)),
    }


def _recall_at(found: NDArray[np.int64], share: float) -> float:
    return float(found[int(np.ceil(share * len(found))) - 1] / found[-1])


def _one_class(confusion: NDArray[np.int_], index: int) -> dict[str, float | int]:
    """Return precision, recall and F1 of one class; 0 where there is nothing to divide by."""
    right, said, support = confusion[index, index], confusion[:, index].sum(), confusion[index].sum()
    return {
        "precision": float(right / said) if said else 0.0,
        "recall": float(right / support) if support else 0.0,
        "f1": float(2 * right / (said + support)) if said + support else 0.0,
        "support": int(support),
    }


def _log_loss(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    given = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(given, 1e-15)).mean())


def _brier(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the mean squared distance to the truth over all classes (Brier 1950): 0 to 2."""
    wrong = probabilities - (truth[:, None] == np.arange(probabilities.shape[1]))
    return float((wrong**2).sum(axis=1).mean())


def _among(truth: NDArray[np.int64], probabilities: NDArray[np.float64], chosen: Sequence[int]) -> dict[str, Any]:
    """Return how often papers of the chosen classes are told from each other; null where there is none."""
    columns = np.array(chosen, dtype=np.int64)
    ours = np.isin(truth, columns)
    if not ours.any():
        return {"papers": 0, "accuracy": None}
    said = columns[probabilities[ours][:, columns].argmax(axis=1)]
    return {"papers": int(ours.sum()), "accuracy": float((said == truth[ours]).mean())}


def _calibration_error(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the mean distance between how sure it was and how often it was right (Naeini et al. 2015), 10 bins."""
    bins = _reliability(truth, probabilities)
    return float(sum(abs(each["sure"] - each["right"]) * each["papers"] for each in bins) / len(truth))


def _reliability(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return by how sure it was, in tenths: the papers, how sure it was on the mean, and how often it was right."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    in_bin = np.minimum((sure * BINS).astype(int), BINS - 1)
    return [
        {
            "from": each / BINS,
            "papers": int((in_bin == each).sum()),
            "sure": float(sure[in_bin == each].mean()),
            "right": float(right[in_bin == each].mean()),
        }
        for each in sorted(set(in_bin.tolist()))
    ]


def _unsure(truth: NDArray[np.int64], probabilities: NDArray[np.float64], sure_from: float) -> dict[str, Any]:
    """Return the unsure band, and how often it was right outside and inside; null where there is no paper."""
    sure = probabilities.max(axis=1) >= sure_from
    right = probabilities.argmax(axis=1) == truth
    return {
        "below": sure_from,
        "share": float((~sure).mean()),
        "accuracy_outside": float(right[sure].mean()) if sure.any() else None,
        "accuracy_inside": float(right[~sure].mean()) if not sure.all() else None,
    }


def sure_from(truth: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the least probability from which on answers are right in TRUSTED of the cases; 1 when none is."""
    if len(truth) == 0:
        return 1.0
    sure = probabilities.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order].cumsum()
    trusted = np.flatnonzero(right >= TRUSTED * np.arange(1, len(right) + 1))
    return float(sure[order][trusted[-1]]) if len(trusted) else 1.0
