"""What a brand adds of its own: intents by a handful of examples, words that always count or never, opting out.

Pure. The encoder tells own intents by meaning (`intents.with_own`); where it is missing, or does not know the language,
the words of the examples tell them: only what is said in nearly the same words is taken for the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import log, sqrt
from typing import Any

import numpy as np

from hark.understanding.intents import IntentModel, learn_intents
from hark.understanding.kinds import Kind, kind_of
from hark.understanding.lexicon import COMMON, UnreadableRule, bare, parsed
from hark.understanding.loading import Models
from hark.understanding.ngrams import tokens
from hark.understanding.normalise import canonical, normalise
from hark.understanding.types import OTHER, Intent
from hark.understanding.wordlists import word_list

SHIPPED = (
    "question", "problem", "order_status", "refund", "billing", "account", "cancel", "praise", "suggestion",
)  # fmt: skip
NEAR_FROM = 0.62  # cosine of weighted words from which a message says what an example says
AHEAD = 0.08  # by so much the nearest intent stands before the next one
SHORTEST = 3  # letters of the longest word of a pattern
MOST_ALTERNATIVES = 60
OPT_OUT = (
    "stop",
    "stopp",
    "unsubscribe",
    "opt out",
    "abmelden",
    "abbestellen",
    "arrêt",
    "désabonner",
    "baja",
    "cancella",
)
DULL = frozenset(word_list("dull"))

Examples = tuple[tuple[str, tuple[str, ...]], ...]  # (name of the intent, its examples)


def pattern_problem(pattern: str) -> str:
    """Why a pattern of a word list cannot be used, as a sentence; empty where it can."""
    lowered = pattern.lower()
    try:
        words = [word for part in lowered.split(" & ") for word in parsed(part)]
    except UnreadableRule:
        return f"“{pattern}” cannot be read: it needs at least one word that must be there."
    needed = [word.alternatives for word in words if word and not word.optional]
    if sum(map(len, needed)) > MOST_ALTERNATIVES:
        return f"“{pattern}” has too many alternatives. Write them as several lines."
    if not any(all(_telling(other) for other in others) for others in needed):
        return f"“{pattern}” is too broad: it would stand in nearly every message. Add a word that is rarer."
    return ""


def _telling(word: str) -> bool:
    letters = word.strip("*")
    return len(letters) >= SHORTEST and not word.startswith("*") and letters not in COMMON and word != "_"


def completed(
    text: str, reading: Mapping[str, Any], own: Examples = (), opt_out: Sequence[str] = ()
) -> Mapping[str, Any]:
    """A reading (`Reading.as_json()`) with its kind, the brand's own intents by words, and whether it opts out.

    `own` and `opt_out` are the brand's. What is not about the brand has no kind. A new value each time; total.
    """
    if not reading:
        return reading
    reading = _with_intent(text, reading, own)
    reasons = list(reading.get("reasons") or ())
    stop = opts_out(text, opt_out)
    if stop:
        reasons = [{"field": "opt_out", "why": f"“{stop}” asks for no more messages", "span": None}, *reasons]
    about = (reading.get("relevance") or {}).get("label") != "irrelevant"
    kind = kind_of(text, reading) if about and not stop else Kind("", "")
    if kind.label:
        reasons.append({"field": "kind", "why": kind.why, "span": None})
    return {**reading, "reasons": reasons, "kind": kind.as_json(), "opt_out": bool(stop)}


def _with_intent(text: str, reading: Mapping[str, Any], own: Examples) -> Mapping[str, Any]:
    names = {name for name, _ in own}
    if not names:
        return reading
    intent, abstain = reading.get("intent") or {}, list(reading.get("abstain") or ())
    if intent.get("label", OTHER) == OTHER:
        by_words = word_intents(own).read(text)
        if by_words.label == OTHER:
            return reading
        intent = {"label": by_words.label, "p": by_words.p}
        abstain = [name for name in abstain if name != "intent"]
    if intent["label"] not in names:
        return reading
    example = word_intents(own).example_of(text, intent["label"])
    why = f"near your example “{example}”" if example else f"means what the examples of “{intent['label']}” mean"
    reasons = [*(reading.get("reasons") or ()), {"field": "intent", "why": why, "span": None}]
    return {**reading, "intent": intent, "abstain": abstain, "reasons": reasons}


def opts_out(text: str, own: Sequence[str] = ()) -> str:
    """The opt-out word that this message is, as a whole; empty where it is none."""
    form = canonical(normalise(text))
    return next((word for word in (*OPT_OUT, *own) if form and form == canonical(normalise(word))), "")


def with_own_intents(models: Models, brand: str, version: str, own: Examples, off: frozenset[str]) -> Models:
    """The models with this brand's intents: the shipped ones without those that are `off`, its own beside them.

    `version` names the brand's settings: what was learnt is kept for it. Without the encoder, or where fewer than two
    intents are left to be told apart, the models come back as they are.
    """
    if models.deep is None or not (own or off):
        return models
    learnt = _learnt(models, brand, version, own, off)
    return replace(models, own_intents={**models.own_intents, brand: learnt}) if learnt else models


_kept: dict[str, tuple[str, IntentModel | None]] = {}


def _learnt(models: Models, brand: str, version: str, own: Examples, off: frozenset[str]) -> IntentModel | None:
    """One model a brand is kept in a process: that of the newest settings."""
    stamp = f"{models.version} {version}"
    kept = _kept.get(brand)
    if kept is None or kept[0] != stamp:
        kept = _kept[brand] = (stamp, _learn(models, own, off))
    return kept[1]


def _learn(models: Models, own: Examples, off: frozenset[str]) -> IntentModel | None:
    deep = models.deep
    if deep is None:
        return None
    names, vectors = deep.examples
    rows = [place for place, name in enumerate(names) if name == OTHER or name not in off]
    told = [(name, normalise(text)) for name, examples in own for text in examples]
    encoded = deep.encoder.encode([text for _, text in told])
    every = [names[place] for place in rows] + [name for name, _ in told]
    if len(set(every)) < 2:
        return None
    parts = [vectors[rows], *([np.stack([one.general for one in encoded]).astype(np.float32)] if told else [])]
    return learn_intents(every, np.concatenate(parts))


@dataclass(frozen=True)
class WordIntents:
    """Own intents by the words of their examples: for every language, and for where the encoder is missing."""

    own: Examples

    @cached_property
    def _weights(self) -> dict[str, float]:
        """How much a word tells: the rarer among the examples, the more."""
        bags = [set(_bag(text)) for _, examples in self.own for text in examples]
        counts: dict[str, int] = {}
        for bag in bags:
            for word in bag:
                counts[word] = counts.get(word, 0) + 1
        return {word: log(1 + len(bags) / count) for word, count in counts.items()}

    @cached_property
    def _examples(self) -> list[tuple[str, str, dict[str, float]]]:
        return [(name, text, self._vector(text)) for name, examples in self.own for text in examples]

    def _vector(self, text: str) -> dict[str, float]:
        rare = log(2.0) + 1.0  # what stands in no example tells that something else is meant
        vector = {word: self._weights.get(word, rare) for word in _bag(text)}
        size = sqrt(sum(weight * weight for weight in vector.values()))
        return {word: weight / size for word, weight in vector.items()} if size else {}

    def nearest(self, text: str) -> list[tuple[float, str, str]]:
        """(how near from 0 to 1, intent, its nearest example) of a text, nearest first; one entry an intent."""
        best: dict[str, tuple[float, str]] = {}
        vector = self._vector(text)
        for name, example, other in self._examples:
            near = sum(weight * other.get(word, 0.0) for word, weight in vector.items())
            if near > best.get(name, (0.0, ""))[0]:
                best[name] = (near, example)
        return sorted(
            ((round(min(near, 1.0), 4), name, example) for name, (near, example) in best.items()), reverse=True
        )

    def read(self, text: str) -> Intent:
        """The intent that the words tell; `other` where none is near enough, or two are equally near."""
        order = self.nearest(text)
        if not order:
            return Intent()
        ahead = order[0][0] - (order[1][0] if len(order) > 1 else 0.0)
        known = order[0][0] >= NEAR_FROM and ahead >= AHEAD
        return Intent(order[0][1] if known else OTHER, order[0][0])

    def example_of(self, text: str, name: str) -> str:
        """The example of an intent that stands nearest to a text; empty where they share no word."""
        return next((example for _, intent, example in self.nearest(text) if intent == name), "")


@lru_cache(maxsize=64)
def word_intents(own: Examples) -> WordIntents:
    """The reader of these examples, kept in the process."""
    return WordIntents(own)


def _bag(text: str) -> Mapping[str, None]:
    words = [bare(word) for word in tokens(normalise(text).lower())]
    return dict.fromkeys(word for word in words if word and word not in DULL and word.isalnum())
