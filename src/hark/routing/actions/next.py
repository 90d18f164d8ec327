"""Taking the next: an agent asks for work, and gets the most urgent that he can do."""

from datetime import datetime

from django.db import transaction

from hark.conversations.actions.cases import assign
from hark.conversations.models import Case
from hark.kernel.errors import NotAllowed
from hark.kernel.time import database_now
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.routing.actions.answering import accept_offer
from hark.routing.actions.giving import Claim, give
from hark.routing.actions.locks import load_row_of, lock_items
from hark.routing.actions.presence import set_presence
from hark.routing.errors import NothingWaits, OfferEnded
from hark.routing.models import Offer, WorkItem
from hark.routing.policy import VERSION, by_urgency, cannot_do, urgency, waited_seconds
from hark.routing.queries import asking, items_in_hand, skill_names, waiting_items
from hark.routing.reasons import reason_of_asking
from hark.routing.types import Candidate, ItemState, PresenceState, WaitingItem

TRIED = 20  # colleagues who ask at the same moment may be quicker; after so many the agent may ask again


def take_next(*, agent_id: int, but: str = "") -> Case:
    """The most urgent case that this agent can do, in his hand: one offered to him, one that waits, or one he holds.

    Ordered by the urgency index. `but` is the key of the case before him, which is not the next one. Each try is one
    transaction that waits for no item: what a colleague is taking is passed over. Somebody offline is busy from now on.
    Locks case, item, load row. Raises NotAllowed, NothingWaits.
    """
    agent = Agent.objects.get(pk=agent_id)
    if not agent.is_active or not agent.may(Right.ANSWER):
        raise NotAllowed
    at = database_now()
    me = asking(agent, at)
    held = {item.id: item for item in items_in_hand(agent)}
    waiting = (item for item in waiting_items(inboxes=set(me.inboxes), at=at) if not cannot_do(item, me, at))
    for item in by_urgency([*held.values(), *waiting], at)[:TRIED]:
        case = _held(item, agent, but) if item.id in held else _claim(item, me, at, but)
        if case is not None:
            return case
    raise NothingWaits


def _held(item: WaitingItem, agent: Agent, but: str) -> Case | None:
    """A case that the agent holds, or that waits for his answer to an offer: yes, then."""
    row = WorkItem.objects.select_related("case").get(pk=item.id)
    if row.case.key == but:
        return None
    for offer in Offer.objects.filter(item=row, agent=agent, answer="", ended_at=None):
        try:
            accept_offer(offer_key=offer.key, agent_id=agent.pk)
        except OfferEnded:
            return None
    return row.case


@transaction.atomic
def _claim(item: WaitingItem, me: Candidate, at: datetime, but: str) -> Case | None:
    """Take a waiting item, if it is still there and nobody is at work on its case."""
    free = Case.objects.select_for_update(skip_locked=True, of=("self",)).exclude(key=but)
    case = free.filter(pk__in=WorkItem.objects.filter(pk=item.id).values("case")).first()
    rows = lock_items([item.id], ItemState.QUEUED) if case else []
    if case is None or not rows:
        return None
    agent = Agent.objects.get(pk=me.agent_id)
    load = load_row_of(agent)
    if load.used_points + rows[0].points > load.capacity_points:
        return None
    if load.presence == PresenceState.OFFLINE:  # who asks for work is here; work of those who are not goes back at once
        set_presence(agent_id=agent.pk, presence=PresenceState.BUSY, reason="asked for the next")
    assign(case_id=case.pk, agent_id=agent.pk, actor=None)  # as with an offer: he may see the case only from now on
    give([Claim(rows[0], agent.pk, rows[0].points, accepted=True, reason=_reason(item, me, at))])
    return Case.objects.get(pk=case.pk)


def _reason(item: WaitingItem, me: Candidate, at: datetime) -> dict[str, object]:
    waited = waited_seconds(item, at)
    return {
        "policy": VERSION,
        "urgency": round(urgency(item.kind, waited, item.target_seconds), 1),
        **reason_of_asking(item, me, waited, skill_names()),
    }
