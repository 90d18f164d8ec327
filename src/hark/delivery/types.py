"""Words of the out-box."""

from django.db.models import TextChoices


class OutboxState(TextChoices):
    """How far a reply has come."""

    QUEUED = "queued", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    AMBIGUOUS = "ambiguous", "May have been sent"
    FAILED = "failed", "Not sent: tried for a day"
    REFUSED = "refused", "Refused by the venue"
    CANCELLED = "cancelled", "Taken back before sending"


TERMINAL = frozenset({OutboxState.SENT, OutboxState.FAILED, OutboxState.REFUSED, OutboxState.CANCELLED})
