"""Writers of the journal and of the readers' places."""

import json
from collections.abc import Sequence

from hark.kernel.db import execute, fetch_all, notify
from hark.kernel.types import NewEvent, Position

LIVE_CHANNEL = "hark_live"


def record(events: Sequence[NewEvent]) -> None:
    """Append `events` to the journal in the running transaction, in the order given, and wake the live pages once.

    One INSERT and one NOTIFY however many events (a NOTIFY takes a global lock at commit).
    """
    if not events:
        return
    rows = [
        {
            "kind": event.kind,
            "subject": event.subject,
            "actor": event.actor,
            "inbox_id": event.inbox_id,
            "agent_id": event.agent_id,
            "visitor": event.visitor,
            "data": event.data,
        }
        for event in events
    ]
    execute(
        "INSERT INTO kernel_event (kind, subject, actor, inbox_id, agent_id, visitor, data) "
        "SELECT r.kind, r.subject, r.actor, r.inbox_id, r.agent_id, r.visitor, r.data "
        "FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (kind text, subject text, actor text, inbox_id bigint, "
        "agent_id bigint, visitor text, data jsonb)) WITH ORDINALITY AS r "
        "(kind, subject, actor, inbox_id, agent_id, visitor, data, place) ORDER BY r.place",
        [json.dumps(rows)],
    )
    notify(LIVE_CHANNEL)


def hold_reader(name: str) -> Position | None:
    """Hold reader `name` to the end of the transaction and give its place; None while somebody else holds it."""
    execute("INSERT INTO kernel_eventreader (name, xid, event_id) VALUES (%s, 0, 0) ON CONFLICT DO NOTHING", [name])
    rows = fetch_all("SELECT xid, event_id FROM kernel_eventreader WHERE name = %s FOR UPDATE SKIP LOCKED", [name])
    return Position(*rows[0]) if rows else None


def move_reader(*, name: str, position: Position) -> None:
    """Remember that reader `name` has dealt with all up to `position`; call it in the transaction of the work."""
    execute(
        "INSERT INTO kernel_eventreader (name, xid, event_id) VALUES (%s, %s, %s) "
        "ON CONFLICT (name) DO UPDATE SET xid = EXCLUDED.xid, event_id = EXCLUDED.event_id",
        [name, position.xid, position.id],
    )
