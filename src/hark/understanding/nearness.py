"""Stage 8 with the encoder: how near a text stands to what a brand says of itself, and to its look-alikes."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hark.understanding.encoder import Encoder
from hark.understanding.normalise import normalise
from hark.understanding.relevance import Evidence, Prior
from hark.understanding.types import BrandProfile

FILE = Path(__file__).parent / "data" / "nearness.toml"
NEAR_NAMES = ("paragraph", "products", "excludes", "products_less_excludes", "company", "world", "company_less_world")
MOST_TERMS = 40  # of a list of a profile
SUREST = 6.0  # logit beyond which no profile is believed: corrections must be able to overrule it
MOST_PROFILES = 512  # kept ready

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Landmarks:
    """Vectors of one profile, a row a term."""

    paragraph: Vector
    products: Vector
    excludes: Vector


@dataclass
class Nearness:
    """Cosines to a profile, and the prior that was learnt over them. Safe for threads; profiles' vectors are kept."""

    encoder: Encoder
    prior: Prior
    _kept: dict[BrandProfile, _Landmarks] = field(default_factory=dict)
    _generic: dict[str, Vector] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def logit(self, shown: Evidence, brand: BrandProfile, general: Vector) -> float:
        """Evidence that the brand is meant: the profile's words and the cosines together, ±`SUREST` at most."""
        return min(max(self.prior.logit(self.features(shown, brand, general)), -SUREST), SUREST)

    def features(self, shown: Evidence, brand: BrandProfile, general: Vector) -> tuple[float, ...]:
        """The profile's features and behind them those of `NEAR_NAMES`, cosines from −1 to 1."""
        marks = self._landmarks(brand)
        company, world = (_nearest(self._about(name), general) for name in ("company", "world"))
        # What a bare profile leaves out is taken from how people speak of any firm and of any ordinary word.
        paragraph = _nearest(marks.paragraph, general) if brand.about else company
        products = _nearest(marks.products, general) if len(marks.products) else company
        excludes = _nearest(marks.excludes, general) if len(marks.excludes) else world
        return (
            *shown.features, paragraph, products, excludes, products - excludes, company, world, company - world,
        )  # fmt: skip

    def _landmarks(self, brand: BrandProfile) -> _Landmarks:
        known = self._kept.get(brand)
        if known is None:
            known = _Landmarks(
                self._vectors([brand.about] if brand.about else []),
                self._vectors([f"{brand.name} {term}" for term in brand.products[:MOST_TERMS]]),
                self._vectors([f"{brand.name} {term}" for term in brand.exclude[:MOST_TERMS]]),
            )
            with self._lock:
                if len(self._kept) >= MOST_PROFILES:
                    self._kept.clear()
                self._kept[brand] = known
        return known

    def _about(self, name: str) -> Vector:
        if name not in self._generic:
            sentences = tomllib.loads(FILE.read_text(encoding="utf-8"))[name]
            self._generic[name] = self._vectors(sentences)
        return self._generic[name]

    def _vectors(self, texts: Sequence[str]) -> Vector:
        rows = [one.general for one in self.encoder.encode([normalise(text) for text in texts])]
        return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _nearest(rows: Vector, general: Vector) -> float:
    """Largest cosine; 0 to nothing."""
    return float((rows @ general).max()) if len(rows) else 0.0
