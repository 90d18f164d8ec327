"""Who sends which reply now. A lease lasts 30 s and as long as its files may take on a slow line, and carries a fence.

Whoever comes back after it is refused.
"""

from typing import NamedTuple

from django.db import transaction

from hark.delivery.actions.announcing import announce
from hark.delivery.actions.breaker import take_trial
from hark.delivery.actions.queue import thread_lock
from hark.delivery.models import OutboxItem
from hark.kernel.db import execute, fetch_all

LEASE_SECONDS = 30
SLOW_LINE = 100_000  # bytes of files a second
AT_ONCE_PER_CHANNEL = 3  # a channel that hangs must not take every sender
LOOKED_AT = 8  # due replies looked at before giving up: others are on the first ones

# A channel that rests or is paused costs nothing, however much waits in it.
# Nothing of the same thread is on its way, and nothing that was written earlier still waits: no overtaking.
# A part waits for those before it; where one of them is not on its way any more it holds back nobody else.
HEAD_OF_ITS_THREAD = """NOT EXISTS (
    SELECT 1 FROM delivery_outboxitem e WHERE e.thread = o.thread AND e.channel_id = o.channel_id AND e.id <> o.id
    AND (e.state = 'sending' OR (e.state = 'queued' AND e.id < o.id AND NOT EXISTS (
        SELECT 1 FROM delivery_outboxitem b WHERE b.reply = e.reply AND b.part < e.part
        AND b.state NOT IN ('queued', 'sending', 'sent')))))
    AND NOT EXISTS (
        SELECT 1 FROM delivery_outboxitem b WHERE b.reply = o.reply AND b.part < o.part AND b.state <> 'sent')"""
DUE = f"""
    WITH speaking AS MATERIALIZED (
        SELECT c.id FROM organisation_channel c LEFT JOIN delivery_breaker b ON b.channel_id = c.id
        WHERE c.state = 'active' AND (b.open_until IS NULL OR b.open_until <= clock_timestamp())
        AND (SELECT count(*) FROM delivery_outboxitem s WHERE s.channel_id = c.id AND s.state = 'sending'
             AND s.fence > 0 AND s.lease_until > clock_timestamp()) < {AT_ONCE_PER_CHANNEL})
    SELECT due.id, speaking.id, due.thread FROM speaking CROSS JOIN LATERAL (
        SELECT o.id, o.thread, o.not_before FROM delivery_outboxitem o
        WHERE o.channel_id = speaking.id AND o.state = 'queued' AND o.not_before <= statement_timestamp()
        AND {HEAD_OF_ITS_THREAD}
        ORDER BY o.not_before, o.id LIMIT {LOOKED_AT}) due
    ORDER BY due.not_before, due.id LIMIT {LOOKED_AT}"""  # noqa: S608 - constants
FILES_BYTES = """coalesce((SELECT sum((file->>'size')::bigint)
    FROM jsonb_array_elements(o.payload->'attachments') file), 0)"""
TAKE = f"""
    UPDATE delivery_outboxitem o SET state = 'sending',
        lease_until = clock_timestamp() + make_interval(secs => {LEASE_SECONDS} + {FILES_BYTES} / {SLOW_LINE}),
        fence = nextval('kernel_fence'), attempts = least(o.attempts + 1, 32000), tried_at = clock_timestamp(),
        tried_since = coalesce(o.tried_since, clock_timestamp())
    WHERE o.id = %s AND o.state = 'queued' AND o.not_before <= clock_timestamp() AND {HEAD_OF_ITS_THREAD}"""  # noqa: S608


class Due(NamedTuple):
    """A reply whose time has come."""

    item_id: int
    channel_id: int
    thread: str


def claim() -> OutboxItem | None:
    """Lease the next due reply and commit that it is being sent; None when nothing is due or others have it.

    Conversations go in parallel, the replies of one go one after the other in the author's order: what is locked is the
    thread, not the row, because SKIP LOCKED on rows lets a later reply overtake.
    """
    for due in [Due(*row) for row in fetch_all(DUE)]:
        if _lease(due):
            return OutboxItem.objects.select_related("channel").get(pk=due.item_id)
    return None


def hold(item: OutboxItem, seconds: float) -> None:
    """Hold on to a leased reply for as long as its venue may take over it, where that is longer than a lease."""
    if seconds > LEASE_SECONDS:
        execute(
            "UPDATE delivery_outboxitem "
            "SET lease_until = greatest(lease_until, clock_timestamp() + %s * interval '1 second') "
            "WHERE id = %s AND fence = %s AND state = 'sending'",
            [seconds, item.pk, item.fence],
        )


@transaction.atomic
def _lease(due: Due) -> bool:
    """Take the thread's lock, look again, and lease; False when somebody else was quicker."""
    name = thread_lock(due.channel_id, due.thread)
    [[locked]] = fetch_all("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    if not locked or not execute(TAKE, [due.item_id]):
        return False
    if not take_trial(due.channel_id):
        transaction.set_rollback(True)
        return False
    item = OutboxItem.objects.get(pk=due.item_id)
    announce(item, item.state)
    return True
