"""Stage 9: from what decided to words an agent reads, with the place in the text as it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hark.understanding.ngrams import TOKEN
from hark.understanding.normalise import LONGEST, normalise, origins
from hark.understanding.types import Reason
from hark.understanding.wordlists import word_list

WORDS_NAMED = 2
LEAST_SHARE = 0.12  # of a logit: below this a word explains nothing
# Words that carry weight only through their neighbours: naming them to an agent would explain nothing.
DULL = word_list("dull")
NOT_LEGAL = word_list("not_legal")  # they weigh in what people write to a firm, and are no words of law


@dataclass(frozen=True)
class Places:
    """The way from a normalised text back to the text as it was given; worked out only when a reason asks for it."""

    raw: str
    clean: str

    @cached_property
    def _lowered(self) -> str:
        return self.clean.lower()

    @cached_property
    def _origins(self) -> Sequence[tuple[int, int]] | None:
        return None if self._same else origins(self.raw)

    @cached_property
    def _same(self) -> bool:
        return self.clean == self.raw[:LONGEST] and len(self._lowered) == len(self.clean)

    @cached_property
    def tokens(self) -> list[tuple[int, int]]:
        """Spans of the words in the normalised lower-case text."""
        return [match.span() for match in TOKEN.finditer(self._lowered)]

    def back(self, span: tuple[int, int] | None) -> tuple[int, int] | None:
        """The span in the given text; None where it cannot be told for certain."""
        if span is None or self._same:
            return span
        known = self._origins
        if known is None or span[1] > len(known) or span[0] >= span[1]:
            return None
        return known[span[0]][0], known[span[1] - 1][1]

    def words(self, span: tuple[int, int]) -> str:
        """What stands there, as it was written."""
        place = self.back(span)
        return self.raw[slice(*place)] if place else self._lowered[slice(*span)]


def ruled(field: str, why: str, span: tuple[int, int], places: Places) -> Reason:
    """A rule's reason: the matched words, then what the rule says of them."""
    return Reason(field, f"“{quoted(places.words(span))}” {why}", places.back(span))


def quoted(words: str) -> str:
    """On one line and not too long."""
    flat = " ".join(normalise(words).split())
    return flat if len(flat) <= 60 else f"{flat[:57]}…"


def strongest(shares: NDArray[np.float64], tokens: Sequence[str]) -> list[int]:
    """The places of the words that speak most for an answer, strongest first; few, and none that are dull or weak."""
    found: list[int] = []
    for place in np.argsort(-shares, kind="stable")[:12].tolist():
        if shares[place] < LEAST_SHARE or len(found) == WORDS_NAMED:
            break
        word = tokens[place]
        if word in DULL or not (len(word) > 1 or not word.isascii() or word in "!?"):
            continue
        if word not in (tokens[other] for other in found):
            found.append(place)
    return found


def worded(field: str, what: str, shares: NDArray[np.float64], tokens: Sequence[str], places: Places) -> Reason:
    """A head's reason: the words that weighed most, or that it is the wording as a whole."""
    if field == "flags.legal":
        shares = np.where([token in NOT_LEGAL for token in tokens], 0.0, shares) if tokens else shares
    chosen = strongest(shares, tokens)
    if not chosen or max(chosen) >= len(places.tokens):
        return Reason(field, f"{what}, by the text as a whole")
    spans = [places.tokens[place] for place in chosen]
    names = " and ".join(f"“{quoted(places.words(span))}”" for span in spans)
    return Reason(field, f"{what}: {names}", places.back(spans[0]))
