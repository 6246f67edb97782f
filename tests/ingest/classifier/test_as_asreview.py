"""A session of ours is one of ASReview's: with its model, the same papers are read in the same order, from one seed."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from ingest.classifier import simulate

SUBJECTS = (
    "Quantized caches of keys and values, study {0} of {1} bits",
    "Pruning prompts to {1} tokens, part {0}",
    "Image synthesis by diffusion in {1} steps, paper {0}",
    "Weather maps at {1} kilometres, number {0}",
    "Keys and values of {1} images: a database, volume {0}",
)
TITLES = [SUBJECTS[paper * paper % 7 % 5].format(paper, paper % 6 + 2) for paper in range(90)]
RELEVANT = np.array([paper * paper % 7 % 5 == 0 for paper in range(90)])
RELEVANT[[5, 22, 61]] = True  # errors of the list, found late


class Default:
    """ASReview's default model, as our sessions take a model."""

    def __init__(self, seed: int) -> None:
        import pandas as pd
        from asreview.learner import ActiveLearningCycle
        from asreview.models.models import get_ai_config

        self.cycle = ActiveLearningCycle.from_meta(get_ai_config("elas_u4")["value"])
        self.features = self.cycle.transform(pd.DataFrame({"title": TITLES, "abstract": [""] * len(TITLES)}))
        self.labels: dict[int, int] = {}
        np.random.seed(seed)

    def label(self, paper: int, relevant: bool) -> None:
        self.labels[paper] = int(relevant)

    def scores(self) -> np.ndarray:
        self.cycle.fit(self.features[list(self.labels)], np.array(list(self.labels.values())))
        return self.cycle.classifier.decision_function(self.features)


@pytest.fixture
def asreview(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes a file where it is imported
    pytest.importorskip("asreview", reason="asreview is not installed: pip install -e '.[compare]'")


@pytest.mark.parametrize("seed", [0, 3])
def test_with_its_model_our_session_reads_what_its_own_simulation_reads(asreview, tmp_path, seed):
    from asreview.project.api import Project
    from asreview.simulation.cli import _cli_simulate

    with open("pool.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["title", "abstract", "included"])
        rows.writerows([title, "", int(relevant)] for title, relevant in zip(TITLES, RELEVANT, strict=True))
    drawn = ["--n-prior-included", "1", "--n-prior-excluded", "1", "--prior-seed", str(seed)]
    _cli_simulate(["pool.csv", *drawn, "--seed", str(seed), "--output", "session.asreview"])
    with Project.load("session.asreview", tmp_path / "loaded") as theirs:
        results = theirs.db.get_results_table(["record_id", "label", "training_set"])
    known = results["training_set"].isna()

    ours = simulate.session(RELEVANT, seed, Default(seed))

    assert list(ours.prior) == results["record_id"][known].tolist()
    assert list(ours.read) == results["record_id"][~known].tolist()
    # what asreview-insights makes its figures of: `get_simulation_labels`
    assert ours.labels == [*results["label"][~known].tolist(), *[0] * (len(TITLES) - len(results))]
    assert len(ours.read) > 40
