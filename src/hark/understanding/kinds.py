"""What kind of message it is: complaint, buying question, question, request, praise or chatter. Pure.

No model of its own: it follows from what was read already (complaint, asking, sentiment, urgency, flags), from the
words of buying, and from how the sentence asks. A complaint goes before everything else, chatter is what is left.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hark.understanding.lexicon import matcher
from hark.understanding.normalise import normalise, readable

FILE = Path(__file__).parent / "data" / "kinds.toml"
KINDS = ("complaint", "buying", "question", "request", "praise", "chatter")  # the weightiest first
LISTS = ("buying", "owned", "asking", "wondering", "praising", "but")
YES = 0.5  # the decision point of a calibrated head
PLEASED = 0.6  # probability of a positive sentiment from which it is praise
WANTS = frozenset({"problem", "order_status", "refund", "billing", "account", "cancel"})  # intents that are no praise
ASKS = frozenset({"normal", "high", "critical"})


@dataclass(frozen=True, slots=True)
class Kind:
    """One of `KINDS`, and why, in words for people."""

    label: str
    why: str

    def as_json(self) -> dict[str, str]:
        """As it is stored with a reading."""
        return {"label": self.label, "why": self.why}


@dataclass(frozen=True, slots=True)
class Words:
    """What the file of kinds looks for, in all its languages at once."""

    buying: re.Pattern[str]
    owned: re.Pattern[str]
    asking: re.Pattern[str]
    wondering: re.Pattern[str]
    praising: re.Pattern[str]
    but: re.Pattern[str]


@cache
def _words() -> Words:
    """Read once a process; a file that cannot be read is a fault of the release and fails loudly."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = {name: matcher(content[name]) for name in LISTS}
    return Words(**{name: pattern for name, pattern in found.items() if pattern})


def kind_of(text: str, reading: Mapping[str, Any]) -> Kind:
    """The kind of a message: `text` as it was written, `reading` in the shape of `Reading.as_json()`. Total.

    Where the complaint head abstains it says nothing. Whatever carries a flag or presses is never praise.
    """
    clean = normalise(text)
    plain = readable(clean)
    words, unsure = _words(), reading.get("abstain") or ()
    if "complaint" not in unsure and _number(reading, "complaint") >= YES:
        return Kind("complaint", "says that something went wrong")
    asks = _asks(clean, plain, reading)
    if found := _buying(plain, asks=asks):
        return Kind("buying", f"asks before buying: “{found}”")
    if asks and ("?" in clean or words.asking.search(plain)):
        return Kind("question", "asks something")
    return _asked_or_not(plain, reading, asks=asks)


def _asked_or_not(plain: str, reading: Mapping[str, Any], *, asks: bool) -> Kind:
    """Of what is no question: request, praise or chatter."""
    label = str((reading.get("intent") or {}).get("label", ""))
    if not _presses(reading) and _praises(plain, reading, label):
        return Kind("praise", "pleased, and asks for nothing")
    if asks and (_presses(reading) or label not in {"praise", "suggestion"}):
        return Kind("request", "wants something done")
    return Kind("chatter", "asks for nothing")


def kind_now(kind: str, corrected: Mapping[str, str]) -> str:
    """The kind once agents' corrections (field to new value) are laid over the reading."""
    said = corrected.get("complaint")
    if said == "true":
        return "complaint"
    if kind == "complaint" and said == "false":
        return "request" if corrected.get("urgency", "normal") in ASKS else "chatter"
    if kind == "praise" and corrected.get("intent") in WANTS:
        return "request"
    if kind == "praise" and (
        corrected.get("sentiment", "positive") != "positive" or corrected.get("offensive") == "true"
    ):
        return "chatter"
    return kind


def weightier(one: str, other: str) -> str:
    """Of two kinds the one that asks for more; an empty one weighs nothing."""
    order = {name: place for place, name in enumerate(KINDS)}
    return min(one, other, key=lambda name: order.get(name, len(KINDS)))


def _asks(clean: str, plain: str, reading: Mapping[str, Any]) -> bool:
    """Is something wanted? The reading's urgency is above low only where it is, or where a rule presses."""
    level = str((reading.get("urgency") or {}).get("level", "low"))
    return level in ASKS or ("?" in clean and bool(_words().wondering.search(plain)))


def _presses(reading: Mapping[str, Any]) -> bool:
    flags = reading.get("flags") or {}
    return any(flags.values()) or (reading.get("urgency") or {}).get("level") in {"high", "critical"}


def _buying(plain: str, *, asks: bool) -> str:
    """The words of somebody who asks before buying; empty where he speaks of what he has bought already."""
    found = _words().buying.search(plain)
    if found is None or not (asks or "?" in plain) or _words().owned.search(plain):
        return ""
    return found.group()


def _praises(plain: str, reading: Mapping[str, Any], label: str) -> bool:
    feeling = reading.get("sentiment") or {}
    if feeling.get("label") != "positive" or "sentiment" in (reading.get("abstain") or ()):
        return False
    if "?" in plain or _words().but.search(plain):
        return False
    p = float((feeling.get("p") or {}).get("positive", 0.0))
    return p >= PLEASED and (label == "praise" or bool(_words().praising.search(plain)))


def _number(reading: Mapping[str, Any], name: str) -> float:
    value = (reading.get(name) or {}).get("p", 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
