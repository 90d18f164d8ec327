"""Words of the out-box, and a reply as it is stored there."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db.models import TextChoices

from hark.channels.types import Change, Outbound, OutboundFile, Standing, Target


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
class PartWords:
    """How far one part of a long reply has come: `state` for style, and in words."""

    part: int
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class DeliveryWords:
    """The delivery state of a reply for a page: one word for style, a sentence, whether it is bad, what can be done.

    `parts`: of a reply that left as several posts, how far each has come.
    """

    state: str
    words: str
    bad: bool = False
    acts: tuple[str, ...] = ()
    undo_seconds: int = 0
    parts: tuple[PartWords, ...] = ()


def part_key(reply: UUID, part: int, parts: int) -> UUID:
    """The idempotency key of a part: the same each time it is asked for, and the reply's own for the last one."""
    return reply if part == parts else uuid5(reply, f"part {part} of {parts}")


def pack(outbound: Outbound, about: About) -> dict[str, Any]:
    """The JSON that the out-box keeps of a reply: the fields of Outbound, and `about`.

    Which part it is stands in the row, so that the release before this one can read it.
    """
    fields = {name: value for name, value in asdict(outbound).items() if name not in {"part", "parts"}}
    ends = outbound.standing.window_ends
    stands = {**asdict(outbound.standing), "at": None, "window_ends": ends.isoformat() if ends else None}
    return {**fields, "id": str(outbound.id), "standing": stands, "about": asdict(about)}


def unpack(payload: dict[str, Any]) -> Outbound:
    """The reply as it was packed."""
    apart = {"about", "id", "target", "attachments", "copies", "standing"}
    fields = {name: value for name, value in payload.items() if name not in apart}
    files = tuple(OutboundFile(**one) for one in payload.get("attachments", ()))
    target, copies = Target(**payload["target"]), tuple(payload.get("copies", ()))
    stands = dict(payload.get("standing", {}))
    ends = datetime.fromisoformat(stands["window_ends"]) if stands.get("window_ends") else None
    standing = Standing(**{**stands, "window_ends": ends, "policy": tuple(stands.get("policy", ()))})
    return Outbound(
        id=UUID(payload["id"]), target=target, attachments=files, copies=copies, standing=standing, **fields
    )


def pack_change(change: Change, about: About, *, words: str | None, by: int) -> dict[str, Any]:
    """The JSON that the out-box keeps of a change of a reply.

    `words` is the text as its author wrote it, without what was added on its way out; `by` is the agent's id.
    """
    packed = {**asdict(change), "id": str(change.id), "reply": str(change.reply)}
    return {"change": packed, "words": words, "by": by, "about": asdict(about)}


def is_change(payload: dict[str, Any]) -> bool:
    """Is it a change of a reply, not a reply?"""
    return "change" in payload


def unpack_change(payload: dict[str, Any]) -> Change:
    """The change as it was packed."""
    packed = dict(payload["change"])
    own, reply = UUID(packed.pop("id")), UUID(packed.pop("reply"))
    return Change(id=own, reply=reply, target=Target(**packed.pop("target")), of=tuple(packed.pop("of")), **packed)


def words_of_change(payload: dict[str, Any]) -> str | None:
    """What the reply shall say; None where it shall be taken away."""
    words: str | None = payload["words"]
    return words


def about(payload: dict[str, Any]) -> About:
    """What the journal says of the packed reply."""
    return About(**payload["about"])
