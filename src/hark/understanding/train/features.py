"""The features of the linear companion as sparse rows: the same numbers that the wordbook adds up at run time."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from hark.understanding.ngrams import SLOTS, character_slots, checksum, folded, pair_slots, tokens
from hark.understanding.normalise import normalise

COLUMNS = 2 * SLOTS  # words and pairs first, characters behind them


@lru_cache(maxsize=200_000)
def _word(token: str) -> tuple[int, int, tuple[int, ...]]:
    """Checksum, word slot and character columns of a token."""
    word = folded(token)
    value = checksum(word)
    return value, value & (SLOTS - 1), tuple(SLOTS + slot for slot in character_slots(word))


def matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    """One row a text: counts of words, pairs and characters, each family divided by the root of its count."""
    indptr: list[int] = [0]
    indices: list[int] = []
    values: list[float] = []
    for text in texts:
        words = [_word(token) for token in tokens(normalise(text).lower())]
        pairs = pair_slots(np.array([checksum(""), *(word[0] for word in words), checksum("")], np.uint32)).tolist()
        families = ([word[1] for word in words], pairs, [slot for word in words for slot in word[2]])
        for family in families:
            indices.extend(family)
            values.extend([len(family) ** -0.5] * len(family) if family else [])
        indptr.append(len(indices))
    rows = sparse.csr_matrix((np.array(values, np.float32), indices, indptr), shape=(len(texts), COLUMNS))
    rows.sum_duplicates()
    return rows
