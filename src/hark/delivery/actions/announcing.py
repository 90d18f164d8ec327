"""How the out-box tells the journal what became of a reply."""

from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, about, is_change
from hark.kernel.actions import record
from hark.kernel.types import NewEvent


def announce(item: OutboxItem, state: str, *, actor: str = "system") -> None:
    """Record the new state in the running transaction: `message.sent` when the venue has it, else `message.state`.

    Of several parts only the last one tells `message.sent`: then the venue has all of it. Of a change of a reply it is
    `change.sent` and `change.state`. Of a mail of the desk itself nothing is told.
    """
    it, what = about(item.payload), "change" if is_change(item.payload) else "message"
    if not it.message:
        return
    is_all = state == OutboxState.SENT and item.part == item.parts
    numbered = {"part": item.part, "parts": item.parts} if item.parts > 1 else {}
    record(
        [
            NewEvent(
                kind=f"{what}.sent" if is_all else f"{what}.state",
                subject=it.case or it.message,
                actor=actor,
                inbox_id=item.inbox_id_for_events,
                visitor=it.visitor,
                data={"message": it.message, "case": it.case, "state": str(state), **numbered},
            )
        ]
    )
