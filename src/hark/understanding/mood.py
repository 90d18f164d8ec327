"""The mood of a contact: a fold over his own last ten messages. Pure arithmetic, exactly as the definition has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hark.understanding.types import Mood, Temper

LAST = 10
HALF_PLACES, HALF_DAYS = 3.0, 14.0
SECONDS_PER_DAY = 86_400.0
LEAST_FOR_SLOPE = 3
DEDUCTIONS = {"repeat": 0.2, "abuse": 0.2, "human": 0.15, "unanswered": 0.1, "shouting": 0.1}
COUNTED = {"curse": "contain curse words", "shouting": "are shouted", "abuse": "insult people"}
PLAIN = "the words are negative"  # the reason where nothing but the scores speaks
ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class Scored:
    """One message of the contact: its score in [−1, 1] and what it was lowered by (see `signals.signals_of`)."""

    score: float
    sent_at: datetime | None = None
    signals: tuple[str, ...] = ()


def message_score(positive: float, negative: float, signals: Sequence[str]) -> float:
    """`s` of one message: p(positive) − p(negative), less each deduction once, clipped to [−1, 1], 4 decimals."""
    names = {signal.partition(":")[0] for signal in signals}
    return round(max(-1.0, min(1.0, positive - negative - sum(DEDUCTIONS.get(name, 0.0) for name in names))), 4)


def mood(messages: Sequence[Scored]) -> Mood:
    """Fold the contact's messages, oldest first; only the last ten count. Agents' messages must not be among them."""
    last = messages[-LAST:]
    if not last:
        return Mood(0.0, 0.0, "calm")
    weights = _weights(last)
    scores = [message.score for message in last]
    value = round(sum(w * s for w, s in zip(weights, scores, strict=True)) / sum(weights), 4) + 0.0
    slope = round(_slope(weights, scores), 4) + 0.0
    level = _level(value, slope, scores[-1])
    return Mood(value, slope, level, tuple(_reasons(last, value, slope, level)))


def acted_on(level: str, reasons: Sequence[str]) -> str:
    """The level that something may follow from. The words of one message alone are no more than unhappy.

    Anger takes evidence: more than one negative message, or curses, shouting, repeating, waiting, asking for a person.
    """
    return "unhappy" if level in {"angry", "furious"} and set(reasons) <= {PLAIN} else level


def _weights(messages: Sequence[Scored]) -> list[float]:
    """Halved every three places and every fourteen days; a missing or negative age counts as none."""
    newest = messages[-1].sent_at
    weights = []
    for back, message in enumerate(reversed(messages)):
        known = newest is not None and message.sent_at is not None
        days = (
            (newest - message.sent_at).total_seconds() / SECONDS_PER_DAY
            if newest and message.sent_at and known
            else 0.0
        )
        weights.append(0.5 ** (back / HALF_PLACES) * 0.5 ** (max(days, 0.0) / HALF_DAYS))
    return weights[::-1]


def _slope(weights: Sequence[float], scores: Sequence[float]) -> float:
    """Weighted least squares over the index, from three messages on."""
    if len(scores) < LEAST_FOR_SLOPE:
        return 0.0
    total = sum(weights)
    middle = sum(w * i for i, w in enumerate(weights)) / total
    mean = sum(w * s for w, s in zip(weights, scores, strict=True)) / total
    spread = sum(w * (i - middle) ** 2 for i, w in enumerate(weights))
    rise = sum(w * (i - middle) * (s - mean) for i, (w, s) in enumerate(zip(weights, scores, strict=True)))
    return rise / spread if spread > 0 else 0.0


def _level(value: float, slope: float, newest: float) -> Temper:
    """The last line that applies."""
    level: Temper = "calm"
    if value <= -0.25:
        level = "unhappy"
    if value <= -0.5 or (slope <= -0.15 and newest <= -0.4):
        level = "angry"
    if value <= -0.7 and newest <= -0.6:
        level = "furious"
    return level


def _reasons(last: Sequence[Scored], value: float, slope: float, level: Temper) -> list[str]:
    """The mood's parts in words, strongest first; the newest message's own first."""
    reasons = [_newest(signal) for signal in last[-1].signals if signal.partition(":")[0] in DEDUCTIONS]
    for signal, words in COUNTED.items():
        count = sum(signal in message.signals for message in last)
        if count:
            reasons.append(
                f"{count} of the last {len(last)} {words}" if len(last) > 1 else f"this message {_one(signal)}"
            )
    below = sum(message.score <= -0.25 for message in last)
    if below and len(last) > 1:
        reasons.append(f"{below} of the last {len(last)} are negative")
    if slope <= -0.15:
        reasons.append("getting worse from message to message")
    elif slope >= 0.15:
        reasons.append("getting better from message to message")
    return list(dict.fromkeys(reasons)) or [_plainly(value, level)]


def _one(signal: str) -> str:
    return {"curse": "contains curse words", "shouting": "is shouted", "abuse": "insults people"}[signal]


def _newest(signal: str) -> str:
    name, _, count = signal.partition(":")
    if name == "unanswered":
        number = int(count or 2)
        return f"{ORDINALS[number] if number < len(ORDINALS) else f'{number}th'} message without answer"
    return {
        "repeat": "repeats an earlier message",
        "abuse": "insults people",
        "human": "asks for a person",
        "shouting": "is written in capitals or exclamation marks",
    }[name]


def _plainly(value: float, level: Temper) -> str:
    """What the scores alone say."""
    if level != "calm" or value <= -0.1:
        return PLAIN
    return "the words are friendly" if value >= 0.25 else "nothing stands out"
