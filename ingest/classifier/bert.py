"""A BERT sentence encoder in a folder, as sentence-transformers keeps it, and the ONNX graph that computes the same.

The graph is written operator by operator, with ONNX Runtime's fused ones (its ContribOperators.md): eight to a layer,
where an export has some sixty that an optimizer must find again. Nothing here needs torch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Weights = dict[str, NDArray[np.float32]]

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
OPSET = 17
FUSED = "com.microsoft"


class Unsupported(Exception):
    """The folder holds another kind of model; the message says in what it differs."""


@dataclass(frozen=True, slots=True)
class Bert:
    """What is to be known of the model besides its weights."""

    folder: Path
    layers: int
    heads: int
    dimensions: int
    epsilon: float  # of its layer normalisations
    longest: int  # tokens of a text that are read
    pooling: str  # "mean" of the tokens' vectors, or "cls": the first token's


def read(folder: Path) -> Bert:
    """Return what the folder holds; raise Unsupported unless it is BERT with a pooling that is known here."""
    if not (folder / WEIGHTS).is_file() or not (folder / TOKENIZER).is_file():
        raise Unsupported(f"no {WEIGHTS} with a {TOKENIZER}")
    modules = _json(folder / "modules.json", [])
    kinds = [str(module.get("type")).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or modules[0]["path"]:
        raise Unsupported(f"its modules are {', '.join(kinds) or 'not told'}")
    config = _json(folder / "config.json", {})
    for key, wanted in (("model_type", "bert"), ("hidden_act", "gelu"), ("position_embedding_type", "absolute")):
        if config.get(key, "absolute") != wanted:
            raise Unsupported(f"its {key} is {config.get(key)}")
    prompts = _json(folder / "config_sentence_transformers.json", {})
    if prompts.get("default_prompt_name"):
        raise Unsupported("it puts a prompt before every text")
    return Bert(
        folder=folder,
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        dimensions=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
        longest=_longest(folder, config["max_position_embeddings"]),
        pooling=_pooling(_json(folder / modules[1]["path"] / "config.json", {})),
    )


def graph(model: Bert) -> ModelProto:
    """Return the model as a graph: int32 input_ids (texts, tokens), int32 lengths (texts) -> tokens' vectors.

    `tokens` has shape (texts, tokens, dimensions), float32; what is padded at a text's end changes nothing before it.
    """
    weights = _weights(model.folder / WEIGHTS)
    try:
        return _graph(model, weights)
    except KeyError as error:
        raise Unsupported(f"{WEIGHTS} has no {error}") from error


def _graph(model: Bert, weights: Weights) -> ModelProto:
    from onnx import TensorProto, helper, numpy_helper

    constants: Weights = {}
    nodes: list[NodeProto] = []

    def add(kind: str, inputs: list[str], output: str, domain: str = FUSED, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def constant(name: str, value: NDArray[np.float32]) -> str:
        constants[name] = np.ascontiguousarray(value, dtype=np.float32)
        return name

    def normalised(summand: str, bias: str, other: str, norm: str, output: str) -> str:
        """Add the two and the bias of what made the first, and normalise."""
        inputs = [summand, other, constant(f"{norm}.gain", weights[f"{norm}.weight"])]
        inputs += [
            constant(f"{norm}.shift", weights[f"{norm}.bias"]),
            constant(f"{bias}.bias", weights[f"{bias}.bias"]),
        ]
        return add("SkipLayerNormalization", inputs, output, epsilon=model.epsilon)

    words = constant("words", weights["embeddings.word_embeddings.weight"])
    # Every token is of the first of BERT's two kinds of segment.
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    places = constant("places", weights["embeddings.position_embeddings.weight"] + segment)
    norm = "embeddings.LayerNorm"
    gain, shift = constant("gain", weights[f"{norm}.weight"]), constant("shift", weights[f"{norm}.bias"])
    nodes.append(
        helper.make_node(
            "EmbedLayerNormalization",
            ["input_ids", "", words, places, "", gain, shift],
            ["embedded", ""],
            domain=FUSED,
            epsilon=model.epsilon,
        )
    )
    state = "embedded"
    for number in range(model.layers):
        layer = f"encoder.layer.{number}"
        parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        matrix = constant(f"{layer}.qkv", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1))
        bias = constant(f"{layer}.qkv.bias", np.concatenate([weights[f"{part}.bias"] for part in parts]))
        seen = add("Attention", [state, matrix, bias, "lengths"], f"{layer}.seen", num_heads=model.heads)

        out = f"{layer}.attention.output.dense"
        mixed = add("MatMul", [seen, constant(out, weights[f"{out}.weight"].T)], f"{layer}.mixed", domain="")
        state = normalised(mixed, out, state, f"{layer}.attention.output.LayerNorm", f"{layer}.attended")

        up, down = f"{layer}.intermediate.dense", f"{layer}.output.dense"
        wide = add("MatMul", [state, constant(up, weights[f"{up}.weight"].T)], f"{layer}.wide", domain="")
        active = add("BiasGelu", [wide, constant(f"{up}.bias", weights[f"{up}.bias"])], f"{layer}.active")
        narrow = add("MatMul", [active, constant(down, weights[f"{down}.weight"].T)], f"{layer}.narrow", domain="")
        output = "tokens" if number == model.layers - 1 else f"{layer}.state"
        state = normalised(narrow, down, state, f"{layer}.output.LayerNorm", output)

    integers, floats = TensorProto.INT32, TensorProto.FLOAT
    return helper.make_model(
        helper.make_graph(
            nodes,
            "bert",
            [
                helper.make_tensor_value_info("input_ids", integers, ["texts", "length"]),
                helper.make_tensor_value_info("lengths", integers, ["texts"]),
            ],
            [helper.make_tensor_value_info("tokens", floats, ["texts", "length", model.dimensions])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=8,
        producer_name="listkeeper",
    )


def _weights(file: Path) -> Weights:
    """Return the weights by their names in BertModel, whichever model around it they were saved with."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found = load_file(file)
    except (SafetensorError, TypeError, KeyError) as error:  # the last two: a precision that numpy does not know
        raise Unsupported(f"{WEIGHTS} cannot be read: {error}") from error
    return {name.removeprefix("bert."): value.astype(np.float32) for name, value in found.items()}


def _longest(folder: Path, places: int) -> int:
    """Return how many tokens sentence-transformers reads: older folders say it in one file, newer in another."""
    said = _json(folder / "sentence_bert_config.json", {}).get("max_seq_length")
    said = said or _json(folder / "tokenizer_config.json", {}).get("model_max_length") or places
    return min(int(said), places)


def _pooling(config: dict[str, Any]) -> str:
    older = [key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on]
    found = config.get("pooling_mode") or {"mean_tokens": "mean", "cls_token": "cls"}.get("+".join(older))
    if found not in {"mean", "cls"}:
        raise Unsupported(f"its pooling is {found or '+'.join(older) or 'not told'}")
    return str(found)


def _json(file: Path, otherwise: Any) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else otherwise
