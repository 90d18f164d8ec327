"""What ends by itself: offers nobody answered, pages that fell silent, work of agents who are not here any more."""

from collections.abc import Collection
from typing import NamedTuple

from django.db import transaction

from hark.kernel.db import fetch_all
from hark.routing.actions.locks import lock_items, lock_loads
from hark.routing.actions.presence import announce, send_away
from hark.routing.actions.releasing import Ending, release
from hark.routing.types import (
    ASYNC_BACK_SECONDS,
    CHAT_BACK_SECONDS,
    FRESH_SECONDS,
    IN_HAND,
    Answer,
    ItemState,
)

MISSED_IN_A_ROW = 2
LAPSED = """
    SELECT o.item_id, o.agent_id, w.kind, o.answer = '' AND o.expires_at <= clock_timestamp()
    FROM routing_offer o JOIN routing_workitem w ON w.id = o.item_id
    JOIN routing_agentload l ON l.agent_id = o.agent_id JOIN organisation_agent a ON a.id = o.agent_id
    WHERE o.ended_at IS NULL AND (%(all)s OR o.item_id = ANY(%(items)s)) AND (
        (o.answer = '' AND o.expires_at <= clock_timestamp())
        OR l.presence = 'offline' OR NOT a.is_active
        OR (o.answer = '' AND (l.presence = 'away' OR l.gone_since IS NOT NULL))
        OR least(l.gone_since, CASE WHEN l.presence = 'away' THEN l.presence_since END)
            <= clock_timestamp() - make_interval(secs => CASE w.kind WHEN 'chat' THEN %(chat)s ELSE %(async)s END))"""
GONE = """
    UPDATE routing_agentload SET gone_since = heartbeat_at WHERE agent_id IN (
        SELECT agent_id FROM routing_agentload WHERE gone_since IS NULL AND presence <> 'offline'
        AND heartbeat_at <= clock_timestamp() - make_interval(secs => %s) FOR UPDATE SKIP LOCKED)
    RETURNING agent_id"""
GONE_FOR_GOOD = """
    UPDATE routing_agentload SET gone_since = NULL, presence = 'offline', presence_reason = 'page closed',
        presence_since = clock_timestamp()
    WHERE agent_id IN (
        SELECT agent_id FROM routing_agentload
        WHERE gone_since <= clock_timestamp() - make_interval(secs => %s) FOR UPDATE SKIP LOCKED)
    RETURNING agent_id"""
MISSED = """
    SELECT agent_id FROM (
        SELECT o.agent_id, o.answer, row_number() OVER (PARTITION BY o.agent_id ORDER BY o.id DESC) AS place
        FROM routing_offer o JOIN routing_workitem w ON w.id = o.item_id AND w.kind = 'chat'
        JOIN routing_agentload l ON l.agent_id = o.agent_id AND l.presence = 'available'
        WHERE o.agent_id = ANY(%s) AND o.answered_at > l.presence_since AND o.answer <> 'withdrawn'
    ) AS newest WHERE place <= %s AND answer = 'timed_out' GROUP BY agent_id HAVING count(*) = %s"""


class Lapse(NamedTuple):
    """A live offer whose time has come: `late` without an answer, else because its agent is not here any more."""

    item_id: int
    agent_id: int
    kind: str
    late: bool


def lapse() -> int:
    """End what has run out by database time; returns how many offers and assignments ended.

    A silent page is marked gone (its word of presence is kept for half an hour). Unanswered offers of agents who are
    away or gone are withdrawn at once; chats in hand go back after 60 s, other work after 30 min, all of it when the
    agent signs out or is deactivated; always with the original arrival time. Idempotent, in any number of processes.
    """
    notice_silence()
    found = _lapsed(None)
    return _end(found) if found else 0


@transaction.atomic
def notice_silence() -> None:
    """Mark agents whose page is silent, and take those silent for half an hour as offline. Skips locked rows."""
    gone = {row[0] for row in fetch_all(GONE, [FRESH_SECONDS])}
    gone |= {row[0] for row in fetch_all(GONE_FOR_GOOD, [ASYNC_BACK_SECONDS])}
    announce(gone)


@transaction.atomic
def _end(found: Collection[Lapse]) -> int:
    """Lock what was found, look again, and release it."""
    items = {item.pk: item for item in lock_items((one.item_id for one in found), *IN_HAND)}
    lapsed = _lapsed(list(items))
    lock_loads((one.agent_id for one in lapsed), wait=True)  # all at once: two releases below, one order of locks
    late = [items[one.item_id] for one in lapsed if one.late]
    left = [items[one.item_id] for one in lapsed if not one.late]
    if late:
        release(late, Ending(ItemState.QUEUED, "no answer", Answer.TIMED_OUT, exclude=True))
        _send_away_who_missed([one.agent_id for one in lapsed if one.late and one.kind == "chat"])
    if left:
        release(left, Ending(ItemState.QUEUED, "the agent is not here"))
    return len(lapsed)


def _lapsed(items: Collection[int] | None) -> list[Lapse]:
    """What has lapsed by now, among these items or among all."""
    seconds = {"chat": CHAT_BACK_SECONDS, "async": ASYNC_BACK_SECONDS}
    rows = fetch_all(LAPSED, {"all": items is None, "items": list(items or []), **seconds})
    return [Lapse(*row) for row in rows]


def _send_away_who_missed(agents: Collection[int]) -> None:
    """Whoever let two chats in a row run out since he came is away: he is not at the page, whatever it says."""
    if agents:
        missed = fetch_all(MISSED, [list(agents), MISSED_IN_A_ROW, MISSED_IN_A_ROW])
        send_away({row[0] for row in missed}, "missed two chats")
