"""The agent's answer to an offer."""

from django.db import transaction
from django.db.models.functions import Now

from hark.conversations.actions.cases import assign
from hark.kernel.actions import record
from hark.kernel.db import notify
from hark.kernel.errors import NotFound
from hark.kernel.types import NewEvent
from hark.routing.actions.locks import live_item_of, lock_case
from hark.routing.actions.releasing import Ending, release
from hark.routing.errors import OfferEnded, ReasonNeeded
from hark.routing.models import Offer, WorkItem
from hark.routing.types import WAKE, Answer, DeclineReason, ItemState


@transaction.atomic
def accept_offer(*, offer_key: str, agent_id: int) -> WorkItem:
    """Take the offered item in hand and assign its case to the agent, in one transaction; returns the item.

    Idempotent: accepting twice is accepting once. An offer past its end by database time is refused even where the
    router has not come round yet. Locks case, item, offer. Raises NotFound (not this agent's offer), OfferEnded.
    """
    offer = _offer_of(offer_key, agent_id)
    lock_case(offer.item.case_id)
    item = live_item_of(offer.item.case_id)
    if item is None or item.pk != offer.item_id:
        raise OfferEnded
    if Offer.objects.filter(pk=offer.pk, answer=Answer.ACCEPTED, ended_at=None).exists():
        return item
    open_still = Offer.objects.filter(pk=offer.pk, answer="", ended_at=None, expires_at__gt=Now())
    if not open_still.update(answer=Answer.ACCEPTED, answered_at=Now()):
        raise OfferEnded
    WorkItem.objects.filter(pk=item.pk).update(state=ItemState.ACCEPTED)
    assign(case_id=item.case_id, agent_id=agent_id, actor=None)  # he may see the case only from now on
    record(
        [
            NewEvent(
                kind="offer.ended",
                subject=offer.key,
                actor=offer.agent.key,
                agent_id=agent_id,
                data={"case": item.case.key, "answer": Answer.ACCEPTED, "why": "", "to": ItemState.ACCEPTED},
            )
        ]
    )
    notify(WAKE)
    item.state = ItemState.ACCEPTED
    return item


@transaction.atomic
def decline_offer(*, offer_key: str, agent_id: int, reason: str) -> None:
    """Let an offer go by, with a DeclineReason; the item goes on to the next, not back to this agent for 15 minutes.

    One transaction, idempotent. Raises NotFound, ReasonNeeded, OfferEnded (it was accepted, or ended before).
    """
    if reason not in DeclineReason.values:
        raise ReasonNeeded
    offer = _offer_of(offer_key, agent_id)
    item = live_item_of(offer.item.case_id)
    offer.refresh_from_db(fields=["answer", "ended_at"])
    if offer.answer == Answer.DECLINED:
        return
    if item is None or offer.answer or offer.ended_at:
        raise OfferEnded
    release([item], Ending(ItemState.QUEUED, reason, Answer.DECLINED, exclude=True))


def _offer_of(key: str, agent_id: int) -> Offer:
    """The offer with this key, when it is this agent's and he still works here."""
    offer = (
        Offer.objects.select_related("item", "agent").filter(key=key, agent_id=agent_id, agent__is_active=True).first()
    )
    if offer is None:
        raise NotFound
    return offer
