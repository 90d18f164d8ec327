"""Into the out-box, out of it again, and what a person decides about a reply."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hark.delivery.actions.announcing import announce
from hark.delivery.errors import NothingToSettle
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, Settlement, is_change
from hark.kernel.db import execute, notify
from hark.kernel.time import database_now

WAKE_CHANNEL = "hark_outbox"
NO_TEXT = b""  # no post of ours that comes back is a change
OPEN_TO_A_PERSON = [OutboxState.AMBIGUOUS, OutboxState.FAILED, OutboxState.REFUSED]


def thread_lock(channel_id: int, thread: str) -> str:
    """The name of the advisory lock under which a thread's replies are numbered and leased."""
    return f"outbox|{channel_id}|{thread}"


def text_hash(text: str) -> bytes:
    """What two copies of one text have in common when a venue has trimmed or re-spaced it."""
    return hashlib.sha256(" ".join(text.split()).encode()).digest()


def enqueue(
    *, channel_id: int, idempotency_key: UUID, thread: str, inbox_id: int, payload: dict[str, Any], not_before: datetime
) -> OutboxItem:
    """Store a reply for sending, in the caller's transaction; it leaves at `not_before` at the earliest.

    `payload` comes from `delivery.types.pack` or `pack_change`. Takes the thread's advisory lock until the commit, so
    that the order of the ids is the author's order. A key that is there already raises IntegrityError.
    """
    execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [thread_lock(channel_id, thread)])
    item = OutboxItem.objects.create(
        channel_id=channel_id,
        idempotency_key=idempotency_key,
        thread=thread,
        inbox_id_for_events=inbox_id,
        payload=payload,
        text_hash=NO_TEXT if is_change(payload) else text_hash(payload["text"]),
        created_at=database_now(),
        not_before=not_before,
    )
    notify(WAKE_CHANNEL)
    return item


@transaction.atomic
def cancel(*, item_id: int, actor: str) -> bool:
    """Take a reply back, by compare-and-set; False when the sender was quicker or an earlier attempt may have left."""
    item = _change(item_id, [OutboxState.QUEUED], {"may_have_left": False}, {"state": OutboxState.CANCELLED})
    if item is None:
        return False
    announce(item, OutboxState.CANCELLED, actor=actor)
    notify(WAKE_CHANNEL)  # what was written after it may go now
    return True


@transaction.atomic
def settle(*, item_id: int, how: Settlement, actor: str) -> OutboxItem:
    """What a person decides about a reply that may not have left: it was sent, send it again, or leave it.

    One transaction, one compare-and-set. Raises NothingToSettle when it is not (or no longer) waiting for a decision.
    """
    now = database_now()
    plans: dict[Settlement, tuple[list[OutboxState], dict[str, Any]]] = {
        Settlement.IT_WAS_SENT: ([OutboxState.AMBIGUOUS], {"state": OutboxState.SENT, "sent_at": now, "error": ""}),
        Settlement.SEND_AGAIN: (
            OPEN_TO_A_PERSON,
            {"state": OutboxState.QUEUED, "not_before": now, "tried_since": None, "attempts": 0, "error": ""},
        ),
        Settlement.DROP: (OPEN_TO_A_PERSON, {"state": OutboxState.CANCELLED}),
    }
    states, changes = plans[how]
    item = _change(item_id, states, {}, changes)
    if item is None:
        raise NothingToSettle
    announce(item, item.state, actor=actor)
    notify(WAKE_CHANNEL)
    return item


def _change(
    item_id: int, states: list[OutboxState], also: dict[str, Any], changes: dict[str, Any]
) -> OutboxItem | None:
    """Change the reply if it is in one of `states`; None when it is not."""
    found = OutboxItem.objects.filter(pk=item_id, state__in=states, **also)
    return OutboxItem.objects.get(pk=item_id) if found.update(**changes) else None
