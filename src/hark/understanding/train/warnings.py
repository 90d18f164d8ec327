"""The heads behind the flags and pressing urgency, each decided where left-out sectors show most found and right."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.train import figures
from hark.understanding.train.features import matrix
from hark.understanding.train.fitting import Doubles, Fitted, Recipe, Sparse, classifier
from hark.understanding.train.linear import FOLDS, WEAK, Material, Trained
from hark.understanding.train.sources import Labelled, own_messages
from hark.understanding.types import FLAGS

RECIPE = Recipe(strength=3.0, iterations=200, kept=15_000)
RARE = 4.0  # weight of a message that carries the flag
WEAK_TEXTS, STRANGERS = 3_000, 1_200  # random tweets to learn from, and to decide by
LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
# What must be right of what a warning says in left-out sectors: as much is found as that allows. The others are decided
# where found and right are in balance.
RIGHT = {"safety": 0.8, "alarms": 0.75}
# Share of random posts that a warning is said of at most.
SAID_AT_MOST = {"safety": 0.01, "press": 0.01, "presses": 0.01, "abuse": 0.006} | dict.fromkeys(
    ("legal", "leave", "outage", "alarms"), 0.004
)

Message = dict[str, Any]


def wanted(name: str) -> Callable[[Message], bool]:
    """Does a written message carry this flag, or press?"""
    if name in FLAGS:
        return lambda message: name in message["flags"]
    levels = ("critical",) if name == "alarms" else ("high", "critical")
    return lambda message: message["urgency"] in levels


def best_cut(logits: Doubles, labels: NDArray[np.int64], right: float | None = None) -> float:
    """The decision point between two messages: with the best F1, or where most is found and `right` of it is right."""
    order = np.argsort(-logits, kind="stable")
    found, said = np.cumsum(labels[order]), np.arange(1, len(order) + 1)
    if right is None:
        last = int((found / (said + labels.sum()))[:-1].argmax())
    else:
        last = int(np.flatnonzero((found / said)[:-1] >= right).max(initial=0))
    return float(logits[order][last : last + 2].mean())


def tweets_without(material: Material, tweets: Labelled) -> tuple[list[str], list[str]]:
    """Random tweets that are likely unflagged: those to learn from, and further ones that set the decision points."""
    lot = np.random.default_rng(material.seed).permutation(len(tweets.texts))[: material.few(WEAK_TEXTS + STRANGERS)]
    texts = [tweets.texts[place] for place in lot]
    learnt = len(texts) * WEAK_TEXTS // (WEAK_TEXTS + STRANGERS)
    return texts[:learnt], texts[learnt:]


def decided(name: str, logits: Doubles, labels: NDArray[np.int64], random: Doubles) -> tuple[float, dict[str, float]]:
    """A warning's decision point by messages of left-out sectors and by random posts, and what it does to them."""
    cut = max(best_cut(logits, labels, RIGHT.get(name)), float(np.quantile(random, 1.0 - SAID_AT_MOST[name])))
    said = logits > cut
    return cut, {
        "examples": int(labels.sum()),
        "auc_by_left_out_sector": figures.auc(labels, logits),
        "found_by_left_out_sector": figures.mean(said[labels == 1].tolist()),
        "right_by_left_out_sector": figures.mean(labels[said].tolist()) if said.any() else 0.0,
        "said_on_random_tweets": figures.mean((random > cut).tolist()),
    }


def warning_head(name: str, material: Material, tweets: Labelled) -> Trained:
    """Own messages, with tweets as likely unflagged."""
    messages = own_messages()
    rows = matrix([message["text"] for message in messages])
    calm, strange = tweets_without(material, tweets)
    weak = matrix(calm)
    sectors = np.array([message["sector"] for message in messages])
    labels = np.array([int(wanted(name)(message)) for message in messages])
    logits = np.zeros(len(labels))
    sector_names = list(dict.fromkeys(sectors.tolist()))
    for fold in range(FOLDS):
        left_out = np.isin(sectors, sector_names[fold::FOLDS])
        logits[left_out] = _fit(rows[~left_out], labels[~left_out], weak).logits(rows[left_out])[:, 0]
    head = _fit(rows, labels, weak)
    cut, metrics = decided(name, logits, labels, head.logits(matrix(strange))[:, 0])
    head = replace(head, bias=(head.bias[0] - cut,), surest=0.5)
    return Trained(head, metrics, LANGUAGES, (logits - cut)[:, None])


def _fit(rows: Sparse, labels: NDArray[np.int64], weak: Sparse) -> Fitted:
    from scipy import sparse  # type: ignore[import-untyped]

    weights: Doubles = np.concatenate([np.where(labels == 1, RARE, 1.0), np.full(weak.shape[0], WEAK)])
    given = np.concatenate([labels, np.zeros(weak.shape[0], np.int64)])
    return classifier(sparse.vstack([rows, weak]).tocsr(), given, RECIPE, sample=weights)
