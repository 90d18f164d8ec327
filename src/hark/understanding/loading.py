"""The shipped models as one value: read once, checked against their card, handed to every reading."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.kernel.errors import HarkError
from hark.understanding import nearness, relevance, rules, wordlists
from hark.understanding.corrections import BrandWeights
from hark.understanding.dense import DENSE, Dense, Stack, stacks_from
from hark.understanding.encoder import Encoder
from hark.understanding.heads import COLUMNS, Heads, heads_from
from hark.understanding.intents import IntentModel, learn_intents
from hark.understanding.language import Detector, load_detector
from hark.understanding.nearness import NEAR_NAMES, Nearness
from hark.understanding.ngrams import SLOTS
from hark.understanding.relevance import Prior
from hark.understanding.rules import Rulebook, load_rules
from hark.understanding.wordbook import Weights, Wordbook

FOLDER = Path(__file__).parent / "weights"
CARD, LINEAR = "MODEL.json", "linear.npz"
GRAPH, PIECES, DENSE_FILE = "encoder.onnx", "tokenizer.json", "dense.npz"
DEEP_FILES = (GRAPH, PIECES, DENSE_FILE)
logger = logging.getLogger(__name__)


class WeightsDamaged(HarkError):
    """The shipped models do not match their card (MODEL.json), or are missing. Install Hark again."""


@dataclass(frozen=True, slots=True)
class DeepModels:
    """The encoder and all that reads its vectors. `intents`: built in; `examples` their names and vectors (n, 384).

    `languages`: those whose words the encoder knows, ISO 639-1; the shipped one knows English.
    """

    encoder: Encoder
    dense: Dense
    stacks: Mapping[str, Stack]
    near: Nearness
    intents: IntentModel
    examples: tuple[tuple[str, ...], NDArray[np.float32]]
    languages: frozenset[str] = frozenset({"en"})


@dataclass(frozen=True, slots=True)
class Models:
    """Everything a reading needs; `version` names it all and ends in `+linear` where `deep` is missing.

    `brands`: what each brand's corrections taught, by brand key (see `corrections.learn`); `own_intents`: the models
    of brands with intents of their own.
    """

    wordbook: Wordbook
    heads: Heads
    rules: Rulebook
    detect: Detector
    prior: Prior
    version: str
    brands: Mapping[str, BrandWeights] = field(default_factory=dict)
    deep: DeepModels | None = None
    own_intents: Mapping[str, IntentModel] = field(default_factory=dict)


def load_models(
    folder: Path = FOLDER, brands: Mapping[str, BrandWeights] | None = None, *, linear: bool = False
) -> Models:
    """Read the models from disk: about half a second. Raises WeightsDamaged when the linear models do not match.

    With `linear`, or where onnxruntime, tokenizers or one of the encoder's files is missing or damaged (which is
    logged), readings come from the linear models alone, in the same shape.
    """
    card, packed = _checked(folder)
    rulebook = load_rules()
    weights = unpacked(packed)
    deep = None if linear else _deep(folder, card)
    version = f"{card['release']}+{fingerprint(packed, card)}"
    return Models(
        wordbook=Wordbook(weights, rulebook.calls),
        heads=heads_from(card["heads"]),
        rules=rulebook,
        detect=load_detector(),
        prior=Prior(tuple(card["relevance"]["weights"]), card["relevance"]["bias"]),
        version=version if deep else f"{version}+linear",
        brands=dict(brands or {}),
        deep=deep,
    )


def linear_alone(models: Models) -> Models:
    """The same models without their encoder: some fifteen times as quick, and the version says so."""
    return models if models.deep is None else replace(models, deep=None, version=f"{models.version}+linear")


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


def _deep(folder: Path, card: Mapping[str, Any]) -> DeepModels | None:
    """The encoder's part, or None with a word in the log on what is missing."""
    if "stacks" not in card:
        return None
    try:
        return deep_models({name: whole(folder, name, card) for name in DEEP_FILES}, card)
    except (OSError, ImportError, WeightsDamaged) as error:
        logger.warning("reading with the linear models alone: %s", error)
    except Exception as error:  # noqa: BLE001 - a runtime that cannot read the graph is one that is missing
        logger.warning("reading with the linear models alone: %s: %s", type(error).__name__, error)
    return None


def whole(folder: Path, name: str, card: Mapping[str, Any]) -> bytes:
    """A file's bytes. Raises OSError, and WeightsDamaged where they are not those of the card."""
    raw = (folder / name).read_bytes()
    if hashlib.sha256(raw).hexdigest() != card["files"].get(name):
        raise WeightsDamaged(name)
    return raw


def deep_models(files: Mapping[str, bytes], card: Mapping[str, Any]) -> DeepModels:
    """The encoder's part from the bytes of `DEEP_FILES` and the card's `stacks` and `relevance.near`."""
    near = card["relevance"]["near"]
    if tuple(near["features"]) != (*relevance.NAMES, *NEAR_NAMES):
        raise WeightsDamaged("other relevance features than this release reads")
    encoder = Encoder(files[GRAPH], files[PIECES])
    with np.load(BytesIO(files[DENSE_FILE]), allow_pickle=False) as arrays:
        dense = Dense(arrays["weights"].astype(np.float64), arrays["bias"].astype(np.float64))
        vectors = arrays["intent_vectors"].astype(np.float32)
    if dense.weights.shape[1] != sum(DENSE.values()):
        raise WeightsDamaged(DENSE_FILE)
    names = tuple(card["intents"])
    return DeepModels(
        encoder=encoder,
        dense=dense,
        stacks=stacks_from(card["stacks"]),
        near=Nearness(encoder, Prior(tuple(near["weights"]), near["bias"])),
        intents=learn_intents(names, vectors),
        examples=(names, vectors),
        languages=frozenset(card.get("encoder", {}).get("languages", ["en"])),
    )


def fingerprint(packed: bytes, card: Mapping[str, Any]) -> str:
    """8 hex digits over the weights, the calibration and the rules: any change of a reading changes them."""
    digest = hashlib.sha256(packed)
    digest.update(json.dumps({"heads": card["heads"], "relevance": card["relevance"]}, sort_keys=True).encode())
    deep = {name: card.get("files", {}).get(name) for name in DEEP_FILES} | {"stacks": card.get("stacks")}
    digest.update(json.dumps({**deep, "encoder": card.get("encoder")}, sort_keys=True).encode())
    for path in (*sorted(rules.FOLDER.glob("*.toml")), relevance.FILE, nearness.FILE, wordlists.FILE):
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
