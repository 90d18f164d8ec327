"""How long a channel may be silent before that is strange. Pure arithmetic (channels reference, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

HOUR = timedelta(hours=1)
HOURS_OF_A_WEEK = 168
TIMES_THE_USUAL = 3
SHORTEST_ALARM_SECONDS = 15 * 60
WEEKS_LOOKED_AT = 8
WEEKS_NEEDED = 3


@dataclass(frozen=True, slots=True)
class HeardHour:
    """One hour in which something was heard: its first and last word, the longest gap that ended in it (seconds)."""

    first: datetime
    last: datetime
    longest: float

    @property
    def start(self) -> datetime:
        """When the hour began."""
        return self.first.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hour_of_week(at: datetime) -> int:
    """0 is Monday 0:00 to 1:00 UTC."""
    utc = at.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


def usual_gaps(heard: Sequence[HeardHour]) -> list[float | None]:
    """For each hour of the week the median over the weeks of the longest silence that touched it, in seconds.

    A night's silence belongs to every hour of the night, so that nights are not strange. None where fewer than three
    weeks are known. `heard` is in order.
    """
    known: list[list[float]] = [[] for _ in range(HOURS_OF_A_WEEK)]
    for start, seconds in _longest_by_hour(heard).items():
        known[hour_of_week(start)].append(seconds)
    return [median(each) if len(each) >= WEEKS_NEEDED else None for each in known]


def longest_allowed(gaps: Sequence[float | None], at: datetime) -> float | None:
    """The seconds of silence after which there is an alarm at this moment; None while nothing is known of this hour."""
    usual = gaps[hour_of_week(at)] if len(gaps) == HOURS_OF_A_WEEK else None
    return None if usual is None else max(SHORTEST_ALARM_SECONDS, TIMES_THE_USUAL * usual)


def _longest_by_hour(heard: Sequence[HeardHour]) -> dict[datetime, float]:
    found = {each.start: each.longest for each in heard}
    for before, after in pairwise(heard):
        gap, hour = (after.first - before.last).total_seconds(), before.start
        while hour <= after.start:
            found[hour] = max(found.get(hour, 0.0), gap)
            hour += HOUR
    return found
