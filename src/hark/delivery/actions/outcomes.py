"""What became of an attempt. Every write asks for the fence of the lease: a sender that slept is refused."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction

from hark.channels.accounts import caps_of
from hark.channels.types import Caps, Receipt
from hark.delivery.actions import breaker
from hark.delivery.actions.announcing import announce
from hark.delivery.models import OutboxItem
from hark.delivery.types import OutboxState, about, is_change
from hark.kernel.db import notify
from hark.kernel.errors import HarkError
from hark.kernel.ids import random_fraction
from hark.kernel.time import database_now
from hark.organisation.actions.channels import pause_sending
from hark.organisation.actions.spending import note_sending

TRIES_LAST = timedelta(hours=24)
LONGEST_WAIT_SECONDS = 240.0  # a venue that comes back after hours gets everything within five minutes
ECHO_WAIT = timedelta(seconds=60)
NO_CAPS = Caps()
logger = logging.getLogger(__name__)


@transaction.atomic
def sent(item: OutboxItem, receipt: Receipt) -> bool:
    """The venue has taken it, at a cost. False when the lease was lost. What a quicker echo has written is kept."""
    mine = OutboxItem.objects.filter(pk=item.pk, fence=item.fence, state__in=[OutboxState.SENDING, OutboxState.SENT])
    now = database_now()
    before = mine.select_for_update().first()
    if before is None:
        return _refused(item)
    breaker.close(item.channel_id)
    note_sending(channel_id=item.channel_id, cost=receipt.cost)
    mine.update(
        state=OutboxState.SENT,
        external_ids=list(dict.fromkeys([*receipt.external_ids, *before.external_ids])),
        permalink=receipt.permalink or before.permalink,
        receipt_state=before.receipt_state or receipt.state,
        sent_at=before.sent_at or now,
        error="",
    )
    if before.state != OutboxState.SENT:
        announce(item, OutboxState.SENT)
    return True


@transaction.atomic
def try_later(item: OutboxItem, *, after_seconds: float | None, error: str) -> bool:
    """The venue asks for patience: wait at least as long as it asked, for a day in all; then the reply has failed."""
    breaker.hold_back(item.channel_id, after_seconds) if after_seconds else breaker.count_failure(item.channel_id)
    now = database_now()
    if now - (item.tried_since or now) > TRIES_LAST:
        given_up = OutboxState.AMBIGUOUS if item.may_have_left else OutboxState.FAILED
        return _end(item, given_up, error=error)
    return _end(item, OutboxState.QUEUED, error=error, not_before=now + waiting_time(item.attempts, after_seconds))


def waiting_time(attempts: int, after_seconds: float | None) -> timedelta:
    """How long to wait: doubling up to four minutes, spread by jitter, never less than the venue asked for."""
    doubled = min(LONGEST_WAIT_SECONDS, 2.0 ** min(attempts, 10)) * (0.5 + random_fraction() / 2)
    return timedelta(seconds=max(doubled, (after_seconds or 0.0) * (1 + random_fraction() / 10)))


@transaction.atomic
def refused(item: OutboxItem, *, human: str) -> bool:
    """The venue will not have it: the words go to the agent. The venue as such works."""
    breaker.close(item.channel_id)
    return _end(item, OutboxState.REFUSED, error=human)


@transaction.atomic
def permission_lost(item: OutboxItem, *, reason: str) -> bool:
    """Sending over this channel pauses; the reply waits, and its day begins anew when permission is back."""
    pause_sending(channel_id=item.channel_id, reason=reason)
    return _end(item, OutboxState.QUEUED, error=reason, not_before=database_now(), tried_since=None)


@transaction.atomic
def fate_unknown(item: OutboxItem, *, waited: bool = False, error: str = "") -> bool:
    """The attempt may or may not have reached the venue. False when the lease was lost.

    Where the venue can tell a repetition, the reply is sent again with the same key; a change of a reply always is,
    since it says how things shall be, and so is a mail of the desk itself, which comes to one of us twice rather than
    never. Elsewhere an echo is waited for, up to 60 s, then the reply is shown as ambiguous: it is never repeated by
    itself.
    """
    caps, now = _caps(item), database_now()
    harmless = caps.idempotent_send != "none" or is_change(item.payload) or not about(item.payload).message
    if harmless and now - (item.tried_since or now) <= TRIES_LAST:
        wait = waiting_time(item.attempts, None)
        return _end(item, OutboxState.QUEUED, error=error, not_before=now + wait, may_have_left=True)
    if caps.echo and not waited:
        return _end(item, OutboxState.SENDING, error=error, lease_until=now + ECHO_WAIT, may_have_left=True, fence=0)
    return _end(item, OutboxState.AMBIGUOUS, error=error, may_have_left=True, fence=0)


def line_broke(item: OutboxItem, *, error: str) -> bool:
    """The line broke after bytes had left: its fate is unknown, and the channel has failed once more."""
    breaker.count_failure(item.channel_id)
    return fate_unknown(item, error=error)


def recover_lapsed(limit: int = 8) -> bool:
    """Deal with sends whose worker has not come back; True when there were any. Any number of processes may do this."""
    lapsed = OutboxItem.objects.filter(state=OutboxState.SENDING, lease_until__lte=database_now())
    items = list(lapsed.select_related("channel").order_by("lease_until")[:limit])
    for item in items:
        logger.warning("reply %s was left half sent at attempt %s", item.pk, item.attempts)
        fate_unknown(item, waited=item.may_have_left)
    return bool(items)


def _end(item: OutboxItem, state: OutboxState, **changes: Any) -> bool:
    """End the lease with `state`, if it is still ours, and tell the journal and the senders."""
    mine = OutboxItem.objects.filter(pk=item.pk, fence=item.fence, state=OutboxState.SENDING)
    if not mine.update(state=state, **changes):
        return _refused(item)
    announce(item, state)
    notify("hark_outbox")
    return True


def _refused(item: OutboxItem) -> bool:
    logger.warning("reply %s: the lease with fence %s is over, its outcome is not written", item.pk, item.fence)
    return False


def _caps(item: OutboxItem) -> Caps:
    try:
        return caps_of(item.channel)
    except HarkError:  # its venue is gone, or its secrets do not open: nobody can tell a repetition
        return NO_CAPS
