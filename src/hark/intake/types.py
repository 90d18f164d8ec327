"""Words of the in-box."""

from django.db.models import TextChoices

LANES = 64  # arrivals are spread over lanes by thread, so that workers seldom meet on one conversation


class ArrivalState(TextChoices):
    """What became of an arrival."""

    RECEIVED = "received", "Waiting to be read"
    DONE = "done", "Read"
    PARKED = "parked", "Could not be read; waits for a person"
    DISCARDED = "discarded", "Set aside by a person"
