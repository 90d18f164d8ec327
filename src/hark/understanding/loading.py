"""The shipped models as one value: read once, checked against their card, handed to every reading."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hark.kernel.errors import HarkError
from hark.understanding import relevance, rules
from hark.understanding.corrections import BrandWeights
from hark.understanding.heads import COLUMNS, Heads, heads_from
from hark.understanding.language import Detector, load_detector
from hark.understanding.ngrams import SLOTS
from hark.understanding.relevance import Prior
from hark.understanding.rules import Rulebook, load_rules
from hark.understanding.wordbook import Weights, Wordbook

FOLDER = Path(__file__).parent / "weights"
CARD, LINEAR = "MODEL.json", "linear.npz"


class WeightsDamaged(HarkError):
    """The shipped models do not match their card (MODEL.json), or are missing. Install Hark again."""


@dataclass(frozen=True, slots=True)
class Models:
    """Everything a reading needs. An encoder graph will stand beside `wordbook` and `heads`; `version` names them all.

    `brands`: what each brand's corrections taught, by brand key (see `corrections.learn`).
    """

    wordbook: Wordbook
    heads: Heads
    rules: Rulebook
    detect: Detector
    prior: Prior
    version: str
    brands: Mapping[str, BrandWeights] = field(default_factory=dict)


def load_models(folder: Path = FOLDER, brands: Mapping[str, BrandWeights] | None = None) -> Models:
    """Read the models from disk: about a fifth of a second and 60 MB. Raises WeightsDamaged on any mismatch."""
    card, packed = _checked(folder)
    rulebook = load_rules()
    weights = unpacked(packed)
    return Models(
        wordbook=Wordbook(weights, rulebook.calls),
        heads=heads_from(card["heads"]),
        rules=rulebook,
        detect=load_detector(),
        prior=Prior(tuple(card["relevance"]["weights"]), card["relevance"]["bias"]),
        version=f"{card['release']}+{fingerprint(packed, card)}+linear",
        brands=dict(brands or {}),
    )


def _checked(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The card and the packed weights, if they belong together."""
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        packed = (folder / LINEAR).read_bytes()
    except (OSError, ValueError) as error:
        raise WeightsDamaged(f"{folder.name}: {type(error).__name__}") from error
    if hashlib.sha256(packed).hexdigest() != card.get("files", {}).get(LINEAR):
        raise WeightsDamaged(LINEAR)
    if tuple(card["relevance"]["features"]) != relevance.NAMES:
        raise WeightsDamaged("other relevance features than this release reads")
    return card, packed


def fingerprint(packed: bytes, card: Mapping[str, Any]) -> str:
    """8 hex digits over the weights, the calibration and the rules: any change of a reading changes them."""
    digest = hashlib.sha256(packed)
    digest.update(json.dumps({"heads": card["heads"], "relevance": card["relevance"]}, sort_keys=True).encode())
    for path in (*sorted(rules.FOLDER.glob("*.toml")), relevance.FILE):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def unpacked(packed: bytes) -> Weights:
    """Sparse half-precision weights laid out densely: one row a slot, one column a head's class."""
    columns = sum(COLUMNS.values())
    dense = np.zeros((2 * SLOTS, columns), np.float32)
    with np.load(BytesIO(packed), allow_pickle=False) as arrays:
        start = 0
        for name, width in COLUMNS.items():
            slots = np.cumsum(arrays[f"{name}_steps"].astype(np.int64))
            dense[slots, start : start + width] = arrays[f"{name}_weights"].astype(np.float32)
            start += width
    return Weights(words=dense[:SLOTS].copy(), characters=dense[SLOTS:].copy())
