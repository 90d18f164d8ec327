"""What goes into a reading and what comes out: plain frozen values, no Django."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Author = Literal["contact", "agent"]
Relevant = Literal["relevant", "irrelevant", "unsure"]
Feeling = Literal["negative", "neutral", "positive"]
Level = Literal["low", "normal", "high", "critical"]
Stirring = Literal["anger", "joy", "optimism", "sadness", "none"]
Temper = Literal["calm", "unhappy", "angry", "furious"]

LEVELS: tuple[Level, ...] = ("low", "normal", "high", "critical")
EMOTIONS: tuple[Stirring, ...] = ("anger", "joy", "optimism", "sadness")
FEELINGS: tuple[Feeling, ...] = ("negative", "neutral", "positive")
FLAGS = ("safety", "legal", "press", "leave", "outage", "abuse")
OTHER = "other"  # the intent of a message that asks for nothing that is known


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One earlier message of the thread or the contact, oldest first in a history; a `score` is never read again."""

    author: Author
    text: str
    sent_at: datetime | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a text. `author` scopes the duplicate key: without one, a short text has none.

    `addressed`: it was said to us (a direct message, an answer, a mail), so it matters whether or not it names us.
    """

    language_hint: str | None = None
    brand: str | None = None
    sent_at: datetime | None = None
    history: tuple[HistoryItem, ...] = ()
    author: str | None = None
    addressed: bool = False


@dataclass(frozen=True, slots=True)
class BrandProfile:
    """A brand in plain words: what it is called, sells, and is not. `lexicon` holds (flag or `urgency`, pattern)."""

    key: str
    name: str
    handles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    about: str = ""
    language: str | None = None
    lexicon: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field reads as it does; `span` is in code points of the text as it was given."""

    field: str
    why: str
    span: tuple[int, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape of the command's output; `span` only where there is one."""
        shape: dict[str, Any] = {"field": self.field, "why": self.why}
        return shape if self.span is None else {**shape, "span": list(self.span)}


@dataclass(frozen=True, slots=True)
class Relevance:
    """Is the brand meant? `relevant` from .6, `irrelevant` to .4, else `unsure`."""

    p: float
    label: Relevant


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Of the whole message, by its author; the three probabilities sum to 1."""

    label: Feeling
    negative: float
    neutral: float
    positive: float


@dataclass(frozen=True, slots=True)
class Emotion:
    """What stirs the author; `none` where no emotion reaches one half. `p` in the order of `EMOTIONS`, summing to 1."""

    label: Stirring = "none"
    p: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the author wants: one of the built-in intents or of the brand's own, `other` where it is none of them."""

    label: str = OTHER
    p: float = 0.0


@dataclass(frozen=True, slots=True)
class Urgency:
    """How long the message may wait; high and critical always carry a reason."""

    level: Level
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flags:
    """Words that a person must see: each set by a rule, never cleared by a model."""

    safety: bool = False
    legal: bool = False
    press: bool = False
    leave: bool = False
    outage: bool = False
    abuse: bool = False

    def as_json(self) -> dict[str, bool]:
        """All six, always."""
        return {flag: getattr(self, flag) for flag in FLAGS}


@dataclass(frozen=True, slots=True)
class Mood:
    """A contact's mood over his last ten messages; value and slope rounded to 4 decimals, reasons in words."""

    value: float
    slope: float
    level: Temper
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The signals of one message. A name in `abstain` means: reported, but nothing may act on it.

    `score` is this message's share in the mood (None for a blank text), `signals` what it was lowered by.
    `duplicate_key` is None where sameness cannot be told (blank, or short and of an unknown author).
    """

    language: str
    relevance: Relevance | None
    sentiment: Sentiment
    intensity: float
    offensive: float
    complaint: float
    urgency: Urgency
    flags: Flags
    score: float | None
    signals: tuple[str, ...]
    duplicate_key: str | None
    abstain: tuple[str, ...]
    model_version: str
    reasons: tuple[Reason, ...] = field(default=())
    emotion: Emotion = field(default_factory=Emotion)
    intent: Intent = field(default_factory=Intent)

    def as_json(self, mood: Mood | None = None) -> dict[str, Any]:
        """The command's output line without `id`; `mood` is null where nobody folded one."""
        feeling = self.sentiment
        weights = {"negative": feeling.negative, "neutral": feeling.neutral, "positive": feeling.positive}
        folded = mood and {"score": self.score, "value": mood.value, "slope": mood.slope, "level": mood.level}
        return {
            "language": self.language,
            "relevance": self.relevance and {"p": self.relevance.p, "label": self.relevance.label},
            "sentiment": {"label": feeling.label, "p": weights},
            "intensity": self.intensity,
            "offensive": {"p": self.offensive},
            "complaint": {"p": self.complaint},
            "emotion": {"label": self.emotion.label, "p": dict(zip(EMOTIONS, self.emotion.p, strict=True))},
            "intent": {"label": self.intent.label, "p": self.intent.p},
            "urgency": {"level": self.urgency.level, "reasons": list(self.urgency.reasons)},
            "mood": folded,
            "flags": self.flags.as_json(),
            "duplicate_key": self.duplicate_key,
            "abstain": list(self.abstain),
            "reasons": [reason.as_json() for reason in self.reasons]
            + [{"field": "mood", "why": why} for why in (mood.reasons if mood else ())],
            "model_version": self.model_version,
        }
