"""The out-box's loop. Any number of threads in any number of processes may run it."""

from dataclasses import replace

from hark.channels import registry
from hark.channels.accounts import account_at_work
from hark.channels.base import Venue
from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry
from hark.channels.types import Account, Receipt
from hark.delivery.actions import leases, outcomes
from hark.delivery.faults import reach
from hark.delivery.models import OutboxItem
from hark.delivery.queries import post_before
from hark.delivery.types import is_change, unpack, unpack_change
from hark.kernel.errors import HarkError
from hark.kernel.time import now

SENDERS = 4  # threads a process gives to `send_due`: conversations are sent in parallel, a slow venue keeps only some


def send_due() -> bool:
    """One step: deal with lapsed leases, then send one due reply. True when there may be more at once."""
    recovered = outcomes.recover_lapsed()
    item = leases.claim()
    if item is None:
        return recovered
    deliver(item)
    return True


def deliver(item: OutboxItem) -> None:
    """Make exactly one attempt with a leased reply and write down what became of it.

    The lease is committed before the first byte leaves, and no transaction is open while it does. An error that is none
    of the four leaves the lease to run out: then nobody knows whether it was sent, and `recover_lapsed` decides.
    """
    try:
        venue, account = registry.venue(item.channel.venue), account_at_work(item.channel)
    except Retry as error:
        outcomes.try_later(item, after_seconds=error.after_seconds, error=error.detail)
        return
    except HarkError as error:
        outcomes.permission_lost(item, reason=error.message)
        return
    leases.hold(item, venue.send_seconds)
    reach("before_send")
    try:
        receipt = _hand_over(venue, account, item)
    except Retry as error:
        outcomes.try_later(item, after_seconds=error.after_seconds, error=error.detail)
    except Refused as error:
        outcomes.refused(item, human=error.human)
    except AuthLost as error:
        outcomes.permission_lost(item, reason=error.message)
    except Ambiguous as error:
        outcomes.line_broke(item, error=error.detail)
    else:
        reach("after_send")
        outcomes.sent(item, receipt)


def _hand_over(venue: Venue, account: Account, item: OutboxItem) -> Receipt:
    """A reply, or the next part of one, is sent; a change of one is made."""
    if is_change(item.payload):
        return venue.change(account, unpack_change(item.payload))
    said = unpack(item.payload)
    outbound = replace(said, part=item.part, parts=item.parts, standing=replace(said.standing, at=now()))
    before = post_before(item)
    if before and venue.caps_for(account).threaded:
        outbound = replace(outbound, target=replace(outbound.target, parent=before, external_id=before))
    return venue.send(account, outbound)
