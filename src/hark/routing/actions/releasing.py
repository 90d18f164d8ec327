"""Taking items back from agents, for whatever reason: the one writer of ends. Points return in the same transaction."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hark.kernel.actions import record
from hark.kernel.db import execute, notify
from hark.kernel.types import NewEvent
from hark.routing.actions.giving import LostCount
from hark.routing.actions.locks import lock_loads
from hark.routing.models import Offer, WorkItem
from hark.routing.types import EXCLUDED_SECONDS, IN_HAND, POINTS, WAKE, Answer, ItemState

END_OFFERS = """
    UPDATE routing_offer SET answer = CASE answer WHEN '' THEN %s ELSE answer END, answer_reason = %s,
        answered_at = coalesce(answered_at, clock_timestamp()), ended_at = clock_timestamp()
    WHERE id = ANY(%s) AND ended_at IS NULL"""
REQUEUE = """
    UPDATE routing_workitem SET state = 'queued', agent_id = NULL, points = (%s::jsonb ->> kind)::smallint,
        excluded = CASE WHEN %s THEN excluded || jsonb_build_object('agent', agent_id,
            'until', clock_timestamp() + make_interval(secs => %s)) ELSE excluded END
    WHERE id = ANY(%s) AND state IN ('offered', 'accepted')"""
FINISH = """
    UPDATE routing_workitem SET state = %s, ended_at = clock_timestamp(),
        agent_id = CASE WHEN state = 'accepted' THEN agent_id END
    WHERE id = ANY(%s) AND state IN ('queued', 'offered', 'accepted')"""
GIVE_BACK = """
    UPDATE routing_agentload l SET used_points = l.used_points - v.points,
        idle_since = CASE WHEN l.used_points = v.points THEN clock_timestamp() END
    FROM unnest(%s::bigint[], %s::smallint[]) AS v (agent_id, points) WHERE l.agent_id = v.agent_id"""


@dataclass(frozen=True, slots=True)
class Ending:
    """How items leave their agents. `answer` is for an unanswered offer; `exclude`: not the same agent at once."""

    to: ItemState
    why: str
    answer: Answer = Answer.WITHDRAWN
    exclude: bool = False


def release(items: Sequence[WorkItem], ending: Ending) -> list[Offer]:
    """End the live offers and assignments of items that the caller has locked, and give the points back.

    The item goes back to the queue with its original arrival time, or ends. Order: items (locked), offers, points.
    Returns the offers as they ended. Raises LostCount when counters disagree.
    """
    held = [item for item in items if item.state in IN_HAND]
    offers = list(Offer.objects.filter(item__in=held, ended_at=None))
    execute(END_OFFERS, [ending.answer, ending.why, [offer.pk for offer in offers]])
    ids = [item.pk for item in items]
    if ending.to == ItemState.QUEUED:
        moved = execute(REQUEUE, [json.dumps(POINTS), ending.exclude, EXCLUDED_SECONDS, ids])
    else:
        moved = execute(FINISH, [ending.to, ids])
    if len(offers) != len(held) or moved != len(items):
        raise LostCount
    give_points_back(held)
    record([_ended(offer, item, ending) for offer, item in _pairs(offers, held)])
    notify(WAKE)
    return offers


def give_points_back(items: Sequence[WorkItem]) -> None:
    """Return what these items cost to the agents who held them, load rows locked in order."""
    points: Counter[int] = Counter()
    for item in items:
        points[item.agent_id or 0] += item.points
    if not points:
        return
    lock_loads(points, wait=True)
    if execute(GIVE_BACK, [list(points), list(points.values())]) != len(points):
        raise LostCount


def _pairs(offers: Sequence[Offer], items: Sequence[WorkItem]) -> list[tuple[Offer, WorkItem]]:
    """Each offer with its item."""
    by_id = {item.pk: item for item in items}
    return [(offer, by_id[offer.item_id]) for offer in offers]


def _ended(offer: Offer, item: WorkItem, ending: Ending) -> NewEvent:
    """`offer.ended` for an offer that had no answer yet, `work.ended` for an assignment."""
    return NewEvent(
        kind="work.ended" if offer.answer == Answer.ACCEPTED else "offer.ended",
        subject=offer.key,
        agent_id=offer.agent_id,
        data={"case": item.case.key, "answer": offer.answer or ending.answer, "why": ending.why, "to": ending.to},
    )
