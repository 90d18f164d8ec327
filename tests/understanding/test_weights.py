"""The shipped models are whole, small, and what their card says they are."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from hark.understanding.heads import COLUMNS
from hark.understanding.loading import CARD, FOLDER, LINEAR, WeightsDamaged, load_models
from hark.understanding.train.sources import OWN

CARD_CONTENT = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))


def test_weights_match_their_card_and_stay_small() -> None:
    packed = (FOLDER / LINEAR).read_bytes()
    assert hashlib.sha256(packed).hexdigest() == CARD_CONTENT["files"][LINEAR]
    assert len(packed) < 3_000_000


def test_card_names_data_licences_thresholds_and_figures_of_every_head() -> None:
    assert set(CARD_CONTENT["heads"]) == set(COLUMNS)
    assert set(CARD_CONTENT["metrics"]) >= set(COLUMNS) | {"relevance", "held_out_sectors"}
    assert all(0.25 <= head["temperature"] <= 4.0 for head in CARD_CONTENT["heads"].values())
    assert {"semeval2017", "tweeteval", "umsab", "vader", "clinc150", "minilm", "own"} == set(CARD_CONTENT["licences"])
    assert CARD_CONTENT["seed"] == 0


def test_own_data_are_those_the_weights_were_made_from() -> None:
    for name in ("messages.jsonl", "held_out.jsonl", "relevance.jsonl", "brands.json", "intents.jsonl"):
        digest = hashlib.sha256((OWN / name).read_bytes()).hexdigest()[:16]
        assert CARD_CONTENT["data"][f"own/{name}"] == digest, name


def test_changed_byte_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "weights")
    path = tmp_path / "weights" / LINEAR
    packed = bytearray(path.read_bytes())
    packed[1000] ^= 1
    path.write_bytes(bytes(packed))
    with pytest.raises(WeightsDamaged):
        load_models(tmp_path / "weights")


def test_missing_or_unreadable_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsDamaged):
        load_models(tmp_path)
    (tmp_path / CARD).write_text("{")
    (tmp_path / LINEAR).write_bytes(b"")
    with pytest.raises(WeightsDamaged):
        load_models(tmp_path)


def test_document_shows_the_figures_of_the_card() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "understanding.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| ([\d.]+) \| `(\w+)\.(\w+)` \|", text)
    assert len(rows) >= 30
    for shown, head, figure in rows:
        assert float(shown) == pytest.approx(CARD_CONTENT["metrics"][head][figure], abs=0.0006), f"{head}.{figure}"
