"""Stage 8, intents: nearest centroid and logistic regression on the general vector, from a handful of examples.

A sentence belongs to an intent when the regression says so *and* it stands near enough to the intent's middle: the
largest probability alone is a weak test of what is unknown (Larson et al. 2019, arXiv 1909.02027).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hark.understanding.types import OTHER, Intent

LEAST = 5  # examples from which an intent of a brand's own is learnt
ANSWERED_FROM = 0.4
NEAR_SHARE = 0.05  # of an intent's own examples stand farther from its middle than
SLACK = 0.1  # of cosine within what is accepted: unseen sentences of an intent stand farther off than its examples
GAIN = 10.0  # vectors are multiplied by it: a larger one trusts the examples more
PENALTY, BIAS_PENALTY = 1.0, 1e-3
STEPS = 200
SETTLED = 1e-4

Doubles = NDArray[np.float64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IntentModel:
    """`names` without `other`; `weights` (384, k), `bias` (k), `centroids` (k, 384) of length 1, `floors` (k)."""

    names: tuple[str, ...]
    weights: Doubles
    bias: Doubles
    centroids: Doubles
    floors: Doubles

    def read(self, general: Vectors) -> Intent:
        """The intent of one general vector; `other` with the best probability where it is unsure or unknown."""
        vector = general.astype(np.float64)
        logits = GAIN * (vector @ self.weights) + self.bias
        powers = np.exp(logits - logits.max())
        best = int(powers.argmax())
        p = round(float(powers[best] / powers.sum()), 4)
        near = float(self.centroids[best] @ vector) >= self.floors[best]
        known = p >= ANSWERED_FROM and near and self.names[best] != OTHER
        return Intent(self.names[best], p) if known else Intent(OTHER, p)


def learn_intents(names: Sequence[str], vectors: Vectors) -> IntentModel:
    """From examples, one name a row of `vectors` (n, 384). Deterministic; needs two different names."""
    known = tuple(dict.fromkeys(names))
    if len(known) < 2:
        raise ValueError("intents are told apart: two are needed")
    given = np.array([known.index(name) for name in names])
    rows = vectors.astype(np.float64)
    centroids, floors = _middles(rows, given, len(known))
    weights, bias = _softmax_regression(GAIN * rows, given, len(known))
    return IntentModel(known, weights, bias, centroids, floors)


def with_own(names: Sequence[str], vectors: Vectors, own: Mapping[str, Vectors]) -> IntentModel:
    """The built-in examples and a brand's own intents with `LEAST` examples or more beside them."""
    every, rows = list(names), [vectors]
    for name, examples in own.items():
        if len(examples) >= LEAST or name in names:
            every += [name] * len(examples)
            rows.append(examples)
    return learn_intents(every, np.concatenate(rows))


def _middles(rows: Doubles, given: NDArray[np.int64], count: int) -> tuple[Doubles, Doubles]:
    """Centroids of length 1, and the cosine that is near enough: by what all but a twentieth of the examples reach.

    An example is compared with the middle of the others of its intent, as an unseen sentence will be.
    """
    centroids, floors = np.zeros((count, rows.shape[1])), np.zeros(count)
    for place in range(count):
        own = rows[given == place]
        total = own.sum(axis=0)
        centroids[place] = total / max(float(np.linalg.norm(total)), 1e-9)
        others = total - own if len(own) > 1 else own
        others = others / np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-9)
        floors[place] = np.quantile((others * own).sum(axis=1), NEAR_SHARE) - SLACK
    return centroids, floors


def _softmax_regression(rows: Doubles, given: NDArray[np.int64], count: int) -> tuple[Doubles, Doubles]:
    """Multinomial logistic regression by Böhning's fixed bound of the curvature (1992), accelerated (Nesterov 1983).

    The bound ½·XᵀX + penalty is factored once, so every step is two matrix products and no step size is to be chosen.
    """
    design = np.column_stack([rows, np.ones(len(rows))])
    wanted = np.eye(count)[given]
    penalty = np.array([PENALTY] * rows.shape[1] + [BIAS_PENALTY])[:, None]
    inverse = np.linalg.inv(0.5 * design.T @ design + np.diag(penalty[:, 0]))
    now = np.zeros((design.shape[1], count))
    ahead, momentum = now, 1.0
    for _ in range(STEPS):
        logits = design @ ahead
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        slope = design.T @ (powers / powers.sum(axis=1, keepdims=True) - wanted) + penalty * ahead
        step = ahead - inverse @ slope
        following = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        moved = step - now
        ahead, now, momentum = step + (momentum - 1.0) / following * moved, step, following
        if np.abs(moved).max() < SETTLED:
            break
    return np.asarray(now[:-1]), np.asarray(now[-1])
