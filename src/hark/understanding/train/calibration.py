"""How far what goes into each product of the encoder reaches, measured on texts; then the graph in int8 by that.

Channels are brought to a like size first: each is divided by the root mix of its own reach and of its weights' (Xiao et
al. 2023, arXiv 2211.10438), so that one scale fits all of them.
"""

from collections.abc import Sequence

import numpy as np

from hark.understanding.train.graph import Arrays, Floats, Graph, Reach, written

EVENED = 0.8  # share of a channel's own reach in what it is divided by; the rest is its weights'
COVERED = 0.99999  # of the values lie within the scale; those beyond are cut
SAMPLED = 3  # every third piece


def calibrated(general: Arrays, tuned: Arrays, rows: Sequence[Sequence[int]]) -> bytes:
    """The int8 graph of these arrays, its scales measured on these runs of word-pieces."""
    plain = written(general, tuned, None)
    return written(general, tuned, _reaches(plain, _seen(general, tuned, plain, rows))).content


def _seen(general: Arrays, tuned: Arrays, plain: Graph, rows: Sequence[Sequence[int]]) -> dict[str, list[Floats]]:
    """What went into each product, (pieces, width) a run, from the graph in floats."""
    import onnxruntime

    sources = list(dict.fromkeys(source for source, *_ in plain.products.values()))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    content = written(general, tuned, None, sources).content
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    seen: dict[str, list[Floats]] = {source: [] for source in sources}
    for row in rows:
        given = {"pieces": np.array([row], np.int64), "lengths": np.array([len(row)], np.int32)}
        for source, values in zip(sources, session.run(sources, given), strict=True):
            seen[source].append(values[0])
    return seen


def _reaches(plain: Graph, seen: dict[str, list[Floats]]) -> dict[str, Reach]:
    weights: dict[str, Floats] = {}
    for source, weight, _ in plain.products.values():
        own = np.abs(weight).max(axis=0)
        weights[source] = np.maximum(weights[source], own) if source in weights else own
    return {source: _reach(values, weights[source]) for source, values in seen.items()}


def _reach(values: Sequence[Floats], weights: Floats) -> Reach:
    most = np.maximum(np.max([np.abs(one).max(axis=0) for one in values], axis=0), 1e-5)
    channels = np.maximum(most**EVENED / np.maximum(weights, 1e-5) ** (1.0 - EVENED), 1e-5)
    evened = np.concatenate([one[::SAMPLED] for one in values]) / channels
    low, high = np.quantile(evened, [1.0 - COVERED, COVERED])
    return Reach(channels.astype(np.float32), min(float(low), 0.0), max(float(high), 0.0))
