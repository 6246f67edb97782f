"""The figures of a screening session are those of asreview-insights, on the same sequence."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ingest.classifier import screening

EXACT = 1e-9

# What asreview-insights 1.6.1 said of these sequences: recall at 10 %, WSS@95, WSS@100, mean time to discovery, loss.
SAID = [
    ("1001010000", 0.3333333333333333, 0.2, 0.3, 3.6666666666666665, 0.23809523809523808),
    ("0000001000000000000100000000000000000000", 0.0, 0.1, 0.275, 13.5, 0.3157894736842105),
    (
        "0010110101001110011001001100000000000000",
        *(0.07692307692307693, 0.275, 0.325, 14.153846153846153, 0.26495726495726496),
    ),
    ("0" * 12 + "1" + "0" * 87, 0.0, 0.38, 0.38, 13.0, 0.12121212121212122),
    ("1" * 24 + "0", 0.08333333333333333, 0.04, 0.04, 12.5, 0.0),
]


@pytest.mark.parametrize("said", SAID, ids=[f"{len(row[0])} papers, {row[0].count('1')} relevant" for row in SAID])
def test_the_figures_are_what_asreview_insights_said(said):
    labels, recall, wss_95, wss_100, discovery, loss = said

    found = screening.figures([int(label) for label in labels])

    assert found.recall_at_10_percent == pytest.approx(recall, abs=EXACT)
    assert found.wss_at_95 == pytest.approx(wss_95, abs=EXACT)
    assert found.wss_at_100 == pytest.approx(wss_100, abs=EXACT)
    assert found.average_time_to_discovery == pytest.approx(discovery, abs=EXACT)
    assert found.loss == pytest.approx(loss, abs=EXACT)


def sequences() -> list[list[int]]:
    """Sessions of every size, as good as they come and as bad."""
    made = []
    for seed in range(300):
        rng = random.Random(seed)
        papers = rng.randint(2, 400)
        relevant = rng.randint(1, papers - 1)
        labels = [1] * relevant + [0] * (papers - relevant)
        skill = rng.random()
        made.append([label for _, label in sorted((rng.random() - skill * label, label) for label in labels)])
    return made


def test_the_figures_agree_with_asreview_insights_own_functions():
    """Its module of algorithms alone is read: the whole package wants asreview 2, and we compare with asreview 3."""
    theirs = insights_algorithms()
    for labels in sequences():
        found = screening.figures(labels)

        shares, recalls = theirs._recall_values(labels)
        recalled, saved = theirs._wss_values(labels)
        assert screening.recall_curve(labels) == pytest.approx(np.array(recalls), abs=EXACT)
        assert found.recall_at_10_percent == pytest.approx(
            0 if shares[0] > 0.1 else value_at(shares, recalls, 0.1), abs=EXACT
        )
        assert found.wss_at_95 == pytest.approx(value_at(recalled, saved, 0.95), abs=EXACT)
        assert found.wss_at_100 == pytest.approx(value_at(recalled, saved, 1.0), abs=EXACT)
        assert found.loss == pytest.approx(theirs._loss_value(labels), abs=EXACT)


def test_loss_and_ndcg_agree_with_asreview(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes a file where it is imported
    theirs = pytest.importorskip("asreview.metrics", reason="asreview is not installed: pip install -e '.[compare]'")
    for labels in sequences():
        found = screening.figures(labels)

        assert found.loss == pytest.approx(theirs.loss(labels), abs=EXACT)
        assert found.ndcg == pytest.approx(theirs.ndcg(labels), abs=EXACT)


def test_a_perfect_session_loses_nothing():
    found = screening.figures([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])

    assert (found.loss, found.ndcg, found.average_time_to_discovery) == (0.0, 1.0, 2.0)


@pytest.mark.parametrize("labels", [[], [0, 0, 0], [1, 1]])
def test_a_session_in_which_there_is_nothing_to_find_or_to_leave_has_no_figures(labels):
    with pytest.raises(ValueError, match="has no figures"):
        screening.figures(labels)


def insights_algorithms() -> ModuleType:
    namespace = importlib.util.find_spec("asreviewcontrib")
    for folder in (namespace and namespace.submodule_search_locations) or ():
        file = Path(folder) / "insights" / "algorithms.py"
        if file.is_file():
            spec = importlib.util.spec_from_file_location("insights_algorithms", file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    pytest.skip("asreview-insights is not installed: pip install --no-deps asreview-insights==1.6.1")


def value_at(x: list[float], y: list[float], intercept: float) -> float:
    """As `asreviewcontrib.insights.metrics._slice_metric`."""
    return y[np.searchsorted(x, intercept, side="right") - 1]
