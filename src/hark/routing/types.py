"""Words of routing."""

from django.db.models import TextChoices

POINTS = {"chat": 2, "async": 3}  # capacity points by kind of work (routing reference, section 2)
OFFER_SECONDS = {"chat": 20, "async": 120}
CAPACITY_POINTS = 6
HEARTBEAT_SECONDS = 30


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


class Answer(TextChoices):
    """What became of an offer."""

    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    TIMED_OUT = "timed_out", "Timed out"
    WITHDRAWN = "withdrawn", "Withdrawn"
