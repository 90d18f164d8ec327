"""Words of routing, and what crosses between rooms about work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices

from hark.kernel.types import Json

POINTS = {"chat": 2, "async": 3}  # capacity points by kind of work (routing reference, section 2)
OFFER_SECONDS = {"chat": 20, "async": 120}
CAPACITY_POINTS = 6
HEARTBEAT_SECONDS = 30  # nothing is offered to, or stays with, a page that has been silent for so long
ROUTE_EVERY_SECONDS = 2  # the net under the wake-ups
FRESH_SECONDS = HEARTBEAT_SECONDS - ROUTE_EVERY_SECONDS  # so that the pass that notices still keeps the 30 s
EXCLUDED_SECONDS = 900  # how long an item is not offered again to the one who let it go by
CHAT_BACK_SECONDS = 60
ASYNC_BACK_SECONDS = 1800
SENIOR = "senior"  # the skill asked for when somebody comes about one matter again
SENIOR_UNTIL = 0.5  # of the promise: from then on anybody may take it
WAKE = "hark_routing"  # the NOTIFY channel of the router


class PresenceState(TextChoices):
    """Whether an agent can be offered work."""

    AVAILABLE = "available", "Available"
    BUSY = "busy", "Busy"
    AWAY = "away", "Away"
    OFFLINE = "offline", "Offline"


class ItemState(TextChoices):
    """How far a work item has come."""

    QUEUED = "queued", "Waiting"
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "In hand"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


IN_HAND = (ItemState.OFFERED, ItemState.ACCEPTED)
LIVE = (ItemState.QUEUED, *IN_HAND)


class Answer(TextChoices):
    """What became of an offer."""

    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    TIMED_OUT = "timed_out", "Timed out"
    WITHDRAWN = "withdrawn", "Withdrawn"


class DeclineReason(TextChoices):
    """Why an agent lets an offer go by. It feeds the review of skills and is no penalty."""

    NOT_MY_SKILL = "not_my_skill", "Not my skill"
    CANNOT_NOW = "cannot_now", "Cannot now"
    CONFLICT_OF_INTEREST = "conflict_of_interest", "Conflict of interest"


@dataclass(frozen=True, slots=True)
class NewWork:
    """A case that needs somebody. `arrived_at` is the start of its clock, `skills` are keys of defined skills.

    `holder_id` is who holds the case as the caller knows it; the router reads it afresh when it decides. `senior` asks
    for somebody with that skill beside the others, as long as there is one and time is left.
    """

    case_id: int
    inbox_id: int
    kind: str
    skills: tuple[str, ...]
    arrived_at: datetime
    target_seconds: int
    holder_id: int | None = None
    senior: bool = False


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A queued work item as the policy sees it. `excluded` says until when whom not to ask again."""

    id: int
    key: str
    inbox_id: int
    kind: str
    skills: tuple[str, ...]
    arrived_at: datetime
    target_seconds: int
    holder_id: int | None = None
    excluded: tuple[tuple[int, datetime], ...] = ()

    @property
    def points(self) -> int:
        """What it costs whoever gets it."""
        return POINTS[self.kind]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent as the policy sees one. `idle_since` is None with anything in hand; `skills` maps key to level 1–5."""

    agent_id: int
    presence: str
    heartbeat_at: datetime
    used_points: int
    capacity_points: int
    idle_since: datetime | None
    last_offered_at: datetime | None
    inboxes: frozenset[int]
    skills: Mapping[str, int]

    @property
    def free_points(self) -> int:
        """Room left."""
        return self.capacity_points - self.used_points


@dataclass(frozen=True, slots=True)
class Decision:
    """Who gets an item and why. `inputs` leads to the same agent again; `reason` is what people see of it."""

    item: WaitingItem
    agent_id: int
    accepted: bool
    reason: dict[str, Json]
    inputs: dict[str, Json]


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that waits for its agent's answer, as a page shows it."""

    key: str
    case_key: str
    case_title: str
    kind: str
    sentence: str
    reason: dict[str, Json]
    offered_at: datetime
    expires_at: datetime
    seconds_left: int


@dataclass(frozen=True, slots=True)
class Load:
    """An agent's presence and points. `reachable` is what the router believes, `presence` what the agent said."""

    presence: PresenceState
    presence_reason: str
    presence_since: datetime | None
    reachable: bool
    used_points: int
    capacity_points: int

    @property
    def free_points(self) -> int:
        """Room left."""
        return self.capacity_points - self.used_points


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one inbox, as one agent may count it."""

    inbox_id: int
    queued: int
    offered: int
    oldest_arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between a counter and what it counts. There should never be one."""

    what: str
    subject: str
    counted: int
    stored: int
