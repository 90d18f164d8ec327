"""When a reply leaves: quick choices in the agent's own zone, and an instant that was written by hand. Pure."""

from datetime import datetime

from hark.conversations.errors import CannotSnooze, WrongTime
from hark.workspace.queries.snooze import presets, until_of

OFFERED = ("hour", "tomorrow", "monday")


def moments(at: datetime) -> list[tuple[str, str, datetime]]:
    """(word, name, instant) of the quick choices that lie ahead."""
    return [one for one in presets(at) if one[0] in OFFERED]


def moment_of(value: str, at: datetime) -> datetime:
    """The instant that a quick choice, or a time as a page writes it, stands for. Raises WrongTime."""
    try:
        return until_of(value, at)
    except CannotSnooze:
        raise WrongTime from None
