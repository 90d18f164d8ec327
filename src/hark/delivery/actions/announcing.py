"""How the out-box tells the journal what became of a reply."""

from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, about
from hark.kernel.actions import record
from hark.kernel.types import NewEvent


def announce(item: OutboxItem, state: str, *, actor: str = "system") -> None:
    """Record the new state in the running transaction: `message.sent` when the venue has it, else `message.state`.

    Of a mail of the desk itself the journal does not tell.
    """
    it = about(item.payload)
    if not it.message:
        return
    record(
        [
            NewEvent(
                kind="message.sent" if state == OutboxState.SENT else "message.state",
                subject=it.case or it.message,
                actor=actor,
                inbox_id=item.inbox_id_for_events,
                visitor=it.visitor,
                data={"message": it.message, "case": it.case, "state": str(state)},
            )
        ]
    )
