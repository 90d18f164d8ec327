"""Due instants from starts and targets. Every hour counts as open until calendars come."""

from datetime import datetime, timedelta


def due_at(started_at: datetime, target_seconds: int) -> datetime:
    """The earliest instant at which `target_seconds` have passed since `started_at`. Pure; exact to the microsecond."""
    return started_at + timedelta(seconds=target_seconds)


def within(started_at: datetime, target_seconds: int, ends_at: datetime | None) -> int:
    """The target, or the seconds up to `ends_at` where nobody can be answered after it. Pure; never less than one.

    A time that was over before the clock began shortens nothing: then the answer goes another way.
    """
    if ends_at is None or ends_at <= started_at:
        return target_seconds
    return max(1, min(target_seconds, int((ends_at - started_at).total_seconds())))


def believable_start(posted_at: datetime, received_at: datetime, connected_at: datetime) -> datetime:
    """When a clock for a message starts: as posted, or at receipt where the posted time cannot be true.

    It cannot be true in the future, nor before the channel was connected; so a venue's wrong clock hides no lateness.
    """
    return posted_at if connected_at <= posted_at <= received_at else received_at
