"""Taking a case by hand, or moving it to a colleague."""

from django.db import transaction

from hark.conversations.actions.cases import assign
from hark.conversations.types import Author
from hark.organisation.models import Agent
from hark.organisation.types import Right
from hark.routing.actions.giving import Claim, give
from hark.routing.actions.locks import live_item_of, load_row_of, lock_case
from hark.routing.actions.releasing import Ending, release
from hark.routing.errors import HeldByColleague, NoPointsFree
from hark.routing.models import AgentLoad, WorkItem
from hark.routing.types import IN_HAND, POINTS, ItemState


@transaction.atomic
def take(*, case_id: int, agent_id: int, moved_by: int | None = None) -> None:
    """Give the case, and its work item if it has one, to an agent by hand: to himself, or by `moved_by` to another.

    What was offered or in hand elsewhere is withdrawn. Only a supervisor takes work away from a colleague, or moves it
    to one who is full (it then costs the points that are left); the holder himself may pass it on. One transaction,
    idempotent. Locks case, item, load rows. Raises NotFound, NotAllowed, CannotAssign, NoPointsFree, HeldByColleague.
    """
    agent = Agent.objects.get(pk=agent_id)
    actor = Agent.objects.get(pk=moved_by or agent_id)
    lock_case(case_id)
    assign(
        case_id=case_id, agent_id=agent_id, actor=Author(actor.pk, actor.key, actor.name)
    )  # checks both their rights
    item = live_item_of(case_id)
    if item is None or (item.state, item.agent_id) == (ItemState.ACCEPTED, agent_id):
        return
    supervises = actor.may(Right.SUPERVISE)
    if item.state == ItemState.ACCEPTED and item.agent_id != actor.pk and not supervises:
        raise HeldByColleague
    hand_over(item, agent, squeeze=supervises and actor.pk != agent_id)


def hand_over(item: WorkItem, agent: Agent, *, squeeze: bool) -> None:
    """Release a locked item and give it to an agent as accepted; `squeeze` lets it cost no more than what is left."""
    load_row_of(agent, item.agent_id)
    if item.state in IN_HAND:
        release([item], Ending(ItemState.QUEUED, "taken by hand"))
    row = AgentLoad.objects.get(pk=agent.pk)
    free = row.capacity_points - row.used_points
    points = min(POINTS[item.kind], free) if squeeze else POINTS[item.kind]
    if points > free:
        raise NoPointsFree
    reason = {
        "policy": "by hand",
        "item": item.key,
        "why_me": [{"by_hand": "chosen by hand"}],
        "why_now": ["a person decided"],
    }
    give([Claim(item, agent.pk, points, accepted=True, reason=reason)])
