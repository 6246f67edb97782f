"""Encoding by torch, as far as a machine without a graphics card can tell."""

from __future__ import annotations

import numpy as np
import torch

from ingest.classifier.torchencoder import TorchEncoder


class HalfPrecisionModel:
    """What a sentence-transformers model on CUDA looks like from outside; it ends in no normalising layer."""

    device = torch.device("cuda")
    max_seq_length = 512

    def __init__(self):
        self.batch_sizes = []

    def parameters(self):
        return iter([torch.zeros(1, dtype=torch.float16)])

    def encode(self, texts, batch_size=32, show_progress_bar=None):
        self.batch_sizes.append(batch_size)
        rows = np.array([[3.0, 4.0]] * (1 if isinstance(texts, str) else len(texts)), dtype=np.float16)
        return rows[0] if isinstance(texts, str) else rows


def test_any_model_gives_vectors_of_single_precision_and_length_one():
    encoder = TorchEncoder(HalfPrecisionModel(), "any", "12345678")
    vectors = encoder.encode(["a", "b"])
    assert vectors.dtype == np.float32 and np.allclose(vectors, [[0.6, 0.8]] * 2, atol=1e-6)
    assert (encoder.name, encoder.dimensions) == ("any@12345678/float16/512", 2)


def test_a_graphics_card_gets_larger_batches_and_chunks():
    model = HalfPrecisionModel()
    encoder = TorchEncoder(model, "any", "12345678")
    encoder.encode(["a", "b"])
    assert model.batch_sizes[-1] >= 128
    assert encoder.chunk >= 16 * 64, "what takes a processor some seconds takes a card none"
