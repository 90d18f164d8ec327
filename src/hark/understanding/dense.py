"""The heads on the encoder's vectors, and how each is stacked with its linear companion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hark.understanding.encoder import Encoded
from hark.understanding.types import FLAGS

Doubles = NDArray[np.float64]

# Columns of the dense weights, in order. `sentiment_other` and `intensity` stay linear: the encoder knows English only,
# and a rating needs no context.
DENSE = {
    "sentiment_en": 3,
    "offensive": 1,
    "emotion": 4,
    "complaint": 1,
    "asks": 1,
    **dict.fromkeys((*FLAGS, "presses", "alarms"), 1),
}
STARTS = dict(zip(DENSE, np.cumsum([0, *DENSE.values()]).tolist(), strict=False))


@dataclass(frozen=True, slots=True)
class Stack:
    """logit = (α · dense + (1 − α) · linear + shift) / temperature; `surest` as for a linear head."""

    alpha: float
    shift: float
    temperature: float
    surest: float

    def joined(self, dense: Doubles, linear: Doubles) -> Doubles:
        """Both (n, classes), before their temperatures."""
        return np.asarray((self.alpha * dense + (1.0 - self.alpha) * linear + self.shift) / self.temperature)


def stacks_from(card: Mapping[str, Any]) -> dict[str, Stack]:
    """The stacks as the model card describes them."""
    names = ("alpha", "shift", "temperature", "surest")
    return {head: Stack(**{name: float(entry[name]) for name in names}) for head, entry in card.items()}


@dataclass(frozen=True, slots=True)
class Dense:
    """Weights (768, columns) and biases (columns) over a window's general and tuned vector."""

    weights: Doubles
    bias: Doubles

    def logits(self, encoded: Encoded) -> Doubles:
        """One row of `DENSE`'s columns: over the windows the largest of a two-class head, the mean of any other."""
        # One message at a time: a product over a batch may sum a row differently in another batch size.
        windows = encoded.windows.astype(np.float64) @ self.weights + self.bias
        if len(windows) == 1:
            return np.asarray(windows[0])
        mean, largest = windows.mean(axis=0), windows.max(axis=0)
        return np.asarray(np.where(SINGLE, largest, mean))


SINGLE = np.concatenate([np.full(width, width == 1) for width in DENSE.values()])


def laid_out(rows: Sequence[Doubles | None]) -> tuple[Doubles, NDArray[np.bool_]]:
    """Rows of logits with zeros where a message was not encoded, and which were."""
    there = np.array([row is not None for row in rows], np.bool_)
    table = np.zeros((len(rows), len(SINGLE)))
    for place, row in enumerate(rows):
        if row is not None:
            table[place] = row
    return table, there
