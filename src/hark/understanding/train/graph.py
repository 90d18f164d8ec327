"""The encoder's graph, written node by node from weight arrays: shared lower layers and two branches, in int8.

MiniLM is BERT (Devlin et al. 2019, arXiv 1810.04805) in the size of Wang et al. 2020 (arXiv 2002.10957). Weights are
int8 with a scale a column; what goes into a product is 8-bit with one scale for the place, measured beforehand
(`calibration.py`), after its channels were brought to a like size and the weights' rows by as much the other way (Xiao
et al. 2023, arXiv 2211.10438). So a message reads the same whatever shares its run.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
PRODUCTS = {"attended": "attention.output.dense", "wide": "intermediate.dense", "narrow": "output.dense"}
NORMS = {"middle": "attention.output.LayerNorm", "out": "output.LayerNorm"}


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


@dataclass(frozen=True)
class Reach:
    """What goes into a product: per channel the number it is divided by (width), then its least and greatest value."""

    channels: Floats
    low: float
    high: float


class _Writer:
    """Collects nodes and constants under names of their own. Without reaches products stay in floats."""

    def __init__(self, reaches: Mapping[str, Reach] | None) -> None:
        self.reaches = reaches
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.products: dict[str, tuple[str, Floats, Floats]] = {}  # name → source, weight (out, in), bias
        self._codes: dict[str, tuple[list[str], Floats]] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def product(self, source: str, weight: Floats, bias: Floats, name: str) -> str:
        """`source @ weight.T + bias` with `weight` (out, in)."""
        self.products[name] = (source, weight, bias)
        added = self.constant(f"{name}.bias", bias.astype(np.float32))
        if self.reaches is None:
            turned = self.constant(f"{name}.weight", weight.T.astype(np.float32))
            return self.node("Add", [self.node("MatMul", [source, turned], f"{name}.raw"), added], name)
        (codes, scale, zero), channels = self._coded(source, self.reaches[source])
        weight = weight * channels
        scales = np.maximum(np.abs(weight).max(axis=1), 1e-8) / 127.0
        inputs = [
            codes,
            self.constant(f"{name}.codes", np.rint(weight.T / scales).astype(np.int8)),
            scale,
            self.constant(f"{name}.scales", scales.astype(np.float32)),
            zero,
            "",
            added,
        ]
        return self.node("MatMulIntegerToFloat", inputs, name, domain=MICROSOFT)

    def _coded(self, source: str, reach: Reach) -> tuple[list[str], Floats]:
        """The 8-bit codes of what goes into a product, once for all products that take it, and its channels."""
        if source not in self._codes:
            scale = np.float32(max(reach.high - reach.low, 1e-6) / 255.0)
            zero = np.uint8(np.clip(round(-reach.low / float(scale)), 0, 255))
            even = self.constant(f"{source}.even", (1.0 / reach.channels).astype(np.float32))
            names = [self.constant(f"{source}.scale", np.array(scale)), self.constant(f"{source}.zero", np.array(zero))]
            evened = self.node("Mul", [source, even], f"{source}.evened")
            codes = self.node("QuantizeLinear", [evened, *names], f"{source}.codes.8")
            self._codes[source] = ([codes, *names], reach.channels)
        return self._codes[source]


def _embedded(writer: _Writer, arrays: Arrays) -> tuple[str, str]:
    """Pieces, 8-bit by rows, with their places; beside it (b, n, 1), 1 for a piece and 0 where a row is filled up."""
    table = arrays["embeddings.word_embeddings.weight"]
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8) / 127.0
    codes = writer.constant("pieces.codes", np.rint(table / scale).astype(np.int8))
    scales = writer.constant("pieces.scales", scale.astype(np.float32))
    raw = writer.node("Gather", [codes, "pieces"], "embed.codes")
    number = writer.node("Cast", [raw], "embed.numbers", to=1)
    own = writer.node("Mul", [number, writer.node("Gather", [scales, "pieces"], "embed.scales")], "embed.pieces")
    places = arrays["embeddings.position_embeddings.weight"][:MOST_PIECES]
    places = places + arrays["embeddings.token_type_embeddings.weight"][0]
    zero, one = writer.constant("zero", np.array([0], np.int64)), writer.constant("one", np.array([1], np.int64))
    count = writer.node("Shape", ["pieces"], "embed.count", start=1, end=2)

    def first(name: str, value: NDArray[Any]) -> str:
        return writer.node("Slice", [writer.constant(name, value), zero, count, zero, one], f"embed.{name}")

    summed = writer.node("Add", [own, first("places", places.astype(np.float32))], "embed.sum")
    norm = [writer.constant(f"embed.{part}", arrays[f"embeddings.LayerNorm.{part}"]) for part in ("weight", "bias")]
    long = writer.node("Unsqueeze", ["lengths", writer.constant("last", np.array([1], np.int64))], "embed.long")
    there = writer.node("Less", [first("order", np.arange(MOST_PIECES, dtype=np.int32)), long], "embed.less")
    there = writer.node("Cast", [there], "embed.there", to=1)
    there = writer.node("Unsqueeze", [there, writer.constant("deep", np.array([2], np.int64))], "there")
    return writer.node("LayerNormalization", [summed, *norm], "embed", axis=-1, epsilon=EPSILON), there


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
    looked = [*names, "", "lengths"]
    seen = writer.node("MultiHeadAttention", looked, f"{name}.seen", domain=MICROSOFT, num_heads=ATTENTION_HEADS)
    seen = writer.product(seen, *pair("attention.output.dense"), f"{name}.attended")
    middle = joined(seen, source, "attention.output.LayerNorm", f"{name}.middle")
    wide = writer.product(middle, *pair("intermediate.dense"), f"{name}.wide")
    wide = writer.node("Gelu", [wide], f"{name}.gelu", domain=MICROSOFT)
    narrow = writer.product(wide, *pair("output.dense"), f"{name}.narrow")
    return joined(narrow, middle, "output.LayerNorm", f"{name}.out")


@dataclass(frozen=True)
class Graph:
    """An ONNX file and what went into each of its products: name → source, weight (out, in), bias."""

    content: bytes
    products: Mapping[str, tuple[str, Floats, Floats]]


def written(general: Arrays, tuned: Arrays, reaches: Mapping[str, Reach] | None, shown: Sequence[str] = ()) -> Graph:
    """`pieces` int64 (b, n), rows filled up at their ends, and `lengths` int32 (b) in; out `general` and `tuned`,
    float32 (b, 384), mean-pooled, not normed, and what is named in `shown`, float32 (b, n, width).

    In floats without `reaches`. `tuned` must share the embeddings and the lower `SHARED` layers with `general`; only
    its upper layers are read.
    """
    from onnx import TensorProto, helper

    writer = _Writer(reaches)
    low, there = _embedded(writer, general)
    for number in range(SHARED):
        low = _layer(writer, low, general, number, "low")
    axis = writer.constant("axis", np.array([1], np.int64))
    count = writer.node("ReduceSum", [there, axis], "count", keepdims=0)
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in shown]
    for branch, arrays in (("general", general), ("tuned", tuned)):
        source = low
        for number in range(SHARED, LAYERS):
            source = _layer(writer, source, arrays, number, branch)
        kept = writer.node("Mul", [source, there], f"{branch}.kept")
        summed = writer.node("ReduceSum", [kept, axis], f"{branch}.sum", keepdims=0)
        writer.node("Div", [summed, count], branch)
        outputs.append(helper.make_tensor_value_info(branch, TensorProto.FLOAT, ["b", WIDTH]))
    inputs = [
        helper.make_tensor_value_info("pieces", TensorProto.INT64, ["b", "n"]),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["b"]),
    ]
    graph = helper.make_graph(writer.nodes, "hark-encoder", inputs, outputs, writer.constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    return Graph(bytes(model.SerializeToString()), writer.products)


def read_back(content: bytes, general: Arrays) -> dict[str, Floats]:
    """The arrays of a written graph's tuned branch, as exact as its int8 allows, over those of `general`."""
    import onnx
    from onnx import numpy_helper

    kept = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(content).graph.initializer}
    sources = {node.name: node.input[0] for node in onnx.load_from_string(content).graph.node}
    arrays = dict(general)

    def product(name: str) -> tuple[Floats, Floats]:
        even = kept.get(f"{sources[name].removesuffix('.codes.8')}.even", np.ones(1, np.float32))
        weight = (kept[f"{name}.codes"].astype(np.float32) * kept[f"{name}.scales"]).T * even
        return weight, kept[f"{name}.bias"]

    for number in range(SHARED, LAYERS):
        name, inside = f"tuned.{number}", f"encoder.layer.{number}."
        weight, bias = product(f"{name}.qkv")
        for place, part in enumerate(("query", "key", "value")):
            own = slice(place * WIDTH, (place + 1) * WIDTH)
            arrays[f"{inside}attention.self.{part}.weight"] = weight[own]
            arrays[f"{inside}attention.self.{part}.bias"] = bias[own]
        for short, part in PRODUCTS.items():
            arrays[f"{inside}{part}.weight"], arrays[f"{inside}{part}.bias"] = product(f"{name}.{short}")
        for short, part in NORMS.items():
            for letter, kind in (("g", "weight"), ("b", "bias")):
                arrays[f"{inside}{part}.{kind}"] = kept[f"{name}.{short}.{letter}"]
    return arrays
