"""Words of the in-box."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import TextChoices

from hark.kernel.errors import HarkError

LANES = 64  # arrivals are spread over lanes by thread, so that workers seldom meet on one conversation
LEASE_SECONDS = 30
TRIES = 5  # of one reading, before the arrival is parked


class ArrivalState(TextChoices):
    """What became of an arrival."""

    RECEIVED = "received", "Waiting to be read"
    DONE = "done", "Read"
    PARKED = "parked", "Could not be read; waits for a person"
    DISCARDED = "discarded", "Set aside by a person"


class LeaseLost(HarkError):
    """Another worker has taken over in the meantime."""


class NotStored(HarkError):
    """This could not be stored just now. Please send it again."""

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        """`detail` is for the log; whether the arrival was stored all the same may be unknown."""
        self.retry_after_seconds = retry_after_seconds
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class NewArrival:
    """Raw bytes to be stored. An empty `dedupe_key` means the bytes' digest, an empty `lane_key` the dedupe key."""

    dedupe_key: str
    lane_key: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimedArrival:
    """One arrival that this worker may read until its lease ends. `attempts` counts this claim."""

    id: int
    channel_id: int
    dedupe_key: str
    lane: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime
    attempts: int
    fence: int


@dataclass(frozen=True, slots=True)
class Polled:
    """A polled channel that this process may read until its lease ends; `version` is that of the channel's row."""

    channel_id: int
    fence: int
    version: str
