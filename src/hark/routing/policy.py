"""The policy, first form: who gets which item. Pure and version-stamped: the same inputs give the same agent.

The order of items follows the urgency index (routing reference, section 4.1). The choice among the eligible is a fair
turn: whoever holds the case, else whoever has been idle longest, else whoever has least in hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hark.kernel.types import Json
from hark.routing.reasons import passed_over, reason_of
from hark.routing.types import FRESH_SECONDS, Candidate, Decision, PresenceState, WaitingItem

VERSION = "fair-turn-1"
PASSED_OVER_SHOWN = 3
SHORTLIST = 8  # candidates kept with a decision, best first
LATE_CEILING = 199.0  # an item already late stays below every chat, however late it is
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def waited_seconds(item: WaitingItem, at: datetime) -> float:
    """Seconds since the start of the item's clock, never negative."""
    return max(0.0, (at - item.arrived_at).total_seconds())


def urgency(kind: str, waited: float, target: float) -> float:
    """The urgency index. Async work rises above chats while its promise can still be kept and is about to break."""
    if kind == "chat":
        return 500 + min(waited, 200)
    used = waited / max(target, 1)
    if used >= 1:
        return 300 + min(used, LATE_CEILING)
    return 100 * used if used <= 0.7 else 900 + 100 * used


def by_urgency(items: Iterable[WaitingItem], at: datetime) -> list[WaitingItem]:
    """Highest urgency first; equal: earliest arrival, then lowest id."""
    return sorted(
        items,
        key=lambda item: (
            -urgency(item.kind, waited_seconds(item, at), item.target_seconds),
            item.arrived_at,
            item.id,
        ),
    )


def reachable(presence: str, heartbeat_at: datetime, at: datetime, kind: str = "async") -> bool:
    """Available, or busy for async work only; and the page was heard of within the last half minute."""
    willing = presence == PresenceState.AVAILABLE or (presence == PresenceState.BUSY and kind == "async")
    return willing and at - heartbeat_at < timedelta(seconds=FRESH_SECONDS)


def hindrance(item: WaitingItem, agent: Candidate, at: datetime) -> str:
    """Why this agent cannot be offered this item now; empty for an eligible one."""
    if not reachable(agent.presence, agent.heartbeat_at, at, item.kind):
        return "not reachable"
    return cannot_do(item, agent, at)


def cannot_do(item: WaitingItem, agent: Candidate, at: datetime) -> str:
    """Why this agent cannot do this item now, wherever he is; empty when he can."""
    if item.inbox_id not in agent.inboxes:
        return "not in the inbox"
    if any(skill not in agent.skills for skill in item.skills):
        return "skill"
    if item.points > agent.free_points:
        return "no points free"
    return "let it go by" if any(who == agent.agent_id and at < until for who, until in item.excluded) else ""


def turn(item: WaitingItem, agent: Candidate) -> tuple[bool, datetime, int, datetime, int]:
    """The place of an eligible agent in the turn, lowest first.

    The holder of the case; then the wholly idle, longest first; then fewest points in use, longest without an offer;
    then lowest id, so that a decision can be reproduced.
    """
    return (
        agent.agent_id != item.holder_id,
        agent.idle_since or NEVER,
        agent.used_points,
        agent.last_offered_at or LONG_AGO,
        agent.agent_id,
    )


def decide(
    item: WaitingItem, agents: Iterable[Candidate], at: datetime, names: Mapping[str, str], before: Sequence[Json] = ()
) -> Decision | None:
    """Who gets this item, or None when nobody is eligible. `before`: the more urgent ones that cannot be placed."""
    eligible = sorted(
        (agent for agent in agents if not hindrance(item, agent, at)), key=lambda agent: turn(item, agent)
    )
    if not eligible:
        return None
    best, waited = eligible[0], waited_seconds(item, at)
    reason = {
        "policy": VERSION,
        "urgency": round(urgency(item.kind, waited, item.target_seconds), 1),
        **reason_of(item, eligible, waited, names, at),
        "passed_over": list(before[:PASSED_OVER_SHOWN]),
    }
    return Decision(
        item=item,
        agent_id=best.agent_id,
        accepted=best.agent_id == item.holder_id,
        reason=reason,
        inputs=stored(item, eligible[:SHORTLIST], at),
    )


def plan(
    items: Iterable[WaitingItem], agents: Sequence[Candidate], at: datetime, names: Mapping[str, str]
) -> list[Decision]:
    """Place as many items as possible, most urgent first; points given in this pass count at once.

    An item that nobody can take is passed over, and with it all of its shape: agents only fill up during a pass.
    """
    pool = {agent.agent_id: agent for agent in agents}
    decisions: list[Decision] = []
    hopeless: set[tuple[int, str, tuple[str, ...]]] = set()
    waiting: dict[int, list[Json]] = {}
    for item in by_urgency(items, at):
        shape = (item.inbox_id, item.kind, item.skills)
        if shape in hopeless:
            continue
        before = waiting.setdefault(item.inbox_id, [])
        decision = decide(item, pool.values(), at, names, before)
        if decision is None:
            if not item.excluded:
                hopeless.add(shape)
            before.append(passed_over(item, pool.values(), names))
            continue
        decisions.append(decision)
        pool[decision.agent_id] = after(pool[decision.agent_id], item, at)
    return decisions


def after(agent: Candidate, item: WaitingItem, at: datetime) -> Candidate:
    """The agent once the item is in hand."""
    return replace(agent, used_points=agent.used_points + item.points, idle_since=None, last_offered_at=at)


def stored(item: WaitingItem, agents: Iterable[Candidate], at: datetime) -> dict[str, Json]:
    """The inputs of a decision as JSON. Of a colleague's skills only that they are held, never how well."""
    return {
        "policy": VERSION,
        "at": at.isoformat(),
        "item": {
            "id": item.id,
            "key": item.key,
            "inbox_id": item.inbox_id,
            "kind": item.kind,
            "skills": list(item.skills),
            "arrived_at": item.arrived_at.isoformat(),
            "target_seconds": item.target_seconds,
            "holder_id": item.holder_id,
            "excluded": [[who, until.isoformat()] for who, until in item.excluded],
        },
        "agents": [
            {
                "agent_id": agent.agent_id,
                "presence": str(agent.presence),
                "heartbeat_at": agent.heartbeat_at.isoformat(),
                "used_points": agent.used_points,
                "capacity_points": agent.capacity_points,
                "idle_since": agent.idle_since.isoformat() if agent.idle_since else None,
                "last_offered_at": agent.last_offered_at.isoformat() if agent.last_offered_at else None,
                "inboxes": [item.inbox_id],
                "skills": [skill for skill in item.skills if skill in agent.skills],
            }
            for agent in agents
        ],
    }


def replay(inputs: dict[str, Json]) -> int | None:
    """The agent that the stored inputs of a decision lead to."""
    row = dict(inputs["item"])
    row["arrived_at"] = datetime.fromisoformat(row["arrived_at"])
    row["skills"] = tuple(row["skills"])
    row["excluded"] = tuple((who, datetime.fromisoformat(until)) for who, until in row["excluded"])
    agents = [
        Candidate(
            **{
                **agent,
                "heartbeat_at": datetime.fromisoformat(agent["heartbeat_at"]),
                "idle_since": agent["idle_since"] and datetime.fromisoformat(agent["idle_since"]),
                "last_offered_at": agent["last_offered_at"] and datetime.fromisoformat(agent["last_offered_at"]),
                "inboxes": frozenset(agent["inboxes"]),
                "skills": dict.fromkeys(agent["skills"], 3),
            }
        )
        for agent in inputs["agents"]
    ]
    decision = decide(WaitingItem(**row), agents, datetime.fromisoformat(inputs["at"]), {})
    return decision.agent_id if decision else None
