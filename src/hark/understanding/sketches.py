"""Which of a handful of texts say nearly the same: rough and quick, for what is shown together. Pure."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hark.understanding.normalise import canonical, normalise

FACTORS = np.array([2654435761, 2246822519, 3266489917, 668265263, 374761393, 1103515245], np.uint64)
BAND = 2  # smallest numbers that must agree: of word sets four fifths alike nineteen in twenty are found


def alike(texts: Sequence[str]) -> list[int]:
    """A number for each text, the same for those that share most of their words: the place of the first of them."""
    first: dict[tuple[int, ...], int] = {}
    found: list[int] = []
    for place, text in enumerate(texts):
        bands = _bands(text)
        group = min((first[band] for band in bands if band in first), default=place)
        found.append(group)
        for band in bands:
            first.setdefault(band, group)
    return found


def _bands(text: str) -> list[tuple[int, ...]]:
    """Pairs of smallest numbers of the text's words; a text without words is like no other."""
    words = set(canonical(normalise(text)).split())
    if not words:
        return []
    sums = np.array([crc32(word.encode()) for word in words], np.uint64)
    mixed: NDArray[np.uint64] = (sums[:, None] * FACTORS[None, :]) & np.uint64(0xFFFFFFFF)
    least = mixed.min(axis=0).tolist()
    return [(start, *least[start : start + BAND]) for start in range(0, len(least), BAND)]
