"""Into the out-box, out of it again, and what a person decides about a reply."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from hark.delivery.actions.announcing import announce
from hark.delivery.errors import NothingToSettle
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, Settlement, is_change, part_key, unpack_change
from hark.kernel.db import execute, notify
from hark.kernel.time import database_now

WAKE_CHANNEL = "hark_outbox"
NO_TEXT = b""  # no post of ours that comes back is a change
STOPPED = """
    UPDATE delivery_outboxitem o SET payload = jsonb_set(o.payload, '{standing}',
        coalesce(o.payload -> 'standing', '{}') || '{"stopped": true}')
    FROM unnest(%s::bigint[], %s::text[]) AS s (channel_id, person)
    WHERE o.state IN ('queued', 'sending', 'ambiguous', 'failed') AND o.channel_id = s.channel_id
        AND o.payload #>> '{target,person}' = s.person
"""
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
    return enqueue_parts(
        channel_id=channel_id,
        idempotency_key=idempotency_key,
        thread=thread,
        inbox_id=inbox_id,
        payloads=[payload],
        not_before=not_before,
    )


def enqueue_parts(
    *,
    channel_id: int,
    idempotency_key: UUID,
    thread: str,
    inbox_id: int,
    payloads: Sequence[dict[str, Any]],
    not_before: datetime,
) -> OutboxItem:
    """Store a reply that leaves as several posts, in their order; gives the last one, which stands for the whole.

    The same as `enqueue` in everything else. The `id` of each payload is its `delivery.types.part_key`.
    """
    execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [thread_lock(channel_id, thread)])
    at, parts = database_now(), len(payloads)
    for part, payload in enumerate(payloads, start=1):
        item = OutboxItem.objects.create(
            channel_id=channel_id,
            idempotency_key=part_key(idempotency_key, part, parts),
            thread=thread,
            inbox_id_for_events=inbox_id,
            payload=payload,
            text_hash=NO_TEXT if is_change(payload) else text_hash(payload["text"]),
            created_at=at,
            not_before=not_before,
            reply=idempotency_key if parts > 1 else None,
            part=part,
            parts=parts,
        )
    notify(WAKE_CHANNEL)
    return item


@transaction.atomic
def cancel(*, item_id: int, actor: str) -> bool:
    """Take a reply back, all parts of it; False when the sender was quicker or an earlier attempt may have left."""
    items = _locked(item_id)
    if not items or any(one.state != OutboxState.QUEUED or one.may_have_left for one in items):
        return False
    OutboxItem.objects.filter(pk__in=[one.pk for one in items]).update(state=OutboxState.CANCELLED)
    announce(items[-1], OutboxState.CANCELLED, actor=actor)
    notify(WAKE_CHANNEL)  # what was written after it may go now
    return True


@transaction.atomic
def settle(*, item_id: int, how: Settlement, actor: str) -> OutboxItem:
    """What a person decides about a reply that may not have left: it was sent, send it again, or leave it.

    Of several parts it is about the one that stopped: those behind it follow when it has left, and are left with it.
    One transaction. Raises NothingToSettle when it is not (or no longer) waiting for a decision.
    """
    items, states = _locked(item_id), [OutboxState.AMBIGUOUS] if how == Settlement.IT_WAS_SENT else OPEN_TO_A_PERSON
    item = next((one for one in items if one.state in states), None)
    if item is None:
        raise NothingToSettle
    now = database_now()
    changes: dict[Settlement, dict[str, Any]] = {
        Settlement.IT_WAS_SENT: {"state": OutboxState.SENT, "sent_at": now, "error": ""},
        Settlement.SEND_AGAIN: {
            "state": OutboxState.QUEUED,
            "not_before": now,
            "tried_since": None,
            "attempts": 0,
            "error": "",
        },
        Settlement.DROP: {"state": OutboxState.CANCELLED},
    }
    behind = [one.pk for one in items if one.part > item.part] if how == Settlement.DROP else []
    OutboxItem.objects.filter(pk__in=[item.pk, *behind]).update(**changes[how])
    item.refresh_from_db()
    announce(item, item.state, actor=actor)
    notify(WAKE_CHANNEL)
    return item


def stop_waiting(people: Sequence[tuple[int, str]]) -> None:
    """What is on its way to these (channel, person) is refused when its turn comes, or when a person sends it again.

    In the caller's transaction.
    """
    if people:
        execute(STOPPED, [list(column) for column in zip(*people, strict=True)])


def take_note_of_gone(*, change: OutboxItem) -> None:
    """A change has been made that left fewer posts of a long reply: those are not there any more. May be repeated.

    In the caller's transaction; `change` stands for all of its parts.
    """
    made = OutboxItem.objects.filter(reply=change.reply) if change.reply else OutboxItem.objects.filter(pk=change.pk)
    gone = [one.reply for one in map(unpack_change, made.values_list("payload", flat=True)) if one.gone]
    OutboxItem.objects.filter(idempotency_key__in=gone, parts__gt=1).update(taken_away=True)


def _locked(item_id: int) -> list[OutboxItem]:
    """The reply with all its parts in order, locked; empty when there is none."""
    item = OutboxItem.objects.filter(pk=item_id).first()
    whole = Q(reply=item.reply) if item and item.reply else Q(pk=item_id)
    return list(OutboxItem.objects.select_for_update(of=("self",), no_key=True).filter(whole).order_by("id"))
