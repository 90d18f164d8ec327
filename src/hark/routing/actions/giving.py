"""Giving items to agents: the one writer of offers. Set-based, compare-and-set, points from this moment on.

`agentload_within_capacity`, `workitem_held_by_somebody` and `offer_one_live_per_item` refuse whatever the code might
still get wrong.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hark.kernel.actions import record
from hark.kernel.db import execute, notify
from hark.kernel.errors import HarkError
from hark.kernel.ids import public_key
from hark.kernel.time import database_now
from hark.kernel.types import Json, NewEvent
from hark.routing.models import Offer, WorkItem
from hark.routing.types import OFFER_SECONDS, WAKE, Answer, ItemState

SET_ITEMS = """
    UPDATE routing_workitem w SET state = v.state, agent_id = v.agent_id, points = v.points
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::smallint[]) AS v (id, state, agent_id, points)
    WHERE w.id = v.id AND w.state = 'queued'"""
ADD_POINTS = """
    UPDATE routing_agentload l SET used_points = l.used_points + v.points, last_offered_at = %s, idle_since = NULL
    FROM unnest(%s::bigint[], %s::smallint[]) AS v (agent_id, points) WHERE l.agent_id = v.agent_id"""


class LostCount(HarkError):
    """Work items and counters do not agree: nothing was written. This is a bug in Hark."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One item for one agent, as an offer or, accepted at once, as an assignment."""

    item: WorkItem
    agent_id: int
    points: int
    accepted: bool
    reason: dict[str, Json]
    inputs: dict[str, Json] | None = None


def give(claims: Sequence[Claim]) -> list[Offer]:
    """Write offers, item states and points for items and load rows that the caller has locked, and announce them.

    In the caller's transaction. Raises LostCount when an item was not queued, IntegrityError when points do not fit.
    """
    at = database_now()
    offers = Offer.objects.bulk_create([_offer(claim, at) for claim in claims])
    written = execute(
        SET_ITEMS,
        [
            [claim.item.pk for claim in claims],
            [str(ItemState.ACCEPTED if claim.accepted else ItemState.OFFERED) for claim in claims],
            [claim.agent_id for claim in claims],
            [claim.points for claim in claims],
        ],
    )
    points: Counter[int] = Counter()
    for claim in claims:
        points[claim.agent_id] += claim.points
    loaded = execute(ADD_POINTS, [at, list(points), list(points.values())])
    if (written, loaded) != (len(claims), len(points)):
        raise LostCount
    record([_made(claim, offer) for claim, offer in zip(claims, offers, strict=True)])
    notify(WAKE)
    return offers


def _offer(claim: Claim, at: datetime) -> Offer:
    """The row of a claim."""
    return Offer(
        key=public_key("offer"),
        item=claim.item,
        agent_id=claim.agent_id,
        offered_at=at,
        expires_at=None if claim.accepted else at + timedelta(seconds=OFFER_SECONDS[claim.item.kind]),
        answer=Answer.ACCEPTED if claim.accepted else "",
        answered_at=at if claim.accepted else None,
        reason=claim.reason,
        inputs=claim.inputs,
    )


def _made(claim: Claim, offer: Offer) -> NewEvent:
    """What the agent's page hears."""
    return NewEvent(
        kind="offer.made",
        subject=offer.key,
        agent_id=claim.agent_id,
        data={"case": claim.item.case.key, "kind": claim.item.kind, "accepted": claim.accepted},
    )
