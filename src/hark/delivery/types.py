"""Words of the out-box, and a reply as it is stored there."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import TextChoices

from hark.channels.types import Outbound, OutboundFile, Target


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
RECEIPT_RANK = {"": 0, "accepted": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5}  # a receipt never goes back


class Settlement(TextChoices):
    """What a person decides about a reply that did not, or may not, have left."""

    IT_WAS_SENT = "it_was_sent", "It was sent"
    SEND_AGAIN = "send_again", "Send again"
    DROP = "drop", "Leave it"


@dataclass(frozen=True, slots=True)
class About:
    """What the journal says of a reply: public keys only. `visitor` is its conversation's key.

    Without a `message` it is a mail of the desk itself, to one of us.
    """

    message: str
    case: str = ""
    visitor: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """The delivery state of a reply for a page: one word for style, a sentence, whether it is bad, what can be done."""

    state: str
    words: str
    bad: bool = False
    acts: tuple[str, ...] = ()
    undo_seconds: int = 0


def pack(outbound: Outbound, about: About) -> dict[str, Any]:
    """The JSON that the out-box keeps of a reply: the fields of Outbound, and `about`."""
    return {**asdict(outbound), "id": str(outbound.id), "about": asdict(about)}


def unpack(payload: dict[str, Any]) -> Outbound:
    """The reply as it was packed."""
    apart = {"about", "id", "target", "attachments"}
    fields = {name: value for name, value in payload.items() if name not in apart}
    files = tuple(OutboundFile(**one) for one in payload.get("attachments", ()))
    return Outbound(id=UUID(payload["id"]), target=Target(**payload["target"]), attachments=files, **fields)


def about(payload: dict[str, Any]) -> About:
    """What the journal says of the packed reply."""
    return About(**payload["about"])
