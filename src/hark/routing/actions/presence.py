"""Who is here: what agents say of themselves, and the heartbeat of their pages."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from hark.kernel.actions import record
from hark.kernel.db import execute, notify
from hark.kernel.types import NewEvent
from hark.organisation.models import Agent
from hark.routing.actions.locks import load_row_of, lock_loads
from hark.routing.errors import WorkInHand
from hark.routing.models import AgentLoad
from hark.routing.types import WAKE, PresenceState

BEAT_SECONDS = 5  # a page may beat more often; the row is written no more often than this
BEAT = """
    UPDATE routing_agentload SET heartbeat_at = clock_timestamp() WHERE agent_id = %s AND gone_since IS NULL
    AND heartbeat_at < clock_timestamp() - make_interval(secs => %s)"""
IDLE = Case(When(used_points=0, then=Now()), default=Value(None))  # the turn of one who comes starts when he comes


@transaction.atomic
def set_presence(*, agent_id: int, presence: str, reason: str = "", actor: str = "") -> None:
    """Write what an agent says of himself; the router runs at once (NOTIFY) when anything changed.

    One transaction, idempotent: the same word again is a heartbeat. `offline` gives all work back in the next pass.
    Raises ValueError for a word that is none.
    """
    agent = Agent.objects.get(pk=agent_id)
    row = load_row_of(agent)
    said = PresenceState(presence)
    same = (row.presence, row.presence_reason, row.gone_since) == (said, reason, None)
    if same:
        AgentLoad.objects.filter(pk=agent.pk).update(heartbeat_at=Now())
        return
    AgentLoad.objects.filter(pk=agent.pk).update(
        presence=said,
        presence_reason=reason,
        presence_since=Now(),
        heartbeat_at=Now(),
        gone_since=None,
        idle_since=IDLE,
    )
    announce({agent.pk}, actor or agent.key)


def heartbeat(*, agent_id: int) -> None:
    """The agent's page is alive. One statement; a page that comes back from silence is what it was before, at once."""
    if not execute(BEAT, [agent_id, BEAT_SECONDS]) and AgentLoad.objects.filter(pk=agent_id).exclude(gone_since=None):
        with transaction.atomic():
            back = AgentLoad.objects.filter(pk=agent_id).exclude(gone_since=None)
            if back.update(gone_since=None, heartbeat_at=Now(), idle_since=IDLE):
                announce({agent_id})


def send_away(agents: Collection[int], why: str) -> None:
    """Set agents to away in the running transaction, because of what they did not do; not a heartbeat."""
    lock_loads(agents, wait=True)
    AgentLoad.objects.filter(pk__in=agents).update(
        presence=PresenceState.AWAY, presence_reason=why, presence_since=Now()
    )
    announce(agents)


@transaction.atomic
def set_capacity(*, agent_id: int, points: int) -> None:
    """Change how many points an agent can hold. Raises WorkInHand when more is in hand already."""
    row = load_row_of(Agent.objects.get(pk=agent_id))
    if points < row.used_points:
        raise WorkInHand
    AgentLoad.objects.filter(pk=row.pk).update(capacity_points=points)
    notify(WAKE)


def announce(agents: Collection[int], actor: str = "system") -> None:
    """Write `presence.changed` for these agents in the running transaction and wake the router."""
    if not agents:
        return
    rows = (
        AgentLoad.objects.filter(pk__in=agents)
        .order_by("pk")
        .values_list("agent_id", "agent__key", "presence", "presence_reason", F("gone_since"))
    )
    record(
        [
            NewEvent(
                kind="presence.changed",
                subject=key,
                actor=actor,
                agent_id=agent,
                data={"presence": presence, "reason": reason, "gone": gone is not None},
            )
            for agent, key, presence, reason, gone in rows
        ]
    )
    notify(WAKE)
