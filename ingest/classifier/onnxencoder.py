"""Text -> unit vectors on the processor: a BERT graph (see bert.py) under ONNX Runtime, without torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ingest.classifier.batching import batches
from ingest.classifier.bert import TOKENIZER, Bert
from ingest.classifier.encoder import Vectors, unit

# Tokens in a batch, of 384 numbers each: what fits a processor's own cache. Larger ones are slower on two machines
# of different make (benchmarks/encoding.py), smaller ones leave short texts alone with all the weights to be read.
BUDGET = 256
AT_ONCE = 4096  # texts that are held as tokens


class OnnxEncoder:
    """A graph and its tokenizer, ready to encode; every processor works on batches of its own.

    That is a seventh faster than all of them at one batch, where each waits for the others after every operator.
    """

    def __init__(self, model: Bert, file: Path, name: str, alone: bool) -> None:
        """Open the graph; `alone`: encode each text by itself, so that its vector cannot depend on its neighbours."""
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(model.folder / TOKENIZER))
        self._tokenizer.enable_truncation(model.longest)
        self._tokenizer.no_padding()
        self._pool = _first if model.pooling == "cls" else _mean
        self._budget = 1 if alone else BUDGET
        self._threads = threads()
        self.chunk = 32 * self._threads
        self.dimensions = model.dimensions
        self.name = name

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), AT_ONCE):
            self._encode(list(islice(texts, start, start + AT_ONCE)), vectors[start : start + AT_ONCE])
        return unit(vectors)

    def _encode(self, texts: list[str], vectors: Vectors) -> None:
        """Put the texts' vectors in their places."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts)]
        shares = batches([len(ids) for ids in tokens], self._budget)

        def work(places: list[int]) -> None:
            vectors[places] = self._run([tokens[place] for place in places])

        pool = ThreadPoolExecutor(self._threads)
        try:
            for _ in pool.map(work, shares):
                pass
        finally:
            pool.shutdown(cancel_futures=True)  # where one failed, or a person stops it, the rest is not awaited

    def _run(self, tokens: list[list[int]]) -> Vectors:
        lengths = np.array([len(ids) for ids in tokens], dtype=np.int32)
        padded = np.zeros((len(tokens), lengths.max()), dtype=np.int32)
        for row, ids in zip(padded, tokens, strict=True):
            row[: len(ids)] = ids
        (states,) = self._session.run(["tokens"], {"input_ids": padded, "lengths": lengths})
        return self._pool(states, lengths)


def threads() -> int:
    """Return how many processors this process may use: all, unless its affinity or OMP_NUM_THREADS says fewer."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _mean(states: Any, lengths: Any) -> Vectors:
    return np.stack([state[:length].mean(axis=0) for state, length in zip(states, lengths, strict=True)])


def _first(states: Any, lengths: Any) -> Vectors:
    return np.asarray(states[:, 0], dtype=np.float32)
