"""Following the journal for the live pages: woken by NOTIFY, sure by a poll, in commit order."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError
from psycopg import AsyncConnection

from hark.kernel.actions import LIVE_CHANNEL
from hark.kernel.async_db import connect
from hark.kernel.live.rights import Rights
from hark.kernel.queries import COLUMNS, journal_event
from hark.kernel.time import monotonic
from hark.kernel.types import JournalEvent, Position

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0  # a lost NOTIFY costs at most this
SETTLE_SECONDS = 0.02  # between two looks, also while an older transaction holds the commit order up
READ_ROWS = 500
REMEMBERED = 2_000  # events kept in memory for clients that come back
MISSED_ROWS = 500  # a client that missed more fetches its page again
KEPT = "1 hour"

READ = f"""
    SELECT {COLUMNS}, xid < pg_snapshot_xmin(pg_current_snapshot()) FROM kernel_event
    WHERE (xid, id) > (%s::text::xid8, %s) ORDER BY kernel_event.xid, kernel_event.id LIMIT {READ_ROWS}
"""  # noqa: S608 - constants
BEFORE = f"""
    SELECT xid::text::bigint, id FROM kernel_event WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY kernel_event.xid DESC, kernel_event.id DESC OFFSET {REMEMBERED} LIMIT 1
"""  # noqa: S608 - constants
OLDEST_MISSED = f"""
    SELECT at > clock_timestamp() - interval '{KEPT}' FROM kernel_event
    WHERE (xid, id) > (%s::text::xid8, %s) ORDER BY kernel_event.xid, kernel_event.id LIMIT 1
"""  # noqa: S608 - constants
MISSED = f"""
    SELECT {COLUMNS} FROM kernel_event
    WHERE (xid, id) > (%s::text::xid8, %s) AND (xid, id) <= (%s::text::xid8, %s)
        AND (inbox_id = ANY(%s) OR agent_id = %s OR visitor = %s)
    ORDER BY kernel_event.xid, kernel_event.id LIMIT {MISSED_ROWS + 1}
"""  # noqa: S608 - constants

Link = AsyncConnection[tuple[Any, ...]]


class Follower:
    """Reads the journal for ever and hands what is settled to `pass_on`, in commit order, each event once.

    `position` moves in the same step of the event loop in which `pass_on` has told the last event of a batch.
    """

    def __init__(self, prepare: Callable[[Sequence[JournalEvent]], Awaitable[Callable[[JournalEvent], None]]]) -> None:
        """`prepare` looks up what a batch needs and gives the function that tells one event without waiting."""
        self.ready = False  # the near past has been read; who comes earlier would hear of it as if it were new
        self.position = Position()
        self._prepare = prepare
        self._remembered: deque[JournalEvent] = deque()
        self._remembered_from = Position()
        self._look_up = asyncio.Lock()
        self._look_up_link: Link | None = None

    async def follow(self) -> None:
        """Until cancelled, over as many connections as it takes: a lost database only delays."""
        while True:
            try:
                link = await connect(application_name="hark live", statement_seconds=10)
                async with link:
                    await link.execute(f"LISTEN {LIVE_CHANNEL}")
                    await self._follow_on(link)
            except (psycopg.Error, OSError, DatabaseError, InterfaceError) as error:
                log.warning("live pages wait for the database: %s", type(error).__name__)
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        """Let go of the second connection; `follow` is ended by cancelling it."""
        if self._look_up_link is not None:
            await self._look_up_link.close()

    async def _follow_on(self, link: Link) -> None:
        if not self.ready:
            row = await (await link.execute(BEFORE)).fetchone()
            self.position = self._remembered_from = Position(*row) if row else Position()
            self._remembered.clear()
        while True:
            looked_at = monotonic()
            unsettled = await self._read(link, self.position)
            self.ready = True
            async for _ in link.notifies(timeout=SETTLE_SECONDS if unsettled else POLL_SECONDS, stop_after=1):
                pass
            await asyncio.sleep(max(0.0, looked_at + SETTLE_SECONDS - monotonic()))

    async def _read(self, link: Link, here: Position) -> bool:
        """Pass on all that is settled; True when something newer waits for an older transaction to end."""
        while True:
            rows = await (await link.execute(READ, [str(here.xid), here.id])).fetchall()
            events = [journal_event(row[:-1]) for row in rows if row[-1]]
            if events:
                here = await self._pass_on(events)
            if len(events) < len(rows) or len(rows) < READ_ROWS:
                return len(events) < len(rows)

    async def _pass_on(self, events: Sequence[JournalEvent]) -> Position:
        tell = await self._prepare(events)
        for event in events:
            tell(event)
            self._remembered.append(event)
            if len(self._remembered) > REMEMBERED:
                self._remembered_from = self._remembered.popleft().position
        self.position = events[-1].position
        return self.position

    async def missed(self, rights: Rights, position: Position, until: Position) -> list[JournalEvent] | None:
        """What may concern a client with these `rights` in (position, until]; None when it is too much or too old.

        From memory where that reaches back far enough, else from the table. Raises psycopg.Error, OSError.
        """
        if position >= self._remembered_from:
            return [event for event in self._remembered if position < event.position <= until]
        async with self._look_up:
            if self._look_up_link is None or self._look_up_link.closed:
                self._look_up_link = await connect(application_name="hark live look-up", statement_seconds=2)
            return await _read_missed(self._look_up_link, rights, position, until)


async def _read_missed(link: Link, rights: Rights, position: Position, until: Position) -> list[JournalEvent] | None:
    here = [str(position.xid), position.id]
    row = await (await link.execute(OLDEST_MISSED, here)).fetchone()
    if row is not None and not row[0]:
        return None
    inboxes = [*rights.inboxes, *rights.held_inboxes]
    wanted = [inboxes, rights.agent_id, rights.visitor or None]
    rows = await (await link.execute(MISSED, [*here, str(until.xid), until.id, *wanted])).fetchall()
    return [journal_event(row) for row in rows] if len(rows) <= MISSED_ROWS else None
