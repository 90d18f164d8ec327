"""Who travels: one event of one arrival, with what the stages have found out about it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hark.channels.accounts import account_of
from hark.channels.types import Account, Inbound
from hark.contacts.types import KnownAuthor
from hark.conversations.types import Held, ThreadedMessage
from hark.intake.types import ClaimedArrival
from hark.organisation.models import Channel
from hark.organisation.queries import channels_by_id
from hark.organisation.types import OwnReading

MESSAGES = frozenset({"message", "review", "consent_stop"})  # somebody said something: people must see it
WRITTEN = MESSAGES | {"edit"}
UNKNOWN = "unknown"
NOTHING = "nothing"
SEVERAL = "several"
NOBODY = Inbound("unknown")
NOTHING_OWN = OwnReading()


@dataclass(frozen=True, slots=True)
class Passenger:
    """One event of an arrival on its way through the stages. `place` counts the events of the arrival.

    `reading` has the shape in which it is stored, `own` is what its brand adds to it, `held` why it is
    kept as spam; `hurried`: it was read by its words alone. `outcome` is one word, empty
    until something has become of it.
    """

    arrival: ClaimedArrival
    channel: Channel
    account: Account
    place: int = 0
    inbound: Inbound = NOBODY
    reading: Mapping[str, Any] | None = None
    author: KnownAuthor | None = None
    threaded: ThreadedMessage | None = None
    outcome: str = ""
    own: OwnReading = NOTHING_OWN
    held: Held | None = None
    hurried: bool = False


def board(arrivals: Sequence[ClaimedArrival]) -> list[Passenger]:
    """One passenger an arrival, with its channel and account looked up once for all."""
    channels = channels_by_id({one.channel_id for one in arrivals})
    accounts = {number: account_of(channel) for number, channel in channels.items()}
    return [Passenger(one, channels[one.channel_id], accounts[one.channel_id]) for one in arrivals]


def is_ours(one: Passenger) -> bool:
    """A post of our own account, whatever the venue calls it: it never becomes a customer's message."""
    inbound = one.inbound
    return inbound.kind == "echo" or (
        inbound.kind in MESSAGES and inbound.author is not None and inbound.author.is_self
    )


def is_said(one: Passenger) -> bool:
    """Somebody else said something."""
    return one.inbound.kind in MESSAGES and not is_ours(one)


def wish_of(inbound: Inbound) -> bool | None:
    """True: he wants no more messages here; False: he wants them again; None: it says nothing of that."""
    if inbound.kind == "consent_stop":
        return True
    return False if "consent_start" in inbound.policy else None


def by_arrival(passengers: Iterable[Passenger]) -> dict[int, list[Passenger]]:
    """The passengers of each arrival, by its id."""
    found: dict[int, list[Passenger]] = defaultdict(list)
    for one in passengers:
        found[one.arrival.id].append(one)
    return found


def stored(passengers: Iterable[Passenger]) -> list[int]:
    """The messages that are new by these passengers."""
    told = [one.threaded.message_id for one in passengers if one.threaded]
    return [number for number in told if number is not None]


def outcome_of(passengers: Sequence[Passenger]) -> str:
    """What became of an arrival, in one word: that of its events where they agree."""
    words = {one.outcome for one in passengers}
    return words.pop() if len(words) == 1 else SEVERAL if words else NOTHING


def problem_of(passengers: Sequence[Passenger]) -> str:
    """Why an arrival could not be fully read; empty when it could."""
    problems = [one.inbound.problem or "nothing is known about it" for one in passengers if one.outcome == UNKNOWN]
    return f"could not be fully read: {'; '.join(dict.fromkeys(problems))}" if problems else ""
