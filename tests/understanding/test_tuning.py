"""Tuning and the graph: what torch tunes is what onnxruntime runs. Skipped where the extra `train` is not installed."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the graph is written with onnx, of the extra `train`")
pytest.importorskip("torch", reason="tuning needs torch, of the extra `train`")

import torch

from hark.understanding.encoder import WIDTH, Encoder
from hark.understanding.loading import FOLDER, GRAPH, PIECES
from hark.understanding.train import tuning
from hark.understanding.train.branches import BaseMissing, find_base
from hark.understanding.train.calibration import calibrated
from hark.understanding.train.graph import LAYERS, SHARED, Arrays, read_back

TEXTS = ["my parcel is late and nobody answers", "lovely people, thanks", "is this open on Sunday?"] * 8


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    try:
        return find_base().arrays
    except BaseMissing as error:
        pytest.skip(f"the base weights are not installed: {error.message}")


@pytest.fixture(scope="module")
def pieces() -> list[list[int]]:
    encoder = Encoder((FOLDER / GRAPH).read_bytes(), (FOLDER / PIECES).read_bytes(), threads=1)
    return [encoder.windows(text)[0] for text in TEXTS]


def pooled(arrays: Arrays, pieces: list[list[int]]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """By torch, in floats."""
    layers = [tuning.Layer(arrays, number) for number in range(SHARED, LAYERS)]
    with torch.no_grad():
        hidden, mask = tuning._batch(tuning.Lower(arrays, pieces).states(range(len(pieces))))
        for layer in layers:
            hidden = layer.read(hidden, mask)
        there = mask[:, :, None].float()
        return ((hidden * there).sum(1) / there.sum(1)).numpy()


def test_graph_is_near_to_the_floats_it_was_written_from(arrays: Arrays, pieces: list[list[int]]) -> None:
    encoder = Encoder(calibrated(arrays, arrays, pieces[:3]), (FOLDER / PIECES).read_bytes(), threads=1)
    for wanted, one in zip(pooled(arrays, pieces[:3]), encoder.encode(TEXTS[:3]), strict=True):
        length = float(np.linalg.norm(wanted))
        assert float(wanted @ one.general) > 0.97 * length
        assert float(wanted @ one.windows[0][:WIDTH]) > 0.97 * length


def test_tuned_branch_is_read_back_from_its_graph(arrays: Arrays, pieces: list[list[int]]) -> None:
    changed = {
        name: value * 1.1 if name.startswith("encoder.layer.4.output") else value for name, value in arrays.items()
    }
    found = read_back(calibrated(arrays, changed, pieces[:3]), arrays)
    assert set(found) == set(arrays)
    for name, value in changed.items():
        assert np.square(found[name] - value).mean() <= 0.01 * np.square(value).mean(), name


def test_tuning_learns_and_leaves_the_lower_layers(arrays: Arrays, pieces: list[list[int]]) -> None:
    task = tuning.Task(pieces, [0, 1, 2] * 8, 3)
    told: list[str] = []
    done = tuning.tune(arrays, {"kind": task}, seed=0, minutes=1.0, rounds=6, tell=told.append)
    assert done.examples == 6 * len(TEXTS)
    assert done.heads["kind"][0].shape == (3, WIDTH)
    changed = {name for name in arrays if not np.array_equal(arrays[name], done.arrays[name])}
    assert changed
    assert all(int(name.split(".")[2]) >= SHARED for name in changed)


def test_base_weights_other_than_those_measured_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseMissing):
        find_base(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(BaseMissing):
        find_base(tmp_path)
