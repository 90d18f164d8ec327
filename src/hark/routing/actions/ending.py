"""The end of work, and cases that were moved by hand."""

from datetime import datetime

from django.db import transaction

from hark.routing.actions.locks import live_item_of, lock_case
from hark.routing.actions.releasing import Ending, release
from hark.routing.models import Offer
from hark.routing.types import IN_HAND, ItemState

CALLED_OFF = frozenset({"spam", "deleted", "merged"})


@transaction.atomic
def finish_work(*, case_id: int, outcome: str, at: datetime | None = None) -> bool:
    """Nobody is needed on this case any more: its live item ends, an open offer is withdrawn, the points come back.

    `outcome` is a word (replied, resolved, waiting; spam, deleted, merged call the item off). `at` is when that
    happened: work placed after it stays, since a message that came later still needs somebody. One transaction,
    idempotent. Returns whether anything ended.
    """
    item = live_item_of(case_id)
    if item is None or (at and item.placed_at and item.placed_at > at):
        return False
    release([item], Ending(ItemState.CANCELLED if outcome in CALLED_OFF else ItemState.DONE, outcome))
    return True


@transaction.atomic
def follow_assignment(*, case_id: int, at: datetime | None = None) -> bool:
    """Somebody assigned the case by hand: whoever else has it on offer or in hand loses it, with the points.

    The item goes back to the queue with its arrival time, from where the router hands it to the new holder in the same
    moment, if he is here with points free. An offer made after `at`, the instant of the assignment, stands. One
    transaction, idempotent. Returns whether anything moved.
    """
    case = lock_case(case_id)
    item = live_item_of(case_id)
    if item is None or item.state not in IN_HAND or item.agent_id == case.assignee_id:
        return False
    if at and Offer.objects.filter(item=item, ended_at=None, offered_at__gt=at).exists():
        return False
    release([item], Ending(ItemState.QUEUED, "assigned by hand"))
    return True
