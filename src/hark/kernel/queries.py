"""Readers of the journal, in commit order."""

import json
from typing import Any

from hark.kernel.db import fetch_all
from hark.kernel.models import EventReader
from hark.kernel.types import JournalEvent, Position

COLUMNS = "xid::text::bigint, id, at, kind, subject, actor, inbox_id, agent_id, visitor, data::text"


def events_after(position: Position, *, limit: int = 500) -> list[JournalEvent]:
    """The next events behind `position`, oldest first, in commit order.

    Never passes the oldest running transaction (`pg_snapshot_xmin`): an event whose id was drawn earlier but which
    commits later is still ahead of the reader, so none is skipped.
    """
    rows = fetch_all(
        f"SELECT {COLUMNS} FROM kernel_event "  # noqa: S608 - a constant list of columns
        "WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot()) "
        "ORDER BY kernel_event.xid, kernel_event.id LIMIT %s",  # not the column of COLUMNS, which no index has
        [str(position.xid), position.id, limit],
    )
    return [journal_event(row) for row in rows]


def event_at(*, xid: int, number: int) -> JournalEvent | None:
    """The event at this place in the journal."""
    rows = fetch_all(
        f"SELECT {COLUMNS} FROM kernel_event WHERE (xid, id) = (%s::text::xid8, %s)",  # noqa: S608
        [str(xid), number],
    )
    return journal_event(rows[0]) if rows else None


def journal_event(row: tuple[Any, ...]) -> JournalEvent:
    """An event from a row of COLUMNS."""
    xid, number, at, kind, subject, actor, inbox_id, agent_id, visitor, data = row
    place = Position(xid, number)
    return JournalEvent(place, at, kind, subject, actor, inbox_id, agent_id, visitor, json.loads(data))


def newest_position() -> Position:
    """Where a reader starts that wants only what happens from now on."""
    row = fetch_all(
        "SELECT xid::text::bigint, id FROM kernel_event WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) "
        "ORDER BY kernel_event.xid DESC, kernel_event.id DESC LIMIT 1"
    )
    return Position(*row[0]) if row else Position()


def reader_position(name: str) -> Position:
    """How far reader `name` has come; the very beginning for a new one."""
    row = EventReader.objects.filter(name=name).first()
    return Position(row.xid, row.event_id) if row else Position()
