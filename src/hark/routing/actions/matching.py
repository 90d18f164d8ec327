"""The router's loop: what has run out goes back, then the most urgent goes to the best agent, until nothing fits."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from hark.kernel.time import database_now
from hark.routing.actions.asking_senior import do_without_senior
from hark.routing.actions.giving import Claim, give
from hark.routing.actions.lapsing import lapse
from hark.routing.actions.locks import lock_items, lock_loads
from hark.routing.models import AgentLoad, WorkItem
from hark.routing.policy import plan, reachable
from hark.routing.queries import free_agents, skill_names, waiting_items
from hark.routing.types import Decision, ItemState


def route() -> bool:
    """One pass of the router; True when it placed something and another pass may place more.

    A constant number of statements, in a few short transactions. Safe in any number of processes and under a kill: what
    another one holds is left alone and looked at again after that one's NOTIFY, or by the 2 s net.
    """
    lapse()
    do_without_senior()
    return bool(match())


def match() -> int:
    """Decide on a snapshot without locks, then claim what was decided, as far as it is still so. Returns how many."""
    at = database_now()
    agents = free_agents(at)
    inboxes = {inbox for agent in agents for inbox in agent.inboxes}
    items = waiting_items(inboxes=inboxes, at=at) if inboxes else []
    decisions = plan(items, agents, at, skill_names()) if items else []
    return claim(decisions) if decisions else 0


@transaction.atomic
def claim(decisions: Sequence[Decision]) -> int:
    """Claim decided items in one transaction. Never waits for a lock, hence no cycle; returns how many were claimed.

    Locks the items, then, in a statement of its own, the load rows, and gives only what both still allow.
    """
    items = {item.pk: item for item in lock_items((it.item.id for it in decisions), ItemState.QUEUED)}
    loads = lock_loads((it.agent_id for it in decisions), wait=False)
    at = database_now()
    claims = []
    for decision in decisions:
        item, load = items.get(decision.item.id), loads.get(decision.agent_id)
        if item and load and still_fits(decision, item, load, at):
            load.used_points += item.points
            claims.append(
                Claim(item, decision.agent_id, item.points, decision.accepted, decision.reason, decision.inputs)
            )
    if claims:
        give(claims)
    return len(claims)


def still_fits(decision: Decision, item: WorkItem, load: AgentLoad, at: datetime) -> bool:
    """Is the locked item what was decided on, and is the agent still here with room for it?"""
    asked = (decision.item.kind, decision.item.inbox_id, list(decision.item.skills))
    return (
        asked == (item.kind, item.inbox_id, item.skills)
        and reachable(load.presence, load.heartbeat_at, at, item.kind)
        and load.used_points + item.points <= load.capacity_points
    )
