"""An encoder's ONNX graph in the data folder: made from the model's own weights at first use, checked, found again."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from ingest.classifier import bert
from ingest.classifier.bert import Bert
from ingest.classifier.encoder import Vectors
from ingest.classifier.onnxencoder import OnnxEncoder

log = logging.getLogger(__name__)

RECIPE = 1  # raised when graphs are made in another way
GRAPH, ABOUT = "model.onnx", "about.json"
AN_HOUR = 3600  # seconds
EXACT = 1e-6  # the most that a number of a vector may differ from the model's own in single precision
ALIKE = 0.96  # the least cosine of a probe's vector in eight bits and the model's own; of abstracts it is 0.99

# What is asked of a new graph: what tokenizers, masks and truncation could get wrong.
PROBES = (
    "Attention is all you need.",
    "  KV-cache eviction:\nKEYS and Values of $\\ell_2$-small norm, dropped at 50% of O(n^2) cost (see §3)!  ",
    "Schrödinger’s naïve façade; Ünïcødé — “quotes”, … 😀",
    "大语言模型的上下文压缩",
    "",
    " ".join(f"Sentence {number} of a text that is longer than any model reads." for number in range(90)),
)

Reference = Callable[[Sequence[str]], Vectors]  # texts -> the vectors that the model itself gives them


class Inexact(Exception):
    """A graph does not give the vectors of its model; the message says by how much it fails."""


def load(model: Bert, key: str, precision: str, reference: Reference) -> OnnxEncoder:
    """Return the encoder of the model's graph in this precision, float32 or int8; make the graph if there is none.

    `key` tells model and revision. Raise Inexact where the graph is not as good as its precision
    promises (which is asked once, and remembered), OSError where the data folder cannot be written.
    """
    folder = settings.DATA_DIR / "encoders" / f"{key.replace('/', '--')}-{precision}-{RECIPE}"
    about = _about(folder)
    if about is None:
        about = _make(folder, model, precision, reference)
    if reason := about.get("refused"):
        raise Inexact(reason)
    # Eight bits are spread over the numbers of all texts of a batch, so the vector of a text would be another one
    # in another batch; alone it always is the same, and of abstracts no slower.
    return OnnxEncoder(model, folder / GRAPH, f"{key}/{precision}/{model.longest}", alone=precision == "int8")


def _about(folder: Path) -> dict[str, Any] | None:
    """Return what is told of the graph, or None where there is none, or not as it was made."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_bytes())
        if about.get("refused") or about["sha256"] == _sha256(folder / GRAPH):
            return about
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        log.warning("%s cannot be read (%s), so it is made again", folder, error)
        return None
    log.warning("%s is not what was written there, so it is made again", folder / GRAPH)
    return None


def _make(folder: Path, model: Bert, precision: str, reference: Reference) -> dict[str, Any]:
    """Make and check the graph beside its place, then move it there at once; another process may do the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        _write(model, precision, draft / GRAPH)
        about: dict[str, Any] = _judge(OnnxEncoder(model, draft / GRAPH, "", alone=True), precision, reference)
        if "refused" in about:
            (draft / GRAPH).unlink()
        else:
            about["sha256"] = _sha256(draft / GRAPH)
        (draft / ABOUT).write_text(json.dumps(about, indent=2))
        _publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return about


def _write(model: Bert, precision: str, file: Path) -> None:
    graph = bert.graph(model)
    if precision == "float32":
        file.write_bytes(graph.SerializeToString())
        return
    from onnxruntime.quantization import QuantType, quant_utils, quantize_dynamic

    quant_utils.add_pre_process_metadata(graph)  # there is nothing to fuse or fold before
    # A scale for every column keeps eight bits good. Seven of them, because without VNNI a processor adds two products
    # in sixteen bits, which eight overflow: so the vectors are the same on every processor.
    quantize_dynamic(
        graph,
        file,
        op_types_to_quantize=["MatMul", "Attention"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": 1},  # float, where it cannot tell a fused operator's output
    )


def _judge(encoder: OnnxEncoder, precision: str, reference: Reference) -> dict[str, Any]:
    """Return how near the graph's vectors are to the model's own, and why it is refused if it is."""
    own, wanted = encoder.encode(PROBES), reference(PROBES)
    if precision == "float32":
        difference = float(np.abs(own - wanted).max())
        verdict: dict[str, Any] = {"difference": difference}
        is_good = difference <= EXACT
    else:
        cosine = float((own * wanted).sum(axis=1).min())
        verdict = {"cosine": cosine}
        is_good = cosine >= ALIKE
    if not is_good:  # also when a number is none
        verdict["refused"] = f"its {precision} graph is off: {verdict}"
    return verdict


def _publish(draft: Path, folder: Path) -> None:
    """Move the draft into its place; what stands there and is damaged goes."""
    try:
        draft.replace(folder)
    except OSError:
        if _about(folder) is not None:  # another process was first
            return
        damaged = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent)) / "damaged"
        folder.rename(damaged)
        draft.replace(folder)
        shutil.rmtree(damaged.parent, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the drafts of processes that were killed."""
    for draft in parent.glob(".draft-*"):
        if draft.stat().st_mtime < time.time() - AN_HOUR:
            shutil.rmtree(draft, ignore_errors=True)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
