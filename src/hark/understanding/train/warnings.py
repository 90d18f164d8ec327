"""The heads behind the flags and pressing urgency: few examples, so each is cut where few others are flagged."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.train import figures
from hark.understanding.train.features import matrix
from hark.understanding.train.fitting import Doubles, Fitted, Recipe, Sparse, classifier
from hark.understanding.train.linear import FOLDS, WEAK, Material, Trained, picked
from hark.understanding.train.sources import Labelled, own_messages, paired
from hark.understanding.types import FLAGS

RECIPE = Recipe(strength=3.0, iterations=200, kept=15_000)
RARE = 4.0  # weight of a message that carries the flag
WEAK_TEXTS = 3_000
LANGUAGES = ("de", "en", "es", "fr", "it", "pt")
# Share of the written messages without the flag that stay unflagged, read by a model without their sector.
SPARED = {
    "safety": 0.98,
    "legal": 0.985,
    "press": 0.995,
    "leave": 0.99,
    "outage": 0.99,
    "abuse": 0.992,
    "presses": 0.975,
}

Message = dict[str, Any]


def wanted(name: str) -> Callable[[Message], bool]:
    """Does a written message carry this flag, or press?"""
    if name in FLAGS:
        return lambda message: name in message["flags"]
    return lambda message: message["urgency"] in ("high", "critical")


def warning_head(name: str, material: Material, tweets: Labelled) -> Trained:
    """Own messages, with tweets as likely unflagged; the decision point spares most of what carries no flag."""
    messages = own_messages()
    rows = matrix([message["text"] for message in messages])
    weak = matrix(picked(tweets.texts, material.few(WEAK_TEXTS), material.seed))
    sectors = np.array([message["sector"] for message in messages])
    labels = np.array([int(wanted(name)(message)) for message in messages])
    logits = np.zeros(len(labels))
    sector_names = list(dict.fromkeys(sectors.tolist()))
    for fold in range(FOLDS):
        left_out = np.isin(sectors, sector_names[fold::FOLDS])
        logits[left_out] = _fit(rows[~left_out], labels[~left_out], weak).logits(rows[left_out])[:, 0]
    cut = float(np.quantile(logits[labels == 0], SPARED[name]))
    head = _fit(rows, labels, weak)
    head = replace(head, bias=(head.bias[0] - cut,), surest=0.5)
    random_posts = paired(material.folder / "tweeteval" / "sentiment", "val").every(2, 1).texts
    metrics = {
        "examples": int(labels.sum()),
        "auc_by_left_out_sector": figures.auc(labels, logits),
        "found_by_left_out_sector": figures.mean((logits[labels == 1] > cut).tolist()),
        "said_on_random_tweets": figures.mean((head.logits(matrix(random_posts))[:, 0] > 0).tolist()),
    }
    return Trained(head, metrics, LANGUAGES, (logits - cut)[:, None])


def _fit(rows: Sparse, labels: NDArray[np.int64], weak: Sparse) -> Fitted:
    from scipy import sparse  # type: ignore[import-untyped]

    weights: Doubles = np.concatenate([np.where(labels == 1, RARE, 1.0), np.full(weak.shape[0], WEAK)])
    given = np.concatenate([labels, np.zeros(weak.shape[0], np.int64)])
    return classifier(sparse.vstack([rows, weak]).tocsr(), given, RECIPE, sample=weights)
