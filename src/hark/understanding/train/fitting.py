"""Fitting one linear head: inverse-frequency scaling, logistic regression, pruning to half precision, temperature."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hark.understanding.heads import sigmoid, softmax

Doubles = NDArray[np.float64]
Sparse = Any  # scipy's row matrix; scipy ships no types
KEPT_SHARE = 0.8  # of validation messages that a head still answers
TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(4.0), 120))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head as it will be shipped: pruned weights by slot, bias, manners, temperature and threshold."""

    slots: NDArray[np.int64]
    weights: NDArray[np.float16]
    bias: tuple[float, ...]
    manners: tuple[float, ...] = ()
    temperature: float = 1.0
    surest: float = 0.5

    def logits(self, rows: Sparse, beside: Doubles | None = None) -> Doubles:
        """Logits with bias, before the temperature, from the weights as shipped."""
        logits = rows[:, self.slots] @ self.weights.astype(np.float64) + np.array(self.bias)
        if beside is not None and self.manners:
            logits = logits + (beside @ np.array(self.manners))[:, None]
        return np.asarray(logits)

    def probabilities(self, rows: Sparse, beside: Doubles | None = None) -> Doubles:
        """Calibrated: of each class, or of the one class as a flat array."""
        logits = self.logits(rows, beside) / self.temperature
        return softmax(logits) if logits.shape[1] > 1 else sigmoid(logits[:, 0])


def rarity(rows: Sparse) -> NDArray[np.float32]:
    """Inverse document frequency of each column, scaled so that a middling word has about 1."""
    seen = np.asarray((rows > 0).sum(axis=0)).ravel()
    return np.asarray(np.log((1.0 + rows.shape[0]) / (1.0 + seen)) / 3.0, np.float32)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit: inverse regularisation, most iterations, how many features are kept."""

    strength: float
    iterations: int
    kept: int


def classifier(
    rows: Sparse, labels: ArrayLike, recipe: Recipe, *, sample: ArrayLike | None = None, beside: Doubles | None = None
) -> Fitted:
    """Multinomial or two-class logistic regression; the scaling ends up in the weights."""
    from scipy import sparse  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression

    met = _met(rows)
    scale = rarity(rows[:, met])
    design = rows[:, met] @ sparse.diags(scale)
    if beside is not None:
        design = sparse.hstack([design, sparse.csr_matrix(beside / 2.0)]).tocsr()
    model = LogisticRegression(C=recipe.strength, max_iter=recipe.iterations, tol=1e-4)
    _quietly(model, design, np.asarray(labels), sample)
    raw = model.coef_.T.astype(np.float64)
    manners = tuple(float(value) / 2.0 for value in raw[len(met) :, 0]) if beside is not None else ()
    weights = raw[: len(met)] * scale[:, None]
    return pruned(weights, model.intercept_, rows, met, recipe.kept, manners)


def _met(rows: Sparse) -> NDArray[np.int64]:
    """Columns that any row has: the others would only be carried along."""
    return np.flatnonzero(np.asarray((rows > 0).sum(axis=0)).ravel())


def _quietly(model: Any, design: Sparse, labels: ArrayLike, sample: ArrayLike | None) -> None:
    """Fit on one thread; stopping early is part of the recipe, so its warning is not passed on."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(design, labels, sample_weight=sample)


def regression(rows: Sparse, values: ArrayLike, recipe: Recipe) -> Fitted:
    """Ridge regression; `strength` is the penalty."""
    from scipy import sparse
    from sklearn.linear_model import Ridge
    from threadpoolctl import threadpool_limits

    met = _met(rows)
    scale = rarity(rows[:, met])
    model = Ridge(alpha=recipe.strength, solver="lsqr", max_iter=recipe.iterations)
    with threadpool_limits(1):
        model.fit(rows[:, met] @ sparse.diags(scale), np.asarray(values))
    weights = np.asarray(model.coef_, np.float64).reshape(-1, 1) * scale[:, None]
    return pruned(weights, model.intercept_, rows, met, recipe.kept)


def pruned(
    weights: Doubles,
    bias: ArrayLike,
    rows: Sparse,
    met: NDArray[np.int64],
    kept: int,
    manners: tuple[float, ...] = (),
) -> Fitted:
    """Keep the features that move most messages most; `met` are the slots that the rows of `weights` stand for."""
    seen = np.asarray((rows[:, met] > 0).sum(axis=0)).ravel()
    worth = np.abs(weights).max(axis=1) * seen**0.25
    best = np.sort(np.argsort(-worth, kind="stable")[: min(kept, int((worth > 0).sum()))])
    flat = tuple(float(value) for value in np.atleast_1d(np.asarray(bias, np.float64)))
    return Fitted(met[best].astype(np.int64), weights[best].astype(np.float16), flat, manners)


def tempered(head: Fitted, logits: Doubles, labels: Sequence[int]) -> Fitted:
    """With the temperature that makes the labels likeliest, and the sureness that 80 % of the messages reach."""
    truth = np.asarray(labels)

    def probabilities(temperature: float) -> Doubles:
        scaled = logits / temperature
        if scaled.shape[1] > 1:
            return softmax(scaled)
        positive = sigmoid(scaled[:, 0])
        return np.column_stack([1.0 - positive, positive])

    def loss(temperature: float) -> float:
        return float(-np.log(probabilities(temperature)[np.arange(len(truth)), truth] + 1e-12).mean())

    best = float(min(TEMPERATURES, key=loss))
    sure = float(np.quantile(probabilities(best).max(axis=1), 1.0 - KEPT_SHARE))
    return replace(head, temperature=round(best, 4), surest=round(sure, 4))


def shifted(head: Fitted, logits: Doubles, labels: Sequence[int]) -> Fitted:
    """Two-class head moved so that .5 is the decision point on messages it was not trained on, then tempered."""
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(logits, np.asarray(labels))
    slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
    moved = replace(head, bias=(head.bias[0] + offset / slope,))
    return tempered(moved, logits + offset / slope, labels)
