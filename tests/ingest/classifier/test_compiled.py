"""The encoder's graph: as exact as it says, made once, and made again where it was damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import AutoTokenizer, BertConfig, BertModel, RobertaConfig, RobertaModel

from ingest.classifier import bert, compiled, onnxencoder
from ingest.classifier import encoder as encoders
from ingest.classifier.encoder import EncoderError

TEXTS = [f"Paper {number}: " + "a cache of keys, " * (number * 7 % 60) + "and no more." for number in range(24)]


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    """Let every test make its graphs itself, and forget them."""
    settings.ENCODER_DEVICE = "cpu"
    settings.DATA_DIR = tmp_path / "data"
    encoders._load.cache_clear()
    yield
    encoders._load.cache_clear()


@pytest.fixture(scope="module")
def reference() -> SentenceTransformer:
    return SentenceTransformer(str(encoders.bundled_folder()), device="cpu")


@pytest.fixture
def tiny(tmp_path):
    """Make a folder of a small model with weights by chance, and return it."""

    def make(pooling="mean", kind=(BertConfig, BertModel)) -> Path:
        config, model = kind
        AutoTokenizer.from_pretrained(encoders.bundled_folder()).save_pretrained(tmp_path / "body")
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        model(config(vocab_size=30522, **sizes)).save_pretrained(tmp_path / "body")
        body = Transformer(str(tmp_path / "body"), max_seq_length=40)
        SentenceTransformer(modules=[body, Pooling(32, pooling)], device="cpu").save(str(tmp_path / "tiny"))
        return tmp_path / "tiny"

    return make


def graphs(settings) -> list[Path]:
    return sorted((settings.DATA_DIR / "encoders").iterdir())


def far_apart(one, other) -> float:
    return float(np.abs(one - other).max())


def test_single_precision_gives_the_vectors_of_sentence_transformers(reference):
    own = encoders.load()
    assert type(own).__name__ == "OnnxEncoder"
    texts = TEXTS + list(compiled.PROBES)
    assert far_apart(own.encode(texts), reference.encode(texts, show_progress_bar=False)) <= 1e-6


def test_what_the_bundled_model_is_to_answer_is_what_it_answers(reference):
    answers = np.load(encoders.BUNDLED_ANSWERS)
    assert far_apart(answers, reference.encode(list(compiled.PROBES), show_progress_bar=False)) <= 1e-6


def test_eight_bits_are_near_and_a_text_has_one_vector_in_any_company(reference, settings):
    settings.ENCODER_PRECISION = "int8"
    own = encoders.load()
    together = own.encode(TEXTS)
    assert np.array_equal(together[::-1], own.encode(TEXTS[::-1]))
    assert np.array_equal(together[:1], own.encode(TEXTS[:1]))
    cosines = (together * reference.encode(TEXTS, show_progress_bar=False)).sum(axis=1)
    assert cosines.mean() >= 0.985 and cosines.max() < 1 - 1e-6


def test_the_graph_is_made_once(settings):
    encoders.load()
    (graph,) = graphs(settings)
    made = (graph / compiled.GRAPH).stat().st_mtime_ns
    encoders._load.cache_clear()
    encoders.load()
    assert (graphs(settings), (graph / compiled.GRAPH).stat().st_mtime_ns) == ([graph], made)


def test_the_two_precisions_have_graphs_of_their_own(settings):
    encoders.load()
    settings.ENCODER_PRECISION = "int8"
    encoders.load()
    assert [graph.name.split("-")[-2] for graph in graphs(settings)] == ["float32", "int8"]


@pytest.mark.parametrize("file", [compiled.GRAPH, compiled.ABOUT])
def test_a_damaged_graph_is_made_again(settings, file, caplog):
    before = encoders.load().encode(TEXTS[:2])
    (graph,) = graphs(settings)
    (graph / file).write_bytes((graph / file).read_bytes()[:-30])
    encoders._load.cache_clear()
    assert np.array_equal(encoders.load().encode(TEXTS[:2]), before)
    assert graphs(settings) == [graph]


def test_a_process_that_is_killed_at_it_leaves_nothing_that_counts_or_stays(settings):
    program = """
import os, django; django.setup()
from ingest.classifier import compiled, encoder
compiled._judge = lambda *_: os._exit(9)
encoder.load()
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "kbsite.settings", "ENCODER_DEVICE": "cpu"}
    environment["LISTKEEPER_DATA_DIR"] = str(settings.DATA_DIR)
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, env=environment, timeout=120).returncode == 9
    (draft,) = graphs(settings)
    assert draft.name.startswith(".draft-")
    encoders.load()
    assert len(graphs(settings)) == 2, "it could be another process at work"
    long_ago = time.time() - 2 * compiled.AN_HOUR
    os.utime(draft, (long_ago, long_ago))
    settings.ENCODER_PRECISION = "int8"
    encoders.load()
    assert draft not in graphs(settings)


def test_two_at_once_make_one(settings):
    both = threading.Barrier(2, timeout=30)
    answers = np.load(encoders.BUNDLED_ANSWERS)
    found = []

    def reference(_):
        both.wait()
        return answers

    def work():
        model = bert.read(encoders.bundled_folder())
        found.append(compiled.load(model, "all@12345678", "float32", reference).encode(TEXTS[:2]))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and np.array_equal(*found)
    assert [graph.name for graph in graphs(settings)] == ["all@12345678-float32-1"]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_another_bert_in_a_folder_is_computed_as_exactly(settings, tiny, pooling):
    folder = tiny(pooling)
    settings.ENCODER = str(folder)
    own = encoders.load()
    assert (type(own).__name__, own.dimensions, own.name.rpartition("/")[2]) == ("OnnxEncoder", 32, "40")
    wanted = encoders.unit(SentenceTransformer(str(folder), device="cpu").encode(TEXTS, show_progress_bar=False))
    assert far_apart(own.encode(TEXTS), wanted) <= 1e-6


@pytest.mark.parametrize(
    ("pooling", "kind"), [("max", (BertConfig, BertModel)), ("mean", (RobertaConfig, RobertaModel))]
)
def test_a_model_of_another_kind_is_left_to_torch_in_single_precision_only(settings, tiny, pooling, kind):
    settings.ENCODER = str(tiny(pooling, kind))
    own = encoders.load()
    assert type(own).__name__ == "TorchEncoder"
    assert own.name.startswith("tiny@") and own.name.endswith("/float32/40")
    settings.ENCODER_PRECISION = "int8"
    with pytest.raises(EncoderError, match=r"ENCODER=tiny cannot be had with ENCODER_PRECISION=int8: its \w+ is \w+"):
        encoders.load()


def test_a_graph_that_is_not_exact_is_refused_for_good_and_torch_computes(settings, tiny, monkeypatch):
    monkeypatch.setattr(compiled, "EXACT", 1e-12)
    settings.ENCODER = str(tiny())
    assert type(encoders.load()).__name__ == "TorchEncoder"
    (graph,) = graphs(settings)
    assert "refused" in json.loads((graph / compiled.ABOUT).read_bytes())
    assert not (graph / compiled.GRAPH).exists()
    made = (graph / compiled.ABOUT).stat().st_mtime_ns
    encoders._load.cache_clear()
    assert type(encoders.load()).__name__ == "TorchEncoder"
    assert (graph / compiled.ABOUT).stat().st_mtime_ns == made


def test_without_a_place_for_the_graph_torch_computes_the_same(settings):
    settings.DATA_DIR.write_text("a file, not a folder")
    own = encoders.load()
    assert (type(own).__name__, own.name) == ("TorchEncoder", "all-MiniLM-L6-v2@53aa5117/float32/256")


def test_more_texts_than_are_held_as_tokens_come_in_their_order(monkeypatch):
    monkeypatch.setattr(onnxencoder, "AT_ONCE", 5)
    own = encoders.load()
    found = own.encode(TEXTS)
    assert far_apart(found, np.concatenate([own.encode([text]) for text in TEXTS])) <= 1e-6


def test_a_text_that_fails_is_said_and_the_rest_is_not_encoded(monkeypatch):
    own = encoders.load()
    done = []

    def run(tokens):
        done.append(tokens)
        time.sleep(0.01)
        raise RuntimeError("out of luck")

    monkeypatch.setattr(own, "_run", run)
    with pytest.raises(RuntimeError, match="out of luck"):
        own.encode(TEXTS * 40)
    assert len(done) < 40


def test_as_many_threads_as_the_process_may_use_or_is_told(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert 1 <= onnxencoder.threads() <= (os.cpu_count() or 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert onnxencoder.threads() == 3
