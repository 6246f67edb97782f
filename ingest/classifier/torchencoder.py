"""Text -> unit vectors on a graphics card, or with a model that only sentence-transformers can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ingest.classifier.encoder import Vectors, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class TorchEncoder:
    """A loaded sentence-transformers model, in the precision that its weights have."""

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
        return unit(np.array(raw, dtype=np.float32))
