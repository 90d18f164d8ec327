"""The encoder's graph, written node by node from weight arrays: shared lower layers and two branches, in int8.

MiniLM is BERT (Devlin et al. 2019, arXiv 1810.04805) in the size of Wang et al. 2020 (arXiv 2002.10957). Matrices are
int8 with a scale a column; activations take theirs at run time from all that is in the run (`DynamicQuantizeMatMul`),
which is why `encoder.Encoder` runs each message alone.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.encoder import MOST_PIECES, WIDTH

Floats = NDArray[np.float32]
Arrays = Mapping[str, Floats]

LAYERS, SHARED, ATTENTION_HEADS = 6, 3, 12
EPSILON = 1e-12
MICROSOFT = "com.microsoft"


def read_safetensors(path: Path) -> dict[str, Floats]:
    """The float32 arrays of a safetensors file: 8 bytes of header size, a JSON header, raw little-endian numbers."""
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    header: dict[str, Any] = json.loads(raw[8 : 8 + size])
    found = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            found[name] = np.frombuffer(raw[start:end], "<f4").reshape(entry["shape"]).copy()
    return found


class _Writer:
    """Collects nodes and constants under names of their own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def product(self, source: str, weight: Floats, bias: Floats, name: str) -> str:
        """`source @ weight.T + bias` with `weight` (out, in) as int8, a scale for each output."""
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-8) / 127.0
        codes = np.rint(weight.T / scale).astype(np.int8)
        inputs = [
            source,
            self.constant(f"{name}.codes", codes),
            self.constant(f"{name}.scales", scale.astype(np.float32)),
            "",
            self.constant(f"{name}.bias", bias.astype(np.float32)),
        ]
        return self.node("DynamicQuantizeMatMul", inputs, name, domain=MICROSOFT)


def _embedded(writer: _Writer, arrays: Arrays) -> str:
    """Pieces, 8-bit by rows, with their places; `pieces` is (1, n)."""
    table = arrays["embeddings.word_embeddings.weight"]
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127.0
    codes = writer.constant("pieces.codes", np.rint(table / scale).astype(np.int8))
    scales = writer.constant("pieces.scales", scale.astype(np.float32))
    raw = writer.node("Gather", [codes, "pieces"], "embed.codes")
    number = writer.node("Cast", [raw], "embed.numbers", to=1)
    own = writer.node("Mul", [number, writer.node("Gather", [scales, "pieces"], "embed.scales")], "embed.pieces")
    places = arrays["embeddings.position_embeddings.weight"][:MOST_PIECES]
    places = places + arrays["embeddings.token_type_embeddings.weight"][0]
    table_of_places = writer.constant("places", places.astype(np.float32))
    zero, one = writer.constant("zero", np.array([0], np.int64)), writer.constant("one", np.array([1], np.int64))
    count = writer.node("Shape", ["pieces"], "embed.count", start=1, end=2)
    there = writer.node("Slice", [table_of_places, zero, count, zero, one], "embed.places")
    summed = writer.node("Add", [own, there], "embed.sum")
    norm = [writer.constant(f"embed.{part}", arrays[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")]
    return writer.node("LayerNormalization", [summed, *norm], "embed", axis=-1, epsilon=EPSILON)


def _layer(writer: _Writer, source: str, arrays: Arrays, number: int, branch: str) -> str:
    """One encoder layer: attention over the whole message, then the wide product, each with its residual."""
    name, inside = f"{branch}.{number}", f"encoder.layer.{number}."

    def pair(part: str) -> tuple[Floats, Floats]:
        return arrays[f"{inside}{part}.weight"], arrays[f"{inside}{part}.bias"]

    def joined(left: str, right: str, part: str, to: str) -> str:
        gamma, beta = (writer.constant(f"{to}.{kind}", value) for kind, value in zip("gb", pair(part), strict=True))
        summed = writer.node("Add", [left, right], f"{to}.sum")
        return writer.node("LayerNormalization", [summed, gamma, beta], to, axis=-1, epsilon=EPSILON)

    parts = [pair(f"attention.self.{part}") for part in ("query", "key", "value")]
    weight, bias = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    mixed = writer.product(source, weight, bias, f"{name}.qkv")
    names = [f"{name}.{part}" for part in "qkv"]
    from onnx import helper

    writer.nodes.append(helper.make_node("Split", [mixed], names, name=f"{name}.split", axis=-1, num_outputs=3))
    seen = writer.node("MultiHeadAttention", names, f"{name}.seen", domain=MICROSOFT, num_heads=ATTENTION_HEADS)
    seen = writer.product(seen, *pair("attention.output.dense"), f"{name}.attended")
    middle = joined(seen, source, "attention.output.LayerNorm", f"{name}.middle")
    wide = writer.product(middle, *pair("intermediate.dense"), f"{name}.wide")
    wide = writer.node("Gelu", [wide], f"{name}.gelu", domain=MICROSOFT)
    narrow = writer.product(wide, *pair("output.dense"), f"{name}.narrow")
    return joined(narrow, middle, "output.LayerNorm", f"{name}.out")


def graph_bytes(general: Arrays, tuned: Arrays) -> bytes:
    """The ONNX file: `pieces` int64 (1, n) in; `general` and `tuned` float32 (1, 384) out, mean-pooled, not normed.

    `tuned` must share the embeddings and the lower `SHARED` layers with `general`; only its upper layers are read.
    """
    from onnx import TensorProto, helper

    writer = _Writer()
    low = _embedded(writer, general)
    for number in range(SHARED):
        low = _layer(writer, low, general, number, "low")
    axis = writer.constant("axis", np.array([1], np.int64))
    outputs = []
    for branch, arrays in (("general", general), ("tuned", tuned)):
        source = low
        for number in range(SHARED, LAYERS):
            source = _layer(writer, source, arrays, number, branch)
        writer.node("ReduceMean", [source, axis], branch, keepdims=0)
        outputs.append(helper.make_tensor_value_info(branch, TensorProto.FLOAT, [1, WIDTH]))
    pieces = helper.make_tensor_value_info("pieces", TensorProto.INT64, [1, "n"])
    graph = helper.make_graph(writer.nodes, "hark-encoder", [pieces], outputs, writer.constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    return bytes(model.SerializeToString())
