"""Until when: the presets, in the agent's own zone, and an instant that was written by hand. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from hark.conversations.errors import CannotSnooze

MORNING, EVENING = time(9), time(18)


def _on(local: datetime, days: int, at: time) -> datetime:
    """A wall-clock time some days from now, as the zone has it on that day."""
    return datetime.combine(local.date() + timedelta(days=days), at, local.tzinfo)


PRESETS: dict[str, tuple[str, Callable[[datetime], datetime]]] = {
    "hour": ("In one hour", lambda local: local.astimezone(UTC) + timedelta(hours=1)),
    "evening": ("This evening", lambda local: _on(local, 0, EVENING)),
    "tomorrow": ("Tomorrow morning", lambda local: _on(local, 1, MORNING)),
    "monday": ("Monday morning", lambda local: _on(local, 7 - local.weekday(), MORNING)),
    "week": ("In a week", lambda local: _on(local, 7, MORNING)),
    "month": ("In 30 days", lambda local: _on(local, 30, MORNING)),
}


def until_of(value: str, at: datetime) -> datetime:
    """The instant that a preset's word, or a time as a page writes it, stands for. Raises CannotSnooze."""
    local = timezone.localtime(at)
    if value in PRESETS:
        return PRESETS[value][1](local)
    try:
        written = datetime.fromisoformat(value)
    except ValueError:
        raise CannotSnooze from None
    return written if written.tzinfo else written.replace(tzinfo=local.tzinfo)


def presets(at: datetime) -> list[tuple[str, str, datetime]]:
    """(word, name, instant) of the presets that lie ahead, soonest first; of two for one instant the first."""
    local = timezone.localtime(at)
    found = [(word, name, instant(local)) for word, (name, instant) in PRESETS.items()]
    ahead = {until: (word, name, until) for word, name, until in reversed(found) if until > local}
    return sorted(ahead.values(), key=lambda one: one[2])
