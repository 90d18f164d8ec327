"""Making the shipped weights anew: `train` fits every head, measures it on what it never saw, packs and describes it.

Needs the extra `train`: scikit-learn for the linear models; onnx and the base weights for the encoder; torch for tuning
its second branch. Nothing here is imported at run time.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hark.kernel.errors import HarkError
from hark.kernel.time import monotonic
from hark.understanding.heads import COLUMNS, WARNINGS
from hark.understanding.loading import CARD, LINEAR
from hark.understanding.relevance import NAMES
from hark.understanding.train import linear
from hark.understanding.train.branches import BASE_SHA256, Base, DeepPart, deep_part, kept_upper
from hark.understanding.train.held_out import held_out_figures
from hark.understanding.train.prior import prior_and_figures
from hark.understanding.train.sources import Labelled, hashes
from hark.understanding.train.warnings import warning_head

RELEASE = "2026.1"
AFTER_TUNING = 4.0  # minutes that the encoder's heads and figures take once it is tuned
WORSE_BY = 0.01  # of macro-recall: less is chance
LICENCES = {
    "semeval2017": "SemEval 2013-2016 Task A tweets: task terms and Twitter's terms; texts are not shipped",
    "tweeteval": "TweetEval (Barbieri et al. 2020): terms of the original tasks and Twitter; texts are not shipped",
    "umsab": "UMSAB, XLM-T (Barbieri et al. 2022): Apache-2.0; texts are not shipped",
    "vader": "VADER ratings (Hutto and Gilbert 2014): MIT; texts are not shipped",
    "clinc150": "CLINC150 (Larson et al. 2019): CC BY 3.0; texts are not shipped",
    "minilm": "all-MiniLM-L6-v2, base of the encoder: Apache-2.0 by its model card; converted files are shipped",
    "own": "Hark's written messages: CC0, shipped in data/own",
}
LIMITS = (
    "English only: in other languages the linear models read alone, and intents abstain.",
    "Irony is not seen. Texts are cut into windows of 64 word-pieces, at most four a text.",
    "Written messages, brands' posts, intents and rules are of one hand: figures on them flatter.",
)

GOALS = {  # what the encoder is to reach; the card names what was missed
    "sentiment_en_stacked.macro_recall": 0.715,
    "sentiment_en_stacked.accuracy_answered": 0.73,
    "offensive_stacked.macro_f1": 0.80,
    "offensive_stacked.auc": 0.87,
    "emotion_stacked.macro_f1": 0.75,
    "complaint_stacked.macro_f1_mean_of_sectors": 0.80,
    "complaint_stacked.auc": 0.86,
    "relevance_near.balanced_accuracy": 0.90,
    "relevance_near.auc": 0.95,
}


class NotBetter(HarkError):
    """The folder already holds better models; they were left as they are. Give another folder to keep both."""


class OutOfTime(HarkError):
    """Training took longer than it was allowed; nothing was written."""


@dataclass(frozen=True)
class Budget:
    """Minutes that training may take, asked between heads."""

    minutes: float
    started: float = field(default_factory=monotonic)

    def left(self) -> float:
        """Minutes that are left."""
        return self.minutes - (monotonic() - self.started) / 60.0

    def check(self) -> None:
        """Raises OutOfTime when they are spent."""
        if self.left() < 0.0:
            raise OutOfTime(f"{self.minutes:g} minutes")


def train(  # noqa: PLR0913 - the command's own options
    data_dir: Path,
    out_dir: Path,
    seed: int = 0,
    minutes: float = 20.0,
    *,
    corrections: Mapping[str, Labelled] | None = None,
    most: int | None = None,
    base: Base | None = None,
    keep: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Fit all heads from `data_dir` and write weights and MODEL.json to `out_dir`; returns the card.

    Never reads a public test split. Figures, not bits, are the same on another machine. Raises DataMissing, OutOfTime,
    or NotBetter when `out_dir` holds models that read better; in all three nothing is written. `most` cuts every public
    set to that many texts (a quick try, whose weights are no use). `tell` hears of each step. Without `base` the linear
    models are made alone; with it the encoder's files too, the tuning taking what is left of the minutes; `keep` is a
    folder whose tuned branch is kept, and for which the heads are fitted anew.
    """
    budget = Budget(minutes)
    material = linear.Material(data_dir, seed, most, corrections or {})
    heads = _fit_heads(material, budget, out_dir, tell)
    tell("relevance: by leaving one brand out")
    prior, prior_figures = prior_and_figures()
    budget.check()
    kept = kept_upper(keep, base, material) if base and keep else None
    deep = deep_part(base, material, heads, budget.left() - AFTER_TUNING, tell, kept) if base else None
    files = {LINEAR: _packed(heads)} | (deep.files if deep else {})
    card: dict[str, Any] = {
        "release": RELEASE,
        "seed": seed,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "heads": {name: _head_card(trained) for name, trained in heads.items()},
        "relevance": {"features": list(NAMES), "weights": list(prior.weights), "bias": prior.bias},
        "metrics": {name: trained.metrics for name, trained in heads.items()} | {"relevance": prior_figures},
        "data": hashes(data_dir),
        "licences": LICENCES,
        "limits": LIMITS,
    }
    if deep:
        _add(card, deep)
    _write(out_dir, card, files)
    card["metrics"]["held_out_linear"] = held_out_figures(out_dir, linear=True)
    card["metrics"]["held_out_sectors"] = held_out_figures(out_dir)
    _write(out_dir, card, {})
    return card


def _add(card: dict[str, Any], deep: DeepPart) -> None:
    """The encoder's share of the card."""
    card["stacks"], card["intents"] = deep.card["stacks"], deep.card["intents"]
    card["relevance"]["near"] = deep.card["near"]
    card["encoder"] = {"base_sha256": BASE_SHA256, "languages": ["en"], "tuned_examples": deep.card["tuned_examples"]}
    card["metrics"] |= deep.metrics
    found = {f"{head}.{figure}": value for head, own in deep.metrics.items() for figure, value in own.items()}
    card["missed"] = [f"{name}: {found[name]} of {goal}" for name, goal in GOALS.items() if found[name] < goal]


def _fit_heads(
    material: linear.Material, budget: Budget, out_dir: Path, tell: Callable[[str], None]
) -> dict[str, linear.Trained]:
    """Every head, the two feelings first: others lean on them."""
    tell("sentiment, English")
    english, tweets = linear.english_sentiment(material)
    budget.check()
    _refuse_worse(out_dir, english.metrics)
    tell("sentiment, other languages")
    others = linear.other_sentiment(material)
    heads = {"sentiment_en": english, "sentiment_other": others}
    feelings = (english.head, others.head)
    steps: dict[str, Callable[[], linear.Trained]] = {
        "offensive": lambda: linear.offensive(material),
        "emotion": lambda: linear.emotion(material),
        "intensity": lambda: linear.intensity(material),
        "complaint": lambda: linear.complaint(material, feelings, tweets),
        "asks": lambda: linear.asks(material, feelings, tweets),
        **{name: partial(warning_head, name, material, tweets) for name in WARNINGS},
    }
    for name, step in steps.items():
        budget.check()
        tell(name)
        heads[name] = step()
    return {name: heads[name] for name in COLUMNS}


def _packed(heads: Mapping[str, linear.Trained]) -> bytes:
    """Slots as steps from one to the next, weights in half precision; the same heads give the same bytes."""
    arrays: dict[str, Any] = {}
    for name, trained in heads.items():
        arrays[f"{name}_steps"] = np.diff(trained.head.slots, prepend=0).astype(np.uint32)
        arrays[f"{name}_weights"] = trained.head.weights
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _head_card(trained: linear.Trained) -> dict[str, Any]:
    """What the run time needs to know of a head."""
    head = trained.head
    return {
        "bias": [round(value, 6) for value in head.bias],
        "manners": [round(value, 6) for value in head.manners],
        "temperature": head.temperature,
        "surest": head.surest,
        "languages": list(trained.languages),
        "stricter": dict(trained.stricter),
        "features": len(head.slots),
    }


def _refuse_worse(out_dir: Path, measured: Mapping[str, Any]) -> None:
    """Raises NotBetter when the folder's models read English sentiment better by more than chance."""
    path = out_dir / CARD
    if not path.exists():
        return
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["metrics"]["sentiment_en"]["macro_recall"]
    except (ValueError, KeyError, TypeError):
        return
    ours = measured["macro_recall"]
    if known > ours + WORSE_BY:
        raise NotBetter(f"macro-recall {known} against {ours}")


def _write(out_dir: Path, card: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out_dir / name).write_bytes(content)
    text = json.dumps(card, indent=1, ensure_ascii=False, sort_keys=True)
    (out_dir / CARD).write_text(text + "\n", encoding="utf-8")
