"""Readers of work: what waits, who could take it, what is offered to whom, and whether the counters are true."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet

from hark.conversations.models import Case
from hark.conversations.queries.access import cases_visible_to
from hark.kernel.db import fetch_all
from hark.kernel.time import database_now
from hark.organisation.models import Agent, Inbox
from hark.organisation.queries import inboxes_visible_to, who_may
from hark.organisation.types import Right
from hark.routing.models import AgentLoad, AgentSkill, Offer, Skill, WorkItem
from hark.routing.policy import reachable, urgency
from hark.routing.reasons import sentence, why_now
from hark.routing.types import (
    CAPACITY_POINTS,
    FRESH_SECONDS,
    IN_HAND,
    SENIOR,
    Answer,
    Candidate,
    Drift,
    ItemState,
    Load,
    OpenOffer,
    PresenceState,
    Waiting,
    WaitingItem,
)

FIRST_OF_A_SHAPE = 50  # a pass can hardly place more of one kind; the next pass comes at once
WAITING_FIRST = """
    SELECT id, key, inbox_id, kind, skills, arrived_at, target_seconds, assignee_id, excluded FROM (
        SELECT w.*, c.assignee_id, row_number() OVER (
            PARTITION BY w.inbox_id, w.kind, w.skills, promise.due <= %(at)s ORDER BY promise.due, w.id) AS place
        FROM routing_workitem w JOIN conversations_case c ON c.id = w.case_id,
            LATERAL (SELECT w.arrived_at + make_interval(secs => w.target_seconds) AS due) AS promise
        WHERE w.state = 'queued' AND w.inbox_id = ANY(%(inboxes)s)
    ) AS ranked WHERE place <= %(first)s"""
DRIFT = """
    SELECT 'points of an agent', a.key, coalesce(sum(w.points), 0), l.used_points
    FROM routing_agentload l JOIN organisation_agent a ON a.id = l.agent_id
    LEFT JOIN routing_workitem w ON w.agent_id = l.agent_id AND w.state IN ('offered', 'accepted')
    GROUP BY a.key, l.used_points HAVING coalesce(sum(w.points), 0) <> l.used_points
    UNION ALL
    SELECT 'live offers of an item in hand', w.key, count(o.id), 1
    FROM routing_workitem w LEFT JOIN routing_offer o ON o.item_id = w.id AND o.ended_at IS NULL
        AND o.agent_id = w.agent_id AND (o.answer = 'accepted') = (w.state = 'accepted')
    WHERE w.state IN ('offered', 'accepted') GROUP BY w.key HAVING count(o.id) <> 1
    UNION ALL
    SELECT 'items in hand of a live offer', o.key, count(w.id), 1
    FROM routing_offer o LEFT JOIN routing_workitem w ON w.id = o.item_id AND w.agent_id = o.agent_id
        AND w.state IN ('offered', 'accepted')
    WHERE o.ended_at IS NULL GROUP BY o.key HAVING count(w.id) <> 1"""


def waiting_items(*, inboxes: set[int], at: datetime) -> list[WaitingItem]:
    """What waits in these inboxes: of every shape (kind, skills, late or not) the first few, so that none is hidden by
    a long row of others that nobody can take. One query.
    """
    rows = fetch_all(WAITING_FIRST, {"at": at, "inboxes": list(inboxes), "first": FIRST_OF_A_SHAPE})
    return [waiting_item(row) for row in rows]


def waiting_item(row: tuple[Any, ...]) -> WaitingItem:
    """An item from a row of WAITING_FIRST."""
    number, key, inbox, kind, skills, arrived_at, target, holder, excluded = row
    away = tuple((one["agent"], datetime.fromisoformat(one["until"])) for one in json.loads(excluded))
    return WaitingItem(number, key, inbox, kind, tuple(json.loads(skills)), arrived_at, target, holder, away)


def free_agents(at: datetime) -> list[Candidate]:
    """Everybody who may answer, is here and has points free, with inboxes (by team) and skills. Three queries."""
    loads = list(
        AgentLoad.objects.filter(
            who_may(Right.ANSWER, "agent__"),
            presence__in=[PresenceState.AVAILABLE, PresenceState.BUSY],
            heartbeat_at__gt=at - timedelta(seconds=FRESH_SECONDS),
            used_points__lt=F("capacity_points"),
            agent__is_active=True,
        ).order_by("agent_id")
    )
    ids = [load.agent_id for load in loads]
    inboxes: dict[int, set[int]] = {agent: set() for agent in ids}
    for agent, inbox in Inbox.objects.filter(teams__agents__in=ids).values_list("teams__agents", "pk"):
        inboxes[agent].add(inbox)
    skills: dict[int, dict[str, int]] = {agent: {} for agent in ids}
    for agent, key, level in AgentSkill.objects.filter(agent__in=ids).values_list("agent", "skill__key", "proficiency"):
        skills[agent][key] = level
    return [
        Candidate(
            agent_id=load.agent_id,
            presence=load.presence,
            heartbeat_at=load.heartbeat_at,
            used_points=load.used_points,
            capacity_points=load.capacity_points,
            idle_since=load.idle_since,
            last_offered_at=load.last_offered_at,
            inboxes=frozenset(inboxes[load.agent_id]),
            skills=skills[load.agent_id],
        )
        for load in loads
    ]


def asking(agent: Agent, at: datetime) -> Candidate:
    """One agent as the policy sees him, wherever he is. Three queries."""
    load = AgentLoad.objects.filter(agent=agent).first() or AgentLoad(agent=agent, heartbeat_at=at)
    skills = AgentSkill.objects.filter(agent=agent).values_list("skill__key", "proficiency")
    return Candidate(
        agent_id=agent.pk,
        presence=load.presence,
        heartbeat_at=load.heartbeat_at,
        used_points=load.used_points,
        capacity_points=load.capacity_points,
        idle_since=load.idle_since,
        last_offered_at=load.last_offered_at,
        inboxes=frozenset(inboxes_visible_to(agent).values_list("pk", flat=True)),
        skills=dict(skills),
    )


def items_in_hand(agent: Agent) -> list[WaitingItem]:
    """What this agent holds or is offered just now, as the policy sees it. One query."""
    rows = WorkItem.objects.filter(agent=agent, state__in=IN_HAND)
    return [
        WaitingItem(
            row.pk, row.key, row.inbox_id, row.kind, tuple(row.skills), row.arrived_at, row.target_seconds, agent.pk
        )
        for row in rows
    ]


def why_in_hand(agent: Agent, case: Case) -> str:
    """Why this agent has the case just now, as a sentence; empty where nobody chose. One query."""
    offers = Offer.objects.filter(item__case=case, agent=agent, answer=Answer.ACCEPTED, ended_at=None)
    offer = offers.order_by("-id").first()
    return sentence(offer.reason) if offer and offer.reason else ""


def urgency_of(kind: str, waited: float, target: float) -> float:
    """The urgency index of something that waits: `chat`, or anything else."""
    return urgency("chat" if kind == "chat" else "async", waited, target)


def urgency_words(kind: str, waited: float, target: float) -> str:
    """Why it is as urgent as it is, in a few words."""
    return why_now("chat" if kind == "chat" else "async", waited, round(target))


def inboxes_with_senior(inboxes: set[int]) -> set[int]:
    """Those of these inboxes in which somebody who works here has the skill *senior*. No query where none is asked."""
    if not inboxes:
        return set()
    holders = AgentSkill.objects.filter(who_may(Right.ANSWER, "agent__"), skill__key=SENIOR, agent__is_active=True)
    asked = Inbox.objects.filter(pk__in=inboxes, teams__agents__in=holders.values("agent"))
    return set(asked.values_list("pk", flat=True))


def asks_for_senior(case: Case) -> str:
    """Whether the case's work asks for a senior: "asked", "nobody" where the inbox has none, "late" when time was up.

    Empty where it is in hand or needs nobody. At most two queries.
    """
    item = WorkItem.objects.filter(case=case, state=ItemState.QUEUED).values_list("inbox_id", "skills").first()
    if item is None:
        return ""
    if SENIOR in item[1]:
        return "asked"
    return "late" if inboxes_with_senior({item[0]}) else "nobody"


def is_senior(agent: Agent) -> bool:
    """Has this agent the skill that is asked for when somebody comes again?"""
    return AgentSkill.objects.filter(agent=agent, skill__key=SENIOR).exists()


def skill_names() -> dict[str, str]:
    """Key to name of every defined skill."""
    return dict(Skill.objects.values_list("key", "name"))


def open_offers_for(agent: Agent) -> list[OpenOffer]:
    """The offers that wait for this agent's answer, soonest end first, with seconds left by database time."""
    at = database_now()
    rows = Offer.objects.filter(agent=agent, answer="", ended_at=None, expires_at__gt=at).order_by("expires_at", "id")
    return [
        OpenOffer(
            key=offer.key,
            case_key=offer.item.case.key,
            case_title=offer.item.case.title,
            kind=offer.item.kind,
            sentence=sentence(offer.reason),
            reason=offer.reason,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
            seconds_left=int((offer.expires_at - at).total_seconds()),
        )
        for offer in rows.select_related("item__case")
        if offer.expires_at
    ]


def load_of(agent: Agent) -> Load:
    """Presence and points of one agent; offline with nothing in hand for one who never came."""
    row = AgentLoad.objects.filter(agent=agent).first()
    if row is None:
        return Load(PresenceState.OFFLINE, "", None, reachable=False, used_points=0, capacity_points=CAPACITY_POINTS)
    return Load(
        presence=PresenceState(row.presence),
        presence_reason=row.presence_reason,
        presence_since=row.presence_since,
        reachable=reachable(row.presence, row.heartbeat_at, database_now()),
        used_points=row.used_points,
        capacity_points=row.capacity_points,
    )


def waiting_counts(agent: Agent) -> list[Waiting]:
    """What waits in each inbox, counted over the cases that this agent may see."""
    rows = (
        WorkItem.objects.filter(case__in=cases_visible_to(agent), state__in=[ItemState.QUEUED, ItemState.OFFERED])
        .values("inbox_id")
        .annotate(
            queued=Count("pk", filter=Q(state=ItemState.QUEUED)),
            offered=Count("pk", filter=Q(state=ItemState.OFFERED)),
            oldest_arrived_at=Min("arrived_at"),
        )
    )
    return [Waiting(**row) for row in rows.order_by("inbox_id")]


def work_in_hand_of(agent: Agent) -> QuerySet[WorkItem]:
    """What this agent has accepted and not finished, longest waiting first."""
    return WorkItem.objects.filter(agent=agent, state=ItemState.ACCEPTED).order_by("arrived_at", "pk")


def drift() -> list[Drift]:
    """Counts everything in hand again and compares it with the counters; empty when all is true.

    Reads one snapshot. For the doctor and the nightly check: an entry is a bug, never a state to repair silently.
    """
    return [Drift(*row) for row in fetch_all(DRIFT)]
