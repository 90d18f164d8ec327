"""What people corrected, taken in at once: for each brand a small logistic regression over the words of its posts, and
one over their general vectors where the encoder is there; and the intents of its own that people named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hark.understanding.intents import IntentModel, with_own
from hark.understanding.nearness import Nearness
from hark.understanding.ngrams import checksum, folded, tokens
from hark.understanding.normalise import normalise
from hark.understanding.relevance import Prior, evidence
from hark.understanding.types import BrandProfile

LEAST = 3  # corrections before a brand's own model speaks; over words alone of either class
SLOTS = 4_096
PRIOR_SHARE = 0.7
STRENGTH = 3.0
STEPS = 25
HALVINGS = 30  # of one step
MOST = 2_000  # newest corrections of a brand that are learnt from
# How freely the general vectors may move the prior's logit: a little at first, more with each correction (variance of
# the weights). Set on the sixteen brands that were written for the prior, each left out (docs/apple.md).
FREEDOM, FREEDOM_EACH, FREEDOM_MOST = 2.0, 0.4, 48.0

Doubles = NDArray[np.float64]
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RelevanceCorrection:
    """A person's word on one text of a brand; `weight` is how much of it counts."""

    brand: str
    text: str
    relevant: bool
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class BrandWeights:
    """What a brand's corrections taught: a shift of the prior's logit, by words. Small enough for one table row."""

    brand: str
    examples: int
    bias: float
    prior_gain: float
    words: Mapping[int, float] = field(default_factory=dict)
    near: tuple[float, ...] = ()  # 384 weights of the general vector, a gain of the prior's logit, a bias

    def shift_near(self, general: Vector, near_logit: float) -> float:
        """What is to be added to the logit of a text with this general vector; 0 where only words were learnt."""
        if not self.near:
            return 0.0
        *weights, gain, bias = self.near
        return float(general.astype(np.float64) @ np.array(weights)) + gain * near_logit + bias

    def shift(self, lowered: str, prior_logit: float) -> float:
        """What is to be added to the prior's logit for this normalised lower-case text."""
        slots = slots_of(lowered)
        own = sum(self.words.get(slot, 0.0) for slot in slots) / np.sqrt(max(len(slots), 1))
        return float(self.bias + own + self.prior_gain * prior_logit)


def slots_of(lowered: str) -> list[int]:
    """The distinct slots of the words and pairs of words, in order of size."""
    words = [folded(token) for token in tokens(lowered)]
    pairs = [f"{left} {right}" for left, right in pairwise(words)]
    return sorted({checksum(piece) % SLOTS for piece in (*words, *pairs)})


def learn(
    corrections: Sequence[RelevanceCorrection],
    brands: Mapping[str, BrandProfile],
    prior: Prior,
    near: Nearness | None = None,
) -> dict[str, BrandWeights]:
    """One model a brand with three corrections or more; others keep the profile alone.

    With `near` it learns over general vectors, for texts that the encoder reads; over words from three of either class.
    """
    learnt = {}
    for key in sorted({correction.brand for correction in corrections} & set(brands)):
        own = [correction for correction in corrections if correction.brand == key][-MOST:]
        relevant = sum(correction.relevant for correction in own)
        both = min(relevant, len(own) - relevant) >= LEAST
        if both or (near and len(own) >= LEAST):
            words = _fit(brands[key], own, prior) if both else BrandWeights(key, len(own), 0.0, 0.0)
            learnt[key] = replace(words, near=_fit_near(brands[key], own, near)) if near else words
    return learnt


def learn_own_intents(
    named: Iterable[tuple[str, str, str]], near: Nearness, names: Sequence[str], vectors: Vector
) -> dict[str, IntentModel]:
    """A model for each brand that named intents: the built-in examples (`names`, `vectors`) and its own beside them.

    `named`: brand, intent, text. An intent of its own needs `intents.LEAST` examples.
    """
    of_brand: dict[str, dict[str, list[str]]] = {}
    for brand, intent, text in named:
        of_brand.setdefault(brand, {}).setdefault(intent, []).append(normalise(text))
    learnt = {}
    for brand, texts in of_brand.items():
        own = {
            name: np.stack([one.general for one in near.encoder.encode(given[-MOST:])]) for name, given in texts.items()
        }
        learnt[brand] = with_own(names, vectors, own)
    return learnt


def _fit_near(brand: BrandProfile, own: Sequence[RelevanceCorrection], near: Nearness) -> tuple[float, ...]:
    """A regression on the vectors alone, which stays the nearer to the prior the fewer corrections there are.

    It takes them as they come: both classes need not be there. See `BrandWeights.near` for the order.
    """
    cleans = [normalise(correction.text) for correction in own]
    vectors = np.stack([one.general for one in near.encoder.encode(cleans)]).astype(np.float64)
    pairs = zip(cleans, vectors, strict=True)
    logits = np.array([near.logit(evidence(clean, brand), brand, row.astype(np.float32)) for clean, row in pairs])
    scale = (min(FREEDOM + FREEDOM_EACH * len(own), FREEDOM_MOST) / STRENGTH) ** 0.5
    given = np.array([correction.weight for correction in own])
    wanted = np.array([1.0 if correction.relevant else 0.0 for correction in own])
    solution = newton(vectors * scale, logits, wanted, given / given.mean())
    return (*(round(float(value) * scale, 5) for value in solution), 0.0, 0.0)


def wanted_of(own: Sequence[RelevanceCorrection]) -> tuple[Doubles, Doubles]:
    """1 or 0 for each, and weights under which both classes count alike; together as many as the corrections."""
    wanted = np.array([1.0 if correction.relevant else 0.0 for correction in own])
    given = np.array([correction.weight for correction in own])
    given = given / given.mean()
    share = float((given * wanted).mean())
    return wanted, np.asarray(given * np.where(wanted == 1.0, 0.5 / share, 0.5 / (1.0 - share)), np.float64)


def _fit(brand: BrandProfile, own: Sequence[RelevanceCorrection], prior: Prior) -> BrandWeights:
    """Class-balanced logistic regression by Newton steps in the space of the examples."""
    cleans = [normalise(correction.text) for correction in own]
    logits = np.array([prior.logit(evidence(clean, brand).features) for clean in cleans])
    slots = [slots_of(clean.lower()) for clean in cleans]
    rows = np.zeros((len(own), SLOTS))
    for row, found in zip(rows, slots, strict=True):
        row[found] = len(found) ** -0.5 if found else 0.0
    design = np.column_stack([rows, logits * PRIOR_SHARE, np.ones(len(own))])
    wanted, weights = wanted_of(own)
    solution = newton(design, logits, wanted, weights)
    kept = {int(slot): round(float(solution[slot]), 5) for slot in sorted({slot for found in slots for slot in found})}
    return BrandWeights(
        brand.key,
        examples=len(own),
        bias=round(float(solution[-1]), 5),
        prior_gain=round(float(solution[-2]) * PRIOR_SHARE, 5),
        words=kept,
    )


def newton(design: Doubles, known: Doubles, wanted: Doubles, weights: Doubles) -> Doubles:
    """What to add to the `known` logits. Newton in the dual: as many unknowns as examples, however many the words.

    A step that makes things worse is halved: where a correction contradicts a sure verdict, the curve there is next to
    nothing and a whole step would throw every other text to the far side.
    """
    kernel = design @ design.T
    dual: Doubles = np.zeros(len(wanted))
    cost = _cost(kernel, dual, known, wanted, weights)
    for _ in range(STEPS):
        scores = kernel @ dual
        p = 1.0 / (1.0 + np.exp(-np.clip(known + scores, -30.0, 30.0)))
        curve = np.maximum(weights * p * (1.0 - p), 1e-6)
        target = scores + weights * (wanted - p) / curve
        step = np.asarray(np.linalg.solve(kernel + np.diag(1.0 / (STRENGTH * curve)), target), np.float64) - dual
        if np.abs(step).max() < 1e-8:
            break
        for _ in range(HALVINGS):
            lower = _cost(kernel, dual + step, known, wanted, weights)
            if lower <= cost:
                break
            step = step / 2.0
        dual, cost = dual + step, lower
    return np.asarray(design.T @ dual)


def _cost(kernel: Doubles, dual: Doubles, known: Doubles, wanted: Doubles, weights: Doubles) -> float:
    """What is made small: the weighted log loss and the penalty on what is added."""
    scores = kernel @ dual
    logits = known + scores
    loss = np.logaddexp(0.0, logits) - wanted * logits
    return float(weights @ loss + dual @ scores / (2.0 * STRENGTH))
