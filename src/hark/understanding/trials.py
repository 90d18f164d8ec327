"""A brand's model on trial: learnt from the corrections, and measured on the newest of them, which it has not seen."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from hark.understanding.analyse import analyse
from hark.understanding.corrections import BrandWeights, RelevanceCorrection, learn
from hark.understanding.encoder import Encoded, Encoder
from hark.understanding.loading import Models
from hark.understanding.types import BrandProfile, Context

SET_ASIDE = 5  # every fifth, the newest, is left out of the trial's training
TRIED_FROM = 15  # examples from which a fifth tells something
KEPT_VECTORS = 4_000


@dataclass(frozen=True, slots=True)
class Trial:
    """`weights` learnt from all, None where they do not tell both sides yet; `probe` without the newest fifth.

    `tested`: how many those are, 0 where too few; `right` of them by the new probe, `right_before` by the old one.
    """

    weights: BrandWeights | None
    probe: BrandWeights | None
    tested: int
    right: int
    right_before: int

    @property
    def worse(self) -> bool:
        """Would it judge the newest worse than what is there?"""
        return self.right < self.right_before


class Remembering(Encoder):
    """An encoder that reads no text twice: a brand learns anew with every correction. Safe for threads."""

    def __init__(self, encoder: Encoder) -> None:
        """In front of `encoder`."""
        self._encoder = encoder
        self._known: OrderedDict[str, Encoded] = OrderedDict()
        self._guard = Lock()

    def encode(self, cleans: Sequence[str]) -> list[Encoded]:
        """As the encoder itself."""
        with self._guard:
            found = {clean: self._known[clean] for clean in cleans if clean in self._known}
        new = [clean for clean in dict.fromkeys(cleans) if clean not in found]
        found.update(zip(new, self._encoder.encode(new), strict=True) if new else ())
        with self._guard:
            for clean in cleans:
                self._known[clean] = found[clean]
                self._known.move_to_end(clean)
            while len(self._known) > KEPT_VECTORS:
                self._known.popitem(last=False)
        return [found[clean] for clean in cleans]


def remembering(models: Models) -> Models:
    """The same models behind an encoder that remembers; they read the same."""
    if models.deep is None:
        return models
    encoder = Remembering(models.deep.encoder)
    deep = replace(models.deep, encoder=encoder, near=replace(models.deep.near, encoder=encoder))
    return replace(models, deep=deep)


def try_out(
    examples: Sequence[RelevanceCorrection], brand: BrandProfile, models: Models, before: BrandWeights | None
) -> Trial:
    """Learn from `examples`, oldest first; measure beside the probe of the model in use (None: the profile alone)."""
    near = models.deep.near if models.deep else None
    profiles = {brand.key: brand}
    weights = learn(examples, profiles, models.prior, near).get(brand.key)
    tested = len(examples) // SET_ASIDE if len(examples) >= TRIED_FROM else 0
    if weights is None or not tested:
        return Trial(weights, weights, 0, 0, 0)
    probe = learn(examples[:-tested], profiles, models.prior, near).get(brand.key)
    newest = examples[-tested:]
    return Trial(weights, probe, tested, _right(newest, brand, models, probe), _right(newest, brand, models, before))


def _right(
    examples: Sequence[RelevanceCorrection], brand: BrandProfile, models: Models, weights: BrandWeights | None
) -> int:
    """How many of them fall on the right side."""
    with_weights = replace(models, brands={brand.key: weights} if weights else {})
    contexts = [Context(brand=brand.key)] * len(examples)
    readings = analyse([one.text for one in examples], contexts, with_weights, {brand.key: brand})
    return sum(
        (reading.relevance is not None and reading.relevance.p >= 0.5) == one.relevant
        for reading, one in zip(readings, examples, strict=True)
    )


def packed(weights: BrandWeights) -> dict[str, Any]:
    """As JSON: some 60 kB for 2,000 corrections."""
    return {
        "examples": weights.examples,
        "bias": weights.bias,
        "prior_gain": weights.prior_gain,
        "words": {str(slot): value for slot, value in weights.words.items()},
        "near": list(weights.near),
    }


def unpacked(brand: str, stored: Mapping[str, Any]) -> BrandWeights:
    """Back from JSON."""
    return BrandWeights(
        brand,
        examples=int(stored["examples"]),
        bias=float(stored["bias"]),
        prior_gain=float(stored["prior_gain"]),
        words={int(slot): float(value) for slot, value in stored["words"].items()},
        near=tuple(float(value) for value in stored["near"]),
    )
