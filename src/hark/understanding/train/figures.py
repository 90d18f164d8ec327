"""Measures, as the reference names them, in plain numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]
BINS = 15
TENTHS = 10


def _ints(values: ArrayLike) -> Ints:
    return np.asarray(values, np.int64)


def macro_recall(given: ArrayLike, said: ArrayLike) -> float:
    """Mean of the recall of each class that occurs."""
    truth, answer = _ints(given), _ints(said)
    return _rounded(np.mean([np.mean(answer[truth == name] == name) for name in np.unique(truth)]))


def macro_f1(given: ArrayLike, said: ArrayLike) -> float:
    """Mean of the F1 of each class that occurs in either."""
    truth, answer = _ints(given), _ints(said)
    scores = []
    for name in np.union1d(truth, answer):
        both = np.sum((truth == name) & (answer == name))
        scores.append(2.0 * both / max(np.sum(truth == name) + np.sum(answer == name), 1))
    return _rounded(np.mean(scores))


def auc(given: ArrayLike, scores: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties counted half."""
    truth, values = _ints(given), np.asarray(scores, np.float64)
    ordered, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[where]
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative or not len(ordered):
        return float("nan")
    return _rounded((ranks[truth == 1].sum() - positive * (positive + 1) / 2.0) / (positive * negative))


def weighted_kappa(given: ArrayLike, said: ArrayLike, classes: int) -> float:
    """Agreement beyond chance, weighted by the square of the distance."""
    table = np.zeros((classes, classes))
    np.add.at(table, (_ints(given), _ints(said)), 1.0)
    places = np.arange(classes)
    weight = (places[:, None] - places[None, :]) ** 2
    chance = np.outer(table.sum(1), table.sum(0)) / max(table.sum(), 1.0)
    return _rounded(1.0 - (weight * table).sum() / max((weight * chance).sum(), 1e-12))


def accuracy_of_surest(given: ArrayLike, probabilities: Doubles, share: float) -> float:
    """Accuracy on the surest share of the answers."""
    truth = _ints(given)
    order = np.argsort(-probabilities.max(axis=1), kind="stable")[: max(int(share * len(truth)), 1)]
    return _rounded(np.mean(probabilities.argmax(axis=1)[order] == truth[order]))


def calibration_error(given: ArrayLike, probabilities: Doubles) -> float:
    """Expected calibration error of the top probability over 15 bins."""
    truth, top = _ints(given), probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    places = np.minimum((top * BINS).astype(int), BINS - 1)
    error = sum(
        abs(right[places == b].mean() - top[places == b].mean()) * (places == b).mean() for b in np.unique(places)
    )
    return _rounded(error)


def curves(given: ArrayLike, probabilities: Doubles) -> dict[str, list[list[float]]]:
    """`calibration`: [sureness, right, share of texts] by tenths of sureness; `coverage`: [share answered, right]."""
    truth, top = _ints(given), probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    places = np.minimum((top * TENTHS).astype(int), TENTHS - 1)
    bins = [places == place for place in np.unique(places)]
    return {
        "calibration": [[_rounded(top[own].mean()), _rounded(right[own].mean()), _rounded(own.mean())] for own in bins],
        "coverage": [
            [share / TENTHS, accuracy_of_surest(given, probabilities, share / TENTHS)] for share in range(1, TENTHS + 1)
        ],
    }


def two_class(p: Doubles) -> Doubles:
    """Probabilities of both classes."""
    return np.column_stack([1.0 - p, p])


def mean(values: Sequence[float]) -> float:
    """Rounded mean."""
    return _rounded(np.mean(values))


def _rounded(value: "float | np.floating[Any]") -> float:
    return round(float(value), 4)
