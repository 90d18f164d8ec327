"""What a channel costs, as its page shows it: today, this month, its ceiling, and what that means just now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from hark.channels.accounts import can_listen, charges_for_reading
from hark.organisation.listening import listens_now
from hark.organisation.models import Channel, ChannelCost
from hark.organisation.queries import costs_of
from hark.organisation.spending import MICROS, Spent

NEVER = "–"


@dataclass(frozen=True, slots=True)
class CostsShown:
    """(when, reading, sending) in words; `ceiling` in whole units, empty where there is none; `words` on what follows.

    `may_listen`: the channel can be searched for words, so a ceiling means something.
    """

    rows: tuple[tuple[str, str, str], ...]
    ceiling: str
    words: str
    reached: bool
    may_listen: bool


def costs_shown(channel: Channel, *, at: datetime) -> CostsShown | None:
    """What the channel costs; None where its venue charges nothing and nothing was ever paid. One query."""
    today = at.astimezone(UTC).date()
    costs = costs_of([channel.pk], days=today.day - 1, at=at)
    if not (costs or channel.ceiling_micros is not None or charges_for_reading(channel.venue)):
        return None
    reached = not listens_now(channel, at)
    return CostsShown(
        rows=(_row("Today", [one for one in costs if one.day == today]), _row("This month", costs)),
        ceiling="" if channel.ceiling_micros is None else str(channel.ceiling_micros // MICROS),
        words=ceiling_words(channel, reached=reached, today=today),
        reached=reached,
        may_listen=can_listen(channel.venue),
    )


def ceiling_words(channel: Channel, *, reached: bool, today: date) -> str:
    """What the ceiling does just now."""
    if channel.ceiling_micros is None:
        return "There is no ceiling. What the venue charges is counted, and nothing pauses by itself."
    if reached:
        first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
        return (
            f"The ceiling is reached: this channel listens for no words until {first.day} {first:%B}. Messages and "
            "mentions to you are read all the same, and replies leave."
        )
    return (
        "At the ceiling the channel stops listening for words until the month is over. Messages and mentions to you "
        "are read all the same, and replies leave."
    )


def _row(when: str, costs: Iterable[ChannelCost]) -> tuple[str, str, str]:
    reading: dict[str, int] = {}
    sending: dict[str, int] = {}
    for one in costs:
        reading[one.currency] = reading.get(one.currency, 0) + one.reading_micros
        sending[one.currency] = sending.get(one.currency, 0) + one.sending_micros
    return when, _sums(reading), _sums(sending)


def _sums(sums: dict[str, int]) -> str:
    return ", ".join(str(Spent(micros, currency)) for currency, micros in sorted(sums.items()) if micros) or NEVER
