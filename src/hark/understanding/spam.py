"""What a brand's people called spam, learnt at once: a small logistic regression over the words and links of texts.

The same regression as for relevance, with nothing known beforehand but that spam is rare. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hark.understanding.corrections import LEAST, MOST, SLOTS, Doubles, RelevanceCorrection, newton, slots_of, wanted_of
from hark.understanding.ngrams import checksum
from hark.understanding.normalise import normalise
from hark.understanding.wordlists import word_list

SpamExample = RelevanceCorrection  # `relevant`: it is spam
RARE = -2.0  # logit before anything is learnt
GAIN = 4.0  # so much the words of a text weigh beside the bias
HOLDS_FROM = 0.6  # probability from which a message is held
FOLDS = 5
MOST_WRONG = 0.01  # share of what is no spam that a model may hold by mistake
TOLD = 3  # words that say why
DULL = frozenset((*word_list("dull"), *word_list("stop")))
LINK = re.compile(r"(?:https?://|www\.)([\w.-]+)", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.+-]+@([\w-]+\.[\w.-]+)")


@dataclass(frozen=True, slots=True)
class SpamWeights:
    """What a brand's marks taught: weights of slots, and a bias. Small enough for one table row."""

    examples: int
    bias: float
    words: Mapping[int, float]

    def p(self, text: str) -> float:
        """How likely it is that the brand's people would call this spam."""
        found = _slots(text)
        own = sum(self.words.get(slot, 0.0) for slot in found) / np.sqrt(max(len(found), 1))
        return float(1.0 / (1.0 + np.exp(-np.clip(RARE + self.bias + own, -30.0, 30.0))))

    def why(self, text: str) -> str:
        """The words and links that weigh most, in the order of their weight; empty where none speaks for spam."""
        pieces = {piece: self.words.get(_slot(piece), 0.0) for piece in _pieces(text) if piece not in DULL}
        strongest = sorted(pieces, key=lambda piece: (-pieces[piece], piece))[:TOLD]
        return ", ".join(f"“{piece.removeprefix('link:')}”" for piece in strongest if pieces[piece] > 0)


@dataclass(frozen=True, slots=True)
class SpamTrial:
    """As `trials.Trial`, and `held`: how many of the `others`, judged unseen, the model would have held wrongly."""

    weights: SpamWeights | None
    probe: SpamWeights | None = None
    tested: int = 0
    right: int = 0
    right_before: int = 0
    held: int = 0
    others: int = 0

    @property
    def worse(self) -> bool:
        """Would it judge the newest worse than what is there, or hold what is no spam?"""
        return self.right < self.right_before or self.held > MOST_WRONG * self.others


def learn_spam(examples: Sequence[SpamExample]) -> SpamWeights | None:
    """What these teach; None below three of either side."""
    own = examples[-MOST:]
    spam = sum(one.relevant for one in own)
    if min(spam, len(own) - spam) < LEAST:
        return None
    slots = [_slots(one.text) for one in own]
    rows: Doubles = np.zeros((len(own), SLOTS))
    for row, found in zip(rows, slots, strict=True):
        row[found] = GAIN * len(found) ** -0.5 if found else 0.0
    solution = newton(np.column_stack([rows, np.ones(len(own))]), np.full(len(own), RARE), *wanted_of(own))
    kept = {
        int(slot): round(GAIN * float(solution[slot]), 5)
        for slot in sorted({slot for found in slots for slot in found})
    }
    return SpamWeights(len(own), round(float(solution[-1]), 5), kept)


def try_spam(examples: Sequence[SpamExample], before: SpamWeights | None) -> SpamTrial:
    """Learn from `examples`, oldest first; judge each fifth unseen, and the newest fifth beside the probe in use."""
    weights = learn_spam(examples)
    if weights is None:
        return SpamTrial(None)
    cut = len(examples) // FOLDS
    probe = learn_spam(examples[: len(examples) - cut])
    newest = examples[len(examples) - cut :] if probe and before else ()
    return SpamTrial(
        weights,
        probe or weights,
        tested=len(newest),
        right=_right(newest, probe),
        right_before=_right(newest, before),
        held=_held_unseen(examples),
        others=sum(not one.relevant for one in examples),
    )


def packed_spam(weights: SpamWeights) -> dict[str, Any]:
    """As JSON."""
    words = {str(slot): value for slot, value in weights.words.items()}
    return {"examples": weights.examples, "bias": weights.bias, "words": words}


def unpacked_spam(stored: Mapping[str, Any]) -> SpamWeights:
    """Back from JSON."""
    words = {int(slot): float(value) for slot, value in stored["words"].items()}
    return SpamWeights(int(stored["examples"]), float(stored["bias"]), words)


def _held_unseen(examples: Sequence[SpamExample]) -> int:
    """How many that are no spam would have been held by a model that was learnt without their fifth."""
    held = 0
    for fold in range(FOLDS):
        taught = [one for place, one in enumerate(examples) if place % FOLDS != fold]
        model = learn_spam(taught)
        others = [one for place, one in enumerate(examples) if place % FOLDS == fold and not one.relevant]
        held += sum(model.p(one.text) >= HOLDS_FROM for one in others) if model else 0
    return held


def _right(examples: Sequence[SpamExample], weights: SpamWeights | None) -> int:
    return sum((weights.p(one.text) >= HOLDS_FROM) == one.relevant for one in examples) if weights else 0


def _pieces(text: str) -> list[str]:
    """Where it leads, then its words; links are read before they are folded away."""
    domains = [found.lower() for pattern in (LINK, ADDRESS) for found in pattern.findall(text)]
    return [*(f"link:{domain}" for domain in dict.fromkeys(domains)), *words_of(normalise(text).lower())]


def words_of(lowered: str) -> list[str]:
    """The distinct words of a text."""
    return list(dict.fromkeys(word for word in re.findall(r"[^\W_]+", lowered) if len(word) > 1))


def _slot(piece: str) -> int:
    return checksum(piece) % SLOTS


def _slots(text: str) -> list[int]:
    links = {_slot(piece) for piece in _pieces(text) if piece.startswith("link:")}
    return sorted({*links, *slots_of(normalise(text).lower())})
