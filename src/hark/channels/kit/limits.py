"""How long a reply may be, where an administrator says it: words for the fields, and abilities narrowed by them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hark.channels.errors import Refused
from hark.channels.in_words import UNITS
from hark.channels.kit.counting import length
from hark.channels.types import Caps

MOST_PARTS = 25
UNIT_WORDS = {
    "chars": "Characters (code points)",
    "graphemes": "Characters as people see them: an emoji is one",
    "utf16": "Units of UTF-16: an emoji is two or more",
    "bytes": "Bytes of UTF-8",
    "weighted": "Weighted characters, as on X: a link is 23, an emoji two",
    "sms": "Text messages (SMS): 160 characters, or 70 with others than the usual ones",
}
PARTS_HELP = "A longer answer leaves as so many numbered parts at most. 1: it is refused."


def narrowed(caps: Caps, settings: Mapping[str, Any]) -> Caps:
    """The abilities with the `max_length`, `unit` and `max_parts` of the settings, where they are there."""
    unit, parts = settings.get("unit"), settings.get("max_parts")
    return replace(
        caps,
        max_length=settings.get("max_length") or caps.max_length,
        unit=unit if unit in UNIT_WORDS else caps.unit,
        max_parts=max(1, min(parts, caps.max_parts)) if isinstance(parts, int) else 1,
    )


def longer_than_allowed(caps: Caps, text: str) -> Refused | None:
    """The refusal, where the venue does not take a text of this length in one post."""
    if caps.max_length is None or length(text, caps.unit) <= caps.max_length:
        return None
    return Refused("too_long", f"A post here holds at most {caps.max_length:,} {UNITS[caps.unit]}.")


def refuse_longer(caps: Caps, text: str) -> None:
    """Raise Refused where the venue does not take a text of this length in one post."""
    if longer := longer_than_allowed(caps, text):
        raise longer
